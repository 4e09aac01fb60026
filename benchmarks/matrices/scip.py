"""The oracle problem max |N^T relu(Xu)| over |u| <= 1, side by side with a general global solver.

    python -m benchmarks.matrices.scip FOLDER [--slack 0.01] [--time-limit 120]

Both are asked to certify the level (1 + slack) gamma for the same dual point: SCIP (through PySCIPOpt, one
thread) by bringing its dual bound below it, the tree search by a tree. FOLDER is as for benchmarks.bounds.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from pyscipopt import Model, quicksum

from benchmarks.bounds import lines
from certify.bounds.tree.search import search_tree
from certify.checker.certificate.training import Frame
from certify.floats.problem import Arrays
from certify.runtime.threads import single_threaded
from formulations.arrays import Matrix
from formulations.training.column_generation import ColumnGeneration


def scip(X: Matrix, N: Matrix, level: float, time_limit: float) -> tuple[float, float]:
    """Return the seconds and the dual bound of the squared gauge, relative to the level."""
    n, d = X.shape
    model = Model()
    model.hideOutput()
    model.setParam("limits/time", time_limit)
    u = [model.addVar(lb=-1, ub=1) for _ in range(d)]
    model.addCons(quicksum(v * v for v in u) <= 1)
    alpha = []
    for i in range(n):
        length = float(np.linalg.norm(X[i]))
        a, b, active = model.addVar(lb=0), model.addVar(lb=0), model.addVar(vtype="B")
        model.addCons(a - b == quicksum(float(x) * v for x, v in zip(X[i], u, strict=True)))
        model.addCons(a <= length * active)
        model.addCons(b <= length * (1 - active))
        alpha.append(a)
    outputs = [model.addVar(lb=None) for _ in range(N.shape[1])]
    for j, output in enumerate(outputs):
        model.addCons(output == quicksum(float(w) * a for w, a in zip(N[:, j], alpha, strict=True)))
    square = model.addVar(lb=0)
    model.addCons(square <= quicksum(output * output for output in outputs))
    model.setObjective(square, "maximize")
    # Nothing above the level is looked for: infeasible means certified.
    model.setParam("numerics/feastol", 1e-8)
    model.addCons(square >= level)
    begun = time.perf_counter()
    model.optimize()
    seconds = time.perf_counter() - begun
    return seconds, 1.0 if model.getStatus() == "infeasible" else model.getDualbound() / level


@single_threaded
def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--slack", type=float, default=0.01)
    parser.add_argument("--time-limit", type=float, default=120.0)
    options = parser.parse_args()
    search_tree(np.eye(2), np.eye(2), 4.0, Frame.identity(2))  # compiles
    print("| data | n | d | tree, s | leaves | SCIP, s | its dual bound over the level | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for line in lines(options.folder, 1, large=False):
        if line.gamma != "0.1":
            continue
        arrays = Arrays.of(line.datasets[0].problem(line.gamma))
        generation = ColumnGeneration(arrays.X, arrays.Y, arrays.gamma)
        generation.run(4)
        N = np.ascontiguousarray(generation.best.dual_point)
        level = (arrays.gamma * (1 + options.slack)) ** 2
        begun = time.perf_counter()
        found = search_tree(arrays.X, N, level, Frame.identity(arrays.X.shape[1]))
        seconds = time.perf_counter() - begun
        leaves = sum((len(tree.kinds) + 1) // 2 for tree in found.trees or ())
        scip_seconds, bound = scip(arrays.X, N, level, options.time_limit)
        ended = "" if bound == 1.0 else "> "
        print(
            f"| {line.name.split(',')[0]} | {len(arrays.X)} | {arrays.X.shape[1]} | {seconds:.3f} | {leaves} "
            f"| {ended}{scip_seconds:.1f} | {bound:.3g} | {ended}{scip_seconds / seconds:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
