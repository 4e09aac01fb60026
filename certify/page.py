"""One self-contained HTML page about a report: no script, nothing loaded from elsewhere."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from certify.errors import CertifyError
from certify.exact import decimal_down, decimal_up
from certify.report import Report
from certify.statement import TRUST, formula, theorem


def save_page(report: Report, path: str | Path) -> None:
    """Write the page.

    Raises:
        CertifyError: if the file cannot be written.
    """
    try:
        Path(path).write_text(render_page(report), encoding="utf-8")
    except OSError as error:
        raise CertifyError(
            f"{path}: the report cannot be written ({error.strerror}); choose another path"
        ) from error


def render_page(report: Report) -> str:
    """Return the page's HTML."""
    environment = Environment(
        loader=PackageLoader("certify"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    interval, problem = report.interval, report.problem
    zero_loss = problem.loss_at_zero()
    return environment.get_template("report.html.j2").render(
        source=report.dataset.source,
        lower=decimal_down(interval.lower, 8),
        upper=decimal_up(interval.upper, 8),
        gap=decimal_up(100 * interval.relative_gap, 4),
        status=report.status.meaning,
        left=_percentage(interval.lower, zero_loss),
        width=_percentage(interval.upper - interval.lower, zero_loss),
        zero_loss=decimal_up(zero_loss, 6),
        theorem=theorem(problem, interval.lower, report.dataset.preprocessing),
        trust=TRUST[report.verdict.trust],
        verdict=report.verdict.reason.capitalize(),
        neurons=report.network.width,
        sha256=problem.sha256(),
        lower_exact=str(interval.lower),
        upper_exact=str(interval.upper),
        description=report.dataset.describe(),
        facts=_facts(report),
        curve=Markup(_curve(report)),  # made by matplotlib from numbers alone
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
        ("objective", formula(problem)),
    ]
    if report.estimate is not None:
        facts.append(("value of the relaxation", f"{report.estimate:.8g} (the solver's estimate, no bound)"))
    return facts


def _curve(report: Report) -> str:
    """Draw the loss of the best run and, below it, the certified lower bound."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.add_subplot()
    losses = report.training.descent
    axes.plot(range(1, len(losses) + 1), losses, label="loss of the best run", color="#2563a8")
    axes.axhline(float(report.interval.upper), label="upper bound", color="#1b1f24", linewidth=0.8)
    axes.axhline(float(report.interval.lower), label="certified lower bound", color="#b3541e", linestyle="--")
    axes.set_xlabel("iteration of L-BFGS")
    axes.set_ylabel("loss")
    if losses and min(losses) > 0:
        axes.set_xscale("log")
    axes.legend()
    picture = io.StringIO()
    # Without a date the same report gives the same page.
    figure.savefig(picture, format="svg", metadata={"Date": None})
    text = picture.getvalue()
    return text[text.index("<svg") :]
