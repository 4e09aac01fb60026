"""Sums of a semidefinite and a nonnegative matrix."""

import numpy as np
import pytest

from benchmarks.matrices.copositive_matrices import HORN, clique_matrix, cycle, hamming
from formulations.arrays import Matrix
from formulations.copositive.semidefinite_plus_nonnegative import nonnegative_part, positive_shares


def left(matrix: Matrix) -> tuple[Matrix, list[float], float]:
    classes, shares, least = positive_shares(matrix)
    taken = np.where(classes >= 0, np.append(shares, 0.0)[classes], 0.0) * matrix
    return matrix - taken, shares, least


@pytest.mark.parametrize("p", [5, 6, 8])
def test_shares_of_a_cycle_do_as_well_as_a_program(p: int) -> None:
    matrix = np.array(clique_matrix(p, cycle(p), 2), dtype=float)
    rest, shares, least = left(matrix)
    assert min(shares) >= 0
    assert np.linalg.eigvalsh(rest)[0] == pytest.approx(least, abs=1e-9)
    found = nonnegative_part(matrix)
    assert found is not None
    assert least == pytest.approx(found[1], abs=1e-5)


def test_classes_are_of_the_symmetry() -> None:
    # Six-bit words at the distances 1, 2 and 3 are not joined.
    classes, shares, _ = positive_shares(np.array(clique_matrix(64, hamming(6), 4), dtype=float))
    distances = np.array([[(i ^ j).bit_count() for j in range(64)] for i in range(64)])
    assert ((classes >= 0) == ((distances >= 1) & (distances <= 3))).all()
    assert len(shares) == 3
    assert all(len(set(classes[distances == d].tolist())) == 1 for d in range(7))


def test_without_symmetry_there_is_one_share() -> None:
    square = np.random.default_rng(0).normal(size=(12, 12))
    matrix = square @ square.T + square + square.T
    rest, shares, least = left(matrix)
    assert len(shares) == 1
    best = max(
        np.linalg.eigvalsh(matrix - share * np.where(np.eye(12), 0, np.maximum(matrix, 0)))[0]
        for share in np.linspace(0, 2, 401)
    )
    assert np.linalg.eigvalsh(rest)[0] == pytest.approx(least)
    assert best - 1e-9 <= least <= best + 1e-2


def test_what_cannot_be_had_is_given_up() -> None:
    square = np.random.default_rng(1).normal(size=(12, 12))
    matrix = square @ square.T + 3 * (square + square.T)
    best, early = positive_shares(matrix), positive_shares(matrix, wanted=0.0)
    assert early[2] <= best[2] < 0


def test_without_positive_entries_nothing_is_taken() -> None:
    rest, shares, least = left(np.array([[2.0, -1.0], [-1.0, 2.0]]))
    assert shares == []
    assert least == pytest.approx(1.0)
    assert (rest == [[2, -1], [-1, 2]]).all()


def test_no_time_finds_nothing() -> None:
    assert nonnegative_part(np.array(HORN, dtype=float), time_limit=0.0) is None
    found = nonnegative_part(np.array(HORN, dtype=float))
    assert found is not None
    assert found[1] < 0
