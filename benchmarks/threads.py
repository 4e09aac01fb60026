"""What threads cost a user who sets no variable: `certify bound` with and without OMP_NUM_THREADS=1.

    python -m benchmarks.threads FOLDER [--runs 3] [--busy 0]

FOLDER has spiral.csv and iris_train.csv; breast cancer is scikit-learn's. The two commands alternate, each in
a process of its own, and the ratio is that of the medians of their wall times. `--busy K` lets K processes
that do nothing but count run beside them.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sklearn.datasets import load_breast_cancer

_VARIABLE = "OMP_NUM_THREADS"
_JOB = "from certify.cli import main; main()"


def main() -> None:
    """Measure each job and print a line for it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--busy", type=int, default=0)
    options = parser.parse_args()
    print("| job | without the variable, s | with it, s | ratio |\n| --- | --- | --- | --- |")
    with TemporaryDirectory() as folder, _busy(options.busy):
        breast_cancer = Path(folder) / "breast_cancer.csv"
        _write_breast_cancer(breast_cancer)
        for name, arguments in (
            ("spiral, gap 1e-5", [options.folder / "spiral.csv", "--gap", "1e-5"]),
            ("iris_train", [options.folder / "iris_train.csv"]),
            (
                "breast cancer, standardised, bias, gamma 100, Shor",
                [breast_cancer, "--standardize", "--bias", "--gamma", "100", "--method", "shor"],
            ),
        ):
            command = [sys.executable, "-P", "-c", _JOB, "bound", "--data", *map(str, arguments)]
            without, with_one = _pairs(command, folder, options.runs)
            print(f"| {name} | {without:.2f} | {with_one:.2f} | {without / with_one:.2f} |", flush=True)


def _write_breast_cancer(path: Path) -> None:
    table = load_breast_cancer()
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*table.feature_names, "diagnosis"])
        for row, label in zip(table.data.tolist(), table.target, strict=True):
            writer.writerow([*row, table.target_names[label]])


def _pairs(command: list[str], folder: str, runs: int) -> tuple[float, float]:
    """Return the medians of alternating runs without and with the variable, after one to warm up."""
    plain = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    plain["PYTHONPATH"] = str(Path(__file__).parents[1])
    times: tuple[list[float], list[float]] = [], []
    for run in range(-1, runs):
        for kept, environment in zip(times, (plain, {**plain, _VARIABLE: "1"}), strict=True):
            begun = time.perf_counter()
            subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
            if run >= 0:
                kept.append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """Keep so many processes counting."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
