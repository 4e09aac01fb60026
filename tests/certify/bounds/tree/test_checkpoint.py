"""Runs that are killed and continued: nothing is lost, and no file misleads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from certify import bound
from certify.bounds.bound import Settings
from certify.bounds.tree.bound import TreeBound, TreeProof
from certify.bounds.tree.checkpoint import Checkpoint, SavedProof
from certify.bounds.tree.cone_search.nodes import ENVELOPE, SPLIT, Nodes
from certify.checker.errors import CheckpointError


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.integers(-9, 10, (20, 3)) / 4, rng.integers(-9, 10, (20, 2)) / 4


def leaf() -> Nodes:
    return Nodes(
        np.array([SPLIT, ENVELOPE, ENVELOPE], np.int8),
        np.array([0, 0, 0], np.int8),
        np.array([1, 0, 0], np.int8),
        np.array([3, 1, 1]),
        np.array([-1, 0, 0]),
    )


def test_a_run_continues_where_it_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = data()
    path = tmp_path / "run.npz"
    proofs: list[TreeProof] = []
    adopt = TreeBound._adopt

    def adopt_once(self: TreeBound, *arguments: Any) -> TreeProof:
        if len(proofs) == 1:
            raise RuntimeError("killed")
        proofs.append(adopt(self, *arguments))
        return proofs[-1]

    with monkeypatch.context() as patched:
        patched.setattr(TreeBound, "_adopt", adopt_once)
        with pytest.raises(RuntimeError, match="killed"):
            bound(X, y, gap=1e-7, checkpoint=path)
    resumed = bound(X, y, gap=1e-7, checkpoint=path)
    afresh = bound(X, y, gap=1e-7)
    assert resumed.status.value == afresh.status.value == "gap_reached"
    assert "resumed" in resumed.stages[0].result
    # Its first proof is the last one of the run that was killed.
    assert resumed.gap_curve[0].lower == pytest.approx(proofs[-1].bound)
    assert float(resumed.interval.upper) == pytest.approx(float(afresh.interval.upper), rel=1e-6)
    # With all of the work done, another run has only the proof to write.
    again = bound(X, y, gap=1e-7, checkpoint=path)
    assert len(again.gap_curve) == 1
    assert again.interval.lower == resumed.interval.lower


def test_a_smaller_gap_continues_from_a_larger_one(tmp_path: Path) -> None:
    X, y = data()
    coarse = bound(X, y, gap=0.1, checkpoint=tmp_path / "run.npz")
    fine = bound(X, y, gap=1e-6, checkpoint=tmp_path / "run.npz")
    assert fine.interval.relative_gap < 1e-6
    assert fine.interval.lower >= coarse.interval.lower


def test_of_another_problem(tmp_path: Path) -> None:
    X, y = data()
    bound(X, y, gap=0.5, checkpoint=tmp_path / "run.npz")
    with pytest.raises(CheckpointError, match="another problem"):
        bound(X, y, "0.2", gap=0.5, checkpoint=tmp_path / "run.npz")


def test_a_time_limit_leaves_a_checkpoint(tmp_path: Path) -> None:
    X, y = data()
    report = bound(X, y, time_limit=1e-9, checkpoint=tmp_path / "run.npz")
    assert report.verdict.valid
    assert (tmp_path / "run.npz").exists()


def test_round_trip(tmp_path: Path) -> None:
    keeper = Checkpoint(tmp_path / "c.npz", "a" * 64, (3, 2, 1))
    assert keeper.directions is None
    directions = np.array([[0.6, 0.0], [0.8, 1.0]])
    keeper.save_proof(directions, SavedProof(np.ones((3, 1)), 2.0, {0: (leaf(),) * 4}))
    loaded = Checkpoint(tmp_path / "c.npz", "a" * 64, (3, 2, 1))
    assert loaded.directions is not None
    assert np.allclose(loaded.directions, directions)
    assert loaded.proof is not None
    assert loaded.proof.gauge_bound == 2.0
    for table, expected in zip(loaded.proof.trees[0][3], leaf(), strict=True):
        assert np.asarray(table).tolist() == np.asarray(expected).tolist()


def test_free_hidden_biases_have_trees_at_kinks(tmp_path: Path) -> None:
    path, directions = tmp_path / "c.npz", np.array([[0.6, 0.0], [0.8, 1.0], [0.0, 0.0]])
    proof = SavedProof(np.ones((3, 1)), 2.0, {2: (leaf(),) * 4, 0: (leaf(),) * 4})
    Checkpoint(path, "a" * 64, (3, 2, 1), 3).save_proof(directions, proof)
    loaded = Checkpoint(path, "a" * 64, (3, 2, 1), 3).proof
    assert loaded is not None
    assert {k: len(trees) for k, trees in loaded.trees.items()} == {2: 4, 0: 4}
    with pytest.raises(CheckpointError, match="no checkpoint"):
        Checkpoint(path, "a" * 64, (3, 2, 1))
    for numbers in ([2, 2], [3, 0], [-1, 0], [0]):
        with np.load(path) as entries:
            arrays = {**entries, "premises": np.array(numbers)}
        np.savez(tmp_path / "changed.npz", **arrays)
        with pytest.raises(CheckpointError, match="no checkpoint"):
            Checkpoint(tmp_path / "changed.npz", "a" * 64, (3, 2, 1), 3)


@pytest.mark.parametrize(
    "change",
    [
        {"kinds": np.array([SPLIT] * 3, np.int8)},
        {"kinds": np.array([ENVELOPE, SPLIT, ENVELOPE], np.int8)},
        {"kinds": np.array([7, ENVELOPE, ENVELOPE], np.int8)},
        {"ks": np.array([2, 0, 0], np.int8)},
        {"ls": np.array([0, 0, 0], np.int8)},
        {"mantissas": np.array([0, 1, 1])},
        {"powers": np.array([5000, 1, 1])},
        {"powers": np.array([0.5, 1, 1])},
    ],
)
def test_trees_that_would_mislead_compiled_code_are_refused(
    tmp_path: Path, change: dict[str, np.ndarray]
) -> None:
    path = tmp_path / "c.npz"
    Checkpoint(path, "a" * 64, (3, 2, 1)).save_proof(
        np.eye(2), SavedProof(np.ones((3, 1)), 2.0, {0: (leaf()._replace(**change),) * 4})
    )
    with pytest.raises(CheckpointError, match="no checkpoint"):
        Checkpoint(path, "a" * 64, (3, 2, 1))


FORGED = b"\x93NUMPY\x01\x00" + (9000).to_bytes(2, "little") + b"(" * 8999 + b"\n"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x,y\n1,2\n", FORGED])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.npz"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        Checkpoint(path, "a" * 64, (3, 2, 1))
    assert path.read_bytes() == content


def test_shapes_must_fit(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    Checkpoint(path, "a" * 64, (3, 2, 1)).save_proof(
        np.eye(2), SavedProof(np.ones((3, 1)), 2.0, {0: (leaf(),) * 4})
    )
    for shape in ((4, 2, 1), (3, 3, 1), (3, 2, 2)):
        with pytest.raises(CheckpointError):
            Checkpoint(path, "a" * 64, shape)


def test_settings_take_none() -> None:
    assert Settings().checkpoint is None
