"""Training up to a gap: what it promises is held against the exact gauge in the plane."""

from __future__ import annotations

import numpy as np
import pytest

from formulations.arrays import Matrix
from formulations.losses.loss import Loss
from formulations.losses.reading import read_loss
from formulations.training.arcs import gauge_maxima_2d
from formulations.training.column_generation import ColumnGeneration
from formulations.training.oracle import GaugeOracle
from formulations.training.smoothing_path import SmoothingPath
from tests.formulations.losses.examples import KINKED, fitting_targets

GAMMA = 0.1


def planar(text: str, seed: int = 0, n: int = 12) -> tuple[Matrix, Loss]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    signal = np.column_stack([X[:, 0] + 0.3 * rng.normal(size=n), np.abs(X[:, 1]) - 0.6])
    return X, read_loss(text, fitting_targets(text, signal), rng.uniform(0.5, 2, n))


def path_of(X: Matrix, loss: Loss, gap: float = 1e-3) -> SmoothingPath:
    start = ColumnGeneration(X, loss, GAMMA).best
    rng = np.random.default_rng(0)
    oracle = GaugeOracle(X)
    return SmoothingPath(
        oracle, X, loss, GAMMA, start, output_bias="none", gap=gap, rng=rng, should_stop=lambda: False
    )


def follow(path: SmoothingPath) -> str:
    for _ in range(100):
        if (status := path.advance()) is not None:
            return status
    raise AssertionError("the path has no end")


@pytest.mark.parametrize(
    ("text", "output_bias"),
    [*((text, "none") for text in sorted(KINKED)), ("absolute", "free"), ("hinge", "decayed")],
)
def test_the_gap_is_as_wanted(text: str, output_bias: str) -> None:
    """The dual point, scaled by its exact gauge, proves nearly what its network reaches."""
    X, loss = planar(text)
    generation = ColumnGeneration(X, loss, GAMMA, output_bias=output_bias, gap=1e-3)
    assert generation.run(1) == "settled"
    best = generation.best
    b = best.output_bias if len(best.output_bias) else np.zeros(2)
    value = loss.value(np.maximum(X @ best.directions, 0) @ best.output + b)
    value += GAMMA * float(np.linalg.norm(best.output, axis=1).sum())
    N = best.dual_point
    largest = max(GAMMA, float(gauge_maxima_2d(X, N)[0].max()))
    assert largest <= GAMMA * generation.peak * (1 + 1e-6)
    N = N * (GAMMA / largest)
    bound = loss.dual_value(N)
    if output_bias == "decayed":
        value += GAMMA / 2 * float(b @ b)
        bound -= float(np.sum(N.sum(axis=0) ** 2)) / (2 * GAMMA)
    if output_bias == "free":
        assert N.sum(axis=0) == pytest.approx(np.zeros(2), abs=1e-6)
    assert best.loss == pytest.approx(value, rel=1e-9)
    assert bound <= value <= bound + 1e-3 * value


def test_it_ends_near_the_optimum_that_training_to_the_end_finds() -> None:
    X, loss = planar("absolute", 1)
    whole = ColumnGeneration(X, loss, GAMMA)
    whole.run(1)
    path = path_of(X, loss)
    assert follow(path) == "settled"
    assert path.lower <= whole.best.loss + 1e-6
    assert whole.best.loss * (1 - 1e-5) <= path.best.loss <= whole.best.loss * (1 + 1e-3)


def test_more_can_be_asked_for() -> None:
    path = path_of(*planar("hinge"))
    follow(path)
    before = path.gap
    path.ask_for_more()
    assert follow(path) == "settled"
    assert path.gap <= before / 2


def test_a_direction_counts_once() -> None:
    """The first network has no neurons, so that many gauges exceed gamma; the largest one is then known."""
    X, loss = planar("absolute")
    path = path_of(X, loss)
    values, directions = gauge_maxima_2d(X, path.best.dual_point)
    witness = directions[:, [values.argmax()]]
    assert path.add(witness)
    assert path.peak == pytest.approx(float(values.max()) / GAMMA)
    assert not path.add(witness)


def test_nothing_to_learn() -> None:
    """Targets of zero are met by no neurons at all."""
    loss = read_loss("absolute", np.zeros((4, 2)))
    path = path_of(np.eye(4)[:, :2] + 1.0, loss)
    assert follow(path) == "settled"
    assert path.best.loss == path.lower == 0


def test_a_loss_without_kinks_is_trained_to_the_end() -> None:
    X, loss = planar("huber 1/2")
    best = []
    for gap in (0.0, 0.1):
        generation = ColumnGeneration(X, loss, GAMMA, gap=gap)
        generation.run(1)
        best.append(generation.best.loss)
    assert best[0] == best[1]
