"""What all pictures of the HTML page share: size, style, the page's colours, and compact SVG.

The same report gives the same bytes, whatever the user's settings of matplotlib are.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib.style
import numpy as np
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

# Placeholders for the page's own colours, which differ between light and dark.
INK, SOFT, LINE, BLUE, WARM = "#1b1f24", "#5b6470", "#d5dae0", "#2563a8", "#b3541e"
_THEME = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
    BLUE: "var(--fill)",
    WARM: "var(--warm)",
}
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "legend.frameon": False,
    "axes.formatter.useoffset": False,
}
_DPI = 160  # of what is rasterised
_PALETTE = 256
_WIDTH, _SIDE = 5.6, 3.2  # inches
_LEGEND_COLUMNS = 2
_PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")


@dataclass(frozen=True)
class Picture:
    """A picture for the page.

    Attributes:
        title: its heading.
        svg: the element, with a text alternative, to be put into HTML that defines the colours' variables.
        caption: what one sees.
    """

    title: str
    svg: Markup
    caption: str


@contextmanager
def canvas(height: float) -> Iterator[Figure]:
    """Give a figure of the page's width and so many inches high.

    Inside, only the page's style changes the defaults. At this width letters are neither too large on a wide
    screen nor too small on a telephone's.
    """
    with _styled(_WIDTH, height) as figure:
        yield figure


@contextmanager
def square_canvas() -> Iterator[Figure]:
    """Give a square figure of which two stand side by side where there is room."""
    with _styled(_SIDE, _SIDE) as figure:
        yield figure


@contextmanager
def _styled(width: float, height: float) -> Iterator[Figure]:
    with matplotlib.style.context(["default", _STYLE]):
        yield Figure(figsize=(width, height), layout="constrained")


def legend_above(figure: Figure, axes: Axes) -> None:
    """Put the legend above the axes, from the figure's left side on, where it hides nothing."""
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside upper left",
        ncols=_LEGEND_COLUMNS,
        borderaxespad=0,
        columnspacing=1.4,
    )


def svg(figure: Figure, name: str, alternative: str) -> Markup:
    """Return the figure as an element that takes the page's colours.

    Args:
        figure: made by `canvas`.
        name: of the picture, unique on the page.
        alternative: a sentence for who cannot see it.
    """
    written = io.StringIO()
    # With a salt and without a date the same report gives the same page.
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(
            written,
            format="svg",
            dpi=_DPI,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    text = written.getvalue()
    text = text[text.index("<svg") :]
    # Numbered ids, which nothing refers to, would be the same in every picture of a page.
    text = re.sub(r' id="[^"]*_\d+"', "", text)
    text = _PNG.sub(_compact, text)
    for color, variable in _THEME.items():
        text = text.replace(color, variable)
    return Markup(text.replace("<svg ", f'<svg role="img" aria-label="{escape(alternative)}" ', 1))


def _compact(match: re.Match[str]) -> str:
    compact = compact_png(base64.b64decode(match[1]))
    return "data:image/png;base64," + base64.b64encode(compact).decode()


def compact_png(file: bytes) -> bytes:
    """Rewrite an image with a palette: a quarter of the size, and nothing is lost up to 256 colours."""
    image = Image.open(io.BytesIO(file)).convert("RGBA")
    pixels = np.ascontiguousarray(np.asarray(image)).view(np.uint32)
    colors, indices = np.unique(pixels, return_inverse=True)
    if len(colors) <= _PALETTE:
        compact = Image.fromarray(indices.reshape(image.size[::-1]).astype(np.uint8), "P")
        compact.putpalette(colors.tobytes(), "RGBA")
    else:
        compact = image.quantize(_PALETTE, Image.Quantize.FASTOCTREE)
    written = io.BytesIO()
    compact.save(written, "png", optimize=True)
    return written.getvalue()
