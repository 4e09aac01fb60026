"""The picture of which class a network predicts where, for two features."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb

from certify.checker.data.dataset import Dataset
from certify.checker.text.names import column, shown
from certify.floats.network import FloatNetwork
from certify.views.page.canvas import INK, Picture, canvas, legend_above, svg
from formulations.arrays import Indices, Matrix

# Visible on a light page and on a dark one.
_COLORS = ("#4c8dd6", "#d9783b", "#45a080", "#b36fc4", "#c0a030", "#8a93a0")
_MARKS = "os^DvP"
_PIXELS = 240
_LARGEST = 10**60
_MARGIN = 0.06  # around the samples, of their extent
_STRENGTH = 0.32  # of the regions' colours
_MOST_SAMPLES = 2000  # as shapes


def predicted_classes(outputs: Matrix) -> Indices:
    """Return the numbers of the classes that outputs, n x c, predict; one output has their sign."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0).astype(np.intp)
    return np.asarray(np.argmax(outputs, axis=1))


def decision_regions(
    dataset: Dataset, network: FloatNetwork, true: Indices, predicted: Indices
) -> Picture | None:
    """Draw the samples, and which class is predicted around them; None but for two features and few classes.

    Args:
        dataset: with classes.
        network: of its problem.
        true: the class of each sample, by its number.
        predicted: likewise.
    """
    names, classes = dataset.feature_names, dataset.preprocessing.classes
    if len(names) != 2 or len(classes) > len(_COLORS):
        return None
    if any(abs(entry) > _LARGEST for row in dataset.features for entry in row):
        return None
    samples = np.array([[float(entry) for entry in row] for row in dataset.features])
    low, high = samples.min(axis=0), samples.max(axis=0)
    extent = np.where(high > low, high - low, 1.0)
    low, high = low - _MARGIN * extent, high + _MARGIN * extent
    across, up = (np.linspace(low[k], high[k], _PIXELS) for k in (0, 1))
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    regions = predicted_classes(network.predictions(_prepared(dataset, grid))).reshape(_PIXELS, _PIXELS)
    pixels = np.array([(*to_rgb(color), _STRENGTH) for color in _COLORS])[regions]
    wrong = true != predicted
    # A font has not all letters.
    short = {k: f"class {k + 1}" for k, name in enumerate(classes) if not name.isascii()}
    glossary = "".join(f"; {words} is {shown(classes[k])}" for k, words in short.items())
    with canvas(4.2) as figure:
        axes = figure.add_subplot()
        axes.imshow(
            pixels,
            extent=(low[0], high[0], low[1], high[1]),
            origin="lower",
            aspect="auto",
            interpolation="none",
        )
        for number, name in enumerate(classes):
            points = samples[true == number]
            axes.plot(
                *points.T,
                _MARKS[number],
                color=_COLORS[number],
                markeredgecolor=INK,
                markeredgewidth=0.4,
                markersize=4,
                linestyle="",
                rasterized=len(samples) > _MOST_SAMPLES,
                label=short.get(number, f"class {shown(name, 24)}".replace("$", r"\$")),
            )
        if wrong.any():
            axes.plot(
                *samples[wrong].T,
                "o",
                markersize=9,
                markerfacecolor="none",
                markeredgecolor=INK,
                markeredgewidth=1.1,
                label="predicted wrong",
            )
        axes.set_xlabel("first feature")
        axes.set_ylabel("second feature")
        legend_above(figure, axes)
        element = svg(
            figure,
            "regions",
            f"Map of the plane of two features, coloured by predicted class, with {len(samples)} samples; "
            f"{int(wrong.sum())} of them are predicted wrong.",
        )
    return Picture(
        "Which class is predicted where",
        element,
        f"The first feature is {column(names[0])}, the second {column(names[1])}{glossary}. The colour of "
        "the ground is that of the class that the best network predicts there; what it predicts far from all "
        "samples, no sample supports.",
    )


def _prepared(dataset: Dataset, features: Matrix) -> Matrix:
    """Return raw features as the network takes them."""
    recipe = dataset.preprocessing
    if recipe.standardize is not None:
        shift, scale = np.array(recipe.standardize, dtype=float).T
        features = (features - shift) * scale
    return np.hstack([features, np.ones((len(features), 1))]) if recipe.bias else features
