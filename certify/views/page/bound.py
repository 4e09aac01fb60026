"""One self-contained HTML page about a report: no script, nothing loaded from elsewhere."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from certify.bounds.report import Report, least_loss
from certify.checker.errors import CertifyError
from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.checker.training.words import formula, model, theorem
from certify.checker.verdict import TRUST
from certify.views.page.pictures import pictures


def template(name: str) -> Template:
    """Return a page's template: it escapes what is filled in, and refuses to leave a blank."""
    environment = Environment(
        loader=PackageLoader("certify.views.page"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def save_page(report: Report, path: str | Path) -> None:
    """Write the page.

    Raises:
        CertifyError: if the file cannot be written.
    """
    try:
        Path(path).write_text(render_page(report), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CertifyError(
            f"{path}: the report cannot be written ({error.strerror}); choose another path"
        ) from error


def render_page(report: Report) -> str:
    """Return the page's HTML."""
    interval, problem = report.interval, report.problem
    least, zero_loss = least_loss(problem), problem.loss_at_zero()
    return template("report.html.j2").render(
        source=report.dataset.source,
        name=Path(report.dataset.source).name,
        lower=decimal_down(interval.lower, 8),
        upper=decimal_up(interval.upper, 8),
        gap=decimal_up(100 * interval.relative_gap, 4),
        status=report.status.meaning,
        hint=report.hint,
        left=_percentage(interval.lower - least, zero_loss - least),
        width=_percentage(interval.upper - interval.lower, zero_loss - least),
        least=decimal_down(least, 6),
        zero_loss=decimal_up(zero_loss, 6),
        theorem=theorem(problem, interval.lower, report.dataset),
        trust=TRUST[report.verdict.trust],
        verdict=report.verdict.reason.capitalize(),
        neurons=report.network.width,
        sha256=problem.sha256(),
        lower_exact=str(interval.lower),
        upper_exact=str(interval.upper),
        description=report.dataset.describe(problem.loss.encoding),
        facts=_facts(report),
        pictures=pictures(report),
        stages=report.stages,
        method=f"Method: {report.method} ({report.solver}); {report.seconds:.1f} s in all.",
    )


def _percentage(part: Fraction, whole: Fraction) -> float:
    return round(float(100 * part / whole), 3) if whole else 0.0


def _facts(report: Report) -> list[tuple[str, str]]:
    problem = report.problem
    facts = [
        ("samples n", str(problem.n)),
        ("features d", f"{problem.d}" + (" (bias included)" if report.dataset.preprocessing.bias else "")),
        ("targets c", str(problem.c)),
        ("weight decay gamma", str(problem.gamma)),
        ("networks", model(problem)),
        ("objective", formula(problem)),
    ]
    if report.estimate is not None:
        facts.append(("value of the relaxation", f"{report.estimate:.8g} (the solver's estimate, no bound)"))
    return facts
