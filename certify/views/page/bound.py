"""One self-contained HTML page about a report: no script, nothing loaded from elsewhere."""

from __future__ import annotations

from pathlib import Path

from certify.bounds.report import Interval, Report
from certify.checker.data.dataset import Dataset
from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.words import formula, model, theorem
from certify.checker.verdict import TRUST, Verdict
from certify.views.page.interval_bar import Bar
from certify.views.page.pictures import pictures
from certify.views.page.predictions import predictions
from certify.views.page.writing import Made, save, template


def save_page(report: Report, path: str | Path, made: Made | None = None) -> None:
    """Write the page.

    Args:
        report: what it is about.
        path: of the file.
        made: how it came about.

    Raises:
        CertifyError: if the file cannot be written.
    """
    save(render_page(report, made), path)


def render_page(report: Report, made: Made | None = None) -> str:
    """Return the page's HTML, the same for the same report and the same `made`."""
    interval, problem, made = report.interval, report.problem, made or Made()
    facts = problem_facts(problem, has_bias=report.dataset.preprocessing.bias)
    if report.estimate is not None:
        facts.append(("value of the relaxation", f"{report.estimate:.8g} (the solver's estimate, no bound)"))
    return template("report.html.j2").render(
        **proved(problem, report.dataset, interval, report.verdict, made),
        gap=decimal_up(100 * interval.relative_gap, 4),
        status=report.status.meaning,
        remarks=[
            f"{words.removesuffix('.')}." for words in (report.hint, report.advice) if words is not None
        ],
        bar=Bar.of(problem, interval),
        neurons=report.network.width,
        facts=facts,
        predictions=predictions(problem, report.dataset, report.network),
        pictures=pictures(report),
        stages=report.stages,
        method=f"Method: {report.method} ({report.solver}); {report.seconds:.1f} s in all.",
        made=made.facts(report.seed),
    )


def proved(
    problem: TrainingProblem, dataset: Dataset, interval: Interval, verdict: Verdict, made: Made
) -> dict[str, str]:
    """Return what pages say of an interval and its proof, by the names that the templates have for it."""
    return {
        "name": Path(dataset.source).name,
        "lower": decimal_down(interval.lower, 8),
        "upper": decimal_up(interval.upper, 8),
        "theorem": theorem(problem, interval.lower, dataset),
        "trust": TRUST[verdict.trust],
        "verdict": verdict.reason.capitalize(),
        "check_command": made.check_command(dataset.source),
        "sha256": problem.sha256(),
        "lower_exact": str(interval.lower),
        "upper_exact": str(interval.upper),
        "description": dataset.describe(problem.loss.encoding),
    }


def problem_facts(problem: TrainingProblem, *, has_bias: bool) -> list[tuple[str, str]]:
    """Return names of a problem's parts with what they are."""
    return [
        ("samples n", str(problem.n)),
        ("features d", f"{problem.d}" + " (bias included)" * has_bias),
        ("targets c", str(problem.c)),
        ("weight decay gamma", str(problem.gamma)),
        ("loss", problem.loss.text),
        ("networks", model(problem)),
        ("objective", formula(problem)),
    ]
