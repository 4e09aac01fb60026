"""PyTorch's files run nothing, and checkpoints are read however they keep the state dict."""

import io
import os
import pickle
import re
import zipfile
from argparse import Namespace
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import prune
from torch.optim.swa_utils import AveragedModel

from certify.checker.errors import NetworkError
from certify.networks.files import load_network
from certify.networks.formats.torch_module import network_of_module
from tests.certify.networks.network_files import Weights

WEIGHTS = Weights.random()


def saved(folder: Path, content: object) -> Path:
    torch.save(content, folder / "net.pt")
    return folder / "net.pt"


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
