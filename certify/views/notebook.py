"""Reports in a cell of a notebook: the interval as a bar, what there is to say, and a picture."""

from __future__ import annotations

from certify.bounds.report import Report
from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.checker.text.names import counted
from certify.checker.verdict import TRUST
from certify.gaps.report import GapReport
from certify.views.page.interval_bar import Bar
from certify.views.page.pictures import convergence
from certify.views.page.writing import template
from certify.views.terminal.summary import gap_rows


def report_as_html(report: Report) -> str:
    """Return what a notebook shows of a bound."""
    interval = report.interval
    rows = [
        ("relative gap", f"{decimal_up(100 * interval.relative_gap, 4)} %: {report.status.meaning}"),
        ("network", counted(report.network.width, "neuron")),
        ("proof", f"{TRUST[report.verdict.trust]}, by the method {report.method}"),
        ("time", f"{report.seconds:.1f} s"),
    ]
    if report.advice is not None:
        rows.append(("to go on", report.advice))
    return template("notebook.html.j2").render(
        lower=decimal_down(interval.lower, 8),
        upper=decimal_up(interval.upper, 8),
        loss=None,
        bar=Bar.of(report.problem, interval),
        rows=rows,
        picture=convergence(report),
    )


def gap_as_html(report: GapReport) -> str:
    """Return what a notebook shows of a network's distance from the optimum."""
    interval = report.interval
    return template("notebook.html.j2").render(
        lower=decimal_down(interval.lower, 8),
        upper=decimal_up(interval.upper, 8),
        loss=decimal_up(report.loss, 8),
        bar=Bar.of(report.problem, interval, report.loss),
        rows=gap_rows(report),
        picture=None if report.report is None else convergence(report.report),
    )
