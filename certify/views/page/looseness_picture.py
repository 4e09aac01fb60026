"""The picture of SDP-NN's matrix over the activations, next to the inequality that it violates."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from certify.tightness.looseness import Looseness, name, unit_moments
from certify.views.page.canvas import (
    BLUE,
    INK,
    WARM,
    Picture,
    canvas,
    svg,
)
from formulations.arrays import Matrix

# Zero is transparent, on a light page and on a dark one.
_MOMENTS = LinearSegmentedColormap.from_list("moments", [f"{BLUE}00", BLUE])
_SIGNS = LinearSegmentedColormap.from_list(
    "signs", [(0.0, WARM), (0.499, f"{WARM}00"), (0.501, f"{BLUE}00"), (1.0, BLUE)]
)


def heat_maps(found: Looseness, picture: str) -> Picture | None:
    """Draw B and, if there is one, the M that cuts it off; None if B is zero.

    Args:
        found: what is known of SDP-NN's matrix.
        picture: its name, unique on the page.
    """
    n, cut = found.diagnosis.rows, found.inequality
    if found.diagnosis.zero:
        return None
    moments = unit_moments(found.diagnosis.block)
    names = [name(place, n) for place in range(2 * n)]
    with canvas(3.9) as figure:
        left, right = figure.subplots(1, 2)
        _draw(left, moments, names, _MOMENTS, (0.0, 1.0), "<z_i z_j> in SDP-NN's solution")
        if cut is None:
            right.set_axis_off()
        else:
            whole = np.zeros((2 * n, 2 * n))
            whole[np.ix_(cut.places, cut.places)] = cut.coefficients
            _draw(right, whole, names, _SIGNS, (-1.0, 1.0), f"M: sum M_ij <z_i z_j> = {cut.value:.3g} < 0")
        words = (
            "no inequality that cuts it off was found"
            if cut is None
            else f"the inequality that cuts it off is about {len(cut.names)} of them: {', '.join(cut.names)}"
        )
        element = svg(
            figure, picture, f"Two heat maps: the products of {2 * n} activations two by two; {words}."
        )
    caption = (
        "Left: SDP-NN's matrix over the activations, each of which is taken over the root of its own moment: "
        "no colour is 0, full colour 1. "
    )
    caption += (
        "It is not separated from the sums that networks have."
        if cut is None
        else "Right: the coefficients of an inequality that every network satisfies and this matrix does "
        "not; negative ones have the warm colour. Of these products the matrix has too much."
    )
    return Picture(found.title, element, caption)


def _draw(
    axes: Axes,
    matrix: Matrix,
    names: list[str],
    colors: LinearSegmentedColormap,
    limits: tuple[float, float],
    title: str,
) -> None:
    axes.imshow(matrix, cmap=colors, vmin=limits[0], vmax=limits[1], interpolation="none")
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.tick_params(length=0)
    axes.spines[["top", "right"]].set_visible(True)
    axes.axhline(len(names) / 2 - 0.5, color=INK, linewidth=0.5)
    axes.axvline(len(names) / 2 - 0.5, color=INK, linewidth=0.5)
    axes.set_title(title, fontsize=9)
