"""The HTML page: self-contained, with the pictures that fit the method and the dimension."""

import numpy as np
import pytest

from certify import bound
from certify.page import _rays, render_page


@pytest.mark.parametrize(
    ("d", "method", "pictures"), [(2, "tree", 3), (3, "tree", 2), (2, "sdp", 1), (1, "tree", 2)]
)
def test_pictures(d: int, method: str, pictures: int) -> None:
    rng = np.random.default_rng(d)
    page = render_page(bound(rng.normal(size=(8, d)), rng.normal(size=(8, 2)), method=method))
    assert page.count("<svg") == pictures
    assert "<script" not in page
    assert "http-equiv" not in page


def test_cells_of_a_tree_in_the_plane() -> None:
    report = bound([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]], [1.0, 2.0, 0.5], "0.1", task="regression", gap=1e-6)
    rays = _rays(report.certificate)
    assert len(rays) == report.certificate.leaves
    # A kink of each row is an edge of a cell, as closely as cuts are rounded.
    for kink in (90, 0, 45):
        assert min(abs(ray - kink) for ray in rays) < 1e-6
