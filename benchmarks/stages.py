"""Time and memory of each stage, next to the paper's form solved as the paper did, on the same data.

    python -m benchmarks.stages --data examples/iris.csv [--rows 75] [--gamma 0.1] [--time-limit 1800]

Each line is a process of its own. The paper's form is cvxpy with SCS, order 2n + d + c.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.measure import Measured, measure
from certify.bounds.relaxation.root_leaf import root_certificate
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import read_dataset
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.floats.problem import Arrays
from formulations.sdp.conic.paper_cvxpy import solve_paper_cvxpy
from formulations.sdp.conic.reduced import solve_reduced
from formulations.sdp.multiplier_generation import solve_dual
from formulations.sdp.multipliers import DualSolution
from formulations.training.train import train


def paper(arrays: Arrays) -> tuple[float, str]:
    """Solve the paper's form with SCS."""
    solution = solve_paper_cvxpy(arrays.X, arrays.Y, arrays.gamma, solver="scs")
    return solution.value, solution.status


def reduced(arrays: Arrays, solver: str) -> DualSolution:
    """Solve the reduced form with a general conic solver."""
    return solve_reduced(arrays.X, arrays.Y, arrays.gamma, solver=solver)


def interior_point(arrays: Arrays) -> DualSolution:
    """Solve the reduced form's dual with the project's own method."""
    return solve_dual(arrays.X, arrays.Y, arrays.gamma)


def upper(arrays: Arrays) -> float:
    """Train the network of the upper bound."""
    return train(arrays.X, arrays.Y, arrays.gamma, seed=0).loss


def prove(problem: TrainingProblem, solution: DualSolution) -> Certificate:
    """Repair, scale, round."""
    return root_certificate(problem, solution.dual_point, solution.multipliers)


def check(certificate: Certificate, problem: TrainingProblem) -> bool:
    """Verify exactly."""
    return check_certificate(certificate, problem).valid


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--rows", type=int, help="use a random subset of so many rows")
    parser.add_argument("--gamma", default="0.1")
    parser.add_argument("--time-limit", type=float, default=1800.0)
    parser.add_argument("--skip", action="append", default=[], help="name of a line to leave out")
    options = parser.parse_args()
    dataset = read_dataset(options.data)
    if options.rows is not None:
        rows = np.random.default_rng(0).permutation(len(dataset.inputs))[: options.rows].tolist()
        dataset = replace(
            dataset,
            inputs=tuple(dataset.inputs[i] for i in rows),
            targets=tuple(dataset.targets[i] for i in rows),
        )
    problem = dataset.problem(options.gamma)
    arrays = Arrays.of(problem)
    print(f"{options.data}: n = {problem.n}, d = {problem.d}, c = {problem.c}, gamma = {problem.gamma}\n")
    print("| stage | seconds | peak MiB | result |\n| --- | --- | --- | --- |")

    def line(name: str, function: Any, *arguments: Any) -> Measured | None:
        if name in options.skip:
            return None
        measured = measure(function, *arguments, time_limit=options.time_limit)
        print(
            f"| {name} | {measured.seconds:.2f} | {measured.mebibytes:.0f} | {_words(measured.result)} |",
            flush=True,
        )
        return measured

    line("train", upper, arrays)
    own = line("sdp: interior point", interior_point, arrays)
    if own is not None and own.result is not None:
        proved = line("prove", prove, problem, own.result)
        if proved is not None:
            line("check", check, proved.result, problem)
    line("sdp: reduced form, Clarabel", reduced, arrays, "clarabel")
    line("sdp: reduced form, SCS", reduced, arrays, "scs")
    line("sdp: the paper's form, SCS", paper, arrays)


def _words(result: Any) -> str:
    match result:
        case None:
            return "time limit"
        case DualSolution():
            return f"value {result.value:.6g}, {result.status}"
        case Certificate():
            return f"lower bound {float(result.bound):.8g}"
        case (value, status):
            return f"value {value:.6g}, {status}"
        case bool():
            return "valid" if result else "rejected"
        case _:
            return f"loss {result:.8g}"


if __name__ == "__main__":
    from benchmarks.stages import main as run  # what goes to a child needs its importable name

    run()
