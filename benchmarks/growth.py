"""How the work of each procedure grows with n, d and c: exponents of processor time at small sizes.

    python -m benchmarks.growth [--only tree,rounding] [--repeat 3] [--write docs/study.md]

Gaussian inputs, targets of a network of ten neurons with a tenth of noise, gamma a hundredth of the number of
samples. One of n, d and c doubles and doubles again while the others stay, and the exponent is the slope of
the logarithms by least squares. Processor time of this process alone, the least of the repetitions, on one
thread: what else the machine does matters little, and the limit n -> infinity is not reached.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.pages import around
from certify.bounds.bound import Settings, bound_dataset
from certify.bounds.warm_up import compile_kernels
from certify.checker.certificate.training import Certificate
from certify.checker.data.dataset import Dataset
from certify.checker.training.check import check_certificate
from certify.datasets.arrays import from_arrays
from certify.floats.problem import Arrays
from certify.runtime.progress import Observer
from certify.trust.parallel import in_processes
from formulations.first_order.all_rows import improve
from formulations.partition.partition import improve as divisions
from formulations.rounding.rounding import round_to_network
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.lifted import extend
from formulations.sdp.multiplier_generation import solve_dual
from formulations.training.train import train

_BEGIN, _END = "<!-- growth -->", "<!-- end of growth -->"
_STEPS = 10  # of the first-order method
_REGIONS = 4  # of the partition, which is timed until it divides them
_WIDTH, _SPLITTINGS = 30, 100  # of the rounding


@dataclass(frozen=True)
class Sizes:
    """Of a problem."""

    n: int
    d: int
    c: int

    def problem(self) -> Dataset:
        """Return one, the same for the same sizes."""
        rng = np.random.default_rng(0)
        X = rng.standard_normal((self.n, self.d))
        hidden, output = rng.standard_normal((self.d, 10)), rng.standard_normal((10, self.c))
        Y = np.maximum(X @ hidden, 0) @ output + 0.1 * rng.standard_normal((self.n, self.c))
        return from_arrays(X.round(3), Y.round(3), task="regression")

    @property
    def gamma(self) -> float:
        """The weight decay."""
        return self.n / 100


@dataclass(frozen=True)
class Procedure:
    """What is measured.

    Attributes:
        name: of it.
        order: of its work, as the code has it.
        prepare: returns the call that is timed.
        middle: the sizes of which one grows.
    """

    name: str
    order: str
    prepare: Callable[[Sizes], Callable[[], object]]
    middle: Sizes


def _arrays(sizes: Sizes) -> Arrays:
    return Arrays.of(sizes.problem().problem(sizes.gamma))


def _training(sizes: Sizes) -> Callable[[], object]:
    arrays = _arrays(sizes)
    return lambda: train(arrays.X, arrays.Y, arrays.gamma)


def _interior(sizes: Sizes) -> Callable[[], object]:
    arrays = _arrays(sizes)
    return lambda: solve_dual(arrays.X, arrays.Y, arrays.gamma, tolerance=1e-4)


def _clarabel(sizes: Sizes) -> Callable[[], object]:
    arrays = _arrays(sizes)
    return lambda: solve_reduced(arrays.X, arrays.Y, arrays.gamma, solver="clarabel")


def _first_order(sizes: Sizes) -> Callable[[], object]:
    arrays = _arrays(sizes)
    return lambda: list(islice(improve(arrays.X, arrays.Y, arrays.gamma), _STEPS))


def _tree(sizes: Sizes) -> Callable[[], object]:
    dataset = sizes.problem()
    settings = Settings(sizes.gamma, method="tree", gap=0.05)
    return lambda: bound_dataset(dataset, settings, Observer())


def _partition(sizes: Sizes) -> Callable[[], object]:
    arrays = _arrays(sizes)
    trained = train(arrays.X, arrays.Y, arrays.gamma)
    hint = arrays.Y - np.maximum(arrays.X @ trained.hidden, 0) @ trained.output

    def divide() -> object:
        for found in divisions(arrays.X, arrays.Y, arrays.gamma, hint, rows=sizes.n, threads=1):
            if found.regions > _REGIONS:
                return found
        return None

    return divide


def _rounding(sizes: Sizes) -> Callable[[], object]:
    arrays = _arrays(sizes)
    rng = np.random.default_rng(0)
    # What the matrix is of does not matter for the time of the splitting.
    alive = np.maximum(arrays.X @ rng.standard_normal((sizes.d, 5)), 0)
    factor = np.vstack([alive, rng.standard_normal((sizes.d + sizes.c, 5))])
    lifted = extend(factor @ factor.T, arrays.X)
    return lambda: round_to_network(
        lifted, arrays.X, arrays.Y, arrays.gamma, width=_WIDTH, max_iterations=_SPLITTINGS
    )


def _certificate(sizes: Sizes, method: str) -> tuple[Certificate, Dataset]:
    dataset = sizes.problem()
    settings = Settings(sizes.gamma, method=method, gap=0.05)
    return bound_dataset(dataset, settings, Observer()).certificate, dataset


def _plain_check(method: str) -> Callable[[Sizes], Callable[[], object]]:
    def prepare(sizes: Sizes) -> Callable[[], object]:
        certificate, dataset = _certificate(sizes, method)
        problem = dataset.problem(sizes.gamma)
        return lambda: check_certificate(certificate, problem)

    return prepare


def _packed_check(sizes: Sizes) -> Callable[[], object]:
    certificate, dataset = _certificate(sizes, "tree")
    problem = dataset.problem(sizes.gamma)
    return lambda: check_certificate(certificate, problem, walk=in_processes(1))


PROCEDURES = (
    Procedure(
        "training",
        "for each round n d k + n k c + k^3, with k <= n c + 1 neurons",
        _training,
        Sizes(50, 4, 2),
    ),
    Procedure(
        "SDP-NN, interior-point",
        "for each step (n + d)^3 + q (n + d)^2 + (q + n c)^3, with q multipliers, up to 3/2 n^2",
        _interior,
        Sizes(25, 4, 2),
    ),
    Procedure(
        "SDP-NN, Clarabel",
        "for each step n^6, as all 3/2 n^2 multipliers enter",
        _clarabel,
        Sizes(15, 4, 2),
    ),
    Procedure(
        "SDP-NN, first-order",
        "for each step (n + d + c)^3; in blocks of m rows n m^2",
        _first_order,
        Sizes(100, 4, 2),
    ),
    Procedure(
        "tree, with training",
        "n d c for each node; nodes grow like (1/gap)^((d - 1)/2) and worse",
        _tree,
        Sizes(30, 2, 2),
    ),
    Procedure(
        "partition",
        "for each step (m + d)^3 + q (m + d)^2 + (q + m c)^3 for a region, of m <= 48 samples; 2^k regions",
        _partition,
        Sizes(12, 4, 2),
    ),
    Procedure(
        "rounding",
        "for each step (2 n + d + c)^2 R for R neurons, after (2 n + d + c)^3 once",
        _rounding,
        Sizes(100, 4, 2),
    ),
    Procedure(
        "check of a tree, plain",
        "n d c + d^3 for each leaf, in integers of growing length",
        _plain_check("tree"),
        Sizes(30, 2, 2),
    ),
    Procedure(
        "check of a tree, packed",
        "the same; samples packed into long integers",
        _packed_check,
        Sizes(30, 2, 2),
    ),
    Procedure(
        "check of SDP-NN",
        "(n + d)^3 in integers whose length grows with n",
        _plain_check("sdp"),
        Sizes(25, 4, 2),
    ),
)


def seconds(prepare: Callable[[Sizes], Callable[[], object]], sizes: Sizes, repeat: int) -> float:
    """Return the least processor time of some repetitions."""
    call = prepare(sizes)
    times = []
    for _ in range(repeat):
        begun = time.process_time()
        call()
        times.append(time.process_time() - begun)
    return min(times)


def exponent(procedure: Procedure, name: str, repeat: int) -> tuple[float, float]:
    """Return the slope of the logarithm of the time over that of a size, and the longest time."""
    middle = vars(procedure.middle)
    values = [middle[name] * factor for factor in (1, 2, 4)]
    if name == "d" and "tree" in procedure.name:
        values = [2, 3, 4]  # trees grow with d as nothing else does
    times = [seconds(procedure.prepare, Sizes(**{**middle, name: value}), repeat) for value in values]
    slope = np.polyfit(np.log(values), np.log(np.maximum(times, 1e-4)), 1)[0]
    return float(slope), max(times)


def table(only: list[str] | None, repeat: int) -> list[str]:
    """Return the lines of the table, and print each as it comes."""
    lines = [
        "| procedure | order of the work | from n, d, c | n | d | c | longest, s |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    print("\n".join(lines), flush=True)
    for procedure in PROCEDURES:
        if only is not None and not any(word in procedure.name for word in only):
            continue
        found = [exponent(procedure, name, repeat) for name in ("n", "d", "c")]
        sizes = ", ".join(map(str, vars(procedure.middle).values()))
        slopes = " | ".join(f"{slope:.1f}" for slope, _ in found)
        longest = max(most for _, most in found)
        lines.append(f"| {procedure.name} | {procedure.order} | {sizes} | {slopes} | {longest:.2g} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Print the table, and write it where that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="parts of names, separated by commas")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    compile_kernels(trees=True, relaxations=True)
    with threadpool_limits(limits=1):
        lines = table(None if options.only is None else options.only.split(","), options.repeat)
    if options.write is not None:
        before, after = around(options.write, _BEGIN, _END)
        options.write.write_text("\n".join([before, *lines, after]), encoding="utf-8")


if __name__ == "__main__":
    main()
