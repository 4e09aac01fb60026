"""Results that a notebook shows as HTML, drawn by a room above theirs, which they do not import."""

from __future__ import annotations

from importlib import import_module

# By the names of classes, where the function is that draws one: imported when one is shown.
_DRAWN_BY = {
    "Report": "report_as_html",
    "GapReport": "gap_as_html",
}
_VIEW = "certify.views.notebook"


class Shown:
    """What a notebook shows as HTML, and other front ends as text."""

    def _repr_html_(self) -> str:
        drawn: str = getattr(import_module(_VIEW), _DRAWN_BY[type(self).__name__])(self)
        return drawn
