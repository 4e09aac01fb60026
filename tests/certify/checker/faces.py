"""Leaves `faces` by hand, and ways to forge one."""

from random import Random

import pytest

from certify.attack.tree_forgeries import another_integer, rearranged
from certify.checker.certificate.nodes import FacesLeaf

# Of Horn's matrix, by Gaddum's step alone: its first two rows add up to (0, 0, 0, 2, 0), any two neighbours
# likewise, so that x = e_i + e_j proves a set from those without i and without j.
HORN_FACES = FacesLeaf(
    (
        ((2, 0, 0), (3, 0, 0), (4, 0, 0)),
        ((1, 0, 0), (3, 0, 0), (4, 0, 0)),
        ((1, 1, 1), (2, 1, 2), (3, 0, 0), (4, 0, 0)),
        ((0, 0, 0), (3, 0, 0), (4, 0, 0)),
        ((0, 0, 0), (2, 0, 0), (4, 0, 0)),
        ((0, 0, 0), (2, 1, 4), (3, 1, 5), (4, 0, 0)),
        ((0, 1, 3), (1, 1, 6), (2, 0, 0), (3, 0, 0), (4, 0, 0)),
    )
)


def without_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search do without such leaves."""
    monkeypatch.setattr("certify.matrices.copositive.search.FEW_STEPS", 0)
    monkeypatch.setattr("certify.matrices.copositive.search.MANY_STEPS", 0)


def whole(order: int) -> FacesLeaf:
    """The leaf of one row, which is what an envelope proves."""
    return FacesLeaf((tuple((k, 0, 0) for k in range(order)),))


def forged_faces(leaf: FacesLeaf, random: Random) -> FacesLeaf:
    """Change one integer of a row, or drop, double or exchange rows or the indices of a row."""
    rows = [list(row) for row in leaf.rows]
    row = random.choice(rows)
    change = random.randrange(5)
    if change < 3:
        place = random.randrange(len(row))
        triple = list(row[place])
        triple[change] = another_integer(triple[change], random)
        k, x, p = triple
        row[place] = k, x, p
    elif change == 3:
        row[:] = rearranged(row, random)
    else:
        rows[:] = [list(other) for other in rearranged(leaf.rows, random)]
    return FacesLeaf(tuple(tuple(row) for row in rows if row))
