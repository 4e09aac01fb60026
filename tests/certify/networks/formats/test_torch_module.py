"""PyTorch's files run nothing, and a module is believed only if it computes the formula."""

import io
import logging
import os
import pickle
import re
import sys
import threading
import zipfile
from argparse import Namespace
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import prune
from torch.optim.swa_utils import AveragedModel

from certify.checker.errors import NetworkError
from certify.networks.files import load_network
from certify.networks.formats.torch_module import network_of_module
from certify.networks.link import Link
from tests.certify.networks.network_files import Weights

WEIGHTS = Weights.random()


def saved(folder: Path, content: object) -> Path:
    torch.save(content, folder / "net.pt")
    return folder / "net.pt"


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


class TestFile:
    @pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "net", "params", "mine"])
    @pytest.mark.parametrize("prefix", ["", "module.", "model.", "_orig_mod."])
    def test_checkpoints(self, tmp_path: Path, key: str, prefix: str) -> None:
        state = OrderedDict(WEIGHTS.state_dict(prefix + "0", prefix + "2"))
        path = saved(tmp_path, {"epoch": 3, key: state, "optimizer": {"lr": 0.1, "state": [torch.ones(2)]}})
        assert load_network(path).network == WEIGHTS.exact

    @pytest.mark.parametrize("suffix", [".ckpt", ".bin", ".pth.tar", ".PTH"])
    def test_names_of_files(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"epoch=3.v1{suffix}"
        torch.save({"state_dict": WEIGHTS.state_dict()}, path)
        assert load_network(path).network == WEIGHTS.exact

    def test_lightning(self, tmp_path: Path) -> None:
        state = WEIGHTS.state_dict("model.0", "model.2")
        hyper = {"width": 4, "all": Namespace(lr=0.1), "folder": Path("/data")}
        moments = {"state": {0: {"momentum_buffer": torch.ones(4, 3)}}, "param_groups": [{"lr": 0.1}]}
        content = {"epoch": 1, "hyper_parameters": hyper, "optimizer_states": [moments], "state_dict": state}
        assert load_network(saved(tmp_path, content)).network == WEIGHTS.exact

    def test_averages(self, tmp_path: Path) -> None:
        """The state dict is that of the average, and of two the plain one is taken."""
        averaged = AveragedModel(WEIGHTS.module())
        averaged.update_parameters(WEIGHTS.module())
        assert load_network(saved(tmp_path, averaged.state_dict())).network == WEIGHTS.exact
        other = {name: tensor + 1 for name, tensor in WEIGHTS.state_dict().items()}
        content = {"model_ema": other, "model": WEIGHTS.state_dict(), "params": {"lr": 0.1}}
        loaded = load_network(saved(tmp_path, content))
        assert loaded.network == WEIGHTS.exact
        assert loaded.notes[0].endswith("the state dict 'model' is taken, and not 'model_ema'")

    def test_two_state_dicts(self, tmp_path: Path) -> None:
        state = WEIGHTS.state_dict()
        assert load_network(saved(tmp_path, {"net": state, "model": state})).network == WEIGHTS.exact
        other = {name: tensor + 1 for name, tensor in state.items()}
        for names in (("model", "net"), ("teacher", "student")):
            path = saved(tmp_path, dict(zip(names, (state, other), strict=True)))
            with pytest.raises(NetworkError, match=f"holds the state dicts '{names[0]}', '{names[1]}'"):
                load_network(path)

    def test_pruned(self, tmp_path: Path) -> None:
        module = WEIGHTS.module()
        prune.l1_unstructured(module[0], "weight", amount=5)  # type: ignore[no-untyped-call]
        pruned = load_network(saved(tmp_path, module.state_dict())).network
        assert network_of_module(module).network == pruned
        with torch.no_grad():
            module[0].get_parameter("weight_orig").add_(
                1
            )  # training goes on, and the weight that is shown is of the last run
        after = network_of_module(module).network
        prune.remove(module[0], "weight")  # type: ignore[no-untyped-call]
        assert network_of_module(module).network == after != pruned
        assert sum(weight == 0 for row in after.hidden for weight in row) == 5

    def test_parameters_and_views(self, tmp_path: Path) -> None:
        state: dict[str, Any] = {name: nn.Parameter(t) for name, t in WEIGHTS.state_dict().items()}
        state["fc1.weight"] = torch.from_numpy(WEIGHTS.hidden).T
        state["fc1.bias"] = torch.imag(torch.complex(state["fc1.bias"], -state["fc1.bias"]).detach().conj())
        assert state["fc1.bias"].is_neg()
        assert load_network(saved(tmp_path, state)).network == WEIGHTS.exact

    def test_a_pickle_that_would_run_code(self, tmp_path: Path) -> None:
        ran = tmp_path / "ran"

        class Evil:
            def __reduce__(self) -> tuple[Any, ...]:
                return os.mkdir, (str(ran),)

        path = saved(tmp_path, {"fc1.weight": Evil()})
        with pytest.raises(
            NetworkError, match=r"net\.pt holds the Python object '(posix|nt)\.mkdir', whose reading"
        ) as e:
            load_network(path)
        assert str(e.value).endswith("save the weights alone, with torch.save(model.state_dict(), path)")
        path.write_bytes(pickle.dumps(Evil()))
        with pytest.raises(NetworkError, match=r"is not a file of torch\.save"):
            load_network(path)
        assert not ran.exists()

    def test_a_whole_module(self, tmp_path: Path) -> None:
        path = saved(tmp_path, WEIGHTS.module())
        with pytest.raises(
            NetworkError, match=r"holds the Python object 'torch\.nn\.modules\.container\.Seq"
        ):
            load_network(path)

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (
                torch.ones(2),
                "holds no single state dict but an object of type Tensor: save one, with torch.save",
            ),
            ([1, 2], "holds no single state dict but an object of type list: save one"),
            ({"state_dict": 3}, "'state_dict' is of type int and no tensor: save the weights alone, with"),
            ({"epoch": 3, "net": {}}, "'epoch' is of type int and no tensor: save the weights alone, with"),
            ({"net": {"model": {"state": {"a.weight": 3}}}}, "'net' is of type dict and no tensor: save the"),
            (
                {"a.weight": torch.ones(2, 2).to_sparse()},
                "'a.weight' is a sparse or quantised tensor, or one",
            ),
            ({"a.weight": torch.ones(2, 2, device="meta")}, "'a.weight' is a sparse or quantised tensor, or"),
            (
                {"a.weight": torch.ones(2, 2, dtype=torch.int8)},
                "'a.weight' has the type int8 and a weight must",
            ),
            (
                {"a.weight": torch.ones(2, 2).to(torch.float8_e5m2)},
                "'a.weight' has the type float8_e5m2 and a",
            ),
            (
                {f"fc{k}.weight": torch.ones(1, 1).expand(10**6, 10**6) for k in (1, 2)},
                "has a layer of 1000000000000 weights: give a network with at most 2000000 a layer",
            ),
        ],
    )
    def test_refuses(self, tmp_path: Path, content: object, sentence: str) -> None:
        path = saved(tmp_path, content)
        with pytest.raises(
            NetworkError, match=re.escape(f"{path}: {sentence}".replace(": h", " h"))
        ) as caught:
            load_network(path)
        assert "\n" not in str(caught.value)

    @pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
    def test_a_nested_tensor(self, tmp_path: Path) -> None:
        path = saved(tmp_path, {"a.weight": torch.nested.nested_tensor([torch.ones(2)])})
        with pytest.raises(
            NetworkError, match=r"'a\.weight' is a sparse or quantised tensor, or one without"
        ):
            load_network(path)

    def test_a_program(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
            archive.writestr("net/constants.pkl", b"")
        with pytest.raises(NetworkError, match=r"holds a TorchScript program: use torch\.save"):
            load_network(tmp_path / "net.pt")

    def test_a_tensor_beyond_its_data(self, tmp_path: Path) -> None:
        """A forged size must not show the memory behind the file."""
        path = saved(tmp_path, {"fc1.weight": torch.ones(4, 1), "fc2.weight": torch.ones(1, 4)})
        source = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
        with zipfile.ZipFile(path, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                if name.endswith("data.pkl"):
                    forged = content.replace(b"K\x04", b"M\xff\x7f")
                    assert forged != content
                    content = forged
                target.writestr(name, content)
        with pytest.raises(NetworkError, match="is damaged or holds more than tensors"):
            load_network(path)

    def test_packed(self, tmp_path: Path) -> None:
        path = saved(tmp_path, WEIGHTS.state_dict())
        source = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                target.writestr(name, source.read(name))
        with pytest.raises(NetworkError, match=r"is packed in a way that a file of torch\.save .* is not"):
            load_network(path)


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
