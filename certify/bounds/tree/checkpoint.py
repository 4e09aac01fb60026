"""What a killed run continues from: its best network, its best proof and its best bounds so far.

The file is untrusted like everything that guides a search: a wrong one costs time, never truth. It is written
whole or not at all, so that the last good one survives whatever happens.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from certify.bounds.tree.cone_search.nodes import SPLIT, TAU, Nodes
from certify.checker.errors import CheckpointError
from formulations.arrays import Matrix

_VERSION = 2
_SECONDS = 5.0  # at least, between two files
_COST = 20.0  # times what the last one took, likewise


@dataclass(frozen=True)
class SavedProof:
    """A proof as the search knows it.

    Attributes:
        dual_point: N, n x c.
        gauge_bound: H.
        trees: by the number of their premise (`certify.bounds.tree.premises`), one of each orthant.
    """

    dual_point: Matrix
    gauge_bound: float
    trees: Mapping[int, tuple[Nodes, ...]]


class Checkpoint:
    """The file of one problem's run.

    Attributes:
        directions: of the best network's neurons, unit vectors as columns; None before there is one.
        proof: the best one; None before there is one.
        bounds: of searches, in the words of `certify.bounds.saved_bounds`; none before there are some.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        problem_sha256: str,
        shape: tuple[int, int, int],
        hidden_rows: int | None = None,
    ) -> None:
        """Read the file, if there is one.

        Args:
            path: of the file.
            problem_sha256: of the exact problem, gamma included.
            shape: n, d and c of the problem.
            hidden_rows: of the directions, where that is not d.

        Raises:
            CheckpointError: if the file is no checkpoint, or of another problem.
        """
        self._path = Path(path)
        self._sha256 = problem_sha256
        self._shape = shape
        self._hidden_rows = shape[1] if hidden_rows is None else hidden_rows
        self._written, self._cost = -np.inf, 0.0
        self.bounds = b""
        self.directions: Matrix | None = None
        self.proof: SavedProof | None = None
        if self._path.exists():
            self._load()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Raise a CheckpointError for whatever goes wrong with what the file says."""
        try:
            yield
        except CheckpointError:
            raise
        except Exception as error:  # damaged bytes raise almost anything
            raise CheckpointError(
                f"{self._path}: this is no checkpoint that certify wrote; give another file, or delete it to "
                "start afresh"
            ) from error

    def _load(self) -> None:
        with self.reading():
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as entries:
                arrays = {name: entries[name] for name in entries.files}
            if str(arrays["problem_sha256"]) != self._sha256:
                raise CheckpointError(
                    f"{self._path}: the checkpoint is of another problem (data, gamma or bias differ); give "
                    "another file"
                )
            self.directions, self.proof = self._read(arrays)
            if "bounds" in arrays:
                self.bounds = np.asarray(arrays["bounds"], dtype=np.uint8).tobytes()

    def _read(self, arrays: dict[str, NDArray[np.generic]]) -> tuple[Matrix, SavedProof | None]:
        n, d, c = self._shape
        if int(arrays["version"]) != _VERSION:
            raise ValueError("another version")
        directions = _finite(arrays["directions"])
        lengths = np.linalg.norm(directions, axis=0)
        if directions.ndim != 2 or len(directions) != self._hidden_rows or not np.all(lengths > 0):
            raise ValueError("not directions")
        directions = directions / lengths
        if "dual_point" not in arrays:
            return directions, None
        dual_point, gauge_bound = _finite(arrays["dual_point"]), float(_finite(arrays["gauge_bound"]))
        trees = _divide(arrays, d)
        numbers = np.asarray(arrays["premises"]).tolist() if "premises" in arrays else [0]
        if dual_point.shape != (n, c) or not gauge_bound > 0 or len(trees) != 2**d * len(numbers):
            raise ValueError("not a proof")
        if len(set(numbers)) != len(numbers) or not all(k in range(n) for k in numbers):
            raise ValueError("not premises")
        if self._hidden_rows == d and numbers != [0]:
            raise ValueError("not the premise")
        of_each = {k: trees[place << d : (place + 1) << d] for place, k in enumerate(numbers)}
        return directions, SavedProof(dual_point, gauge_bound, of_each)

    def save_network(self, directions: Matrix, *, at_once: bool = False) -> None:
        """Write the best network's directions, unless a file was written just now."""
        if at_once or self.is_due:
            self._write(directions)

    @property
    def is_due(self) -> bool:
        """Whether no file was written just now, and writing takes a small part of the time."""
        return time.monotonic() - self._written > max(_SECONDS, _COST * self._cost)

    def save_bounds(self, bounds: bytes) -> None:
        """Write the bounds of searches beside the best network, which there has to be."""
        assert self.directions is not None
        self.bounds = bounds
        self._write(self.directions)

    def save_proof(self, directions: Matrix, proof: SavedProof) -> None:
        """Write the best network's directions and a new proof."""
        self.proof = proof
        self._write(directions)

    def _write(self, directions: Matrix) -> None:
        begun = time.monotonic()
        self.directions = directions
        arrays: dict[str, NDArray[np.generic]] = {
            "version": np.array(_VERSION),
            "problem_sha256": np.array(self._sha256),
            "directions": directions,
        }
        if self.proof is not None:
            arrays["dual_point"] = self.proof.dual_point
            arrays["gauge_bound"] = np.array(self.proof.gauge_bound)
            arrays["premises"] = np.array(list(self.proof.trees), dtype=np.int64)
            trees = list(chain.from_iterable(self.proof.trees.values()))
            arrays["sizes"] = np.array([len(tree.kinds) for tree in trees])
            for name in Nodes._fields:
                arrays[name] = np.concatenate([getattr(tree, name) for tree in trees])
        if self.bounds:
            arrays["bounds"] = np.frombuffer(self.bounds, dtype=np.uint8)
        temporary = self._path.with_name(self._path.name + ".part")
        try:
            with temporary.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            temporary.replace(self._path)
        except OSError as error:
            raise CheckpointError(
                f"{self._path}: the checkpoint cannot be written ({error.strerror}); choose another path"
            ) from error
        self._written = time.monotonic()
        self._cost = self._written - begun


def _finite(array: NDArray[np.generic]) -> Matrix:
    floats = np.array(array, dtype=np.float64, order="C")
    if not np.all(np.isfinite(floats)):
        raise ValueError("not finite")
    return floats


def _divide(arrays: dict[str, NDArray[np.generic]], d: int) -> tuple[Nodes, ...]:
    """Return the trees; compiled code follows their cuts, so that each must be a whole tree."""
    sizes = np.asarray(arrays["sizes"], dtype=np.int64)
    ends = np.cumsum(sizes)
    small, large = np.dtype(np.int8), np.dtype(np.int64)
    types = (small, small, small, large, large)
    tables = [np.asarray(arrays[name]) for name in Nodes._fields]
    for table, dtype in zip(tables, types, strict=True):
        if table.shape != (int(ends[-1]),) or table.dtype != dtype or np.any(sizes < 1):
            raise ValueError("not the tables of trees")
    trees = []
    for end, size in zip(ends.tolist(), sizes.tolist(), strict=True):
        tree = Nodes(*(np.ascontiguousarray(table[end - size : end]) for table in tables))
        is_split = tree.kinds == SPLIT
        owed = 1 + np.cumsum(np.where(is_split, 1, -1))
        ks, ls, mantissas, powers = (table[is_split] for table in tree[1:])
        if not (
            np.all((tree.kinds >= SPLIT) & (tree.kinds <= TAU))
            and owed[-1] == 0
            and np.all(owed[:-1] > 0)
            and np.all((ks >= 0) & (ks < d) & (ls >= 0) & (ls < d) & (ks != ls))
            and np.all((mantissas > 0) & (mantissas < 1 << 52))
            and np.all(np.abs(powers) < 1000)
        ):
            raise ValueError("not a tree")
        trees.append(tree)
    return tuple(trees)
