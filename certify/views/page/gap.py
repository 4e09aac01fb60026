"""One self-contained HTML page about a network's distance from the global optimum."""

from __future__ import annotations

from pathlib import Path

from certify.checker.numbers.rounding import decimal_up
from certify.gaps.report import GapReport
from certify.views.page.bound import problem_facts, proved
from certify.views.page.interval_bar import Bar
from certify.views.page.pictures import pictures
from certify.views.page.predictions import predictions
from certify.views.page.writing import Made, save, template
from certify.views.terminal.summary import gap_rows


def save_gap_page(report: GapReport, path: str | Path, made: Made | None = None) -> None:
    """Write the page; see `certify.views.page.bound.save_page`.

    Raises:
        CertifyError: if the file cannot be written.
    """
    save(render_gap_page(report, made), path)


def render_gap_page(report: GapReport, made: Made | None = None) -> str:
    """Return the page's HTML, the same for the same report and the same `made`."""
    problem, interval, made = report.problem, report.interval, made or Made()
    dataset = report.dataset
    return template("gap.html.j2").render(
        **proved(problem, dataset, interval, report.verdict, made),
        source=report.source,
        notes=report.notes,
        loss=decimal_up(report.loss, 8),
        conclusion=report.conclusion,
        rows=gap_rows(report),
        bar=Bar.of(problem, interval, report.loss),
        neurons=report.best.width,
        loss_exact=str(report.loss),
        facts=problem_facts(problem, has_bias=dataset.preprocessing.bias),
        predictions=predictions(problem, dataset, report.network),
        pictures=[] if report.report is None else pictures(report.report),
        stages=report.stages,
        method=f"Method: {report.method}; {report.seconds:.1f} s in all.",
        made=made.facts(None if report.report is None else report.report.seed),
    )
