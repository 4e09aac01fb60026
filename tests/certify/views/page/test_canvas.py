"""SVG for the page: images lose nothing by their palette, and texts are escaped."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from certify.views.page.canvas import canvas, compact_png, svg


def png(pixels: NDArray[np.uint8]) -> bytes:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "png")
    return written.getvalue()


def pixels_of(file: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGBA"))


@pytest.mark.parametrize("colors", [1, 16, 256])
def test_few_colours_are_kept_exactly(colors: int) -> None:
    rng = np.random.default_rng(colors)
    shades = rng.integers(0, 256, size=(colors, 4), dtype=np.uint8)
    pixels = shades[rng.integers(0, colors, size=(60, 50))]
    compact = compact_png(png(pixels))
    assert (pixels_of(compact) == pixels).all()


def test_many_colours_are_kept_nearly() -> None:
    ramp = np.linspace(0, 255, 1000).astype(np.uint8)
    pixels = np.stack([np.tile(ramp, (20, 1))] * 2 + [np.full((20, 1000), 200), np.full((20, 1000), 255)], -1)
    pixels = pixels.astype(np.uint8)
    pixels[:10, :, 2] = 190
    file = png(pixels)
    compact = compact_png(file)
    assert abs(pixels_of(compact).astype(int) - pixels).max() < 32


def test_alternative_is_escaped() -> None:
    with canvas(1) as figure:
        element = svg(figure, "test", '"<b>" & more')
    assert 'aria-label="&#34;&lt;b&gt;&#34; &amp; more"' in element
