"""The pages about a network's gap and about a certificate."""

import re
from pathlib import Path

import pytest

from certify import bound, gap, save_certificate
from certify.explain.from_files import explain_file
from certify.views.page.explanation import render_explanation_page
from certify.views.page.gap import render_gap_page
from certify.views.page.writing import Made
from tests.certify.cli.command_line import run

ROWS = [[1.0, 0.5], [-1.0, 2.0], [0.5, -1.0], [2.0, 1.0]]
TARGETS = [1.0, 2.0, -0.5, 0.25]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with data, a certificate and a network."""
    folder = tmp_path_factory.mktemp("pages")
    cells = [",".join(map(str, (*row, y))) for row, y in zip(ROWS, TARGETS, strict=True)]
    (folder / "d.csv").write_text("\n".join(["x1,x2,y", *cells]) + "\n")
    report = bound(ROWS, TARGETS, gap=1e-6)
    save_certificate(report.certificate, folder / "c.cert")
    report.save_network(folder / "n.npz")
    return folder


def is_whole(page: str) -> bool:
    identifiers = re.findall(r' id="([^"]*)"', page)
    return (
        page.startswith("<!DOCTYPE html>")
        and page.endswith("</html>\n")
        and "<script" not in page
        and "http" not in page.replace("http://www.w3.org/", "")
        and len(identifiers) == len(set(identifiers))
    )


def test_gap(folder: Path) -> None:
    report = gap(ROWS, TARGETS, folder / "n.npz", gap=1e-4)
    page = render_gap_page(report, Made(date="today"))
    assert is_whole(page)
    assert page == render_gap_page(report, Made(date="today"))
    assert "In short: it is a global optimum, as far as was asked." in page
    assert "The blue mark is this network." in page
    assert "Residuals of y" in page
    alone = gap(ROWS, TARGETS, folder / "n.npz", search=False)
    assert is_whole(render_gap_page(alone))


def test_a_network_worse_than_none_is_beyond_the_bar(folder: Path) -> None:
    report = gap(ROWS, TARGETS, folder / "n.npz", gamma=100, search=False)
    assert "beyond the right end" in render_gap_page(report)


def test_explanation(folder: Path) -> None:
    explanation = explain_file(folder / "c.cert", folder / "d.csv", folder / "n.npz").explanation
    assert explanation is not None
    page = render_explanation_page(explanation, Made(certificate="c.cert"))
    assert is_whole(page)
    assert f"certify check c.cert --data {folder}/d.csv" in page
    assert "<h2>Where the bound was lost</h2>" in page
    assert page.count("<svg") == 2


@pytest.mark.parametrize(
    "command",
    [
        ["bound", "--data", "d.csv", "--certificate", "b.cert"],
        ["gap", "--data", "d.csv", "--network", "n.npz", "--gamma", "0.1", "--certificate", "g.cert"],
        ["explain", "c.cert", "--data", "d.csv"],
    ],
)
def test_as_a_user_types_it(command: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert run(monkeypatch, *command, "--report", "page.html") == 0
    page = (folder / "page.html").read_text()
    assert is_whole(page)
    assert f"certify {' '.join(command)} --report page.html" in page
    assert "CERTIFICATE" not in page
    assert run(monkeypatch, *command, "--report", "d.csv") == 2
