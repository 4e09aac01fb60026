"""The picture of SDP-NN's matrix over the activations, next to the inequality that it violates."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from matplotlib.colors import LinearSegmentedColormap

from certify.tightness.looseness import Looseness, name, unit_moments
from certify.views.page.canvas import (
    BLUE,
    INK,
    WARM,
    Picture,
    square_canvas,
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
    words = (
        "no inequality that cuts it off was found"
        if cut is None
        else f"the inequality that cuts it off is about {len(cut.names)} of them: {', '.join(cut.names)}"
    )
    maps = [
        _heat_map(
            moments,
            names,
            _MOMENTS,
            (0.0, 1.0),
            "<z_i z_j> in SDP-NN's solution",
            picture,
            f"Heat map: the products of {2 * n} activations two by two; {words}.",
        )
    ]
    if cut is not None:
        whole = np.zeros((2 * n, 2 * n))
        whole[np.ix_(cut.places, cut.places)] = cut.coefficients
        maps.append(
            _heat_map(
                whole,
                names,
                _SIGNS,
                (-1.0, 1.0),
                f"M: sum M_ij <z_i z_j> = {cut.value:.3g} < 0",
                f"{picture}cut",
                f"Heat map: the coefficients of the inequality, between {cut.coefficients.min():.3g} and "
                f"{cut.coefficients.max():.3g}.",
            )
        )
    element = Markup('<div class="pair">{}</div>').format(Markup("").join(maps))
    caption = (
        "First: SDP-NN's matrix over the activations, each of which is taken over the root of its own "
        "moment: no colour is 0, full colour 1. "
    )
    caption += (
        "It is not separated from the sums that networks have."
        if cut is None
        else "Second: the coefficients of an inequality that every network satisfies and this matrix does "
        "not; negative ones have the warm colour. Of these products the matrix has too much."
    )
    return Picture(found.title, element, caption)


def _heat_map(
    matrix: Matrix,
    names: list[str],
    colors: LinearSegmentedColormap,
    limits: tuple[float, float],
    title: str,
    picture: str,
    alternative: str,
) -> Markup:
    with square_canvas() as figure:
        axes = figure.add_subplot()
        axes.imshow(matrix, cmap=colors, vmin=limits[0], vmax=limits[1], interpolation="none")
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
        axes.set_yticks(range(len(names)), names, fontsize=6)
        axes.tick_params(length=0)
        axes.spines[["top", "right"]].set_visible(True)
        axes.axhline(len(names) / 2 - 0.5, color=INK, linewidth=0.5)
        axes.axvline(len(names) / 2 - 0.5, color=INK, linewidth=0.5)
        axes.set_title(title, fontsize=8)
        return svg(figure, picture, alternative)
