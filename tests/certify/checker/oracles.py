"""Independent answers for small problems, and hand-made trees: what the checker is held against."""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import null_space

import certify.checker
from certify.checker import obligations
from certify.checker.certificate.nodes import (
    Leaf,
    Node,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem
from certify.networks.network import ReLUNetwork, loss_at_most
from formulations.arrays import Matrix
from formulations.training.arcs import global_optimum_2d, maximum_gauge_2d

_MODULES = (
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(certify.checker.__path__, "certify.checker.")
    if not found.name.endswith("__main__")
)
# The modules with obligations, which tests take away one by one.
CHECKER = tuple(module for module in _MODULES if hasattr(module, "require") and module is not obligations)

Pair = tuple[int, int]


def dual_value(problem: TrainingProblem, dual_point: IntegerRows, exponent: int = 0) -> Fraction:
    """<N, Y> - 1/2 |N|_F^2 by its definition, in fractions."""
    total = Fraction(0)
    for row, targets in zip(dual_point, problem.targets, strict=True):
        for entry, target in zip(row, targets, strict=True):
            a, y = Fraction(entry, 2**exponent), Fraction(target, problem.target_denominator)
            total += a * y - a * a / 2
    return total


def certificate_of(
    problem: TrainingProblem,
    dual_point: Sequence[Sequence[int]],
    tree: Sequence[Node],
    *,
    exponent: int = 0,
    frame: Frame | None = None,
) -> Certificate:
    """A certificate with a consistent claim; its tree may prove it or not."""
    rows = tuple(map(tuple, dual_point))
    return Certificate(
        problem_sha256=problem.sha256(),
        gamma=problem.gamma,
        loss=problem.loss.text,
        output_bias=problem.output_bias,
        preprocessing=None,
        bound=dual_value(problem, rows, exponent),
        dual_point=rows,
        dual_exponent=exponent,
        frame=Frame.identity(problem.d) if frame is None else frame,
        tree=tuple(tree),
        method="by hand",
    )


def inputs(problem: TrainingProblem) -> Matrix:
    """X, n x d."""
    return np.array(problem.inputs, dtype=float) / problem.input_denominator


def targets(problem: TrainingProblem) -> Matrix:
    """Y, n x c."""
    return np.array(problem.targets, dtype=float) / problem.target_denominator


def gauge_2d(X: Sequence[Sequence[Fraction | int]], dual_point: Sequence[Sequence[int]]) -> float:
    """h(N) for two features and an integer N, by the arcs of the circle."""
    return maximum_gauge_2d(np.array(X, dtype=float), np.array(dual_point, dtype=float))[0]


def resolved_tree_2d(problem: TrainingProblem) -> list[Node]:
    """The tree of the identity frame whose leaves are the arcs without a kink, closed as such."""
    nodes: list[Node] = []

    def close(w: Pair, v: Pair) -> None:
        for x in problem.inputs:
            p, q = x[0] * w[0] + x[1] * w[1], x[0] * v[0] + x[1] * v[1]
            if p * q < 0:
                a, b = abs(q), abs(p)
                new = (a * w[0] + b * v[0], a * w[1] + b * v[1])
                nodes.append(Split(0, 1, a, b))
                close(new, v)
                close(w, new)
                return
        nodes.append(TauLeaf(1, 1))

    nodes.append(Sign(0))
    for s in (1, -1):
        nodes.append(Sign(1))
        close((s, 0), (0, 1))
        close((s, 0), (0, -1))
    return nodes


def slack_leaf(mixed: int, multiplier: int, *, scale: int = 1, unit: int = 1) -> Leaf:
    """A leaf of a cone without signs that uses nothing but alpha_i beta_i = 0, weighted alike."""
    return Leaf(scale, unit, tuple((i, mixed + i, -multiplier) for i in range(mixed)))


def optimum_2d(problem: TrainingProblem) -> tuple[Matrix, Fraction]:
    """A dual point that is optimal up to about 1e-9, and the exact loss of a network that is as good."""
    optimum = global_optimum_2d(inputs(problem), targets(problem), float(problem.gamma))
    network = ReLUNetwork.from_floats(optimum.hidden.tolist(), optimum.output.tolist())
    return optimum.dual_point, loss_at_most(problem, network)


def rounded(dual_point: Matrix, exponent: int, shrink: float = 1.0) -> list[list[int]]:
    """A dual point in integers over 2**exponent."""
    return [[round(shrink * entry * 2.0**exponent) for entry in row] for row in dual_point.tolist()]


def replace_require(monkeypatch: pytest.MonkeyPatch, require: Callable[..., None]) -> None:
    """Break the checker: let it ask for its obligations in another way."""
    for module in CHECKER:
        monkeypatch.setattr(module, "require", require)


def gauge_by_enumeration(X: Matrix, N: Matrix) -> float:
    """h(N) for a few samples, up to rounding: the largest value over all pieces of all faces.

    On every subspace orthogonal to some rows the other rows' kinks leave finitely many linear pieces G, and
    on the piece of a maximum it is the largest singular vector of G. So the gauge itself, at these vectors of
    all pieces, has the same maximum.
    """
    lines = [x for x in X if np.any(x)]
    best = 0.0
    for size in range(min(X.shape[1], len(lines) + 1)):
        for held in combinations(lines, size):
            basis = null_space(np.array(held)) if held else np.eye(X.shape[1])
            if basis.shape[1] == 0:
                continue
            inside = X @ basis
            inside[np.abs(inside) < 1e-12] = 0.0
            for pattern in _patterns(inside):
                G = (N * pattern[:, None]).T @ inside
                u = basis @ np.linalg.svd(G)[2][0]
                for direction in (u, -u):
                    best = max(best, float(np.linalg.norm(N.T @ np.maximum(X @ direction, 0))))
    return best


def _patterns(X: Matrix) -> list[NDArray[np.bool_]]:
    """All sets of rows that are active together: on both sides of each vertex, nudged off its own rows."""
    d = X.shape[1]
    lines = [x for x in X if np.any(x)]
    if len(lines) < d or d == 1:
        points = [np.ones(1), -np.ones(1)] if d == 1 else list(np.random.default_rng(0).normal(size=(200, d)))
        return list({(X @ p > 0).tobytes(): X @ p > 0 for p in points}.values())
    found = {}
    for rows in combinations(lines, d - 1):
        vertex = null_space(np.array(rows))
        if vertex.shape[1] != 1:
            continue
        solve = np.linalg.pinv(np.array(rows))
        for sign in (1.0, -1.0):
            for nudge in product((1.0, -1.0), repeat=d - 1):
                p = sign * vertex[:, 0] + 1e-6 * solve @ np.array(nudge)
                found[(X @ p > 0).tobytes()] = X @ p > 0
    return list(found.values())
