"""How tight SDP-NN is, and how good rounding and SGD are, on the paper's data, as tables.

    python -m benchmarks.tightness FOLDER [--write docs/tightness.md] [--random 10] [--epochs 5000]

FOLDER holds random_first50.csv (columns dataset, x1, x2, y1, ..., y5), spiral.csv and iris_train.csv. Values
are given over the certified lower bound of the optimum; a cell is the median of all problems and seeds, with
the least and the largest in brackets where there are several. `--write` puts the tables between the lines
`<!-- tables -->` and `<!-- end of tables -->` of a file.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.pages import around
from certify.checker.data.choice import from_table, read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.data.table import read_table
from certify.datasets.groups import split_table
from certify.runtime.threads import single_threaded
from certify.tightness.quantities import (
    BATCHES,
    FULL_BATCH,
    LBFGS,
    QUANTITIES,
    Kind,
)
from certify.tightness.settings import StudySettings
from certify.tightness.study import (
    Outcome,
    Study,
    Tightness,
    study,
)
from certify.views.terminal.progress import LiveProgress
from certify.views.terminal.tightness import times

GAMMAS = ("0.1", "0.01")
# Width and momentum of SGD: as far as the paper goes, few neurons, and the momentum of the paper's code.
VARIANTS = ((300, 0.0), (10, 0.0), (300, 0.95))
TRAINED = (LBFGS, FULL_BATCH, BATCHES)
BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"

Columns = dict[tuple[str, str], tuple[Tightness, ...]]


def collection(folder: Path, randoms: int) -> dict[str, list[Dataset]]:
    """Read the data sets, those of one column together."""
    parts = split_table(read_table(folder / "random_first50.csv"), "dataset", randoms)
    targets = [f"y{k}" for k in range(1, 6)]
    return {
        f"random, first {randoms}": [from_table(part, targets=targets) for part in parts],
        "spiral": [read_dataset(folder / "spiral.csv")],
        "iris_train": [read_dataset(folder / "iris_train.csv")],
    }


def columns(
    datasets: dict[str, list[Dataset]], settings: StudySettings, quantities: Sequence[str]
) -> Columns:
    """Study everything with one variant."""
    found: Columns = {}
    with LiveProgress(Console(stderr=True, highlight=False)) as progress:
        for name, group in datasets.items():
            for gamma in GAMMAS:
                result: Study = study(group, [gamma], settings, progress, quantities=quantities)
                if not result.complete:
                    raise KeyboardInterrupt
                found[name, gamma] = result.problems
    return found


def spread(values: Sequence[float]) -> str:
    """Write the median, with the range where there is one."""
    if not values:
        return ""
    words = times(statistics.median(values))
    return words if len(values) == 1 else f"{words} [{times(min(values))}, {times(max(values))}]"


def factors(found: Columns, quantity: str) -> list[str]:
    """Return a row of the first table: values over the optimum, or ratios as they are."""
    cells = []
    for problems in found.values():
        rows = [(problem, row) for problem in problems for row in problem.of(quantity)]
        values = [
            float(row.value or 0.0) if row.kind is Kind.RATIO else problem.factor(row)
            for problem, row in rows
        ]
        cells.append(spread([value for value in values if value is not None]))
    return cells


def descents(found: Columns, quantity: str) -> list[str]:
    """Return a row of the first table: where local descents from trained networks end, over the optimum."""
    return [
        spread(
            [
                float(row.descent / problem.lower)
                for problem in problems
                for row in problem.of(quantity)
                if row.descent is not None
            ]
        )
        for problems in found.values()
    ]


def endings(found: Columns, quantity: str) -> list[str]:
    """Return a row of the table of outcomes: how many runs ended how."""
    cells = []
    for problems in found.values():
        counted = Counter(problem.outcome(row) for problem in problems for row in problem.of(quantity))
        cells.append(
            ", ".join(f"{counted[outcome]} {outcome.value}" for outcome in Outcome if counted[outcome])
        )
    return cells


def table(first: str, found: Columns, rows: Iterable[tuple[str, list[str]]]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield f"| {first} | " + " | ".join(f"{name}, {gamma}" for name, gamma in found) + " |"
    yield "| --- " * (len(found) + 1) + "|"
    for name, cells in rows:
        yield f"| {name} | " + " | ".join(cells) + " |"


def document(variants: dict[tuple[int, float], Columns], settings: StudySettings) -> Iterator[str]:
    """Yield the lines of all tables."""
    for (width, momentum), found in variants.items():
        problems = [problem for group in found.values() for problem in group]
        quantities = dict.fromkeys(row.quantity for problem in problems for row in problem.rows)
        shown = quantities if (width, momentum) == VARIANTS[0] else TRAINED
        yield f"### {width} neurons, momentum {momentum:g}"
        yield ""
        rows = [(name, factors(found, name)) for name in shown]
        rows += [(f"{name}, then descent", descents(found, name)) for name in TRAINED[1:]]
        yield from table("over the optimum", found, rows)
        yield ""
        yield from table("runs", found, ((name, endings(found, name)) for name in TRAINED))
        yield ""
    yield (
        f"SGD: {settings.epochs} epochs, batches of {settings.batch_size}, "
        f"{settings.seeds} seeds for each problem."
    )


@single_threaded
def main() -> None:
    """Print the tables, or put them into a file, where they grow with every variant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--random", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=5000)
    options = parser.parse_args()
    datasets = collection(options.folder, options.random)
    variants: dict[tuple[int, float], Columns] = {}
    before, after = ("", "") if options.write is None else around(options.write, BEGIN, END)
    lines = ""
    for width, momentum in VARIANTS:
        settings = StudySettings(epochs=options.epochs, width=width, momentum=momentum)
        quantities = (*QUANTITIES,) if not variants else ("optimum", *TRAINED)
        variants[width, momentum] = columns(datasets, settings, quantities)
        lines = "\n".join(document(variants, settings))
        if options.write is not None:
            options.write.write_text(f"{before}\n{lines}\n{after}", encoding="utf-8")
    if options.write is None:
        print(lines)


if __name__ == "__main__":
    main()
