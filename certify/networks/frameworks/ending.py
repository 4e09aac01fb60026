"""Whether the function at a network's end and its loss belong together."""

from __future__ import annotations

from certify.checker.errors import NetworkError
from certify.networks.frameworks.objective import FrameworkLoss
from certify.networks.link import Link
from certify.networks.loaded import LoadedNetwork

# By the first word of a loss's text, the functions that are a part of it.
_CONTAINED = {
    "cross-entropy": (Link.SOFTMAX, Link.LOG_SOFTMAX),
    "logistic": (Link.SIGMOID,),
}


def ending_notes(loaded: LoadedNetwork, loss: FrameworkLoss) -> tuple[str, ...]:
    """Say what becomes of the function at a network's end, or what had to be assumed about it.

    Raises:
        NetworkError: if the loss of what the network gives is none of the project's.
    """
    link, takes = loaded.link, loss.takes
    if link is None:
        if not takes or takes is Link.NONE:
            return ()
        return (
            f"{loaded.source} does not say what follows its second layer: {takes.value} is assumed, as "
            f"{loss.name} takes its output",
        )
    if link is Link.NONE:
        if takes in (None, Link.NONE):
            return ()
        raise NetworkError(
            f"{loaded.source} does not end in {takes.value}, and {loss.name} takes the output of that: name "
            "the loss that the network was trained with"
        )
    contained = _CONTAINED.get(loss.loss.partition(" ")[0], ())
    # The logarithm of the softmax of itself is itself.
    changes_nothing = takes is Link.NONE and link is Link.LOG_SOFTMAX
    if link not in contained or not (takes in (None, link) or changes_nothing):
        raise NetworkError(
            f"{loaded.source} ends in {link.value}, and {loss.name} of that is no loss of the outputs before "
            "it that is supported: name the loss that the network was trained with, such as cross-entropy "
            "after Softmax or logistic after Sigmoid"
        )
    return (
        f"{loaded.source} ends in {link.value}, which is a part of the loss {loss.loss}: its outputs before "
        "that are judged",
    )
