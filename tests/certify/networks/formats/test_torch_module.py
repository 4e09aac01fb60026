"""A module of PyTorch is believed only if it computes the formula."""

import logging
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from certify.checker.errors import NetworkError
from certify.networks.formats.torch_module import network_of_module
from certify.networks.link import Link
from tests.certify.networks.network_files import Weights

WEIGHTS = Weights.random()


class Net(nn.Module):
    """Two layers defined in the wrong order, with whatever activation."""

    def __init__(
        self, activation: Callable[[Tensor], Tensor], after: Callable[[Tensor], Any] = lambda y: y, c: int = 3
    ) -> None:
        super().__init__()
        self.last = nn.Linear(4, c)
        self.first = nn.Linear(3, 4)
        self.activation = activation
        self.after = after

    def forward(self, x: Tensor) -> Any:
        return self.after(self.last(self.activation(self.first(x))))


def plain(net: Net) -> nn.Sequential:
    return nn.Sequential(net.first, nn.ReLU(), net.last)


class TestModule:
    @pytest.mark.parametrize(
        "activation",
        [torch.relu, F.relu, nn.ReLU(inplace=True), lambda h: h.clamp(min=0), lambda h: h * (h > 0)],
    )
    def test_any_way_to_write_it(self, activation: Callable[[Tensor], Tensor]) -> None:
        net = Net(activation)
        loaded = network_of_module(net)
        state = net.state_dict()
        hidden, output = (state[f"{layer}.weight"].T.numpy() for layer in ("first", "last"))
        twin = Weights(hidden, output, state["first.bias"].numpy())
        assert loaded.network == twin.exact
        assert loaded.source == "module Net"

    # What torch imports to compile warns of torch.
    @pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
    def test_layers_around_it(self) -> None:
        module = WEIGHTS.module()
        around = nn.Sequential(nn.Flatten(), module[0], module[1], nn.Dropout(0.5), module[2], nn.Identity())
        assert network_of_module(nn.DataParallel(around)).network == WEIGHTS.exact
        assert network_of_module(torch.compile(around)).network == WEIGHTS.exact  # type: ignore[arg-type]
        assert around.training
        assert around[1].weight.dtype == torch.float32

    def test_a_single_output_without_its_axis(self) -> None:
        net = Net(torch.relu, lambda y: y.squeeze(-1), c=1)
        assert network_of_module(net).outputs == 1

    @pytest.mark.parametrize(
        ("ending", "link"),
        [
            (nn.Identity(), Link.NONE),
            (nn.Softmax(dim=1), Link.SOFTMAX),
            (nn.Softmax(dim=-1), Link.SOFTMAX),
            (nn.Softmax(), Link.SOFTMAX),
            (nn.LogSoftmax(dim=1), Link.LOG_SOFTMAX),
            (nn.Sigmoid(), Link.SIGMOID),
        ],
    )
    @pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
    def test_a_link_at_the_end(self, ending: nn.Module, link: Link, scale: float) -> None:
        module = replace(WEIGHTS, hidden=WEIGHTS.hidden * scale).module().append(ending)
        loaded = network_of_module(module)
        assert loaded.link is link
        assert loaded.network == network_of_module(module[:3]).network

    def test_a_link_that_is_no_layer(self) -> None:
        assert network_of_module(Net(torch.relu, lambda y: F.log_softmax(y, 1))).link is Link.LOG_SOFTMAX
        assert network_of_module(Net(torch.relu, lambda y: y.sigmoid().squeeze(1), c=1)).link is Link.SIGMOID

    def test_a_softmax_of_one_output(self) -> None:
        with pytest.raises(NetworkError, match="ends in Softmax of one output, which is the same for all"):
            network_of_module(Net(torch.relu, lambda y: y.softmax(1), c=1))

    @pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
    def test_weights_of_any_size(self, scale: float) -> None:
        weights = replace(WEIGHTS, hidden=WEIGHTS.hidden * scale, output=WEIGHTS.output / scale)
        network_of_module(weights.module())

    def test_bfloat16(self) -> None:
        loaded = network_of_module(WEIGHTS.module().bfloat16())
        assert loaded.dtype == "bfloat16"

    @pytest.mark.parametrize(
        "activation",
        [
            F.gelu,
            F.relu6,
            F.silu,
            F.softplus,
            F.hardtanh,
            torch.tanh,
            lambda h: h,
            lambda h: F.leaky_relu(h, 1e-6),
            lambda h: torch.relu(h - 1e-6),
            lambda h: h.clamp(0, 1000),
        ],
    )
    def test_another_function(self, activation: Callable[[Tensor], Tensor]) -> None:
        with pytest.raises(
            NetworkError, match="module Net does not compute the two-layer ReLU network of its"
        ) as e:
            network_of_module(Net(activation))
        assert "an output differs by" in str(e.value)

    @pytest.mark.parametrize(
        ("after", "reason"),
        [
            (lambda y: (y, y), "its output is no tensor of shape (89, 3)"),
            (lambda y: y[:, :1], "its output is no tensor of shape (89, 3)"),
            (lambda y: y.softmax(0), "an output differs by"),
            (lambda y: y.softmax(1).softmax(1), "an output differs by"),
            (lambda y: y.item(), "it cannot be run in float64 on inputs of shape (89, 4)"),
        ],
    )
    def test_another_output(self, after: Callable[[Tensor], Any], reason: str) -> None:
        with pytest.raises(NetworkError, match=re.escape(reason)):
            network_of_module(Net(torch.relu, after))

    @pytest.mark.parametrize(
        ("layers", "sentence"),
        [
            ([nn.Linear(2, 3)], "module Sequential has 1 linear layer: supported are two linear layers"),
            (
                [nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1)],
                "module Sequential has 3 linear layers: supported are two linear layers with",
            ),
            (
                [nn.Linear(2, 3), nn.GELU(), nn.Linear(3, 1)],
                "module Sequential has the layer '1' of type GELU: supported are",
            ),
            ([nn.Linear(2, 3), nn.LeakyReLU(), nn.Linear(3, 1)], "has the layer '1' of type LeakyReLU: supp"),
            ([nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 1)], "'1' of type BatchNorm1d: "),
            ([nn.LayerNorm(2), nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)], "'0' of type LayerNorm: supp"),
            ([nn.Conv1d(1, 1, 2), nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)], "'0' of type Conv1d: supp"),
            (
                [nn.Embedding(2, 2), nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)],
                "has the parameter '0.weight' besides its two linear layers: supported are",
            ),
            (
                [nn.Linear(2, 3), nn.ReLU(), nn.utils.parametrizations.weight_norm(nn.Linear(3, 1))],
                "'2.parametrizations.weight.original0' belongs to a parametrisation such as weight_norm:",
            ),
            ([nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 2)], "has the layer '1' of type Sigmoid: supp"),
            (
                [nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2), nn.Softmax(dim=0)],
                "has the layer '3' of type Softmax: supported",
            ),
            (
                [nn.Linear(2, 3), nn.ReLU(), nn.Linear(4, 1)],
                "module Sequential: the hidden layer has 3 neurons and the output layer takes 4: give two",
            ),
            ([nn.LazyLinear(3), nn.ReLU(), nn.Linear(3, 1)], "has a linear layer without values: train or"),
            ([nn.Linear(2, 3, device="meta"), nn.ReLU(), nn.Linear(3, 1)], "has a linear layer without val"),
        ],
    )
    def test_refuses(self, layers: list[nn.Module], sentence: str) -> None:
        with pytest.raises(NetworkError, match=re.escape(sentence)):
            network_of_module(nn.Sequential(*layers))

    def test_a_module_that_keeps_things(self) -> None:
        """Its last activation, all of them, a lock and a logger, its layers twice."""

        class Keeps(Net):
            def __init__(self) -> None:
                super().__init__(torch.relu)
                self.lock, self.logger = threading.Lock(), logging.getLogger("net")
                self.last_hidden: Tensor | None = None
                self.all_hidden: list[Tensor] = []
                self.layers = [self.first, self.last]
                self.itself = {"of": self.layers}

            def forward(self, x: Tensor) -> Tensor:
                with self.lock:
                    self.last_hidden = torch.relu(self.layers[0](x))
                self.all_hidden.append(self.last_hidden)
                result: Tensor = self.itself["of"][1](self.last_hidden)
                return result

        net = Keeps()
        net(torch.ones(2, 3))
        kept = net.last_hidden
        assert network_of_module(net).network == network_of_module(plain(net)).network
        assert net.last_hidden is kept
        assert len(net.all_hidden) == 1
        assert net.training

    def test_a_module_with_a_type_of_its_own(self) -> None:
        def only(dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
            def relu(h: Tensor) -> Tensor:
                assert h.dtype == dtype
                return torch.relu(h)

            return relu

        net = Net(only(torch.float32))
        assert network_of_module(net).network == network_of_module(plain(net)).network
        half = Net(only(torch.bfloat16)).bfloat16()
        assert network_of_module(half).dtype == "bfloat16"

    @pytest.mark.parametrize(
        ("after", "link"),
        [
            (lambda y: y.float(), Link.NONE),
            (lambda y: y.softmax(1), Link.SOFTMAX),
            (lambda y: y.log_softmax(1), Link.LOG_SOFTMAX),
            (lambda y: y.sigmoid(), Link.SIGMOID),
            (lambda y: y + 1e-4, None),
            (lambda y: y.softmax(0), None),
        ],
    )
    def test_a_cast_to_float32(self, after: Callable[[Tensor], Any], link: Link | None) -> None:
        net = Net(torch.relu, after)
        net.first.register_forward_pre_hook(lambda _, given: (given[0].float(),))
        if link is not None:
            assert network_of_module(net).link is link
            return
        with pytest.raises(NetworkError, match="it cannot be run in float64"):
            network_of_module(net)

    @pytest.mark.parametrize("activation", [F.gelu, F.relu6, lambda h: torch.relu(h - 1e-6), lambda h: h])
    def test_another_function_in_float32(self, activation: Callable[[Tensor], Tensor]) -> None:
        net = Net(activation)
        net.first.register_forward_pre_hook(lambda _, given: (given[0].float(),))
        with pytest.raises(NetworkError, match="it cannot be run in float64"):
            network_of_module(net)

    def test_defaults_of_the_user(self) -> None:
        module = WEIGHTS.module()
        torch.set_default_device("meta")
        torch.set_default_dtype(torch.float64)
        try:
            assert network_of_module(module).network == WEIGHTS.exact
        finally:
            torch.set_default_device(None)
            torch.set_default_dtype(torch.float32)

    def test_infinite_weights(self) -> None:
        output = WEIGHTS.output.copy()
        output[2, 1] = np.inf
        module = replace(WEIGHTS, output=output).module()
        with pytest.raises(
            NetworkError, match="module Sequential: the output layer's weight from input 3 to"
        ):
            network_of_module(module)

    def test_no_module(self) -> None:
        with pytest.raises(
            NetworkError, match=r"the network is of type str: give a torch\.nn\.Module, or the"
        ):
            network_of_module("net.pt")  # type: ignore[arg-type]

    def test_without_torch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module = WEIGHTS.module()
        monkeypatch.setitem(sys.modules, "torch", None)
        with pytest.raises(NetworkError, match=r"torch is not installed: pip install 'certify\[torch\]'"):
            network_of_module(module)
