"""Many forgeries of real certificates; a breach would be a certificate that proves more than is true.

    python -m benchmarks.checkers.attacks [--data FILE.csv ...] [--file-trials 1000] [--trials 100000]
        [--random 5]

The random problems share their trials evenly. They have two features, so that nothing may prove more than the
optimum, which an enumeration of all arcs tells; on the files, nothing more than the loss of a network.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from random import Random

from certify.attack.attack import attack
from certify.bounds.bound import Settings, bound_dataset
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.numbers.rounding import decimal_up
from certify.datasets.arrays import from_arrays
from certify.floats.problem import Arrays
from certify.runtime.progress import Observer
from formulations.training.arcs import global_optimum_2d

_ENUMERATION_ACCURACY = Fraction(1, 10**9)


def problems(files: list[str], randoms: int) -> Iterator[tuple[str, Dataset]]:
    """Yield name and data of each line."""
    for file in files:
        yield file, read_dataset(file)
    for seed in range(randoms):
        random = Random(seed)
        n, c = random.randint(2, 8), random.randint(1, 3)
        inputs = [[random.randint(-4, 4) for _ in range(2)] for _ in range(n)]
        targets = [[random.randint(-9, 9) / 4 for _ in range(c)] for _ in range(n)]
        yield f"random {seed} (n = {n}, d = 2, c = {c})", from_arrays(inputs, targets, task="regression")


def main() -> None:
    """Print the table as Markdown and which obligation caught how many."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", action="append", default=[])
    parser.add_argument("--trials", type=int, default=100_000, help="on the random problems together")
    parser.add_argument("--file-trials", type=int, default=1000, help="on each file")
    parser.add_argument("--random", type=int, default=5)
    options = parser.parse_args()
    lines = list(problems(options.data, options.random))
    caught: Counter[str] = Counter()
    print("| data | forgeries | accepted | largest bound accepted | true at most | breaches | s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for seed, (name, dataset) in enumerate(lines):
        method = "sdp" if name in options.data else "tree"  # a leaf with multipliers, and trees
        report = bound_dataset(dataset, Settings(gamma="0.1", method=method, gap=1e-6), Observer())
        arrays, upper = Arrays.of(report.problem), report.interval.upper
        if report.problem.d == 2:
            optimum = global_optimum_2d(arrays.X, arrays.Y, arrays.gamma).upper
            upper = min(upper, Fraction(optimum) + _ENUMERATION_ACCURACY)
        trials = options.file_trials if name in options.data else options.trials // options.random
        begun = time.perf_counter()
        outcome = attack(report.certificate, report.problem, trials=trials, seed=seed, upper=upper)
        for tally in outcome.tallies.values():
            caught += tally.rejected
        largest = outcome.largest_accepted
        print(
            f"| {name} | {outcome.tried} | {outcome.accepted} "
            f"| {'none' if largest is None else decimal_up(largest, 8)} | {decimal_up(upper, 8)} "
            f"| {len(outcome.breaches)} | {time.perf_counter() - begun:.0f} |",
            flush=True,
        )
    print("\n| caught by | forgeries |\n| --- | --- |")
    for name, count in caught.most_common():
        print(f"| {name} | {count} |")


if __name__ == "__main__":
    main()
