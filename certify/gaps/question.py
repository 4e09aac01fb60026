"""What is asked about a network: its training problem, from the data and the objective of its training.

The objective is the project's, by gamma, or a framework's, by its weight decay and its loss. Then the network
decides on biases and on the number of outputs, and the loss on what becomes of labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from certify.checker.data.choice import ClassWeight
from certify.checker.data.dataset import Dataset, parse_gamma
from certify.checker.errors import DataError, NetworkError
from certify.checker.problems.losses.loss import SIGNS
from certify.checker.problems.losses.table import read_loss
from certify.checker.problems.output_bias import OutputBias
from certify.checker.text.names import counted
from certify.networks.frameworks.ending import ending_notes
from certify.networks.frameworks.named import framework_loss, project_loss
from certify.networks.frameworks.objective import FrameworkLoss, FrameworkObjective
from certify.networks.frameworks.sklearn_mlp import in_order, loss_of_mlp, objective_of_mlp
from certify.networks.loaded import LoadedNetwork

Number = Fraction | int | str | float
# By label, "balanced", or one for each class in their order.
Weights = Mapping[Any, Number] | Iterable[Number] | str
# With a bias column or without, with these weights of the classes, for the loss of this text.
Read = Callable[[bool, ClassWeight | str | None, str], Dataset]

DEFAULT_GAMMA = "0.1"


@dataclass(frozen=True)
class Objective:
    """What a network was trained for, as a user says it.

    Attributes:
        gamma: the weight decay of the project's objective; None for `weight_decay` or `DEFAULT_GAMMA`.
        weight_decay: a framework's, instead of gamma.
        loss: with gamma a text of the project's; with a weight decay whatever
            `certify.networks.frameworks.named.framework_loss` reads. None for squares.
        reduction: a framework's, see there.
        halved: see there.
        class_weight: weights of the classes.
        output_bias: "none", "free", "decayed", or "all-free" where no bias is decayed; None where the network
            has none, or where a framework decays all weights.
        hidden_bias: "decayed" or "free"; None for what the network says.
        estimator: a fitted perceptron of scikit-learn, whose own objective it is, instead of all of the
            above.
    """

    gamma: Number | None = None
    weight_decay: Number | None = None
    loss: Any = None
    reduction: str | None = None
    halved: bool = False
    class_weight: Weights | None = None
    output_bias: str | None = None
    hidden_bias: str | None = None
    estimator: Any = None

    def framework_loss(self) -> FrameworkLoss:
        """Return the loss, with the framework's factor and reduction if there is one.

        Raises:
            DataError: if there is none, or what is said does not go together.
        """
        if self.gamma is not None and self.weight_decay is not None:
            raise DataError(
                "there are two weight decays: give gamma for the project's objective, or the weight decay of "
                "the framework that trained the network"
            )
        if self.estimator is not None:
            return loss_of_mlp(self.estimator)
        loss = "squared" if self.loss is None else self.loss
        if self.weight_decay is not None:
            return framework_loss(loss, self.reduction, halved=self.halved)
        if self.reduction is not None or self.halved:
            raise DataError(
                "a reduction and a factor 1/2 belong to a weight decay: leave them out with gamma"
            )
        return project_loss(loss)


@dataclass(frozen=True)
class Question:
    """A network and its training problem.

    Attributes:
        dataset: the data, with a bias column where the network has a hidden bias.
        loaded: the network, its outputs in the order of the classes.
        gamma: of the project's objective.
        loss: the project's loss, by its text.
        output_bias: a name of `certify.checker.problems.output_bias.OUTPUT_BIASES`.
        framework: the objective in the terms of a framework; None if it was given by gamma.
        notes: what had to be assumed.
    """

    dataset: Dataset
    loaded: LoadedNetwork
    gamma: Number
    loss: str
    output_bias: str
    framework: FrameworkObjective | None
    notes: tuple[str, ...]

    @property
    def encoding(self) -> str:
        """What labels become for this loss, as the `encoding` of the checker's `Loss` has it."""
        return read_loss(self.loss).encoding


def ask(loaded: LoadedNetwork, read: Read, objective: Objective) -> Question:
    """Put together what is asked.

    Raises:
        DataError: if the data is no training problem, or the objective none of the project's.
        NetworkError: if the network is none for this problem.
    """
    loss = objective.framework_loss()
    is_free = has_free_hidden_bias(loaded, objective)
    loaded, dataset = fitting_dataset(loaded, read, loss, objective.class_weight, is_free=is_free)
    loaded = in_order(loaded, dataset.preprocessing.classes)
    framework, output_bias = _framework(objective, loss, dataset), objective.output_bias
    if is_free:
        output_bias = str(OutputBias.ALL_FREE)
    if output_bias is None and framework is not None and loaded.output_bias:
        output_bias = "decayed" if objective.estimator is None else "free"
    return Question(
        dataset,
        loaded,
        framework.gamma
        if framework is not None
        else DEFAULT_GAMMA
        if objective.gamma is None
        else objective.gamma,
        loss.loss,
        chosen_output_bias(loaded, output_bias),
        framework,
        assumptions(loaded, dataset, loss, objective.hidden_bias),
    )


def _framework(objective: Objective, loss: FrameworkLoss, dataset: Dataset) -> FrameworkObjective | None:
    n, c = len(dataset.targets), _outputs(dataset, loss)
    if objective.estimator is not None:
        if dataset.weights is not None:
            raise DataError(
                "what weights did in a fit of scikit-learn's perceptrons is not known: give gamma and the "
                "loss for the objective"
            )
        return objective_of_mlp(objective.estimator, n, c)
    if objective.weight_decay is None:
        return None
    weight = None if dataset.weights is None else sum(dataset.weights, Fraction(0))
    return FrameworkObjective(objective.weight_decay, n, c, loss, weight)


def has_free_hidden_bias(loaded: LoadedNetwork, objective: Objective) -> bool:
    """Say whether the objective is the one in which no bias costs anything.

    Where hidden biases are free the output bias may as well be: a neuron whose bias grows as its weights fall
    is one, at a cost that vanishes.

    Args:
        loaded: the network.
        objective: what the user says; None is what the network says.

    Raises:
        DataError: if what is said does not go together.
    """
    hidden, output = objective.hidden_bias, objective.output_bias
    if hidden not in (None, "decayed", "free"):
        raise DataError(f"the hidden bias is {hidden!r}: choose decayed or free")
    says_so = loaded.hidden_bias and loaded.hidden_bias_is_free
    is_free = hidden == "free" or output == OutputBias.ALL_FREE or (hidden is None and says_so)
    if is_free and hidden == "decayed":
        raise DataError(f"the output bias {output} frees the hidden biases as well: leave the other word out")
    if is_free and output in (OutputBias.NONE, OutputBias.DECAYED):
        raise DataError(
            f"hidden biases that the weight decay does not count make the output bias free, too, and it is "
            f"said to be {output}: choose the output bias all-free, or the hidden bias decayed"
        )
    return bool(is_free)


def fitting_dataset(
    loaded: LoadedNetwork,
    read: Read,
    loss: FrameworkLoss,
    class_weight: Weights | None = None,
    *,
    is_free: bool = False,
) -> tuple[LoadedNetwork, Dataset]:
    """Read the data with a column of ones where the network has a hidden bias, and with weights of classes.

    A network that is one input wider than the data has its bias as an ordinary last input, as
    `certify bound --save-network` writes it.

    Args:
        loaded: the network.
        read: reads the data.
        loss: that it was trained with.
        class_weight: of the user, if the loss has none.
        is_free: whether hidden biases are free, so that none is a column of ones.

    Returns:
        The network, with a hidden bias if it has one, and the data.

    Raises:
        DataError: if weights do not belong to the classes.
        NetworkError: if the network's inputs or outputs are not those of the data.
    """
    bias = loaded.hidden_bias and not is_free
    dataset = read(bias, None, loss.loss)
    features, inputs = len(dataset.feature_names), loaded.features
    if inputs == features + 1 and not loaded.hidden_bias:
        inputs = features
        if is_free:
            loaded = replace(loaded, hidden_bias=True, notes=(*loaded.notes, _wider(loaded)))
        else:
            bias = True
            dataset = read(bias, None, loss.loss)
    if loaded.network.width and inputs != features:
        raise NetworkError(
            f"{loaded.source} takes {counted(inputs, 'input')} and {dataset.source} has "
            f"{counted(features, 'feature')}: give the data that the network was trained on, its target "
            "columns named"
        )
    classes = dataset.preprocessing.classes
    if loss.ignored is not None and str(loss.ignored) in classes:
        raise DataError(
            f"{dataset.source} has the label {loss.ignored}, which {loss.name} leaves out: leave out its rows"
        )
    _refuse_outputs(loaded, dataset, loss)
    _refuse_bits(dataset, loss)
    weights = _by_label(dataset, loss, class_weight)
    return loaded, dataset if weights is None else read(bias, weights, loss.loss)


def assumptions(
    loaded: LoadedNetwork, dataset: Dataset, loss: FrameworkLoss, hidden_bias: str | None = None
) -> tuple[str, ...]:
    """Say what had to be assumed about the network.

    Args:
        loaded: the network.
        dataset: of `fitting_dataset`.
        loss: that it was trained with.
        hidden_bias: as the user says it.

    Raises:
        NetworkError: if the function at the network's end does not go with the loss.
    """
    notes = [*loaded.notes, *ending_notes(loaded, loss)]
    if dataset.preprocessing.bias and not loaded.hidden_bias:
        notes.append(_wider(loaded))
    if loaded.hidden_bias_is_free and hidden_bias == "decayed":
        notes.append(
            f"{loaded.source} was trained without a penalty of its hidden bias: it is judged by the "
            "objective with one"
        )
    return tuple(notes)


def _wider(loaded: LoadedNetwork) -> str:
    return f"{loaded.source} has one input more than the data: it is taken for a bias"


def chosen_output_bias(loaded: LoadedNetwork, output_bias: str | None) -> str:
    """Return what the problem's networks have for an output bias.

    Args:
        loaded: the network.
        output_bias: the user's choice; None for none.

    Raises:
        NetworkError: if the network has one and the user did not choose one.
    """
    if output_bias is None and any(loaded.output_bias):
        raise NetworkError(
            f"{loaded.source} has an output bias: say whether training decayed it like the weights, with the "
            "output bias decayed (what PyTorch's weight_decay does to all parameters), or not, with free"
        )
    if output_bias == "none" and any(loaded.output_bias):
        raise NetworkError(
            f"{loaded.source} has an output bias, so the problem must have one: choose free, decayed or "
            "all-free"
        )
    return output_bias or "none"


def _outputs(dataset: Dataset, loss: FrameworkLoss) -> int:
    return len(dataset.targets_for(read_loss(loss.loss))[0])


def _refuse_outputs(loaded: LoadedNetwork, dataset: Dataset, loss: FrameworkLoss) -> None:
    c = _outputs(dataset, loss)
    if not loaded.outputs or loaded.outputs == c:
        return
    classes = dataset.preprocessing.classes
    has = f"{loaded.source} has {counted(loaded.outputs, 'output')}"
    if len(classes) == 2 and loaded.outputs == 2 and read_loss(loss.loss).encoding == SIGNS:
        raise NetworkError(
            f"{has}, and {loss.name} takes one for two classes: name the loss that it was trained with, such "
            "as cross-entropy for one output a class, or give a target column of -1 and 1 for each output"
        )
    if len(classes) == 2 and loaded.outputs == 1 and loss.loss.startswith("cross-entropy"):
        raise NetworkError(
            f"{has}, and {loss.name} takes one for each of two classes: name the loss that it was trained "
            "with, such as logistic for a single output"
        )
    raise NetworkError(
        f"{has} and {dataset.source} {c} {'classes' if classes else 'targets'}: name "
        "the target columns that the network predicts, or choose the task classification or regression"
    )


def _refuse_bits(dataset: Dataset, loss: FrameworkLoss) -> None:
    """Refuse columns of 0 and 1 where the loss takes -1 and 1."""
    entries = {entry for row in dataset.targets for entry in row}
    if (
        0 in entries <= {0, 1}
        and not dataset.preprocessing.classes
        and read_loss(loss.loss).encoding == SIGNS
    ):
        raise DataError(
            f"the targets of {dataset.source} are 0 and 1, and the loss {loss.loss} takes -1 and 1: give 2 y "
            "- 1"
        )


def _by_label(
    dataset: Dataset, loss: FrameworkLoss, class_weight: Weights | None
) -> ClassWeight | str | None:
    """Return the weights of the classes by their labels."""
    if loss.class_weights is not None and class_weight is not None:
        raise DataError(f"{loss.name} has weights of the classes already: leave the others out")
    given = class_weight if loss.class_weights is None else loss.class_weights
    if given is None or isinstance(given, str | Mapping):
        return given
    classes = dataset.preprocessing.classes
    if not classes:
        raise DataError(
            f"there are weights of classes, and the targets of {dataset.source} are numbers: give labels, or "
            "weights of the samples"
        )
    weights = [parse_gamma(weight, "the weight of a class") for weight in given]
    if len(weights) != len(classes):
        raise DataError(
            f"there are {counted(len(weights), 'weight')} of classes and {dataset.source} has "
            f"{len(classes)} classes: give one to each"
        )
    return dict(zip(classes, weights, strict=True))
