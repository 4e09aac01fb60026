"""What a checkpoint keeps of searches: a later run never ends below it, and never believes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from certify import bound, check
from certify.bounds.relaxation.bound import BlocksSolution
from certify.bounds.report import Report, Status
from certify.bounds.saved_bounds import AnyBound, _Table
from certify.checker.errors import CheckpointError
from certify.runtime.progress import Clock
from certify.runtime.typed_json import from_json, to_json
from formulations.sdp.block_proof import BlockProof
from tests.clocks import UntilStage

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 7)).round(2), RNG.normal(size=(6, 2)).round(2)
METHODS = ["sdp", "partition", "auto"]


def first(path: Path, method: str) -> Report:
    return bound(X, Y, method=method, checkpoint=path, gap=1e-6)


def changed(path: Path, change: Callable[[AnyBound], AnyBound]) -> None:
    """Change all bounds of a checkpoint."""
    with np.load(path) as entries:
        arrays = dict(entries)
    table = from_json(arrays["bounds"].tobytes(), _Table)
    text = to_json(tuple((label, change(saved)) for label, saved in table), _Table)
    arrays["bounds"] = np.frombuffer(text.encode(), dtype=np.uint8)
    with path.open("wb") as file:
        np.savez(file, **arrays)


@pytest.mark.parametrize("method", METHODS)
def test_a_run_without_time_ends_where_the_last_one_did(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint"
    before = first(path, method)
    clock = UntilStage("train")
    monkeypatch.setattr("certify.bounds.bound.Clock", partial(Clock, now=clock))
    after = bound(X, Y, method=method, checkpoint=path, gap=1e-6, time_limit=1e6, observer=clock)
    assert after.status is Status.TIME_LIMIT
    assert after.interval.lower == before.interval.lower
    assert (after.method, after.solver) == (before.method, before.solver)
    assert check(after.certificate, X, Y).valid


@pytest.mark.parametrize("method", METHODS)
def test_a_bound_that_is_enough_needs_no_search(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint"
    before = first(path, method)
    for module in (
        "certify.bounds.relaxation.searches.row_generation",
        "certify.bounds.partition.search.partition",
    ):
        monkeypatch.setattr(f"{module}.improve", None)
    wanted = 1.2 * float(before.interval.relative_gap)
    after = bound(X, Y, method=method, checkpoint=path, gap=wanted)
    assert after.status is Status.GAP_REACHED
    assert after.interval.lower == before.interval.lower
    assert {point.search for point in after.gap_curve} == {"earlier run"}


def scaled(factor: float, saved: Any) -> Any:
    """Scale a dual point, and leave its proof."""
    return replace(saved, solution=replace(saved.solution, dual_point=factor * saved.solution.dual_point))


def without_multipliers(saved: Any) -> Any:
    if saved.method == "partition":
        return replace(saved, solution=replace(saved.solution, regions=()))
    table = saved.solution.multipliers.scaled(0.0)
    return replace(saved, solution=replace(saved.solution, multipliers=table))


def in_one_block(saved: Any, rows: range) -> Any:
    """Say that a share beyond what there is proves it."""
    solution = saved.solution
    order = X.shape[1] + solution.dual_point.shape[1]
    proof = BlockProof(tuple(rows), 1e3 * np.eye(order), solution.dual_point, solution.multipliers)
    return replace(saved, solution=BlocksSolution(1e9, (proof,)))


def with_pivots(saved: Any) -> Any:
    if saved.method == "partition":
        return replace(saved, solution=replace(saved.solution, pivots=tuple(range(6))))
    return in_one_block(saved, range(len(saved.solution.dual_point)))


@pytest.mark.parametrize("method", ["sdp", "partition"])
@pytest.mark.parametrize(
    "change", [partial(scaled, 1.5), partial(scaled, 0.0), without_multipliers, with_pivots]
)
def test_a_wrong_bound_proves_nothing_false(
    change: Callable[[AnyBound], AnyBound], method: str, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint"
    before = first(path, method)
    changed(path, change)
    after = bound(X, Y, method=method, checkpoint=path, gap=1e-6)
    assert check(after.certificate, X, Y).valid
    assert 0 <= after.interval.lower <= before.interval.upper


def other_samples(saved: Any) -> Any:
    return replace(saved, solution=replace(saved.solution, dual_point=saved.solution.dual_point[1:]))


def not_finite(saved: Any) -> Any:
    return scaled(np.nan, saved)


def far_rows(saved: Any) -> Any:
    if saved.method == "partition":
        return replace(saved, solution=replace(saved.solution, pivots=(99,)))
    return in_one_block(saved, range(99, 99 + len(saved.solution.dual_point)))


@pytest.mark.parametrize("method", ["sdp", "partition"])
@pytest.mark.parametrize("change", [other_samples, not_finite, far_rows])
def test_what_is_no_bound_of_the_problem_is_refused(
    change: Callable[[AnyBound], AnyBound], method: str, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint"
    first(path, method)
    changed(path, change)
    with pytest.raises(CheckpointError, match="no checkpoint that certify wrote"):
        bound(X, Y, method=method, checkpoint=path)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    first(path, "sdp")
    with np.load(path) as entries:
        arrays = {**entries, "bounds": np.frombuffer(b"[", dtype=np.uint8)}
    with path.open("wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(CheckpointError, match="no checkpoint that certify wrote"):
        bound(X, Y, checkpoint=path)
