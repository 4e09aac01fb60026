"""The nearest completely positive matrix, against what is known of it."""

import numpy as np
import pytest
from scipy.optimize import minimize

from benchmarks.matrices.copositive_matrices import HORN, circulant
from formulations.arrays import Matrix
from formulations.copositive.nearest_cp import (
    nearest_cp,
    separates,
    simple_columns,
    symmetric_vector,
    vector,
    weighted_sum,
)


def correlations(factor: Matrix) -> Matrix:
    gram = factor @ factor.T
    roots = np.sqrt(gram.diagonal())
    return np.asarray(gram / np.outer(roots, roots))


@pytest.mark.parametrize("order", [3, 6, 9, 12])
def test_a_completely_positive_matrix_is_its_own_nearest(order: int) -> None:
    rng = np.random.default_rng(order)
    A = correlations(rng.random((order, 2 * order)) * (rng.random((order, 2 * order)) < 0.6))
    found = nearest_cp(A, [np.eye(order)])
    assert found.distance < 1e-12 * order
    assert np.abs(weighted_sum(found.columns, found.weights, [np.eye(order)]) - A).max() < 1e-12
    assert found.weights.min() > 0
    assert min(min(column.coefficients) for column in found.columns) >= 0
    assert not separates(found, A)


def test_the_residual_separates_as_duality_says() -> None:
    A = np.array(circulant([60, 40, 9, 9, 40])) / 60
    found = nearest_cp(A, [np.eye(5)], margin=1e4)
    assert separates(found, A)
    X = weighted_sum(found.columns, found.weights, [np.eye(5)])
    assert np.sum(found.separator * X) == pytest.approx(0, abs=1e-12)
    assert np.sum(found.separator * A) == pytest.approx(-found.distance)
    # By symmetry M is circulant, and the nearest face is Horn's: the distance is that from <H, .> = 0.
    horn = np.array(HORN) / 5
    assert found.distance == pytest.approx(-np.sum(horn * A))
    assert np.abs(found.separator - horn).max() < 1e-6


@pytest.mark.parametrize("order", [4, 7, 11])
def test_pricing_finds_the_least_value(order: int) -> None:
    # Against local descents from many starts; with up to nine rows the pricing is exhaustive.
    rng = np.random.default_rng(order)
    A = rng.normal(size=(order, order))
    A = (A + A.T) / 2
    found = nearest_cp(A, [np.eye(order)], max_rounds=0)
    M = found.separator

    def value(root: Matrix) -> float:
        z = root**2
        return float(z @ M @ z / (z @ z))

    least = min(minimize(value, rng.random(order)).fun for _ in range(25))
    assert found.least <= min(least, 0.0) + 1e-6
    assert found.least == 0.0 or found.least >= np.linalg.eigvalsh(M)[0]


def test_columns_stay_in_their_cones() -> None:
    # A cone of the plane x + y = z, and a ray outside of it.
    rays = [np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([[0.0], [0.0], [1.0]])]
    truth = [rays[0] @ [1, 2], rays[0] @ [3, 1], rays[1] @ [2]]
    A = sum((np.outer(b, b) for b in truth), np.zeros((3, 3)))
    found = nearest_cp(A, rays)
    assert found.distance < 1e-11
    for column in found.columns:
        b = vector(column, rays)
        assert column.cone == 1 or b[0] + b[1] == b[2]
    # e_1 e_1^T is the nearest to itself in the cone, and outside of the hull of the given cones.
    outside = np.zeros((3, 3))
    outside[0, 0] = 1.0
    assert nearest_cp(outside, rays).distance > 0.1


def test_stopping_early_keeps_what_there_is() -> None:
    rng = np.random.default_rng(3)
    A = correlations(rng.random((12, 20)))
    told: list[float] = []

    def should_stop(distance: float) -> bool:
        told.append(distance)
        return len(told) == 3

    found = nearest_cp(A, [np.eye(12)], should_stop=should_stop)
    assert found.rounds == 2
    assert told == sorted(told, reverse=True)
    assert found.distance / np.linalg.norm(A) == pytest.approx(told[-1])


def test_symmetric_vectors_keep_products() -> None:
    rng = np.random.default_rng(0)
    M, A = (matrix + matrix.T for matrix in rng.normal(size=(2, 4, 4)))
    assert symmetric_vector(M) @ symmetric_vector(A) == pytest.approx(np.sum(M * A))
    assert len(simple_columns([np.eye(4)], 3)) == 10
