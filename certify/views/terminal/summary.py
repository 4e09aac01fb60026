"""The words on the terminal for most commands: what was proved, what a check or an attack found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from certify.bounds.report import Report
from certify.checker.check import DataVerdict
from certify.checker.numbers.rounding import decimal_down, decimal_up, plain
from certify.checker.subject import Training
from certify.checker.training.words import formula, model
from certify.checker.verdict import TRUST
from certify.runtime.progress import Stage
from certify.views.check_command import check_command

if TYPE_CHECKING:  # it needs a solver, which printing a verdict does not
    from certify.attack.from_files import Forged
    from certify.gaps.report import GapReport
    from certify.shrink.from_files import ShrinkReport


def print_report(console: Console, report: Report) -> None:
    """Print the interval and what stands behind it."""
    interval = report.interval
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    rows = [
        (
            "lower bound",
            f"{decimal_down(interval.lower, 10)}   for every width, proved: {TRUST[report.verdict.trust]}",
        ),
        (
            "upper bound",
            f"{decimal_up(interval.upper, 10)}   exact loss of a network with "
            f"{report.network.width} neuron{'s' * (report.network.width != 1)}",
        ),
        (
            "relative gap",
            f"{decimal_up(100 * interval.relative_gap, 4)} %   (upper - lower) / |upper|; "
            f"{report.status.meaning}",
        ),
        ("objective", f"{formula(report.problem)}   with {model(report.problem)}"),
        *[("weights", words.removeprefix("weights ")) for words in report.dataset.describe_weights()],
        ("method", f"{report.method} ({report.solver})" + _estimate(report)),
        ("time", _time(report.seconds, report.stages)),
        *_optional("see also", report.hint),
        *_optional("to go on", report.advice),
    ]
    for name, value in rows:
        table.add_row(name, Text(value))
    console.print(Panel(table, title="lower <= global optimum <= upper", title_align="left", expand=False))


def print_certificate(console: Console, certificate: object, data: object) -> None:
    """Print where a certificate was written and how to verify it.

    Args:
        console: on standard output.
        certificate: its path.
        data: the path of the data or the matrix that it is about.
    """
    words = f"certificate: {certificate}   verify it: {check_command(str(certificate), str(data))}"
    console.print(Text(words), soft_wrap=True)


def print_gap(console: Console, report: GapReport) -> None:
    """Print how far a network is from the global optimum, and what there is to say about it."""
    print_subject(console, report.subject)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    for name, value in gap_rows(report):
        table.add_row(name, Text(value))
    console.print(Panel(table, title="distance from the global optimum p*", title_align="left", expand=False))


def gap_rows(report: GapReport) -> list[tuple[str, str]]:
    """Return names with what there is to say of a network and the global optimum."""
    lower, upper = report.interval.lower, report.interval.upper
    diagnosis, problem, framework = report.diagnosis, report.problem, report.framework
    rows = [
        ("this network", f"{decimal_up(report.loss, 10)}   its exact loss, rounded up"),
        (
            "global optimum",
            f"{decimal_down(lower, 10)} <= p* <= {decimal_up(upper, 10)}   "
            f"for every width, proved: {TRUST[report.verdict.trust]}",
        ),
        ("distance", _distance(report)),
        ("in short", report.conclusion),
        (
            "gradient",
            f"{diagnosis.gradient_in_words}; a new neuron in the best direction found pulls with "
            f"{diagnosis.peak:.4g} gamma (estimates)",
        ),
        ("neurons", _neurons(report)),
        ("objective", formula(problem)),
    ]
    if framework is not None:
        rows.append(
            (
                "as trained",
                f"{framework.formula(problem)}, "
                f"here {decimal_up(report.loss / framework.scale, 6)}; "
                f"the objective is {plain(framework.scale)} times that",
            )
        )
    return [
        *rows,
        ("method", report.method),
        *_optional("cut short", report.shortened),
        ("time", _time(report.seconds, report.stages)),
        *_optional("to go on", report.advice),
    ]


def _distance(report: GapReport) -> str:
    least, most = report.excess
    if report.loss and not report.interval.upper:
        return "no percentage: the global optimum is 0"
    words = []
    if report.interval.lower < 0:
        nearest, furthest = report.distance
        distances = f"at least {decimal_down(nearest, 6)} and at most {decimal_up(furthest, 6)}"
        return f"{distances} above the global optimum"
    if report.is_improvable:
        words.append(f"at least {decimal_down(100 * least, 4)} %")
    if most is not None:
        words.append(f"at most {decimal_up(100 * most, 4)} %")
    if not words:
        return "unknown: nothing above 0 was proved of the global optimum"
    return f"{' and '.join(words)} above the global optimum"


def _optional(name: str, words: str | None) -> list[tuple[str, str]]:
    return [] if words is None else [(name, words)]


def _time(seconds: float, stages: Iterable[Stage]) -> str:
    return f"{seconds:.1f} s: " + ", ".join(f"{stage.name} {stage.seconds:.1f} s" for stage in stages)


def _neurons(report: GapReport) -> str:
    diagnosis, width = report.diagnosis, report.network.width
    words = [str(width)]
    if diagnosis.idle:
        words.append(f"{len(diagnosis.idle)} do nothing on the data")
    if diagnosis.removable:
        words.append(f"{len(diagnosis.removable)} more could each be removed without raising the loss")
    if diagnosis.narrowed.width < width:
        difference, loss = decimal_up(report.narrowed_difference, 1), decimal_up(report.narrowed_loss, 6)
        words.append(
            f"{diagnosis.narrowed.width} can predict the same, up to {difference}, "
            f"at the loss {loss} (--narrowed)"
        )
    if report.is_improvable:
        words.append(f"the best network known has {report.best.width}")
    return "; ".join(words)


def _estimate(report: Report) -> str:
    if report.estimate is None:
        return ""
    return f"; the solver's own value of the relaxation, an estimate: {report.estimate:.8g}"


def print_verdict(console: Console, verdict: DataVerdict) -> None:
    """Print a verdict and, if the certificate is valid, the theorem it proves."""
    if verdict.valid:
        console.print(Text(f"VALID   trust: {TRUST[verdict.trust]}", style="bold green"))
        console.print(Text(verdict.statement or ""), soft_wrap=True)
        if verdict.subject is not None:
            console.print(Text(verdict.subject.brief()), soft_wrap=True)
        console.print(Text(f"Checked: {verdict.reason}."), soft_wrap=True)
        for line in verdict.proof.lines() if verdict.proof else ():
            console.print(Text(line), soft_wrap=True)
    else:
        console.print(Text("REJECTED", style="bold red"))
        console.print(Text(f"{verdict.reason}; nothing is proved."), soft_wrap=True)


def print_subject(console: Console, subject: Training) -> None:
    """Print which problem a result is about."""
    console.print(Text(f"Problem: {subject.line()}"), soft_wrap=True)


def print_shrunk(console: Console, report: ShrinkReport) -> None:
    """Print what became of a certificate that was to be made smaller."""
    print_subject(console, report.subject)
    if report.path is None:
        console.print(Text("REJECTED", style="bold red"))
        console.print(Text(f"{report.verdict.reason}; nothing was written."), soft_wrap=True)
        return
    rest = "" if report.complete else "; the end of the tree was left as it is"
    console.print(
        f"{report.leaves[0]} leaves to {report.leaves[1]}, {report.sizes[0]} bytes to {report.sizes[1]}, "
        f"with the same bound, checked: {TRUST[report.verdict.trust]}{rest}",
        soft_wrap=True,
    )
    console.print(Text(f"certificate: {report.path}"), soft_wrap=True)


def print_attack(console: Console, forged: Forged) -> None:
    """Print what became of the forgeries of each kind."""
    print_subject(console, forged.subject)
    report = forged.report
    console.print(Text("The certificate is valid."))
    table = Table(title=f"{report.tried} forgeries", title_justify="left")
    for column in ("forgery", "accepted", "caught by"):
        table.add_column(column, overflow="fold")
    for kind, tally in report.tallies.items():
        caught = ", ".join(f"{name} {count}" for name, count in tally.rejected.most_common())
        table.add_row(kind, str(tally.accepted), caught)
    console.print(table)
    upper = f"{decimal_up(report.upper, 10)} is the loss of a network: {forged.known.network}."
    if report.largest_accepted is not None:
        upper = (
            f"{report.accepted} forgeries still prove something, at most "
            f"{decimal_up(report.largest_accepted, 10)}; {upper}"
        )
    console.print(Text(upper), soft_wrap=True)
    if report.breaches:
        words = f"BREACH: {len(report.breaches)} forgeries prove more than is true; please report this."
        console.print(Text(words, style="bold red"))
    else:
        console.print(Text("No forgery proves more than is true.", style="bold green"))
