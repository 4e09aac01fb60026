"""The search for a copositivity tree, or for a point that refutes it (docs/method.md, section 7).

It goes depth first through the cones that the checker will go through, in the same integers. Floating point
decides what is tried; what is kept has passed the exact rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from operator import mul

import numpy as np

from certify.checker.certificate.nodes import (
    FacesLeaf,
    Node,
    Part,
    Split,
)
from certify.checker.matrix.cone import MatrixCone
from certify.checker.matrix.leaf_rules import Copositivity
from certify.checker.numbers.integers import IntegerMatrix, length_of
from certify.checker.tree.walk import MAX_GENERATOR_BITS, children
from certify.matrices.copositive.faces_search import TooManyRowsError, search_faces
from certify.matrices.copositive.leaf import (
    cheap_leaf,
    semidefinite_leaf,
    share_leaf,
    unit_form,
)
from formulations.arrays import Matrix

FEW_STEPS = 300
MANY_STEPS = 50_000

_CUT_BITS = 8  # of the factors of a cut


@dataclass
class CopositiveSearch:
    """The outcome of one search.

    Attributes:
        nodes: the tree as far as it goes, in preorder.
        point: z >= 0 that refutes the premise, in integers; None if none was found.
        pending: the cones on which nothing is proved yet, the next one last; none if the tree is complete.
        cones: how many cones were visited.
    """

    pending: list[MatrixCone]
    nodes: list[Node] = field(default_factory=list)
    point: list[int] | None = None
    cones: int = 0

    @property
    def lower(self) -> Fraction:
        """What z^T M z is proved not to undercut where z >= 0 has the sum 1; at most zero."""
        return min((_least_product(cone) for cone in self.pending), default=Fraction(0))


def search_copositive(
    entries: IntegerMatrix,
    premise: Copositivity,
    *,
    time_left: Callable[[], float] = lambda: math.inf,
    on_progress: Callable[[int, int], None] = lambda cones, pending: None,
) -> CopositiveSearch:
    """Search for a tree that proves an integer matrix (strictly) copositive, or for a point against it.

    Args:
        entries: of the symmetric matrix.
        premise: what is to be proved.
        time_left: returns the seconds until the search should end; asked at each cone, and more often.
        on_progress: called with the number of cones visited, and of those that wait.
    """
    search = CopositiveSearch([MatrixCone.root(tuple(map(tuple, entries)))])
    while search.pending and time_left() > 0:
        on_progress(search.cones, len(search.pending))
        cone = search.pending[-1]
        found = _node(cone, premise, root=not search.nodes, time_left=time_left)
        if found is None:
            break
        if isinstance(found, _Point):
            search.point = found.on(cone)
            break
        search.cones += 1
        search.nodes.append(found)
        search.pending.pop()
        if isinstance(found, Split | Part):
            search.pending.extend(reversed(children(found, cone, premise)))
    return search


@dataclass(frozen=True)
class _Point:
    """A point t >= 0 of a cone that refutes the premise."""

    t: list[int]

    def on(self, cone: MatrixCone) -> list[int]:
        """Return z = sum_k t_k w_k, without a common factor."""
        z = [sum(map(mul, self.t, column)) for column in zip(*cone.generators, strict=True)]
        divisor = math.gcd(*z)
        return [entry // divisor for entry in z]


def _node(
    cone: MatrixCone, premise: Copositivity, *, root: bool, time_left: Callable[[], float]
) -> Node | _Point | None:
    """Choose the node of a cone, or find a point on it; None if there is neither.

    What takes less time comes first: few rows of faces, then a semidefinite program, then many rows at the
    root, where they save the whole tree.
    """
    integers = cone.form
    form, exponents = unit_form(integers)
    leaf = cheap_leaf(cone, form, premise)
    if leaf is not None:
        return leaf
    members = _component(integers)
    if len(members) < len(integers):
        return Part(tuple(members))
    return (
        _by_faces(integers, premise, FEW_STEPS, time_left)
        or share_leaf(cone, form, premise)
        or semidefinite_leaf(cone, form, exponents, premise, time_left())
        or (_by_faces(integers, premise, MANY_STEPS, time_left) if root else None)
        or _cut(cone, form, exponents)
    )


def _by_faces(
    form: IntegerMatrix, premise: Copositivity, max_steps: int, time_left: Callable[[], float]
) -> FacesLeaf | _Point | None:
    try:
        found = search_faces(
            form, strict=premise.strict, max_steps=max_steps, should_stop=lambda: time_left() <= 0
        )
    except TooManyRowsError:
        return None
    return found if isinstance(found, FacesLeaf) else _Point(found)


def _cut(cone: MatrixCone, form: Matrix, exponents: Sequence[int]) -> Split | None:
    """Cut the edge whose form is most negative relative to its ends, where it is conjugate to neither.

    With the lengths that the form gives, w = w_k / |w_k| + w_l / |w_l| has no negative product with either.
    """
    lengths = np.sqrt(np.maximum(np.diag(form), 2.0**-50))
    relative = form / np.outer(lengths, lengths)
    np.fill_diagonal(relative, 1.0)
    k, l = (int(i) for i in np.unravel_index(np.argmin(relative), relative.shape))
    a, b = round(lengths[l] * 2.0**_CUT_BITS), round(lengths[k] * 2.0**_CUT_BITS)
    shift = exponents[l] - exponents[k]
    a, b = max(a, 1) << max(shift, 0), max(b, 1) << max(-shift, 0)
    divisor = math.gcd(a, b)
    a, b = a // divisor, b // divisor
    w = [a * p + b * q for p, q in zip(cone.generators[k], cone.generators[l], strict=True)]
    return Split(k, l, a, b) if length_of(tuple(w)) <= MAX_GENERATOR_BITS else None


def _least_product(cone: MatrixCone) -> Fraction:
    """Return the least of w_k^T M w_l and 0, the entries of each generator summing to 1."""
    sums = [sum(w) for w in cone.generators]
    least: dict[int, int] = {}  # for each product of two sums, of which there are few
    for p, row in zip(sums, cone.form, strict=True):
        for q, entry in zip(sums, row, strict=True):
            least[p * q] = min(entry, least.get(p * q, 0))
    return min(Fraction(entry, product) for product, entry in least.items())


def _component(form: IntegerMatrix) -> list[int]:
    """Return the indices that negative entries connect with the first one, in ascending order."""
    found, waiting = {0}, [0]
    while waiting:
        row = form[waiting.pop()]
        new = [j for j, entry in enumerate(row) if entry < 0 and j not in found]
        found.update(new)
        waiting.extend(new)
    return sorted(found)
