"""Which functions at a network's end go with which losses, in every combination."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from certify.checker.errors import NetworkError
from certify.networks.frameworks.ending import ending_notes
from certify.networks.frameworks.named import framework_loss, project_loss
from certify.networks.link import Link
from certify.networks.loaded import LoadedNetwork
from certify.networks.network import ReLUNetwork

LOADED = LoadedNetwork(ReLUNetwork.from_rationals([[1]], [[1, 2]]), False, (), 2, "net", "exact")
LINKS = [None, *Link]

# Of what ends in these, the loss is one of the outputs before that.
FITS: dict[str, set[Any]] = {
    "squared": {None, Link.NONE},
    "cross-entropy": {None, Link.NONE, Link.SOFTMAX, Link.LOG_SOFTMAX},
    "cross-entropy 0.1": {None, Link.NONE, Link.SOFTMAX, Link.LOG_SOFTMAX},
    "logistic": {None, Link.NONE, Link.SIGMOID},
    "hinge": {None, Link.NONE},
    "MSELoss": {None, Link.NONE},
    "CrossEntropyLoss": {None, Link.NONE, Link.LOG_SOFTMAX},
    "NLLLoss": {None, Link.LOG_SOFTMAX},
    "BCEWithLogitsLoss": {None, Link.NONE},
    "BCELoss": {None, Link.SIGMOID},
}


@pytest.mark.parametrize(("name", "link"), [*product(FITS, LINKS)])
def test_every_combination(name: str, link: Link | None) -> None:
    loaded, loss = replace(LOADED, link=link), framework_loss(name)
    if link not in FITS[name]:
        with pytest.raises(NetworkError, match=f"net (ends|does not end) in .*{loss.name}"):
            ending_notes(loaded, loss)
        return
    notes = ending_notes(loaded, loss)
    if link is None and name in ("NLLLoss", "BCELoss"):
        assert "does not say what follows its second layer" in notes[0]
        assert "is assumed" in notes[0]
    elif link in (None, Link.NONE):
        assert notes == ()
    else:
        assert notes == (
            f"net ends in {link.value}, which is a part of the loss {loss.loss}: its outputs before that are "
            "judged",
        )


def test_of_gamma() -> None:
    assert ending_notes(replace(LOADED, link=Link.SOFTMAX), project_loss("cross-entropy"))
    with pytest.raises(NetworkError, match="net ends in Softmax, and squared of that is no loss"):
        ending_notes(replace(LOADED, link=Link.SOFTMAX), project_loss("squared"))


@pytest.mark.parametrize("link", [Link.SOFTMAX, Link.LOG_SOFTMAX])
def test_a_softmax_of_one_output(link: Link) -> None:
    with pytest.raises(NetworkError, match="of one output, which is the same for all inputs: use Sigmoid"):
        replace(LOADED, outputs=1, link=link)
