"""The bounds that a checkpoint keeps of searches, so that a later run never ends below them.

They come from an untrusted file: a wrong one costs time and may prove nothing, and never a false bound, for
it is proved and checked like any other. Anything but arrays of the problem's size and finite numbers is
refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from certify.bounds.method import Work
from certify.bounds.partition.bound import PartitionBound
from certify.bounds.proofs.proof_time import blocks_seconds, leaves_seconds, regions_seconds
from certify.bounds.proofs.writing import trivial_certificate
from certify.bounds.relaxation.bound import BlocksSolution, Relaxation
from certify.bounds.report import GapPoint
from certify.bounds.searching import Bound
from certify.bounds.start import EarlierPoint, StartBound
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem
from certify.floats.problem import Arrays
from certify.runtime.typed_json import from_json, to_json
from formulations.partition.partition import PartitionSolution
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multipliers import DualSolution, Multipliers

AnyBound = Relaxation | PartitionBound
_Table = tuple[tuple[str, AnyBound], ...]


class SavedBounds:
    """The best bound of each search, in a checkpoint if there is one, and the bound to start from."""

    def __init__(self, work: Work) -> None:
        """Read what the checkpoint has.

        Raises:
            CheckpointError: if it is not what certify wrote.
        """
        self._checkpoint = work.checkpoint
        self._bounds: dict[str, AnyBound] = {}
        if self._checkpoint is not None and self._checkpoint.bounds:
            with self._checkpoint.reading():
                table = from_json(self._checkpoint.bounds, _Table)
                self._bounds = {label: _of_this(bound, work.arrays) for label, bound in table}
        n, d = work.arrays.X.shape
        self._read: list[SavedBound | StartBound] = [
            SavedBound(bound, n, d, work.arrays.gamma) for bound in self._bounds.values()
        ]
        if work.start is not None:
            self._read.append(work.start)

    @property
    def read(self) -> Sequence[SavedBound | StartBound]:
        """What an earlier run had."""
        return self._read

    @property
    def are_due(self) -> bool:
        """Whether there is a file, and it is some time since it was written."""
        return self._checkpoint is not None and self._checkpoint.is_due

    def keep(self, label: str, bound: Bound, *, at_once: bool = False) -> None:
        """Keep a bound if it is a search's best, and write the file if that is due."""
        if self._checkpoint is None or not isinstance(bound, AnyBound):
            return
        known = self._bounds.get(label)
        if known is None or bound.value > known.value:
            self._bounds[label] = bound.with_curve(())
        if at_once or self.are_due:
            self._checkpoint.save_bounds(to_json(tuple(self._bounds.items()), _Table).encode())


@dataclass(frozen=True)
class SavedBound:
    """A bound of an earlier run; what cannot be written as a certificate proves nothing.

    Attributes:
        bound: as it was read.
        n: the number of samples.
        d: the number of features.
        gamma: the weight decay.
        curve: both bounds over time; only this run's count.
    """

    bound: AnyBound
    n: int
    d: int
    gamma: float
    curve: tuple[GapPoint, ...] = ()

    estimate = None
    cut_short = True

    def with_curve(self, curve: tuple[GapPoint, ...]) -> SavedBound:
        """Return the same with both bounds over time."""
        return replace(self, curve=curve)

    @property
    def method(self) -> str:
        """The name of the method that found it."""
        return self.bound.method

    @property
    def solver(self) -> str:
        """What ran for it."""
        return self.bound.solver

    @property
    def value(self) -> float:
        """The dual value (a loss), a lower bound if the file says true."""
        return self.bound.value

    @property
    def point(self) -> EarlierPoint:
        """Where a search may go on from."""
        solution = self.bound.solution
        proofs: tuple[BlockProof, ...] = ()
        if isinstance(solution, BlocksSolution):
            proofs = solution.proofs
        elif isinstance(solution, DualSolution):
            share, gamma = np.zeros((0, 0)), self.gamma
            multipliers = solution.multipliers.scaled(1 / gamma)
            proofs = (BlockProof(tuple(range(self.n)), share, solution.dual_point, multipliers),)
        return EarlierPoint(np.asarray(solution.dual_point, dtype=float), proofs)

    @property
    def proof_seconds(self) -> float:
        """The seconds that writing its proof and checking it will take."""
        solution = self.bound.solution
        if isinstance(solution, PartitionSolution):
            return regions_seconds(len(solution.regions), len(solution.interior) + self.d)
        if isinstance(solution, BlocksSolution):
            outputs = solution.dual_point.shape[1]
            return blocks_seconds((len(proof.rows) for proof in solution.proofs), self.d, outputs)
        return leaves_seconds([self.n + self.d])

    def certificates(
        self, problem: TrainingProblem, preprocessing: Preprocessing | None
    ) -> Iterator[Certificate]:
        """Write the proof exactly, or what needs none."""
        try:
            yield from self.bound.certificates(problem, preprocessing)
        except Exception:  # numbers that nobody computed raise almost anything
            yield trivial_certificate(problem, preprocessing=preprocessing)


def _of_this(bound: AnyBound, arrays: Arrays) -> AnyBound:
    """Return a bound of this problem, with the value that its dual point has.

    Raises:
        ValueError: if it is of another size, or not finite.
    """
    n, c = arrays.Y.shape
    solution = bound.solution
    if isinstance(bound, Relaxation) and isinstance(solution, BlocksSolution):
        return replace(bound, estimate=None, solution=_blocks_of_this(solution, arrays))
    if not isinstance(solution, DualSolution | PartitionSolution):
        raise ValueError("not a search's bound")
    _require(np.shape(solution.dual_point) == (n, c), np.isfinite(solution.dual_point).all())
    value = arrays.dual_line.value(solution.dual_point)
    if isinstance(bound, PartitionBound) and isinstance(solution, PartitionSolution):
        _require(_are_rows(solution.pivots, n), _are_rows(solution.interior, n))
        _require(np.isfinite(list(solution.interior.values())).all())
        for region in solution.regions:
            _require(_are_rows((row for row, _ in region.signs), n), _are_rows(region.slack, n))
            _require(np.isfinite([*region.slack.values(), *(each for *_, each in region.products)]).all())
            _require(*(0 <= form.row < n for *pair, _ in region.products for form in pair))
        return replace(bound, solution=replace(solution, dual_value=value, status="interrupted"))
    if isinstance(bound, Relaxation) and isinstance(solution, DualSolution):
        _require_multipliers(solution.multipliers, n)
        return replace(bound, estimate=None, solution=replace(solution, dual_value=value))
    raise ValueError("not a search's bound")


def _blocks_of_this(solution: BlocksSolution, arrays: Arrays) -> BlocksSolution:
    (n, d), c = arrays.X.shape, arrays.Y.shape[1]
    _require(sorted(row for proof in solution.proofs for row in proof.rows) == list(range(n)))
    for proof in solution.proofs:
        size = len(proof.rows)
        _require(proof.share.shape == (d + c, d + c), np.isfinite(proof.share).all())
        _require(proof.dual_rows.shape == (size, c), np.isfinite(proof.dual_rows).all())
        _require_multipliers(proof.multipliers, size)
    return replace(solution, dual_value=arrays.dual_line.value(solution.dual_point))


def _require_multipliers(multipliers: Multipliers, count: int) -> None:
    _require(multipliers.slack.shape == (count,), np.isfinite(multipliers.slack).all())
    for entries in (multipliers.alpha_alpha, multipliers.alpha_beta, multipliers.beta_beta):
        _require(entries.shape == (count, count), np.isfinite(entries).all())


def _are_rows(rows: Iterable[int], n: int) -> bool:
    """Say whether these are numbers of samples, each once."""
    numbers = list(rows)
    return len(set(numbers)) == len(numbers) and all(0 <= row < n for row in numbers)


def _require(*conditions: object) -> None:
    if not all(conditions):
        raise ValueError("not a bound of this problem")
