"""What one dual point proves on several regions at once, and how it is improved.

On a region the signs of some units are known (docs/method.md, section 3c). Each region has multipliers of its
own, all have N between them, and what they prove together is what the worst of them does: with T_r the share
of gamma that region r needs, all are divided by the largest eigenvalue of any T_r.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from formulations.arrays import Indices, Matrix, Vector
from formulations.first_order.arrow import Block, Point, best_multiple, on_line
from formulations.first_order.over import Over, one_by_one
from formulations.first_order.projected_lbfgs import maximise
from formulations.first_order.slack import improve_slack
from formulations.first_order.unit_problem import UnitProblem
from formulations.sdp.multipliers import Multipliers

_NEW_MULTIPLIERS = 4  # for each unit and table, before a climb
_LEAST_GAIN = 1e-5  # of |Y|^2 / 2, in ten steps of a climb


@dataclass(frozen=True)
class DividedPoint:
    """A dual point that all regions prove, in units of the problem.

    Attributes:
        entries: N of the groups, G x c.
        regions: the known signs of each region, R x K.
        multipliers: of all units, for each region.
        value: its dual value (a loss of the unit problem).
    """

    entries: Matrix
    regions: Indices
    multipliers: tuple[Multipliers, ...]
    value: float


class Divided:
    """N with the multipliers of all regions; moved in place.

    Attributes:
        best: the largest dual value so far (a loss of the unit problem).
    """

    def __init__(
        self,
        problem: UnitProblem,
        regions: Indices,
        entries: Matrix,
        multipliers: Sequence[Multipliers],
        is_over: Callable[[], bool],
        over: Over = one_by_one,
    ) -> None:
        """Take N, G x c, and for each region multipliers of all units.

        Those of products that vanish on a region do not count.
        """
        self._problem, self._regions, self._is_over, self._over = problem, regions, is_over, over
        self._blocks = []
        members = np.arange(len(problem.units))
        for signs, given in zip(regions, multipliers, strict=True):
            block = Block(problem, members, signs)
            block.tables = list(_without_zero_products(given, signs))
            block.slack = np.where(signs == 0, given.slack, 0.0)
            self._blocks.append(block)
        self._set_entries(entries)
        self.best = 0.0
        self._best: tuple[Matrix, list[Point], float] | None = None

    def _set_entries(self, entries: Matrix) -> None:
        self._entries = entries
        for block in self._blocks:
            block.entries = entries

    def improve_slack(self) -> bool:
        """Give each region its best slack; say whether all forms are semidefinite now."""

        def improve(block: Block) -> bool:
            return not self._is_over() and improve_slack(block, is_over=self._is_over)

        return all(self._over(improve, self._blocks))

    def look(self) -> bool:
        """Say whether what is proved here is the best so far."""
        for block in self._blocks:
            block.choose(0)
            block.take(block.variables())
        here = self._value(1.0)
        return here is not None and self._keep(here[1])

    def climb(self, power: float, most_steps: int) -> bool:
        """Climb the smooth function of that power from here; say whether that found the best so far."""
        for block in self._blocks:
            block.choose(0)
            block.take(block.variables())
        if self._value(power) is None:
            return False
        for block in self._blocks:
            block.choose(_NEW_MULTIPLIERS)
        improved = False

        def look(variables: Vector) -> tuple[float, Vector] | None:
            nonlocal improved
            self._take(variables)
            here = self._value(power)
            if here is None:
                return None
            improved |= self._keep(here[1])
            return here[0], here[2]

        size = self._entries.size
        nonnegative = [block.nonnegative[:-size] for block in self._blocks]
        ascent = maximise(
            look,
            self._variables(),
            np.concatenate([*nonnegative, np.zeros(size, dtype=bool)]),
            most_steps,
            least_gain=_LEAST_GAIN * float(np.sum(self._problem.targets**2)) / 2,
            is_over=self._is_over,
        )
        self._take(ascent.point)
        return improved

    def point(self) -> DividedPoint | None:
        """Return the best point so far, scaled until it is feasible on each region."""
        if self._best is None:
            return None
        entries, points, scale = self._best
        multipliers = []
        for signs, at in zip(self._regions, points, strict=True):
            block = Block(self._problem, np.arange(len(self._problem.units)), signs)
            block.go_to(at)
            multipliers.append(block.multipliers.scaled(scale))
        factor = min(scale, best_multiple(*self._moments(entries)))
        return DividedPoint(factor * entries, self._regions, tuple(multipliers), self.best)

    def _keep(self, proved: float) -> bool:
        if proved <= self.best:
            return False
        self.best = proved
        self._best = self._entries, [block.point for block in self._blocks], self._scale
        return True

    def _variables(self) -> Vector:
        size = self._entries.size
        return np.concatenate([*(block.variables()[:-size] for block in self._blocks), self._entries.ravel()])

    def _take(self, variables: Vector) -> None:
        size = self._entries.size
        entries, at = variables[-size:], 0
        for block in self._blocks:
            count = sum(block.counts) + len(block.slack)
            block.take(np.concatenate([variables[at : at + count], entries]))
            at += count
        self._set_entries(entries.reshape(self._entries.shape))

    def _moments(self, entries: Matrix) -> tuple[float, float]:
        return float(np.sum(entries * self._problem.targets)), float(np.sum(entries**2))

    def _value(self, power: float) -> tuple[float, float, Vector] | None:
        """Return the smooth function, what is proved, and the smooth one's slope by all variables.

        The smooth function has the norm of that power of the eigenvalues of all regions in the place of the
        largest. None outside of the domain.
        """
        problem = self._problem
        gamma, scale_of = problem.gamma, problem.outer_scale

        def spectrum(block: Block) -> tuple[Vector, Matrix] | None:
            share = block.share()
            if share is None or not np.isfinite(share).all():
                return None
            values, vectors = np.linalg.eigh(share / np.outer(scale_of, scale_of))
            return values, vectors

        found = self._over(spectrum, self._blocks)
        spectra = [each for each in found if each is not None]
        if len(spectra) < len(found):
            return None
        top = max(float(values[-1]) for values, _ in spectra)
        if not top > 0:
            return None
        relative = [np.maximum(values / top, 0.0) for values, _ in spectra]
        mass = sum(float(np.sum(of_region**power)) for of_region in relative)
        norm = top * mass ** (1 / power)
        inner, square = self._moments(self._entries)
        best = best_multiple(inner, square)
        self._scale = gamma / top
        proved = on_line(inner, square, min(gamma / top, best))
        scale = min(gamma / norm, best)
        by_norm = -(inner - scale * square) * gamma / norm**2 if gamma / norm < best else 0.0
        by_entries = (scale * problem.targets - scale**2 * self._entries).ravel()

        def slope_of(region: int) -> Vector:
            block, (_, vectors) = self._blocks[region], spectra[region]
            shares = relative[region] ** (power - 1) * mass ** (1 / power - 1)
            seen = shares > 1e-9
            directions = vectors[:, seen] / scale_of[:, None] * np.sqrt(shares[seen])
            block.look(directions)
            return by_norm * block.slope(directions)

        slopes = []
        for slope in self._over(slope_of, range(len(self._blocks))):
            by_entries = by_entries + slope[-by_entries.size :]
            slopes.append(slope[: -by_entries.size])
        return on_line(inner, square, scale), proved, np.concatenate([*slopes, by_entries])


def _without_zero_products(multipliers: Multipliers, signs: Indices) -> tuple[Matrix, Matrix, Matrix]:
    """Return A, B and C without the products of what is zero where the signs are known."""
    alpha, beta = (signs >= 0).astype(float), (signs <= 0).astype(float)
    return (
        multipliers.alpha_alpha * np.outer(alpha, alpha),
        multipliers.alpha_beta * np.outer(alpha, beta),
        multipliers.beta_beta * np.outer(beta, beta),
    )
