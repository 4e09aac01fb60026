"""Pages are written whatever the paths on them are made of."""

from pathlib import Path

from certify.views.page.writing import save


def test_a_path_that_is_no_text_is_shown_as_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    save("<p>daten_\udcfc.csv, größe</p>", path)
    assert path.read_text(encoding="utf-8") == r"<p>daten_\udcfc.csv, größe</p>"
