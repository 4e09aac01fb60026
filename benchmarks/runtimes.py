"""Seconds to the value of SDP-NN: a certified bound of ours next to the paper's form by cvxpy and SCS.

    python -m benchmarks.runtimes FOLDER [--only spiral,iris_train] [--limit 600] [--peer-limit 600]

FOLDER has the paper's data sets (random_first50.csv, spiral.csv, iris_train.csv, ...), raw, without a bias.
Ours are the solvers of `certify bound --method sdp`, ended where their own gap is below 1e-4, with the proof
and the exact check, whose bound is printed; "to value" is how far that is below the primal value. With more
than a hundred samples a network is trained first, which counts, and the primal value is not known. SCS has
the tolerance of the paper, 1e-4, and its seconds include cvxpy's compilation; "off by" is what its value
misses ours by. Each call has a process and a core of its own, one after the other. The last column is what
the paper reports, for another machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.measure import measure
from certify.bounds.relaxation.root_leaf import root_certificate
from certify.bounds.relaxation.searches import SMALL
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.training.check import check_certificate
from certify.datasets.arrays import from_arrays
from certify.floats.problem import Arrays
from formulations.sdp.conic.paper_cvxpy import solve_paper_cvxpy
from formulations.sdp.multiplier_generation import solve_dual
from formulations.sdp.multipliers import DualSolution
from formulations.sdp.rows.row_generation import improve
from formulations.sdp.solvers import SolverChoice
from formulations.training.train import train

_TOLERANCE = 1e-4
_GAMMAS = ("0.1", "0.01")
_SCS = SolverChoice("SCS", "moments", {"eps": _TOLERANCE, "max_iters": 1_000_000})
_RANDOM = 3  # of the random problems
_TRAINING = 0.2  # of the time, for the network whose residual says where many samples begin


@dataclass(frozen=True)
class Line:
    """Data sets whose mean is reported, and the paper's seconds for each gamma."""

    name: str
    data: tuple[Dataset, ...]
    published: tuple[float, float]


def lines(folder: Path) -> Iterator[Line]:
    """Yield the lines of the table."""
    numbers = np.genfromtxt(folder / "random_first50.csv", delimiter=",", skip_header=1)
    problems = [numbers[numbers[:, 0] == index, 1:] for index in range(_RANDOM)]
    random = tuple(from_arrays(part[:, :2], part[:, 2:], task="regression") for part in problems)
    yield Line("random", random, (11.46, 14.85))
    for name, published in (
        ("spiral", (1566.65, 923.83)),
        ("iris_train", (38.98, 171.10)),
        ("ionosphere_train", (4416.16, 8150.47)),
        ("pima_indians_train", (12255.93, 13563.81)),
        ("bank_notes_train", (102918.82, 101952.06)),
    ):
        yield Line(name, (read_dataset(folder / f"{name}.csv"),), published)


def ours(arrays: Arrays, limit: float) -> DualSolution:
    """Solve SDP-NN's dual until the gap is small or time is up, as `certify bound --method sdp` does."""
    X, Y, gamma = arrays.X, arrays.Y, arrays.gamma
    if len(X) <= SMALL:
        return solve_dual(X, Y, gamma, tolerance=_TOLERANCE / 2, time_limit=limit)
    deadline = time.perf_counter() + limit
    network = train(X, Y, gamma, time_limit=_TRAINING * limit)
    hint = Y - np.maximum(X @ network.hidden, 0) @ network.output
    *_, last = improve(
        X, Y, gamma, hint, tolerance=_TOLERANCE / 2, seconds_left=lambda: deadline - time.perf_counter()
    )
    return last.solution()


def paper(arrays: Arrays) -> float:
    """Solve the paper's form as the paper did; return its value."""
    return solve_paper_cvxpy(arrays.X, arrays.Y, arrays.gamma, solver=_SCS).value


@dataclass(frozen=True)
class Cell:
    """What one problem gave: seconds, the certified bound, and the values of both solvers (None: none)."""

    seconds: float
    bound: float
    value: float | None
    peer_seconds: float
    peer_value: float | None


def cell(data: Dataset, gamma: str, limit: float, peer_limit: float) -> Cell:
    """Run both on a problem.

    Raises:
        AssertionError: if the checker refuses the certificate.
    """
    problem = data.problem(gamma, "squared", "none")
    arrays = Arrays.of(problem)
    measured = measure(ours, arrays, limit, time_limit=2 * limit)
    solution = measured.result
    begun = time.perf_counter()
    certificate = root_certificate(problem, solution.dual_point, solution.multipliers)
    assert check_certificate(certificate, problem).valid
    seconds = measured.seconds + time.perf_counter() - begun
    peer = measure(paper, arrays, time_limit=peer_limit)
    value = None if solution.gap is None else solution.dual_value + solution.gap
    return Cell(seconds, float(certificate.bound), value, peer.seconds, peer.result)


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", help="names of data sets, separated by commas")
    parser.add_argument("--limit", type=float, default=600.0)
    parser.add_argument("--peer-limit", type=float, default=600.0)
    options = parser.parse_args()
    print("| data | n | d | c | gamma | bound | to value | seconds | SCS, s | off by | ratio | paper, s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for line in lines(options.folder):
        if options.only is not None and line.name not in options.only.split(","):
            continue
        for gamma, published in zip(_GAMMAS, line.published, strict=True):
            cells = [cell(data, gamma, options.limit, options.peer_limit) for data in line.data]
            print(_row(line, gamma, published, cells, options.peer_limit), flush=True)


def _row(line: Line, gamma: str, published: float, cells: list[Cell], peer_limit: float) -> str:
    problem = line.data[0].problem(gamma, "squared", "none")
    seconds, peer_seconds = (
        float(np.mean([getattr(each, name) for each in cells])) for name in ("seconds", "peer_seconds")
    )
    known = [each for each in cells if each.value is not None]
    to_value = max((1 - each.bound / each.value for each in known if each.value), default=None)
    off = [abs(each.peer_value / each.value - 1) for each in known if each.peer_value and each.value]
    ended = all(each.peer_value is not None for each in cells)
    return " | ".join(
        [
            f"| {line.name} | {problem.n} | {problem.d} | {problem.c} | {gamma}",
            f"{np.mean([each.bound for each in cells]):.6g}",
            "not known" if to_value is None or len(known) < len(cells) else f"{to_value:.0e}",
            f"{seconds:.2f}",
            f"{peer_seconds:.1f}" if ended else f"> {peer_limit:.0f}",
            f"{max(off):.0e}" if off else "",
            f"{peer_seconds / seconds:.0f}" if ended else f"> {peer_limit / seconds:.0f}",
            f"{published:.0f} |",
        ]
    )


if __name__ == "__main__":
    from benchmarks.runtimes import main as run  # what goes to a child needs its importable name

    run()
