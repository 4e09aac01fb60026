"""Seconds until the gap is five percent, against the number of samples and of features: a table, a plot.

    python -m benchmarks.scaling [--limit 300] [--plot docs/scaling.svg]

Generated data (`benchmarks.compositions`): normal features, two outputs of a network of ten neurons with a
tenth of noise, standardised with a hidden bias; gamma is a quarter of the number of samples, so that the
decay means the same for each. Wall time of the whole bound, with training, proof and exact check.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.compositions import generated
from certify.bounds.bound import Settings, bound_dataset
from certify.bounds.warm_up import compile_kernels
from certify.datasets.arrays import from_arrays
from certify.runtime.progress import Observer

_GAP = 0.05
_SAMPLES, _AT_FEATURES = (100, 200, 400, 700, 1000, 2000, 4000), 10
_FEATURES, _AT_SAMPLES = (7, 10, 20, 40, 80), 300


def run(n: int, d: int, limit: float) -> tuple[float, float, str]:
    """Return the seconds of a bound, its relative gap and its method."""
    X, Y = generated(n, d)
    data = from_arrays(X.round(4), Y.round(4), task="regression", bias=True)
    report = bound_dataset(data, Settings(n / 4, gap=_GAP, time_limit=limit), Observer())
    return report.seconds, float(report.interval.relative_gap), report.method


def main() -> None:
    """Print the table as Markdown, and draw it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=float, default=300.0)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    compile_kernels(trees=True, relaxations=True)
    print("| n | d | seconds | gap | method |\n| --- | --- | --- | --- | --- |")
    curves: dict[str, list[tuple[int, float]]] = {}
    for n, d, curve in [(n, _AT_FEATURES, "samples") for n in _SAMPLES] + [
        (_AT_SAMPLES, d, "features") for d in _FEATURES
    ]:
        seconds, gap, method = run(n, d, options.limit)
        print(f"| {n} | {d + 1} | {seconds:.1f} | {100 * gap:.2g} % | {method} |", flush=True)
        if gap <= _GAP:
            curves.setdefault(curve, []).append((n if curve == "samples" else d, seconds))
    if options.plot is not None:
        draw(curves, options.plot)


def draw(curves: dict[str, list[tuple[int, float]]], path: Path) -> None:
    """Draw the seconds of those that reached the gap, on logarithmic axes."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    for axes, (name, points) in zip(figure.subplots(1, 2), curves.items(), strict=False):
        axes.loglog(*zip(*points, strict=True), "o-")
        axes.set_xlabel(f"number of {name}")
        axes.set_ylabel("seconds to a gap of 5 %")
        axes.grid(alpha=0.3, which="both")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
