"""Why SDP-NN is loose on small parts of Iris, and what copositive cuts are worth: a table.

    python -m benchmarks.why_loose [--write docs/tightness.md]

It takes some minutes. `--write` puts the table between the lines `<!-- why loose -->` and `<!-- end of why
loose -->` of a file, and leaves the rest of it as it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.pages import around
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset
from certify.runtime.threads import single_threaded
from certify.tightness.looseness import Looseness
from certify.tightness.quantities import SDP_CUT
from certify.tightness.settings import StudySettings
from certify.tightness.study import study

_DATA = Path(__file__).parents[1] / "examples" / "iris.csv"
_SIZES = (6, 8, 10)
_GAMMAS = ("0.1", "0.01")
_HEADINGS = (
    "n", "gamma", "optimum", "SDP-NN", "rank", "distance", "the cut is between", "left over right side",
    "1 cut", "10 cuts", "of the gap closed",
)  # fmt: skip
_BEGIN, _END = "<!-- why loose -->", "<!-- end of why loose -->"


def spaced(dataset: Dataset, count: int) -> Dataset:
    """Return so many rows of a data set, equally spaced."""
    rows = np.linspace(0, len(dataset.inputs) - 1, count).astype(int).tolist()
    return replace(
        dataset,
        inputs=tuple(dataset.inputs[row] for row in rows),
        targets=tuple(dataset.targets[row] for row in rows),
        lines=None,
    )


def cells(rows: int, gamma: str, found: Looseness) -> Iterator[str]:
    """Yield a line of the table."""
    diagnosis, cut = found.diagnosis, found.inequality
    yield from (str(rows), gamma, f"{float(found.lower):.5g}", f"{diagnosis.value:.5g}")
    yield from (f"{diagnosis.rank} of {len(diagnosis.lifted)}", f"{100 * diagnosis.distance:.2g} %")
    if cut is None or len(diagnosis.rounds) < 2:
        yield from (diagnosis.finding.value, "", "", "", "")
        return
    right = float(np.sum(np.abs(cut.coefficients) * cut.moments))
    yield ", ".join(cut.names) if diagnosis.horn else f"{len(cut.names)} activations"
    yield f"{1 - cut.value / right:.3f}" if diagnosis.horn else ""
    yield from (f"{diagnosis.rounds[k].value:.5g}" for k in (1, -1))
    yield ", ".join(
        "" if share is None else f"{100 * share:.0f} %"
        for share in (found.closed(1), found.closed(len(diagnosis.rounds) - 1))
    )


def table() -> Iterator[str]:
    """Yield the lines of the table, in Markdown."""
    dataset = read_dataset(_DATA)
    yield "| " + " | ".join(_HEADINGS) + " |"
    yield "| --- " * len(_HEADINGS) + "|"
    for count in _SIZES:
        for gamma in _GAMMAS:
            asked = ("optimum", SDP_CUT)
            (problem,) = study([spaced(dataset, count)], [gamma], StudySettings(), quantities=asked).problems
            if problem.looseness is not None:
                yield "| " + " | ".join(cells(count, gamma, problem.looseness)) + " |"


@single_threaded
def main() -> None:
    """Print the table, or put it into a file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.write is None:
        for line in table():
            print(line, flush=True)
        return
    before, after = around(options.write, _BEGIN, _END)
    lines = "\n".join(table())
    options.write.write_text(f"{before}\n{lines}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
