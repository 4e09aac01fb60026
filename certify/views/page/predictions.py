"""What a network predicts on its own samples: accuracy and confusions, or residuals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from certify.checker.data.dataset import Dataset
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import column, shown
from certify.floats.links import expected_targets
from certify.floats.network import FloatNetwork
from certify.floats.problem import Arrays
from certify.networks.network import ReLUNetwork
from certify.views.page.canvas import (
    BLUE,
    INK,
    Picture,
    canvas,
    svg,
)
from certify.views.page.decision_regions import decision_regions, predicted_classes
from formulations.arrays import Indices, Matrix

_MOST_CLASSES = 12  # for a table
_MOST_TARGETS = 3  # with a picture of residuals each
_MOST_DOTS = 2000  # as shapes


@dataclass(frozen=True)
class Confusion:
    """How often samples of each class are predicted to be of each class.

    Attributes:
        classes: their names.
        counts: a row for each true class, and in it a number for each predicted one.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Predictions:
    """What there is to say of a network's predictions (floating point).

    Attributes:
        facts: names with what is so.
        confusion: None for numbers, or too many classes.
        pictures: of residuals or regions.
    """

    facts: tuple[tuple[str, str], ...]
    confusion: Confusion | None
    pictures: tuple[Picture, ...]


def predictions(problem: TrainingProblem, dataset: Dataset, network: ReLUNetwork) -> Predictions:
    """Evaluate a network on the samples that it was trained on."""
    arrays, layers = Arrays.of(problem), FloatNetwork.of(network, problem.hidden_rows, problem.c)
    outputs = layers.predictions(arrays.X)
    if dataset.preprocessing.classes:
        return _of_classes(dataset, outputs, problem, layers)
    return _of_numbers(dataset, expected_targets(problem.loss, outputs), arrays.Y)


def _of_classes(
    dataset: Dataset, outputs: Matrix, problem: TrainingProblem, layers: FloatNetwork
) -> Predictions:
    classes = tuple(shown(name, 24) for name in dataset.preprocessing.classes)
    true = np.array([row.index(max(row)) for row in dataset.targets])
    predicted = predicted_classes(outputs)
    right = int(np.sum(true == predicted))
    facts = [("accuracy", f"{right} of {len(true)} samples, {100 * right / len(true):.4g} %")]
    confusion = None
    if len(classes) <= _MOST_CLASSES:
        counts = np.zeros((len(classes), len(classes)), dtype=int)
        np.add.at(counts, (true, predicted), 1)
        confusion = Confusion(classes, tuple(tuple(map(int, row)) for row in counts))
    wrong = np.flatnonzero(true != predicted)
    if len(wrong) > 0:
        facts.append(("wrong", f"row{'s' * (len(wrong) > 1)} {_listed(wrong)}"))
    regions = decision_regions(dataset, layers, true, predicted)
    return Predictions(tuple(facts), confusion, () if regions is None else (regions,))


def _of_numbers(dataset: Dataset, predicted: Matrix, Y: Matrix) -> Predictions:
    residuals = Y - predicted
    names = [column(name) for name in dataset.target_names]
    facts = []
    for k, name in enumerate(names[: Y.shape[1]]):
        errors, deviation = residuals[:, k], float(np.std(Y[:, k]))
        mean_square = float(np.mean(errors**2))
        words = f"root mean square error {mean_square**0.5:.4g}"
        if deviation:
            words += f", R² {1 - mean_square / deviation**2:.4g}"
        worst = int(np.argmax(np.abs(errors)))
        facts.append((name, f"{words}; the largest residual is {errors[worst]:.4g}, of row {worst + 1}"))
    drawn = range(min(len(names), _MOST_TARGETS, Y.shape[1]))
    return Predictions(
        tuple(facts),
        None,
        tuple(_residuals(names[k], predicted[:, k], residuals[:, k], f"residuals{k}") for k in drawn),
    )


def _residuals(target: str, predicted: Matrix, residuals: Matrix, name: str) -> Picture:
    """Draw the residuals of one target over what is predicted."""
    with canvas(2.6) as figure:
        axes = figure.add_subplot()
        axes.axhline(0, color=INK, linewidth=0.9)
        axes.plot(
            predicted,
            residuals,
            "o",
            color=BLUE,
            markersize=3,
            alpha=0.7,
            rasterized=len(predicted) > _MOST_DOTS,
        )
        axes.set_xlabel("prediction")
        axes.set_ylabel("target − prediction")
        element = svg(
            figure,
            name,
            f"Dot chart: {len(predicted)} residuals between {residuals.min():.4g} and {residuals.max():.4g} "
            f"over predictions between {predicted.min():.4g} and {predicted.max():.4g}.",
        )
    return Picture(
        f"Residuals of {target}",
        element,
        "A dot for each sample. A pattern, where there should be a cloud around the line, is what the weight "
        "decay keeps the network from fitting, or what a network of two layers cannot.",
    )


def _listed(rows: Indices) -> str:
    some = ", ".join(str(row + 1) for row in rows[:20])
    return some if len(rows) <= 20 else f"{some} and {len(rows) - 20} more"
