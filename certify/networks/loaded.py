"""A trained two-layer ReLU network as it was read: its exact weights, and what its file said about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from certify.checker.errors import NetworkError
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted
from certify.networks.link import Link
from certify.networks.network import ReLUNetwork, loss_at_most

FLOATS = ("float16", "bfloat16", "float32", "float64")  # each value of them is a float64 as well
MAX_WEIGHTS = 2_000_000  # of one layer

SUPPORTED = "supported are two linear layers with a ReLU between them, as in Sequential(Linear, ReLU, Linear)"


@dataclass(frozen=True)
class LoadedNetwork:
    """A network x -> sum_j relu(u_j . x + a_j) v_j + b with exact weights, d inputs, m neurons, c outputs.

    Attributes:
        network: its `hidden` is d x m, or (d + 1) x m with the hidden bias a as its last row; its `output` is
            m x c and holds no bias.
        hidden_bias: whether the last row of `network.hidden` is a bias.
        output_bias: the c entries of b; empty if the output layer has none.
        outputs: c, which a network without neurons does not know.
        source: the path as given, or the module's class.
        dtype: the float types of the weights in words, such as "float32".
        notes: sentences about what had to be assumed, to be shown with the network.
        link: what it applies to its outputs, which `network` leaves out; None where its file cannot say.
        hidden_bias_is_free: whether training left the hidden bias a out of the weight decay.
        classes: the labels in the order of the outputs, one label for each of them, or two if there is one
            output, which speaks for the second; () where that is the order of the data's classes.
    """

    network: ReLUNetwork
    hidden_bias: bool
    output_bias: tuple[Fraction, ...]
    outputs: int
    source: str
    dtype: str
    notes: tuple[str, ...] = ()
    link: Link | None = None
    hidden_bias_is_free: bool = False
    classes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"LoadedNetwork({self.describe()})"

    def __post_init__(self) -> None:
        """Refuse a softmax of one output.

        Raises:
            NetworkError: if there is one, which is 1 whatever the weights.
        """
        if self.outputs == 1 and self.link in (Link.SOFTMAX, Link.LOG_SOFTMAX):
            raise NetworkError(
                f"{self.source} ends in {self.link.value} of one output, which is the same for all inputs: "
                "use Sigmoid, or one output for each class"
            )

    @property
    def features(self) -> int:
        """The number d of inputs, without the bias."""
        return len(self.network.hidden) - self.hidden_bias

    def describe(self) -> str:
        """Say in one sentence what the network is."""
        return (
            f"{self.source}: {counted(self.features, 'input')}, {counted(self.network.width, 'neuron')}"
            f"{' with a bias' * self.hidden_bias}, {counted(self.outputs, 'output')}"
            f"{' with a bias' * bool(self.output_bias)}, {self.dtype}"
        )


@dataclass(frozen=True)
class Affine:
    """One layer x -> weight_scale * x weight + bias_scale * bias, in float64 but for the exact scales.

    Attributes:
        weight: inputs x outputs.
        bias: one entry per output; None if the layer has none.
        dtypes: the types, out of `FLOATS`, in which the two were stored.
        weight_scale: exact, because its product with a float64 need not be one.
        bias_scale: likewise.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64] | None
    dtypes: tuple[str, ...]
    weight_scale: Fraction = Fraction(1)
    bias_scale: Fraction = Fraction(1)


def two_layers(
    hidden: Affine, output: Affine, source: str, notes: Iterable[str] = (), link: Link | None = None
) -> LoadedNetwork:
    """Put two layers together, every weight at its exact value.

    Args:
        hidden: the first.
        output: the second.
        source: the path as given, or the module's class.
        notes: see `LoadedNetwork`.
        link: likewise.

    Raises:
        NetworkError: if the shapes do not fit together, a layer is empty or vast, or a weight is not finite.
    """
    for layer, name in ((hidden, "hidden"), (output, "output")):
        _refuse_shapes(layer, name, source)
        _refuse_infinite(layer, name, source)
    inputs, width = hidden.weight.shape
    rows, outputs = output.weight.shape
    if width != rows:
        raise NetworkError(
            f"{source}: the hidden layer has {counted(width, 'neuron')} and the output layer takes {rows}: "
            "give two layers that belong together"
        )
    if not inputs or not outputs:
        raise NetworkError(
            f"{source} has {counted(inputs, 'input')} and {counted(outputs, 'output')}: give a network with "
            "at least one of each"
        )
    bias_row = [] if hidden.bias is None else [_exact(hidden.bias, hidden.bias_scale)]
    return LoadedNetwork(
        ReLUNetwork.from_rationals(
            [*(_exact(row, hidden.weight_scale) for row in hidden.weight), *bias_row],
            [_exact(row, output.weight_scale) for row in output.weight],
        ),
        hidden.bias is not None,
        () if output.bias is None else tuple(_exact(output.bias, output.bias_scale)),
        outputs,
        source,
        " and ".join(dtype for dtype in FLOATS if dtype in hidden.dtypes + output.dtypes),
        tuple(notes),
        link,
    )


def network_for(problem: TrainingProblem, loaded: LoadedNetwork) -> ReLUNetwork:
    """Return a network from a file as one of this problem.

    Raises:
        NetworkError: if its sizes or biases are not the problem's.
    """
    loaded = _with_bias_row(loaded) if problem.output_bias.frees_hidden else loaded
    is_column = loaded.hidden_bias and not problem.output_bias.frees_hidden
    if is_column and any(row[-1] != problem.input_denominator for row in problem.inputs):
        raise NetworkError(
            f"{loaded.source}: the hidden layer has a bias and the problem has none: use a network without, "
            "or a problem with a column of ones (--bias) or free biases (--output-bias all-free)"
        )
    # A network without neurons may know neither size.
    knows = bool(loaded.outputs), bool(loaded.network.hidden)
    if (loaded.outputs, len(loaded.network.hidden)) != (
        problem.c * knows[0],
        problem.hidden_rows * knows[1],
    ):
        raise NetworkError(
            f"{loaded.describe()}, and the problem has {problem.hidden_rows} inputs, a bias counted, and "
            f"{problem.c} outputs: use the network of this problem"
        )
    network = replace(loaded.network, output_bias=loaded.output_bias)
    loss_at_most(problem, network)  # refuses what else does not fit
    return network


def _with_bias_row(loaded: LoadedNetwork) -> LoadedNetwork:
    """Return a network with a hidden bias, zeros if it had none."""
    network = loaded.network
    if loaded.hidden_bias or not network.hidden:
        return loaded
    zeros = (0,) * network.width
    return replace(loaded, network=replace(network, hidden=(*network.hidden, zeros)), hidden_bias=True)


def refuse_dtype(dtype: str, where: str) -> None:
    """Refuse a type that is not one of `FLOATS`; `where` names the tensor.

    Raises:
        NetworkError: if the type is an integer's, a quantised one or any other.
    """
    if dtype not in FLOATS:
        raise NetworkError(
            f"{where} has the type {dtype} and a weight must be {', '.join(FLOATS[:-1])} or {FLOATS[-1]}: "
            "save the weights as one of these, dequantised"
        )


def refuse_vast(size: int, source: str) -> None:
    """Refuse a tensor of so many weights.

    Raises:
        NetworkError: if there are more than `MAX_WEIGHTS`.
    """
    if size > MAX_WEIGHTS:
        raise NetworkError(
            f"{source} has a layer of {size} weights: give a network with at most {MAX_WEIGHTS} a layer"
        )


def printable(name: object) -> str:
    """Quote a name from a file, made safe to print on a terminal and short."""
    text = str(name)
    return repr(text if len(text) <= 60 else text[:60] + "...")


def _refuse_shapes(layer: Affine, name: str, source: str) -> None:
    if layer.weight.ndim != 2:
        raise NetworkError(
            f"{source}: the {name} layer's weights have {counted(layer.weight.ndim, 'dimension')}: "
            "give a matrix"
        )
    refuse_vast(layer.weight.size, source)
    outputs = layer.weight.shape[1]
    if layer.bias is not None and layer.bias.shape != (outputs,):
        raise NetworkError(
            f"{source}: the {name} layer has {counted(outputs, 'output')} and its bias the shape "
            f"{layer.bias.shape}: give one bias per output"
        )


def _refuse_infinite(layer: Affine, name: str, source: str) -> None:
    if not np.isfinite(layer.weight).all():
        i, j = map(int, np.argwhere(~np.isfinite(layer.weight))[0])
        raise NetworkError(
            f"{source}: the {name} layer's weight from input {i + 1} to output {j + 1} is "
            f"{layer.weight[i, j]}: give finite weights"
        )
    if layer.bias is not None and not np.isfinite(layer.bias).all():
        j = int(np.argwhere(~np.isfinite(layer.bias))[0, 0])
        raise NetworkError(
            f"{source}: the {name} layer's bias of output {j + 1} is {layer.bias[j]}: give finite weights"
        )


def _exact(values: NDArray[np.float64], scale: Fraction) -> list[Fraction]:
    exact = map(Fraction, values.tolist())
    return list(exact) if scale == 1 else [scale * value for value in exact]
