"""The HTML page: self-contained, with the pictures that fit the method and the dimension."""

import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest

from certify import bound
from certify.views.page.bound import render_page
from certify.views.page.pictures import training
from certify.views.page.writing import Made

LARGEST_PAGE = 1_500_000  # bytes


@pytest.mark.parametrize(
    ("d", "method", "pictures"),
    [(1, "tree", 3), (2, "tree", 5), (3, "tree", 5), (4, "tree", 4), (2, "sdp", 5), (3, "sdp", 5)],
)
def test_pictures(d: int, method: str, pictures: int) -> None:
    rng = np.random.default_rng(d)
    report = bound(rng.normal(size=(8, d)), rng.normal(size=(8, 2)), method=method)
    page = render_page(report)
    assert page.count("<svg") == page.count("<figcaption>") == pictures
    assert len(re.findall(r'<svg role="img" aria-label="[^"]{50,}" ', page)) == pictures
    assert "<script" not in page
    assert "http-equiv" not in page
    assert len(page.encode()) < LARGEST_PAGE
    identifiers = re.findall(r' id="([^"]*)"', page)
    assert len(identifiers) == len(set(identifiers))
    for svg in re.findall("<svg.*?</svg>", page, re.DOTALL):
        assert "var(--ink)" in svg
        assert "#1b1f24" not in svg
    # The user's own settings of matplotlib are not the page's.
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 5}):
        assert render_page(report) == page


def test_a_training_without_iterations_has_no_picture() -> None:
    X = np.random.default_rng(0).normal(size=(6, 2))
    report = bound(X, X[:, :1])
    assert training(report) is not None
    for descent in ((), report.training.descent[:1]):
        short = replace(report, training=replace(report.training, descent=descent))
        assert training(short) is None
        assert "<h2>Training" not in render_page(short)


def test_how_the_page_was_made() -> None:
    report = bound([[1.0, 2.0], [-1.0, 0.5]], [1.0, 2.0], seed=7)
    page = render_page(report, Made("certify bound --data 'a b.csv'", "2026-11-30", "my a.cert"))
    assert '<th scope="row">command</th><td>certify bound --data &#39;a b.csv&#39;</td>' in page
    assert '<th scope="row">seed</th><td>7</td>' in page
    assert '<th scope="row">date</th><td>2026-11-30</td>' in page
    assert "certify.check(&#39;my a.cert&#39;, X, y)" in page
    of_file = replace(report, dataset=replace(report.dataset, source="a b.csv"))
    page = render_page(of_file, Made(certificate="my a.cert"))
    assert "certify check &#39;my a.cert&#39; --data &#39;a b.csv&#39;" in page
    assert "date</th>" not in page


def test_advice_is_on_the_page() -> None:
    report = bound([[1.0, 2.0], [-1.0, 0.5], [2.0, -1.0]], [1.0, 2.0, 0.5], method="shor", gap=1e-9)
    assert report.advice is not None
    assert f"<p>{report.advice}</p>" in render_page(report)


def test_each_search_has_its_line() -> None:
    rng = np.random.default_rng(0)
    report = bound(rng.normal(size=(8, 4)), rng.normal(size=(8, 2)), method="tree")
    curve = tuple(replace(point, search=name) for name in ("sdp", "partition") for point in report.gap_curve)
    page = render_page(replace(report, gap_curve=curve))
    for name in ("sdp", "partition"):
        assert f"lower bound: {name}</text>" in page
    assert "Lower bounds by sdp, partition." in page
    assert "lower bound: tree" not in page


@pytest.mark.parametrize("d", [2, 3])
def test_network_without_neurons(d: int) -> None:
    X = np.random.default_rng(0).normal(size=(6, d))
    page = render_page(bound(X, X[:, :1], 1000))
    assert "Infinity" not in page
    assert "nan" not in re.sub('base64,[^"]*', "", page).lower()
    assert "neuron of the best" not in page


def test_names_are_escaped() -> None:
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.random.default_rng(0).normal(size=(6, 3)), columns=["<b>", "$a_b^$", "x&y"])
    page = render_page(bound(X, X[["<b>"]]))
    assert "x1 is &#39;&lt;b&gt;&#39;, x2 is &#39;$a_b^$&#39;, x3 is &#39;x&amp;y&#39;" in page
    assert "<b>," not in page


@pytest.mark.parametrize(
    ("loss", "y", "least"),
    [
        ("poisson", [1, 20, 3, 9, 14, 2, 8, 30], "-"),
        ("cross-entropy 0.1", ["a", "b"] * 4, "1.5"),
        ("cross-entropy", ["a", "b"] * 4, "0"),
        ("hinge", ["a", "b"] * 4, "0"),
    ],
)
def test_the_bar_begins_at_the_least_loss_there_is(loss: str, y: list[object], least: str) -> None:
    X = np.random.default_rng(0).normal(size=(8, 2))
    page = render_page(bound(X, y, 0.1, loss=loss, gap=0.1))
    ends = re.search(r'<div class="ends"><span>([^;:<]*)(: loss of the best predictions there are)?; ', page)
    assert ends is not None
    assert ends[1].startswith(least)
    assert (ends[2] is None) == (least == "0")
    left, width = (
        float(part)
        for part in re.findall(r'class="range" style="left: ([-0-9.]*)%; width: ([-0-9.]*)%', page)[0]
    )
    assert 0 < left < left + width < 100
    assert "1/2 |f" not in page
