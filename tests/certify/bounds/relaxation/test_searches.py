"""When the first-order method of "sdp" makes room for others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from certify.bounds.relaxation.searches import FirstOrderSearch
from certify.bounds.searching import Task
from formulations.first_order import all_rows


def _values(looks: list[tuple[float, float]], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the values that a search takes of points with these values and estimates of the relaxation."""

    def improve(*_: Any, **__: Any) -> Iterator[all_rows.Found]:
        for value, estimate in looks:
            yield all_rows.Found(value, "split", estimate, (60,), lambda: None, list)  # type: ignore[arg-type, return-value]

    monkeypatch.setattr(all_rows, "improve", improve)
    task = Task(np.eye(60), np.eye(60), 1.0, np.eye(60), 30.0, 1e-3, 1)
    search = FirstOrderSearch(may_give_up=False, gives_way=True)
    return [found.value for found in search.improve(task, lambda: math.inf, lambda words: None)]


def test_an_early_estimate_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far from the splitting's end its estimate is as low as what is proved, and both of them grow."""
    looks = [(2.66, 2.7), (2.67, 2.7), (14.0, 19.0), (18.0, 20.0), (19.3, 20.1), (19.9, 20.1)]
    assert _values(looks, monkeypatch)[:5] == [2.66, 2.67, 14.0, 18.0, 19.3]
    assert 19.9 not in _values(looks, monkeypatch)


def test_what_is_not_too_low_is_proved_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [(28.0, 29.9), (29.0, 29.9), (29.8, 29.9)]
    assert _values(looks, monkeypatch)[:3] == [28.0, 29.0, 29.8]
