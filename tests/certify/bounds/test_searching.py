"""What a search would come to, by its pace."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

import pytest

from certify.bounds.method import Work
from certify.bounds.searching import Board


def _board(points: list[tuple[float, float]], now: float) -> Board:
    """Return a board with the bounds that one search had after some seconds."""
    clock = SimpleNamespace(elapsed=0.0, observer=SimpleNamespace(update=lambda line: None))
    work: Any = SimpleNamespace(clock=clock, generation=SimpleNamespace(best=SimpleNamespace(loss=10.0)))
    board = Board(cast(Work, work))
    for seconds, value in points:
        clock.elapsed = seconds
        board.found("a", value, "")
    clock.elapsed = now
    return board


def test_it_goes_on_at_the_pace_of_its_last_third() -> None:
    board = _board([(10.0, 1.0), (20.0, 3.0), (50.0, 4.0), (60.0, 5.0)], now=70.0)
    # Twenty seconds ago it had 4, and now it has 5: 1 more in each twenty seconds.
    assert board.expected("a", 40.0) == pytest.approx(7.0)
    assert board.expected("a", 0.0) == 5.0


def test_one_that_stands_still_stays_where_it_is() -> None:
    assert _board([(0.0, 1.0), (10.0, 3.0)], now=90.0).expected("a", 1000.0) == 3.0


@pytest.mark.parametrize("points", [[], [(80.0, 1.0), (85.0, 2.0)]])
def test_too_short_a_time_tells_nothing(points: list[tuple[float, float]]) -> None:
    assert _board(points, now=90.0).expected("a", 1.0) == math.inf
