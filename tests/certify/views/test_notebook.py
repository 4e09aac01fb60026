"""What a notebook shows of results."""

import re

import numpy as np
from markupsafe import escape

from certify import ReLUNetwork, bound, check, gap
from certify.runtime.shown import _DRAWN_BY
from certify.views import notebook

X = np.array([[1.0, 0.5], [-1.0, 2.0], [0.5, -1.0], [2.0, 1.0]])
y = [1.0, 2.0, -0.5, 0.25]


def test_reports() -> None:
    report = bound(X, y, gap=1e-3)
    shown = report._repr_html_()
    assert shown.count("<svg") == 1
    assert "&le; global optimum &le;" in shown
    assert "<script" not in shown
    assert "http" not in shown.replace("http://www.w3.org/", "")
    # Nothing of the page around a cell is styled.
    style = re.findall(r"<style>(.*)</style>", shown, re.DOTALL)[0].strip()
    assert style.startswith(".certify {")
    assert style.count("{") == style.count("}")
    assert ":root" not in style
    assert "body" not in style


def test_advice() -> None:
    report = bound(X, y, method="shor", gap=1e-9)
    assert report.advice is not None
    assert report.advice in report._repr_html_()


def test_gaps() -> None:
    network = ReLUNetwork.from_floats([[1.0], [0.0]], [[0.5]])
    for search in (True, False):
        report = gap(X, y, network, search=search)
        shown = report._repr_html_()
        assert escape(report.conclusion) in shown
        assert shown.count("<svg") == search


def test_verdicts() -> None:
    report = bound(X, y)
    shown = check(report.certificate, X, y)._repr_html_()
    assert shown.startswith("<p><b>VALID</b>, trust: ")
    assert "&gt;=" in shown
    rejected = check(report.certificate, 2 * X, y)._repr_html_()
    assert rejected.startswith("<p><b>REJECTED</b></p>")
    assert "nothing is proved" in rejected


def test_all_that_is_drawn_can_be() -> None:
    assert all(callable(getattr(notebook, name)) for name in _DRAWN_BY.values())
