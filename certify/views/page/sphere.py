"""The directions u of hidden neurons: the gauge there, the cells of a proof, and two maps of the sphere.

Everything is floating point, for pictures; nothing here proves anything.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from certify.checker.certificate.training import Certificate
from certify.explain.leaf_cones import leaf_cones
from certify.floats.gauge import relative_gauge
from formulations.arrays import Matrix

Wall = tuple[tuple[int, ...], ...]

_SINGULAR = 1e-12
_FAR = -0.6  # cosine to a map's centre, below which its points are far outside the disc


def cell_walls(certificate: Certificate) -> list[Wall]:
    """Return the facets of all leaf cones, each by its d - 1 integer generators, sorted and without repeats.

    In the plane they are the rays between the cells, in space the arcs of great circles around them.
    """
    walls: set[Wall] = set()
    for cell in leaf_cones(certificate):
        ends = [
            (v,) if sign else (v, tuple(-e for e in v))
            for v, sign in zip(cell.generators, cell.signs, strict=True)
        ]
        for k, sign in enumerate(cell.signs):
            if sign:
                walls.update(tuple(sorted(wall)) for wall in product(*ends[:k], *ends[k + 1 :]))
    return sorted(walls)


def unit_vectors(walls: list[Wall]) -> Matrix:
    """Return the generators of walls as floats of any length, of shape (walls, d - 1, d)."""
    # An integer divided by a larger one is a float, of however many digits they are.
    return np.array([[[e / max(map(abs, v)) for e in v] for v in wall] for wall in walls])


def whitening(X: Matrix) -> tuple[Matrix, bool]:
    """Return a d x d matrix B such that the samples are uncorrelated in the coordinates z = B u.

    Its rows are along the data's principal axes, the first one along the longest and turned to where the
    samples are. Where they do not span R^d, B is a rotation onto these axes and the second result is False.

    Args:
        X: inputs, n x d.
    """
    lengths, axes = np.linalg.eigh(X.T @ X / len(X))
    lengths, axes = lengths[::-1], axes[:, ::-1]
    # An eigenvector's sign is the library's whim; a picture's should not be.
    sums = (X @ axes).sum(axis=0)
    axes = axes * np.where(sums < 0, -1.0, 1.0)
    if not lengths[-1] > _SINGULAR * lengths[0]:
        return axes.T, False
    return (axes * np.sqrt(lengths)).T, True


def on_map(z: Matrix, side: int) -> Matrix:
    """Project directions by Lambert's azimuthal equal-area projection.

    Both maps are seen from outside. Turning the second one around its upright diameter puts it on the other
    side of the sphere, so that the right rim of the first is the left rim of the second.

    Args:
        z: of shape (..., 3), not zero.
        side: 1 for the map around the first axis, -1 for the one around its opposite.

    Returns:
        Of shape (..., 2): within radius sqrt(2) for the map's hemisphere, NaN far outside it.
    """
    z = z / np.linalg.norm(z, axis=-1, keepdims=True)
    cosine = side * z[..., :1]
    factor = np.sqrt(2 / np.where(cosine > _FAR, 1 + cosine, np.nan))
    return np.concatenate([side * z[..., 1:2], z[..., 2:]], axis=-1) * factor


def from_map(points: Matrix, side: int) -> Matrix:
    """Invert `on_map`.

    Args:
        points: of shape (..., 2), within radius 2.
        side: as there.

    Returns:
        Unit vectors, of shape (..., 3).
    """
    square = np.sum(points**2, axis=-1, keepdims=True)
    rest = points * np.sqrt(np.maximum(1 - square / 4, 0))
    return np.concatenate([side * (1 - square / 2), side * rest[..., :1], rest[..., 1:]], axis=-1)


def arcs(ends: Matrix, points: int = 13) -> Matrix:
    """Return points on the great circles between pairs of directions.

    Args:
        ends: of shape (k, 2, 3), none of the pairs opposite.
        points: on each arc.

    Returns:
        Unit vectors, of shape (k, points, 3).
    """
    ends = ends / np.linalg.norm(ends, axis=-1, keepdims=True)
    share = np.linspace(0, 1, points)[:, None]
    path = (1 - share) * ends[:, :1] + share * ends[:, 1:]
    return np.asarray(path / np.linalg.norm(path, axis=-1, keepdims=True))


def hemisphere(X: Matrix, N: Matrix, gamma: float, whiten: Matrix, side: int, grid: Matrix) -> Matrix:
    """Return the relative gauge on one map; entry (i, j) belongs to the map's point (grid[j], grid[i]).

    Args:
        X: inputs, n x 3.
        N: dual point, n x c.
        gamma: the weight decay.
        whiten: 3 x 3, from directions u to the map's z.
        side: 1 or -1, as in `on_map`.
        grid: coordinates on the map.
    """
    points = np.stack(np.meshgrid(grid, grid), axis=-1)
    u: Matrix = np.linalg.inv(whiten).astype(np.float64) @ from_map(points, side).reshape(-1, 3).T
    return relative_gauge(X, N, gamma, u).reshape(len(grid), len(grid))
