"""Closing the gap: a dual point and a proof tree for it, improved in turns (docs/method.md, sections 3b, 4).

Levels fall step by step. Each search takes over the cuts of the last one that succeeded, so that a proof is
at hand from the first level on; a witness, instead of a tree, goes back to the column generation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import Protocol

import numpy as np

from certify.bounds.proofs.writing import certificate_of, trivial_certificate
from certify.bounds.report import GapPoint, below
from certify.bounds.tree.checkpoint import Checkpoint, SavedProof
from certify.bounds.tree.mending import mended
from certify.bounds.tree.premises import Found, Premises, Trees
from certify.bounds.tree.search import MAX_NODES, certificate_tree
from certify.checker.certificate.nodes import Node
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.recipe import Preprocessing
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.leaf_rules import Level
from certify.checker.training.shifts import kinks, premises_of
from certify.floats.dual_rounding import rounded_dual_point
from certify.floats.problem import Arrays
from certify.trust.packed_cone import packed
from formulations.arrays import Matrix

_FIRST_SLACK = 1.0
_STEP = 0.25
_LEAST_SLACK = 1e-9
_FIRST_NODES = 16_000_000  # where the coarsest level takes more, a tree is not the way
_ABOVE_PEAK = 1.2
_RAISE = 4.0  # of the least slack with every witness that no network profits from
_QUICK = 5000  # after so few cones the next search may go straight to the level that is needed
# The gap that is aimed at, relative to the one that is wanted: rounding takes a little of it.
_AIM = 0.9
_CUT_BITS = 8
_PLANAR_CUT_BITS = 30  # in the plane trees are small and gaps are wanted that are too
_DUAL_EXPONENT = 64
_DUAL_BITS = 48  # of its largest entry at least
# What is left for rounding, and whether leaves that fail are cut further.
_MARGINS = (
    (Fraction(0), False),
    (Fraction(1, 10**9), True),
    (Fraction(1, 10**7), False),
    (Fraction(1, 10**5), True),
)


@dataclass(frozen=True)
class TreeProof:
    """A dual point with a gauge bound and the trees that prove it, as far as floating point can tell.

    Attributes:
        dual_point: N, n x c.
        gauge_bound: H, at least the gauge of N.
        frame: the root of the trees.
        trees: by the number of their premise (`certify.bounds.tree.premises`), one of each orthant.
        bound: the lower bound on the optimum that follows (a loss).
    """

    dual_point: Matrix
    gauge_bound: float
    frame: Frame
    trees: Mapping[int, Trees]
    bound: float

    @property
    def saved(self) -> SavedProof:
        """What a checkpoint keeps of it."""
        return SavedProof(self.dual_point, self.gauge_bound, self.trees)

    @property
    def leaves(self) -> int:
        """The number of leaves."""
        return sum((len(tree.kinds) + 1) // 2 for trees in self.trees.values() for tree in trees)


class DualPoint(Protocol):
    """A dual point to prove, as `formulations.training.network.Network` is one."""

    @property
    def directions(self) -> Matrix:
        """Unit vectors as columns that it came from, kept in a checkpoint."""

    @property
    def dual_point(self) -> Matrix:
        """N, n x c."""

    @property
    def loss(self) -> float:
        """What its lower bound can reach at most."""


class DualSource(Protocol):
    """What gives dual points and takes witnesses, as `ColumnGeneration` does."""

    @property
    def best(self) -> DualPoint:
        """The best dual point so far."""

    @property
    def peak(self) -> float:
        """The largest gauge that is known at it, over gamma."""

    def advance(self) -> str | None:
        """Improve it; return a status if it is no use to go on."""

    def add(self, directions: Matrix) -> bool:
        """Take witnesses, neurons as columns; return whether they improved it."""


class TreeBound:
    """The search for the smallest gap.

    Attributes:
        proof: the best proof so far; None before the first.
        curve: both bounds after each proof.
        cut_short: whether it was told to stop before it had nothing left to gain.
    """

    method = "tree"
    solver = "column generation and branch and bound"
    estimate = None

    def __init__(
        self,
        arrays: Arrays,
        generation: DualSource,
        *,
        gap: float,
        should_stop: Callable[[], bool],
        seconds: Callable[[], float],
        on_progress: Callable[[str], None],
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Prepare the search.

        Args:
            arrays: the problem, with its output bias.
            generation: of the same problem; gives the dual point and takes witnesses.
            gap: the relative gap that is wanted.
            should_stop: asked often; once true, the search ends with the best proof.
            seconds: the time, for the curve.
            on_progress: told in words how it goes.
            checkpoint: every proof is kept there, and one that it has is taken up.
        """
        self._checkpoint = checkpoint
        self.proof: TreeProof | None = None
        self.cut_short = False
        self._quick = False
        self.curve: list[GapPoint] = []
        self._generation = generation
        self._gap = gap
        self._should_stop = should_stop
        self._seconds = seconds
        self._on_progress = on_progress
        self._gamma = arrays.gamma
        self._line = arrays.dual_line
        self._premises = Premises(
            np.ascontiguousarray(arrays.X[self._line.live]),
            arrays.output_bias.frees_hidden,
            Frame.identity(arrays.X.shape[1]),
            _PLANAR_CUT_BITS if arrays.X.shape[1] <= 2 else _CUT_BITS,
            arrays.input_denominator,
        )
        if checkpoint is not None and checkpoint.proof is not None:
            saved = checkpoint.proof
            self._adopt(saved.dual_point, saved.gauge_bound, saved.trees)

    @property
    def value(self) -> float:
        """The bound of the best proof (a loss); minus infinity before the first."""
        return -math.inf if self.proof is None else self.proof.bound

    def run(self) -> None:
        """Search until the gap is as wanted, nothing is gained any more, or it is time to stop."""
        self._run()
        self.cut_short = self._should_stop()

    def _run(self) -> None:
        last = _FIRST_SLACK / _STEP
        if self.proof is not None:
            last = self.proof.gauge_bound / self._gamma - 1
            if self.gap <= self._gap:
                return
        witnesses, is_final = 0, False
        while not self._should_stop():
            best = self._generation.best
            needed = self._needed(best.dual_point)
            aim = _LEAST_SLACK if math.isinf(needed) else needed
            step = aim if self._quick else max(aim, _STEP * last)
            # Below the largest gauge that is known there is nothing to prove.
            least = max(_LEAST_SLACK * _RAISE**witnesses, _ABOVE_PEAK * (self._generation.peak - 1))
            slack = max(least, step)
            if not is_final and (slack > step or (math.isinf(needed) and step == aim)):
                is_final = self._generation.advance() is not None
                continue
            if self.proof is not None and slack >= last:
                return
            search = self._search(best.dual_point, slack)
            if search.witnesses is not None:
                witnesses = 0 if self._generation.add(search.witnesses) else witnesses + 1
                is_final = False
            elif search.trees is None:
                break
            else:
                last, witnesses = slack, 0
                self._quick = search.cones < _QUICK
                proof = self._adopt(best.dual_point, self._gamma * (1 + slack), search.trees)
                if self._checkpoint is not None:
                    self._checkpoint.save_proof(best.directions, proof.saved)
                if self.gap <= self._gap:
                    return

    def _search(self, N: Matrix, slack: float) -> Found:
        return self._premises.search(
            np.ascontiguousarray(N[self._line.live]),
            (self._gamma * (1 + slack)) ** 2,
            {} if self.proof is None else self.proof.trees,
            should_stop=self._should_stop,
            max_nodes=_FIRST_NODES if self.proof is None else MAX_NODES,
            on_progress=partial(self._tell, slack),
        )

    def certificates(
        self, problem: TrainingProblem, preprocessing: Preprocessing | None
    ) -> Iterator[Certificate]:
        """Write the best proof exactly; each certificate leaves the checker more room than the one before.

        Args:
            problem: the exact problem.
            preprocessing: recorded in the certificate.
        """
        if self.proof is not None:
            yield from tree_certificates(problem, self.proof, preprocessing)
        yield trivial_certificate(problem, preprocessing=preprocessing)

    @property
    def gap(self) -> float:
        """The relative gap so far."""
        upper = self._generation.best.loss
        return 1.0 if self.proof is None else (upper - self.proof.bound) / max(abs(upper), 1e-300)

    def _adopt(self, N: Matrix, gauge_bound: float, trees: Mapping[int, Trees]) -> TreeProof:
        """Keep the proof unless it is worse than the best there was; return the best."""
        _, bound = self._line.best(N, self._gamma / gauge_bound)
        if self.proof is None or bound > self.proof.bound:
            self.proof = TreeProof(N, gauge_bound, self._premises.frame, trees, bound)
        self.curve.append(
            GapPoint(self._seconds(), self.proof.bound, self._generation.best.loss, self.method)
        )
        return self.proof

    def _needed(self, N: Matrix) -> float:
        """Return the slack that the wanted gap allows; infinite if it asks for another dual point."""
        t = self._line.least(N, below(self._generation.best.loss, _AIM * self._gap))
        return max(1 / t - 1, 0.0) if 0 < t < math.inf else math.inf

    def _tell(self, slack: float, words: str) -> None:
        proved = "none yet" if self.proof is None else f"{self.proof.bound:.8g}, gap {100 * self.gap:.3g} %"
        self._on_progress(f"level {1 + slack:.6g}, {words}; lower bound {proved}")


def tree_certificates(
    problem: TrainingProblem, proof: TreeProof, preprocessing: Preprocessing | None = None
) -> Iterator[Certificate]:
    """Write a proof exactly; each certificate leaves the checker more room than the one before.

    Args:
        problem: the exact problem.
        proof: what the search found.
        preprocessing: recorded in the certificate.
    """
    arrays = Arrays.of(problem)
    scale, _ = arrays.dual_line.best(proof.dual_point, arrays.gamma / proof.gauge_bound)
    N = arrays.dual_line.multiple(proof.dual_point, 1.0)
    _, length = math.frexp(scale * float(np.abs(proof.dual_point).max()))
    exponent = max(_DUAL_EXPONENT, _DUAL_BITS - length)
    for margin, is_mended in _MARGINS:
        factor = Fraction(scale) * (1 - margin)
        rows = rounded_dual_point(problem, N, factor, exponent)
        tree = _tree_of(problem, rows, arrays.X, proof)
        if tree is None:
            continue
        written = certificate_of(problem, rows, exponent, tree, preprocessing, "tree", frame=proof.frame)
        tree = _mended(written, problem) if is_mended else tree
        if tree is not None:
            yield replace(written, tree=tree)


def _mended(certificate: Certificate, problem: TrainingProblem) -> tuple[Node, ...] | None:
    """Return its trees with leaves that all are proofs; None where that takes more than a few cuts."""
    level = Level.of(certificate, problem)
    trees = [mended(nodes, packed(root), level) for nodes, root in premises_of(certificate, problem)]
    whole = [tree for tree in trees if tree is not None]
    return tuple(chain.from_iterable(whole)) if len(whole) == len(trees) else None


def _tree_of(
    problem: TrainingProblem, rows: IntegerRows, X: Matrix, proof: TreeProof
) -> tuple[Node, ...] | None:
    """Return the trees that a dual point in integers asks for, one after the other; None if one is not there.

    With free hidden biases it asks for one at each kink, which rounding may have moved to another sample.
    """
    if not problem.output_bias.frees_hidden:
        return certificate_tree(proof.trees[0])
    number = {x: k for k, x in reversed(list(enumerate(problem.inputs)))}
    premises = Premises(X, True, proof.frame, 0)
    numbers = [premises.first_like(number[kink]) for kink in kinks(problem.inputs, rows)]
    if any(k not in proof.trees for k in numbers):
        return None
    return tuple(chain.from_iterable(certificate_tree(proof.trees[k]) for k in numbers))
