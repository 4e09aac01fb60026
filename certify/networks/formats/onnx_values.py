"""What is known of a value of an ONNX graph: data on their way through the network, or made of outputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from certify.checker.errors import NetworkError
from certify.networks.link import Link
from certify.networks.loaded import Affine, printable

if TYPE_CHECKING:
    from certify.networks.formats.onnx_step import Step

OF_ROWS = 13  # the version of the operators from which on a softmax is along one axis alone

# What makes labels of outputs; `operator` of a step.
LABELS = frozenset({"ArgMax", "ai.onnx.ml.ZipMap", "ai.onnx.ml.Binarizer"})
_OF_CLASSES = frozenset({"Gather", "ai.onnx.ml.ArrayFeatureExtractor"})
_CARRIED = frozenset({"Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten"})

Label = int | float | str


@dataclass(frozen=True, eq=False)
class Value:
    """The data after some of the nodes; those that change nothing give the same object.

    Attributes:
        layers: the linear layers so far.
        rectified: whether the first layer's Relu has been met.
        columns: whether samples lie along the columns; None as long as that is open.
        link: what has been applied to the second layer's outputs.
        batch: the number of samples that the graph is made for; 0 for any.
        features: how many inputs a Reshape says that a sample has; None as long as that is open.
        middle: whether there is an axis of length 1 between samples and entries.
        flat: whether the axis of a single output is left out.
    """

    layers: tuple[Affine, ...] = ()
    rectified: bool = False
    columns: bool | None = None
    link: Link = Link.NONE
    batch: int = 0
    features: int | None = None
    middle: bool = False
    flat: bool = False

    @property
    def width(self) -> int | None:
        """The number of a sample's entries, if it is known."""
        return self.layers[-1].weight.shape[1] if self.layers else self.features

    def is_over_outputs(self, axis: int, version: int) -> bool:
        """Say whether this is the axis of a sample's entries, for a softmax of a version of the operators."""
        if self.columns:
            return axis in (0, -2) and version >= OF_ROWS
        return axis in ((2, -1) if self.middle else (1, -1))


@dataclass(frozen=True)
class Sizes:
    """A shape, or a part of one, that the graph takes from the data; None stands for what is not known."""

    entries: tuple[int | None, ...]


@dataclass(frozen=True)
class Readout:
    """What is made of the outputs after the network: probabilities of both classes, or labels.

    Attributes:
        of: the outputs.
        kind: "complement" for 1 - p, "pair" for it beside p, "column" for all outputs below each other, as
            skl2onnx leaves several, or "labels".
        classes: the labels, if they are said.
    """

    of: Value
    kind: str
    classes: tuple[Label, ...] = ()


def read_out(step: Step, readouts: Mapping[str, Readout], values: Mapping[str, Value]) -> Readout:
    """Say what a node makes of outputs.

    Args:
        step: the node.
        readouts: what is known of what it may take.
        values: likewise.

    Raises:
        NetworkError: if it makes anything else than labels or probabilities.
    """
    names = [name for name in step.node.input if name]
    known = [readouts.get(name) or values.get(name) for name in names]
    met = [entry for entry in known if entry is not None]
    ofs = [entry.of if isinstance(entry, Readout) else entry for entry in met]
    if any(of is not ofs[0] for of in ofs) or len(ofs[0].layers) != 2:
        raise step.no_chain()
    kinds = [entry.kind if isinstance(entry, Readout) else "outputs" for entry in met]
    operator, last = step.operator, met[-1]
    is_alone = len(known) == 1
    if operator == "Concat" and kinds == ["complement", "outputs"] and len(known) == 2:
        if ofs[0].is_over_outputs(step.integer("axis", 0), OF_ROWS):
            return Readout(ofs[0], "pair")
    elif operator in LABELS and is_alone and kinds[0] in ("outputs", "pair"):
        if operator != "ArgMax" or ofs[0].is_over_outputs(step.integer("axis", 0), OF_ROWS):
            return Readout(ofs[0], "labels", step.labels())
    elif operator in _OF_CLASSES and len(known) == 2 and kinds == ["labels"] and names[0] in step.constants:
        return Readout(ofs[0], "labels", _labels(step, names[0]))
    elif operator in _CARRIED and known[0] is last and isinstance(last, Readout):
        return last
    raise NetworkError(
        f"{step.source}: {step.name} makes something else of the outputs than labels: export the network "
        "without what follows it"
    )


def _labels(step: Step, name: str) -> tuple[Label, ...]:
    """Return the labels in a constant.

    Raises:
        NetworkError: if they are neither texts nor numbers.
    """
    entries = step.constants.values(name).ravel().tolist()
    labels = [entry.decode("utf-8", "replace") if isinstance(entry, bytes) else entry for entry in entries]
    if not all(isinstance(label, str | int) or math.isfinite(label) for label in labels):
        raise NetworkError(
            f"{step.source}: the labels {printable(name)} are no texts or numbers: export the network again"
        )
    return tuple(labels)
