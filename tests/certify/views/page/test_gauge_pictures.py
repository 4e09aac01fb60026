"""The pictures of the gauge: cells, maps and values are what they claim to be."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from certify import bound
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Node,
    Sign,
    Split,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.floats.gauge import relative_gauge
from certify.views.page.gauge_pictures import gauge_on_circle, gauge_on_sphere
from certify.views.page.sphere import (
    arcs,
    cell_walls,
    from_map,
    hemisphere,
    on_map,
    unit_vectors,
    whitening,
)
from tests.certify.checker import row_signs

LEAF = EnvelopeLeaf()
E1, E2, E3 = (1, 0, 0), (0, 1, 0), (0, 0, 1)


def certificate(d: int, *tree: Node) -> Certificate:
    return Certificate(
        "", Fraction(1), "squared", "none", None, Fraction(0), (), 0, Frame.identity(d), tree, ""
    )


def negative(v: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-e for e in v)


def test_walls_in_the_plane() -> None:
    report = bound([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]], [1.0, 2.0, 0.5], "0.1", task="regression", gap=1e-6)
    walls = unit_vectors(cell_walls(report.certificate))
    assert len(walls) == report.certificate.leaves
    rays = np.degrees(np.arctan2(walls[:, 0, 1], walls[:, 0, 0]))
    # A kink of each row is an edge of a cell, as closely as cuts are rounded.
    for kink in (90, 0, 45):
        assert min(abs(rays - kink)) < 1e-6


def test_walls_of_a_half_space_are_one_great_circle() -> None:
    walls = cell_walls(certificate(3, Sign(0), LEAF, LEAF))
    assert len(walls) == 4
    points = arcs(unit_vectors(walls)).reshape(-1, 3)
    assert not points[:, 0].any()
    angles = np.sort(np.degrees(np.arctan2(points[:, 2], points[:, 1])))
    assert max(np.diff([*angles, angles[0] + 360])) < 10


def test_walls_of_a_cut_octant() -> None:
    signs = (Sign(0), Sign(1), Sign(2))
    octants = (*signs, LEAF, LEAF, Sign(2), LEAF, LEAF, Sign(1), Sign(2), LEAF, LEAF, Sign(2), LEAF, LEAF)
    whole = cell_walls(certificate(3, *octants))
    assert len(whole) == 12
    assert tuple(sorted((E1, negative(E3)))) in whole
    cut = cell_walls(certificate(3, *signs, Split(0, 1, 2, 3), LEAF, *octants[3:]))
    new = (2, 3, 0)
    assert set(cut) - set(whole) == {tuple(sorted((new, v))) for v in (E1, E2, E3)}
    assert set(whole) < set(cut)


def test_long_generators() -> None:
    huge = 10**400
    assert unit_vectors([((huge, -huge // 2), (3, 0))]).tolist() == [[[1, -0.5], [1, 0]]]


def test_map_is_equal_area_and_its_halves_meet() -> None:
    for side in (1, -1):
        # The cap up to 60 degrees is a quarter of the sphere, as the disc of radius 1 is of both discs.
        tilted = [side * 0.5, math.sqrt(0.75) * 0.6, math.sqrt(0.75) * 0.8]
        assert np.linalg.norm(on_map(np.array(tilted), side)) == pytest.approx(1)
        points = np.random.default_rng(0).uniform(-1.1, 1.1, size=(50, 2))
        assert on_map(7 * from_map(points, side), side) == pytest.approx(points)
    rim = np.array([0.0, 1.0, 0.0])
    assert on_map(rim, 1) == pytest.approx([math.sqrt(2), 0])
    assert on_map(rim, -1) == pytest.approx([-math.sqrt(2), 0])
    assert np.isnan(on_map(np.array([-1.0, 0.0, 0.0]), 1)).all()


def test_ratio_on_the_map_is_the_definition() -> None:
    rng = np.random.default_rng(1)
    X, N = rng.normal(size=(6, 3)) * [5, 1, 0.1], rng.normal(size=(6, 2))
    whiten, is_white = whitening(X)
    assert is_white
    grid = np.linspace(-1.4, 1.4, 9)
    for side in (1, -1):
        values = hemisphere(X, N, 0.3, whiten, side, grid)
        for i, j in ((4, 4), (1, 3), (6, 2)):
            u = np.linalg.solve(whiten, from_map(np.array([grid[j], grid[i]]), side))
            sums = [
                sum(N[row, k] * max(0.0, sum(X[row, m] * u[m] for m in range(3))) for row in range(6))
                for k in range(2)
            ]
            assert values[i, j] == pytest.approx(math.hypot(*sums) / (0.3 * math.hypot(*u)))
    assert relative_gauge(X, N, 0.3, np.empty((3, 0))).shape == (0,)


def test_whitened_samples_are_uncorrelated() -> None:
    X = np.random.default_rng(2).normal(size=(40, 3)) * [1, 100, 3] + [0, 50, 0]
    whiten, is_white = whitening(X)
    # A sample x acts on u as x.u = (B^-T x).z does on z.
    Z = X @ np.linalg.inv(whiten)
    assert is_white
    assert Z.T @ Z / len(Z) == pytest.approx(np.eye(3), abs=1e-9)
    assert (X @ whiten[0]).sum() > 0
    rotation, is_white = whitening(X * [1, 1, 0])
    assert not is_white
    assert rotation @ rotation.T == pytest.approx(np.eye(3))


def test_too_many_cells_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for d, draw in ((2, gauge_on_circle), (3, gauge_on_sphere)):
        rng = np.random.default_rng(d)
        report = bound(rng.normal(size=(8, d)), rng.normal(size=(8, 2)))
        with_cells = draw(report)
        assert f"into {report.certificate.leaves} cells" in with_cells.caption
        with monkeypatch.context() as patch:
            patch.setattr("certify.views.page.gauge_pictures.MAX_CELLS", 5)
            without = draw(report)
        assert "too many to be drawn" in without.caption
        assert len(without.svg) < len(with_cells.svg)


def test_signs_of_samples_have_no_walls() -> None:
    report = bound(row_signs.X, row_signs.Y, 3)
    quadrants = gauge_on_circle(replace(report, certificate=row_signs.HONEST))
    assert "into 5 cells" in quadrants.caption
    assert "Walls along the signs of samples are left out." in quadrants.caption
    alone = gauge_on_circle(replace(report, certificate=row_signs.CERTIFICATES["of samples"]))
    assert "divides the directions by the signs of samples, into 8 cells." in alone.caption
