"""The gauge |N^T relu(Xu)| of a certificate's dual point over all directions u, for two or three features.

A certificate proves that it is at most gamma |u| everywhere, so that the ratio of both is what is drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke

from certify.bounds.report import Report
from certify.checker.certificate.nodes import RowSign
from certify.checker.text.names import column
from certify.floats.gauge import dual_point, relative_gauge
from certify.floats.problem import Arrays
from certify.views.page.canvas import (
    BLUE,
    INK,
    LINE,
    SOFT,
    WARM,
    Picture,
    canvas,
    legend_above,
    svg,
)
from certify.views.page.sphere import (
    arcs,
    cell_walls,
    hemisphere,
    on_map,
    unit_vectors,
    whitening,
)
from formulations.arrays import Matrix

MAX_CELLS = 20_000

_RATIO = "|Nᵀ relu(Xu)| / (γ |u|)"
_TITLE = "What was proved, direction by direction"
_MAX_KINKS = 2000
_PIXELS = 480  # of a map's side, at which the ratio is evaluated
_EDGE = 1.44  # of a map's square; the disc's radius is sqrt(2)
_DARK = "#00224e"  # of the colour map
_BEYOND = 2.05  # square of the radius up to which there is something to clip
_CONTOURS = {0.9: ("#000000", 0.8), 0.99: ("#d0103a", 1.2)}
_FADING = 1500  # walls of cells, beyond which they fade


def gauge_on_circle(report: Report) -> Picture:
    """Draw the ratio over the circle of directions (d = 2), with the neurons and the cells of the proof."""
    X, N, gamma = _gauge_of(report)
    whiten, is_white = whitening(X)
    hidden = _hidden(report)
    # Kinks of relu(Xu), where x.u = 0.
    kinks = np.vstack([X[:, 1], -X[:, 0]])[:, np.any(X != 0, axis=1)][:, :_MAX_KINKS]
    neurons, at_neurons = _angles(whiten @ hidden), relative_gauge(X, N, gamma, hidden)
    # A uniform grid alone would cut off the peaks, which are often at kinks.
    special = [_angles(whiten @ kinks), _angles(whiten @ -kinks), neurons]
    angles = np.unique(np.concatenate([np.linspace(0, 360, 1441), *special]))
    circle = np.vstack([np.cos(np.radians(angles)), np.sin(np.radians(angles))])
    curve = relative_gauge(X, N, gamma, np.linalg.inv(whiten) @ circle)
    cells, words = _cells(report)
    names, short = _names(report)
    with canvas(3.4) as figure:
        axes = figure.add_subplot()
        for height, name, axis in zip((0.08, 0.16), short, whiten.T, strict=True):
            for sign, mark in ((1, "+"), (-1, "−")):
                angle = float(_angles(sign * axis))
                axes.axvline(angle, color=LINE, linewidth=0.9, zorder=0)
                side, offset = ("left", 3) if angle < 330 else ("right", -3)
                axes.annotate(
                    mark + name,
                    (angle, height),
                    xytext=(offset, 0),
                    textcoords="offset points",
                    horizontalalignment=side,
                    color=SOFT,
                )
        axes.plot(angles, curve, color=BLUE, linewidth=1.3, label="ratio")
        axes.axhline(
            1, color=WARM, linewidth=1.2, linestyle=(0, (4, 2)), label="level: proved to be an upper bound"
        )
        axes.plot(neurons, at_neurons, label="neurons", **_ring(INK, "none"))
        if cells is not None:
            axes.vlines(
                np.unique(_angles(whiten @ cells[:, 0].T)),
                0,
                0.045,
                transform=axes.get_xaxis_transform(),
                color=SOFT,
                linewidth=0.6,
                rasterized=len(cells) > _FADING,
                label="walls of cells",
            )
        axes.set_xlabel("direction of u, degrees from the data's first axis")
        axes.set_ylabel(_RATIO)
        axes.set_xlim(0, 360)
        axes.set_xticks(range(0, 361, 45))
        axes.set_ylim(0, 1.06)
        legend_above(figure, axes)
        element = svg(
            figure,
            "circle",
            f"Line chart over the directions from 0 to 360 degrees: the ratio lies between {curve.min():.3g} "
            f"and {curve.max():.5g}, while 1 is the level; {len(neurons)} neurons are marked on it.",
        )
    return Picture(
        _TITLE,
        element,
        f"{_sentences(curve.max(), at_neurons)} {words} "
        f"The directions {_coordinates(is_white, 'few places')} "
        f"Upright lines mark the features' axes{_glossary(names, short)}.",
    )


def gauge_on_sphere(report: Report) -> Picture:
    """Draw the ratio over the sphere of directions (d = 3), with the neurons and the cells of the proof."""
    X, N, gamma = _gauge_of(report)
    whiten, is_white = whitening(X)
    hidden = _hidden(report)
    at_neurons = relative_gauge(X, N, gamma, hidden)
    centres = hidden.T @ whiten.T
    cells, words = _cells(report)
    paths = None if cells is None else arcs(cells @ whiten.T)
    grid = np.linspace(-_EDGE, _EDGE, _PIXELS)
    square = grid**2 + grid[:, None] ** 2
    names, short = _names(report)
    peak = at_neurons.max(initial=0)
    with canvas(3.3) as figure:
        maps = figure.subplots(1, 2)
        for axes, side, title in zip(
            maps, (1, -1), ("u along the data's first axis", "u against it"), strict=True
        ):
            values = hemisphere(X, N, gamma, whiten, side, grid)
            peak = max(peak, values[square <= 2].max())
            values[square > _BEYOND] = np.nan
            _draw_map(axes, side, values, grid, paths)
            _mark_features(axes, side, whiten, short)
            points = on_map(centres[side * centres[:, 0] >= 0], side)
            axes.plot(*points.T, zorder=6, **_ring("#000000", "#ffffff"))
            axes.set_title(title, fontsize=9, pad=2)
        _explain_maps(figure, maps)
        element = svg(
            figure,
            "sphere",
            "Two round maps, one of each half of the sphere of directions, coloured by the ratio: from 0 to "
            f"{peak:.5g}, while 1 is the level; {len(centres)} neurons are marked.",
        )
    return Picture(
        _TITLE,
        element,
        f"{_sentences(peak, at_neurons)} {words} The discs are the two halves of the sphere of all "
        "directions u, in Lambert's equal-area projection; their rims are one circle. "
        f"They {_coordinates(is_white, 'a thin ring')} "
        f"Crosses mark the features' axes{_glossary(names, short)}.",
    )


def _coordinates(is_white: bool, squeezed: str) -> str:
    if is_white:
        return (
            "are drawn in coordinates in which the samples are uncorrelated, around the longest principal "
            "axis of the data: in the features' own ones samples that are alike squeeze all peaks into "
            f"{squeezed}. "
            "This moves the directions and leaves the ratio at each of them as it is."
        )
    return "are drawn in the features' own coordinates, turned to the principal axes of the data."


def _draw_map(axes: Axes, side: int, values: Matrix, grid: Matrix, paths: Matrix | None) -> None:
    """Draw the ratio on one hemisphere, its contours and the cells' walls, of shape (walls, points, 3)."""
    rim = Circle((0, 0), 2**0.5, facecolor="none", edgecolor=SOFT, linewidth=0.8, zorder=4)
    axes.add_patch(rim)
    extent = (-_EDGE, _EDGE, -_EDGE, _EDGE)
    layers: list[Any] = [
        axes.imshow(
            values,
            extent=extent,
            origin="lower",
            cmap="cividis",
            vmin=0,
            vmax=1,
            interpolation="bilinear",
            interpolation_stage="data",
        )
    ]
    if paths is not None:
        strength = min(1.0, (_FADING / len(paths)) ** 0.5)
        lines = LineCollection(
            list(on_map(paths, side)),
            colors="#ffffff",
            linewidths=0.3 + 0.2 * strength,
            alpha=0.2 + 0.4 * strength,
        )
        # As shapes ten thousand cells would take megabytes.
        lines.set_rasterized(True)
        axes.add_collection(lines)
        layers.append(lines)
    levels = [level for level in _CONTOURS if np.nanmin(values) < level < np.nanmax(values)]
    if levels:
        colors, widths = zip(*(_CONTOURS[level] for level in levels), strict=True)
        layers.append(
            axes.contour(grid, grid, values, levels=levels, colors=colors, linewidths=widths, zorder=3)
        )
    for layer in layers:
        layer.set_clip_path(rim)
    axes.set_axis_off()
    axes.set_xlim(-_EDGE, _EDGE)
    axes.set_ylim(-_EDGE, _EDGE)


def _mark_features(axes: Axes, side: int, whiten: Matrix, short: list[str]) -> None:
    """Mark where one hemisphere has u along, or against, a feature's axis."""
    marks = [
        (on_map(sign * axis, side), mark + name)
        for name, axis in zip(short, whiten.T, strict=True)
        for sign, mark in ((1, "+"), (-1, "−"))
        if side * sign * axis[0] >= 0
    ]
    middle = np.mean([point for point, _ in marks], axis=0)
    for point, text in marks:
        # Away from the others, for axes may be close to each other; but inside the disc.
        away = point - middle if np.linalg.norm(point) < 1 else -point
        away = away / max(float(np.linalg.norm(away)), 1e-9)
        for color, width in ((_DARK, 2.4), ("#ffffff", 1.0)):
            axes.plot(*point, "+", color=color, markersize=5 + width, markeredgewidth=width, zorder=5)
        axes.annotate(
            text,
            (float(point[0]), float(point[1])),
            xytext=(6 * float(away[0]), 7 * float(away[1])),
            textcoords="offset points",
            horizontalalignment="left" if away[0] >= 0 else "right",
            verticalalignment="bottom" if away[1] >= 0 else "top",
            color="#ffffff",
            fontsize=8,
            zorder=7,
            path_effects=[withStroke(linewidth=1.8, foreground=_DARK)],
        )


def _explain_maps(figure: Figure, maps: Any) -> None:
    """Add the colour bar and the legend."""
    bar = figure.colorbar(maps[0].images[0], ax=list(maps), shrink=0.9, pad=0.02, aspect=28)
    bar.set_label(_RATIO + "  (no unit; 1 is the level)")
    keys = [Line2D([], [], label="neurons of the best network", **_ring(INK, "#ffffff"))]
    for level, (color, width) in _CONTOURS.items():
        bar.ax.axhline(level, color=color, linewidth=width)
        shown = INK if color == "#000000" else color
        keys.append(Line2D([], [], color=shown, linewidth=width, label=f"ratio {level}"))
    figure.legend(handles=keys, loc="outside lower left", ncols=len(keys))


def _cells(report: Report) -> tuple[Matrix | None, str]:
    """Return the walls of the cells, (walls, d - 1, d), unless there are none or too many; and a sentence."""
    leaves = report.certificate.leaves
    lines = "ticks at the bottom" if report.problem.d == 2 else "thin white lines"
    if leaves > MAX_CELLS:
        return None, f"The proof's {leaves} cells are too many to be drawn."
    if leaves == 1:
        return None, "The proof treats all directions at once, without cells."
    by_samples = any(isinstance(node, RowSign) for node in report.certificate.tree)
    walls = cell_walls(report.certificate)
    if not walls:
        return None, f"The proof divides the directions by the signs of samples, into {leaves} cells."
    return (
        unit_vectors(walls),
        f"The proof divides the directions into {leaves} cells, whose walls are the {lines}, and has a bound "
        f"for each.{' Walls along the signs of samples are left out.' * by_samples}",
    )


def _sentences(peak: float, at_neurons: Matrix) -> str:
    words = (
        "The certificate proves that the ratio is nowhere above 1, from which the lower bound follows; the "
        f"largest value seen is {peak:.6g}."
    )
    if len(at_neurons) == 0:
        return words
    least, largest = f"{at_neurons.min():.6g}", f"{at_neurons.max():.6g}"
    return (
        f"{words} A neuron of an optimal network points where the ratio is largest; at the "
        f"{len(at_neurons)} neuron{'s' * (len(at_neurons) > 1)} of the best network that was found it is "
        + (f"{largest}." if least == largest else f"{least} to {largest}.")
    )


def _names(report: Report) -> tuple[list[str], list[str]]:
    """Return the features' names for people, and short ones that every font has."""
    names = list(map(column, report.dataset.feature_names))
    short = [f"x{k + 1}" for k in range(len(names))]
    if report.dataset.preprocessing.bias:
        return [*names, "the bias"], [*short, "b"]
    return names, short


def _glossary(names: list[str], short: list[str]) -> str:
    meanings = [f"{x} is {name}" for x, name in zip(short, names, strict=True) if x != name]
    return ": " * bool(meanings) + ", ".join(meanings)


def _angles(z: Matrix) -> Matrix:
    """Return the angles, in degrees from 0 to 360, of vectors of shape (2, ...)."""
    return np.asarray(np.degrees(np.arctan2(z[1], z[0])) % 360)


def _gauge_of(report: Report) -> tuple[Matrix, Matrix, float]:
    """Return X, N and gamma in floats."""
    arrays = Arrays.of(report.problem)
    return arrays.X, dual_point(report.certificate), arrays.gamma


def _hidden(report: Report) -> Matrix:
    """Return the hidden weights u_j as columns, d x m."""
    unit = report.network.hidden_denominator
    rows = [[entry / unit for entry in row] for row in report.network.hidden]
    return np.array(rows, dtype=float).reshape(report.problem.d, report.network.width)


def _ring(edge: str, face: str) -> dict[str, Any]:
    return {
        "linestyle": "",
        "marker": "o",
        "markersize": 4,
        "markeredgecolor": edge,
        "markerfacecolor": face,
        "markeredgewidth": 0.9,
    }
