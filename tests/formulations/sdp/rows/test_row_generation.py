from __future__ import annotations

import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.sdp import multiplier_generation
from formulations.sdp.multiplier_generation import solve_dual
from formulations.sdp.multipliers import relaxation_form
from formulations.sdp.rows.row_generation import Found, improve


def instance(seed: int, n: int = 24, d: int = 3, c: int = 2) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(n, c))


@pytest.mark.parametrize("seed", range(3))
def test_few_samples_grow_to_the_value_of_all(seed: int) -> None:
    X, Y = instance(seed)
    whole = solve_dual(X, Y, 0.1)
    found = list(improve(X, Y, 0.1, Y, first=5))
    assert found[0].samples == 5
    assert found[-1].samples == len(X)
    assert found[-1].value == pytest.approx(whole.dual_value, rel=1e-5)
    values = [each.value for each in found]
    assert values == sorted(values)


def test_outside_of_the_working_set_a_feasible_point_has_zeros() -> None:
    X, Y = instance(1)
    X[3] = 0.0
    first: list[Found] = []
    for found in improve(X, Y, 0.1, Y, first=5):
        if found.samples > 6:
            break
        first.append(found)
    solution = first[-1].solution()
    assert np.count_nonzero(np.any(solution.dual_point != 0, axis=1)) == 6
    assert np.array_equal(solution.dual_point[3], Y[3])
    assert solution.dual_value == pytest.approx(first[-1].value, rel=1e-12)
    lengths = np.concatenate([np.ones(3), np.linalg.norm(X, axis=1)])  # the sample at zero does not count
    form = relaxation_form(X, solution.dual_point, 0.1**2, solution.multipliers)
    assert np.linalg.eigvalsh(form * np.outer(lengths, lengths))[0] > -1e-9
    assert solution.gap is None
    assert solution.status == "interrupted"


def test_a_sample_that_asks_for_what_it_gets_never_joins() -> None:
    # At x = 1 the output is y - gamma / |x| = 5/2, so that 5 at x = 2 costs nothing more.
    X, Y = np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]])
    *_, last = improve(X, Y, 0.5, np.array([[1.0], [0.0]]), first=1, tolerance=1e-3)
    assert last.samples == 1
    assert last.solution().status == "settled"
    assert last.value == pytest.approx(0.5**2 / 2 + 0.5 * 2.5, rel=1e-3)


def test_what_a_further_sample_leaves_by_hand() -> None:
    X, Y = np.array([[1.0]]), np.array([[3.0]])
    *_, last = multiplier_generation.improve(X, Y, 0.5, tolerance=1e-9)
    residuals = last.left_of(np.array([[2.0], [2.0], [-1.0]]), np.array([[5.0], [7.0], [1.0]]))
    # At x = 2 the output is 5 and nothing else; on the other side it is 0, as all neurons look one way.
    assert residuals == pytest.approx([0.0, 2.0, 1.0], abs=0.03)


def test_the_time_limit_keeps_what_there_is() -> None:
    X, Y = instance(2)
    *_, last = improve(X, Y, 0.1, Y, first=5, seconds_left=lambda: 0.0)
    assert last.samples == 5
    assert last.solution().status == "time limit"
    assert last.value < np.sum(Y**2) / 2


def test_working_sets_are_no_larger_than_the_method_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("formulations.sdp.rows.row_generation.MAX_FREE_VARIABLES", 24)  # of eight samples
    X, Y = instance(0)
    found = list(improve(X, Y, 0.1, Y, first=5, tolerance=1e-4))
    assert max(each.samples for each in found) == 8
    assert found[-1].value <= solve_dual(X, Y, 0.1).value
