"""The tables of a tightness study: for a terminal, and as a CSV file."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from certify.bounds.report import Interval
from certify.checker.errors import CertifyError
from certify.checker.numbers.rounding import decimal_down, decimal_up, plain
from certify.tightness.accuracy import Scores
from certify.tightness.looseness import Looseness, Product
from certify.tightness.quantities import Kind, Row
from certify.tightness.study import Outcome, Study, Tightness

HEADINGS = ("quantity", "value", "gap", "/ optimum", "what it is", "accuracy", "time")
NUMBERS = (1, 2, 3, 5, 6)  # of the headings
ACCURACY_MEANING = (
    "of the samples of the problem / of those held out, the share whose largest output is that of their "
    "class; in brackets, of those held out by the paper's protocol, with the threshold that is best on them"
)
_ACCURACY, _TIME = HEADINGS.index("accuracy"), HEADINGS.index("time")
PART_HEADINGS = ("violated by", "coefficient", "moment", "product")
_DIGITS = 8


def title(found: Tightness) -> str:
    """Return a problem's name with the certified interval of its optimum."""
    lower, upper = found.lower, found.upper
    return (
        f"{found.name}, gamma {plain(found.problem.gamma)}: "
        f"{decimal_down(lower, _DIGITS)} <= optimum <= {decimal_up(upper, _DIGITS)}, "
        f"gap {decimal_up(100 * Interval(lower, upper).relative_gap, 3)} %"
    )


def cells(found: Tightness, row: Row) -> tuple[str, ...]:
    """Return a row's cells, one for each of `HEADINGS`; bounds are rounded down, losses and gaps up."""
    gap, factor, outcome = found.gap(row), found.factor(row), found.outcome(row)
    about = "~ " if row.kind is Kind.ESTIMATE else ""
    return (
        row.quantity if row.seed is None else f"{row.quantity}, seed {row.seed}",
        _value(row),
        "" if gap is None else f"{about}{decimal_up(100 * gap, 3)} %",
        "" if factor is None else times(factor),
        row.kind.value if outcome is None else f"{row.kind.value}, {outcome.value}",
        "" if row.scores is None else _accuracy(row.scores),
        f"{row.seconds:.1f} s" if row.seconds else "",
    )


def _value(row: Row) -> str:
    if row.value is None:
        return ""
    if row.kind is Kind.BOUND:
        return decimal_down(Fraction(row.value), _DIGITS)
    if row.kind is Kind.LOSS:
        return decimal_up(Fraction(row.value), _DIGITS)
    return f"{row.value:.{_DIGITS}g}" if row.kind is Kind.ESTIMATE else times(float(row.value))


def _accuracy(scores: Scores) -> str:
    if scores.test is None:
        return f"{scores.train.largest:.3f}"
    return f"{scores.train.largest:.3f} / {scores.test.largest:.3f} ({scores.test.thresholded:.3f})"


def columns(found: Tightness, *, time: bool) -> list[int]:
    """Return the places of the headings that a problem's table has."""
    unwanted = {_ACCURACY} if all(row.scores is None for row in found.rows) else set()
    return [k for k in range(len(HEADINGS)) if k not in (unwanted if time else unwanted | {_TIME})]


def times(factor: float) -> str:
    """Write a factor or a ratio with four decimals, or with four digits from ten on."""
    return f"{factor:.4f}" if factor < 9.9999 else f"{factor:.4g}"


def print_study(console: Console, study: Study) -> None:
    """Print a table for each problem, and how its words are meant."""
    occurring = set()
    for found in study.problems:
        console.print(Text(title(found), style="bold"), soft_wrap=True)
        table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        shown = columns(found, time=False)
        for k in shown:
            table.add_column(HEADINGS[k], justify="right" if k in NUMBERS else "left", no_wrap=k == 0)
        for row in found.rows:
            if row.kind is not Kind.MISSING:
                written = cells(found, row)
                table.add_row(*(Text(written[k]) for k in shown))
            occurring.add(found.outcome(row))
        console.print(table)
        if found.looseness is not None:
            print_looseness(console, found.looseness)
    console.print(
        "proved: a lower bound, checked in exact arithmetic. exact: the loss of a network, exactly. "
        "The gap of a bound is to the best network, that of a network to the best bound.",
        soft_wrap=True,
    )
    if any(row.scores is not None for found in study.problems for row in found.rows):
        console.print(f"accuracy: {ACCURACY_MEANING}.", soft_wrap=True)
    for outcome in Outcome:
        if outcome in occurring:
            console.print(f"{outcome.value}: {outcome.meaning}.", soft_wrap=True)


def print_looseness(console: Console, looseness: Looseness) -> None:
    """Print why SDP-NN is loose, with the products that violate the cut most."""
    console.print(Text(looseness.title, style="bold"))
    facts = Table.grid(padding=(0, 2))
    for name, words in looseness.facts():
        facts.add_row(name, Text(words))
    console.print(facts)
    parts = looseness.parts()
    if parts:
        table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for k, heading in enumerate(PART_HEADINGS):
            table.add_column(heading, justify="left" if k == 0 else "right")
        for part in parts:
            table.add_row(*map(Text, part_cells(part)))
        console.print(table)
    else:
        console.print()


def part_cells(part: Product) -> tuple[str, ...]:
    """Return a product's cells, one for each of `PART_HEADINGS`."""
    return (
        f"<{part.first} {part.second}>",
        f"{part.coefficient:.3f}",
        f"{part.moment:.4f}",
        f"{part.contribution:.4f}",
    )


def save_csv(study: Study, path: str | Path) -> None:
    """Write one line for each row of each problem, with the names that `--json` has.

    What SDP-NN's matrix is like follows in lines of the kind "lifted", a number each.

    Raises:
        CertifyError: if the file cannot be written.
    """
    written = io.StringIO(newline="")
    lines = [
        {"problem": found.name, "gamma": plain(found.problem.gamma), **found.row_to_json(row)}
        for found in study.problems
        for row in found.rows
    ]
    for found in study.problems:
        if found.looseness is not None:
            finding = found.looseness.diagnosis.finding
            lines += [
                {
                    "problem": found.name,
                    "gamma": plain(found.problem.gamma),
                    "quantity": f"SDP-NN's matrix, {name}",
                    "kind": "lifted",
                    "value": number,
                    "note": finding.value,
                }
                for name, number in found.looseness.numbers().items()
            ]
    if lines:
        writer = csv.DictWriter(written, fieldnames=list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    try:
        Path(path).write_text(written.getvalue(), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CertifyError(
            f"{path}: the table cannot be written ({error.strerror}); choose another path"
        ) from error
