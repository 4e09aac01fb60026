"""Why SDP-NN is loose on a problem, in numbers and in words: what a page or a terminal shows.

Each activation z_i, an alpha or a beta, is taken over the root of its own <z_i z_i>, so that products of two
are between 0 and 1, and entries of the cut's M can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from certify.tightness.lifted_matrix import Finding, LiftedDiagnosis, unit_coordinates
from formulations.arrays import Matrix

MOST_PARTS = 6  # of an inequality that are listed

_VISIBLE = 1e-5  # of the optimum: below it SDP-NN's value is not told from it
_TIGHT = 1e-3  # of the best network: what counts as tight
_NOISE = 1e-6  # of the largest entry or eigenvalue


@dataclass(frozen=True)
class Product:
    """One product of an inequality sum_ij M_ij <z_i z_j> >= 0.

    Attributes:
        first: the name of z_i.
        second: the name of z_j.
        coefficient: M_ij, twice that for i /= j.
        moment: <z_i z_j> in SDP-NN's solution.
    """

    first: str
    second: str
    coefficient: float
    moment: float

    @property
    def contribution(self) -> float:
        """What it adds to the sum."""
        return self.coefficient * self.moment


@dataclass(frozen=True)
class Inequality:
    """The cut, over the activations that are more than noise, each over the root of its <z_i z_i>.

    Attributes:
        names: alpha_i and beta_i, i a 1-based row of the data; those that M is
            about, in the order of the ring for Horn's inequality.
        places: of these among (alpha, beta), from 0 on.
        coefficients: M with a largest entry of 1 in size; symmetric.
        moments: the <z_i z_j> of SDP-NN's solution, with a diagonal of ones.
    """

    names: tuple[str, ...]
    places: tuple[int, ...]
    coefficients: Matrix
    moments: Matrix

    @property
    def value(self) -> float:
        """The sum for SDP-NN's solution; negative."""
        return float(np.sum(self.coefficients * self.moments))

    def parts(self) -> list[Product]:
        """Return its products, that with the most negative contribution first."""
        found = [
            Product(
                self.names[i],
                self.names[j],
                float(self.coefficients[i, j]) * (1 if i == j else 2),
                float(self.moments[i, j]),
            )
            for i in range(len(self.names))
            for j in range(i, len(self.names))
        ]
        return sorted(found, key=lambda part: part.contribution)


@dataclass(frozen=True)
class Looseness:
    """SDP-NN's solution on a problem, next to the certified optimum.

    Attributes:
        diagnosis: of its matrix.
        lower: the best proved lower bound of the optimum.
        upper: the loss of the best network known.
        lines: where the rows begin in the file of the data; None where rows are just counted.
    """

    diagnosis: LiftedDiagnosis
    lower: Fraction
    upper: Fraction
    lines: tuple[int, ...] | None

    @property
    def is_loose(self) -> bool:
        """Whether SDP-NN's value is visibly below the certified lower bound."""
        return self.diagnosis.value < (1 - _VISIBLE) * float(self.lower)

    @property
    def is_tight(self) -> bool:
        """Whether SDP-NN's value is within 0.1 % of the best network's loss, and not visibly below."""
        return not self.is_loose and self.diagnosis.value >= (1 - _TIGHT) * float(self.upper)

    @property
    def title(self) -> str:
        """A heading."""
        if self.is_loose:
            return "Why SDP-NN is loose"
        return "SDP-NN is tight here" if self.is_tight else "Is SDP-NN loose?"

    @cached_property
    def inequality(self) -> Inequality | None:
        """The cut that separates SDP-NN's matrix; None if there is none."""
        cut, n = self.diagnosis.cut, self.diagnosis.rows
        if cut is None:
            return None
        alive, roots = unit_coordinates(self.diagnosis.block)
        M = np.zeros_like(self.diagnosis.block)
        kept = np.ix_(alive, alive)
        M[kept] = np.array(cut.entries, dtype=float)[kept] * np.outer(roots, roots)
        horn = self.diagnosis.horn
        places = np.flatnonzero(np.abs(M).max(axis=1)).tolist() if horn is None else list(horn.places)
        inner = np.ix_(places, places)
        return Inequality(
            names=tuple(name(place, n) for place in places),
            places=tuple(places),
            coefficients=M[inner] / np.abs(M).max(),
            moments=unit_moments(self.diagnosis.block)[inner],
        )

    def closed(self, cuts: int) -> float | None:
        """Return which share of the gap to the certified optimum so many cuts close (an estimate)."""
        value = self.diagnosis.value
        if not self.is_loose:
            return None
        return (self.diagnosis.rounds[cuts].value - value) / (float(self.lower) - value)

    def facts(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to say, in a few words and a sentence each."""
        found = self.diagnosis
        yield "value", f"~ {found.value:.8g}, {self._distance_to_the_optimum()}"
        if found.finding is Finding.ZERO:
            yield (
                "its matrix",
                "zero up to the solver's error, and so are the best networks: with this weight decay no "
                "neuron pays, and there is nothing to cut off",
            )
            return
        yield "its matrix", self._matrix()
        yield (
            "nearest",
            f"{100 * found.distance:.2g} % away is a sum of {found.columns} terms b b^T, b >= 0, over "
            "(alpha, beta), as networks have; the nearest that was found",
        )
        yield "in short", self._answer()
        if self.inequality is not None:
            yield "the cut", self._cut(self.inequality)
            yield "here", self._violation(self.inequality)
        if len(found.rounds) > 1:
            yield "worth", self._worth()

    def parts(self) -> list[Product]:
        """Return the products that violate the cut most, at most six; empty without a cut."""
        if self.inequality is None:
            return []
        parts = self.inequality.parts()
        least = _VISIBLE * parts[0].contribution
        return [part for part in parts if part.contribution < least][:MOST_PARTS]

    def to_json(self, certificate_path: str | None = None) -> dict[str, object]:
        """Return the machine-readable result; all but the answer and its certificate are estimates.

        Args:
            certificate_path: the file that the certificate of the cut was written to, if any.
        """
        found, cut = self.diagnosis, self.inequality
        return {
            "finding": found.finding.name.lower(),
            "answer": None if found.report is None else found.report.answer,
            "loose": self.is_loose,
            "value": found.value,
            "order": len(found.lifted),
            "rank": found.rank,
            "least_entry": found.least_entry,
            "least_eigenvalue": found.least_eigenvalue,
            "distance": found.distance,
            "columns": found.columns,
            "repair": found.repair,
            "separation": found.separation,
            "cut": None if cut is None else self._cut_to_json(cut),
            "cut_values": [entry.value for entry in found.rounds[1:]],
            "gap_closed": [self.closed(cuts) for cuts in range(1, len(found.rounds))],
            "certificate": certificate_path,
        }

    def numbers(self) -> dict[str, float | int | None]:
        """Return what is one number, by name."""
        found, cut = self.diagnosis, self.inequality
        return {
            "rank": found.rank,
            "least entry": found.least_entry,
            "least eigenvalue": found.least_eigenvalue,
            "distance": found.distance,
            "separation": found.separation,
            "activations of the cut": None if cut is None else len(cut.names),
            "value of the cut": None if cut is None else cut.value,
        }

    def _cut_to_json(self, cut: Inequality) -> dict[str, object]:
        n, lines = self.diagnosis.rows, self.lines
        rows = [place % n for place in cut.places]
        return {
            "kind": "general" if self.diagnosis.horn is None else "horn",
            "activations": list(cut.names),
            "rows": [row + 1 for row in rows],
            "lines": None if lines is None else [lines[row] for row in rows],
            "matrix": cut.coefficients.tolist(),
            "moments": cut.moments.tolist(),
            "value": cut.value,
        }

    def _distance_to_the_optimum(self) -> str:
        value, lower, upper = self.diagnosis.value, float(self.lower), float(self.upper)
        if self.is_loose:
            return f"{100 * (lower - value) / lower:.3g} % below the certified optimum"
        if not upper:
            return "the optimum"
        short = 100 * max(upper - value, 0.0) / upper
        if self.is_tight:
            return f"within {short:.2g} % of the best network"
        return (
            f"{short:.3g} % below the best network; how much of it is SDP-NN's, the lower bound does not say"
        )

    def _matrix(self) -> str:
        found = self.diagnosis
        entry, eigenvalue = max(-found.least_entry, 0.0), max(-found.least_eigenvalue, 0.0)
        noise = max(entry, eigenvalue) <= _NOISE
        return (
            f"of order {len(found.lifted)}, of rank {found.rank}; "
            + ("doubly nonnegative up to the solver's error" if noise else "not even doubly nonnegative")
            + f": products of activations are negative by at most {entry:.1e} of the largest, eigenvalues by "
            f"at most {eigenvalue:.1e}"
        )

    def _answer(self) -> str:
        found = self.diagnosis
        reason = "" if found.report is None else found.report.reason
        words = _IN_SHORT[found.finding].format(repair=f"{found.repair:.1e}", reason=reason)
        if found.finding is Finding.SEPARATED and self.is_tight:
            words += "; its value is near the optimum all the same"
        if found.finding in (Finding.PROVED, Finding.NEAR) and self.is_loose:
            words += (
                "; what its value lacks to the optimum is the solver's error, or too little to be seen here"
            )
        return words

    def _cut(self, cut: Inequality) -> str:
        n, horn = self.diagnosis.rows, self.diagnosis.horn
        rows = sorted({place % n for place in cut.places})
        of_file = "" if self.lines is None else f", lines {_listed(self.lines[row] for row in rows)}"
        where = f"rows {_listed(row + 1 for row in rows)}{of_file}"
        if horn is None:
            return (
                f"sum_ij M_ij <z_i z_j> >= 0 between {len(cut.names)} activations z ({where}): M is "
                "copositive, and so it holds for each neuron and each network"
            )
        weights = ", ".join(
            f"{weight:.2f} {activation}" for weight, activation in zip(horn.weights, cut.names, strict=True)
        )
        return (
            f"between five activations in a ring ({where}), w = ({weights}): each neuron has "
            "4 (w1 w2 + w2 w3 + w3 w4 + w4 w5 + w5 w1) <= (w1 + w2 + w3 + w4 + w5)^2, as all numbers >= 0 do "
            "(Horn), and so has each network"
        )

    def _violation(self, cut: Inequality) -> str:
        below = sum(part.contribution for part in cut.parts() if part.contribution < 0)
        words = (
            f"sum_ij M_ij <z_i z_j> >= 0 is violated: here it is {cut.value:.4g}, of which negative M_ij "
            f"give {below:.4g} and the others {cut.value - below:.4g}"
        )
        if self.diagnosis.horn is None:
            return words
        right = float(np.sum(np.abs(cut.coefficients) * cut.moments))
        return f"the left side is {-100 * cut.value / right:.2g} % above the right; as a matrix, {words}"

    def _worth(self) -> str:
        values = self.diagnosis.rounds[1:]
        words = []
        for cuts in dict.fromkeys((1, len(values))):
            share = self.closed(cuts)
            closing = "" if share is None else f", {100 * share:.2g} % of the gap to the certified optimum"
            label = "with it" if cuts == 1 and self.inequality is not None else f"with {cuts} cuts"
            words.append(f"{label} the value is ~ {values[cuts - 1].value:.8g}{closing}")
        return "; ".join(words)


_IN_SHORT = {
    Finding.PROVED: "completely positive, with a certificate for the matrix that repair and rounding, "
    "{repair} of its size, make of it: up to this error CP-NN has the same value, which is the optimum",
    Finding.NEAR: "completely positive as far as the solver's error shows: nothing is cut off",
    Finding.SEPARATED: "not completely positive, and so no sum of neurons: this is certified for a doubly "
    "nonnegative rational matrix that is {repair} of its size away",
    Finding.OPEN: "undecided: no factorisation and no cut was certified ({reason})",
}


def name(place: int, n: int) -> str:
    """Return the name of a coordinate of (alpha, beta), counted from 0."""
    return f"{'alpha' if place < n else 'beta'}_{place % n + 1}"


def unit_moments(block: Matrix) -> Matrix:
    """Return the <z_i z_j>, each z_i over the root of its own <z_i z_i>; zeros for those that are noise."""
    alive, roots = unit_coordinates(block)
    unit, kept = np.zeros_like(block), np.ix_(alive, alive)
    unit[kept] = block[kept] / np.outer(roots, roots)
    return unit


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
