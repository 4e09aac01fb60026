"""Links between the pages lead somewhere, their headings are in order, and the site has every page."""

from __future__ import annotations

import re
import runpy
from itertools import pairwise
from pathlib import Path

import pytest

from tests.places import ROOT

PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "proofs/README.md")),
        ROOT / "packages" / "checker" / "README.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
)
_CODE = re.compile(r"^ *(`{3,}).*?^ *\1`*$|^(?: {4,}|\t)[^\n]*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)#\s]*)(?:#(?P<anchor>[^)\s]*))?\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


def prose(path: Path) -> str:
    """Return a page without what only looks like links and headings."""
    text = path.read_text(encoding="utf-8")
    return _CODE.sub(lambda code: code[0] if code[0][0] == "`" and "\n" not in code[0] else "", text)


def headings(path: Path) -> list[tuple[int, str]]:
    """Return levels and texts."""
    return [(len(marks), text) for marks, text in _HEADING.findall(prose(path))]


def slug(heading: str) -> str:
    """Return the anchor of a heading, on GitHub and on the site."""
    return re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.finditer(prose(page)):
        target, anchor = link["target"], link["anchor"]
        if "://" in target:
            continue
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{link[0]}: there is no {there}"
        assert there.is_relative_to(ROOT)
        if anchor is not None and not anchor.startswith("only-"):  # a picture for one of the two schemes
            assert anchor in {slug(text) for _, text in headings(there)}, f"{link[0]}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_headings_are_in_order(page: Path) -> None:
    levels = [level for level, _ in headings(page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_the_site_has_every_page() -> None:
    listed = re.findall(
        r"^ +- .*?: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE
    )
    here = {str(page.relative_to(ROOT / "docs")) for page in PAGES if page.is_relative_to(ROOT / "docs")}
    # Those that the site takes from elsewhere are in docs/theme/hooks.py.
    assert sorted(listed) == sorted({*here, "proofs.md", "contributing.md", "changelog.md"})


def test_slugs() -> None:
    assert slug("3a. SDP-NN") == "3a-sdp-nn"
    assert slug("Why is `x_i` so, or not?") == "why-is-x_i-so-or-not"


def test_the_picture_is_what_its_script_draws() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "theme" / "interval.py"))
    for name, colours in script["THEMES"].items():
        drawn = (ROOT / "docs" / f"interval-{name}.svg").read_text(encoding="utf-8")
        assert drawn == script["picture"](**colours)
