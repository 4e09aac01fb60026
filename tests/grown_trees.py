"""Certificates with trees that are grown by rule, as large as one likes, for data with two features."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Node,
    Sign,
    Split,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.dataset import reread_dataset
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.dual_bound import dual_bound

DATA = "a,b,y\n1.25,0,3\n0,1.5,4\n-2,1,5\n1,-1,2\n-1,-0.5,1\n"


def split_tree(depth: int) -> list[Node]:
    """Cut both signs of both coordinates, and then each orthant in 2^depth cones that are envelope leaves."""
    orthant: list[Node] = [EnvelopeLeaf()]
    for level in range(depth):
        orthant = [Split(0, 1, 1, 1 + level % 2), *orthant, *orthant]
    half = [Sign(1), *orthant, *orthant]
    return [Sign(0), *half, *half]


def proof_of_zero(data: Path, depth: int) -> Certificate:
    """Prove the bound 0, which the dual point 0 does on any cones."""
    return _certificate(data, depth, 0)


def forged(data: Path, depth: int) -> Certificate:
    """Claim a bound that is false: the dual point is the targets, and no cone's leaf can prove it."""
    return _certificate(data, depth, 1)


def _certificate(data: Path, depth: int, factor: int) -> Certificate:
    recipe = Preprocessing(("y",), "regression")
    problem = reread_dataset(data, recipe).problem("0.1")
    point = tuple(tuple(factor * entry for entry in row) for row in problem.targets)
    assert any(chain.from_iterable(problem.targets))
    return Certificate(
        problem.sha256(),
        problem.gamma,
        "squared",
        "none",
        recipe,
        dual_bound(problem, point, 0),
        point,
        0,
        Frame.identity(2),
        tuple(split_tree(depth)),
        "tree",
    )
