"""The distance of a given network from the optimum: by hand, from every format, and as a user asks for it."""

from __future__ import annotations

import io
import json
import os
import pickle
import signal
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from certify import ReLUNetwork, check, load_certificate
from certify.checker.errors import CertifyError, NetworkError, SolverError
from certify.gaps.network_gap import gap
from certify.gaps.report import GapReport
from certify.networks.files import load_network
from certify.runtime.progress import Clock
from certify.views.terminal.summary import print_gap
from tests.certify.cli.command_line import run
from tests.certify.networks.network_files import Weights
from tests.clocks import UntilStage

F = Fraction
GRID = [[x, y] for x in range(-2, 3) for y in range(-1, 2)]


def test_one_sample_by_hand() -> None:
    # min over w of 1/2 (w - 2)^2 + w/10 is 0.195; the network u = v = 1 has 1/2 + 1/10.
    report = gap([[1]], [2], ReLUNetwork.from_rationals([[1]], [[1]]), task="regression", gap=1e-6)
    assert report.loss == F(6, 10)
    assert report.interval.lower <= F(195, 1000) <= report.interval.upper
    least, most = report.excess
    assert most is not None
    assert least <= F(6000, 1950) - 1 <= most <= least + F(1, 10**5)
    assert "training has not ended" in report.conclusion
    assert check(report.certificate, [[1]], [2]).bound == report.interval.lower


def test_its_own_residual_by_hand() -> None:
    # N = 1 has the gauge 1, and N/10 proves the optimum itself: 2/10 - 1/200.
    network = ReLUNetwork.from_rationals([[1]], [[1]])
    report = gap([[1]], [2], network, task="regression", search=False, gap=1e-6)
    assert 0 <= F(195, 1000) - report.interval.lower <= F(1, 10**6)
    assert report.interval.upper == report.loss
    assert report.best is report.network
    assert report.report is None


def test_a_stuck_network() -> None:
    root = float(np.sqrt(0.9))
    network = ReLUNetwork.from_floats([[root]], [[root]])
    report = gap([[1], [-1]], [1, 1], network, task="regression")
    # 1/2 (0.1^2 + 1) + 0.09 against twice 0.1 - 0.005.
    assert float(report.loss) == pytest.approx(0.595)
    assert float(report.interval.upper) == pytest.approx(0.19)
    assert report.conclusion.startswith("it is stationary but not global")
    assert report.best.width == 2


def test_a_network_that_is_nearly_global_is_not_called_stuck() -> None:
    # Its optimum is u v = 1.9; what is left is a little more training.
    root = float(np.sqrt(1.9)) * 1.00003
    network = ReLUNetwork.from_floats([[root]], [[root]])
    report = gap([[1]], [2], network, task="regression", gap=1e-9)
    assert report.diagnosis.is_stationary
    assert report.is_improvable
    assert report.conclusion.endswith("longer training may still help")


def test_a_network_is_narrowed_exactly_as_it_is_said() -> None:
    network = ReLUNetwork.from_rationals([[1, 1, 2], [0, 0, 0]], [[1], [1], [-1]], [F(1, 3)])
    X, y = [[1, 5], [3, -1]], [1, 2]
    report = gap(X, y, network, task="regression", output_bias="free", search=False)
    narrowed = report.diagnosis.narrowed
    assert narrowed.width <= 1
    # The outputs are 0 x + 1/3: nothing is left of the neurons but rounding.
    assert report.narrowed_difference < F(1, 10**12)
    fit = (F(1, 3) - 1) ** 2 + (F(1, 3) - 2) ** 2
    assert abs(report.narrowed_loss - fit / 2) < F(1, 10**12)


def test_a_global_network() -> None:
    root = float(np.sqrt(1.9))
    report = gap([[1]], [2], ReLUNetwork.from_floats([[root]], [[root]]), task="regression")
    assert report.conclusion == "it is a global optimum, as far as was asked"
    assert report.excess[1] is not None


def test_nothing_to_fit() -> None:
    report = gap([[1], [2]], [0, 0], ReLUNetwork.from_rationals([[1]], [[0]]), task="regression")
    assert report.interval.lower == report.interval.upper == 0
    assert report.loss == F(1, 20)
    assert report.excess[0] == 0
    assert report.excess[1] is None
    assert report.is_improvable
    assert "no percentage: the global optimum is 0" in _shown(report)


def test_nothing_proved() -> None:
    # Two million times the targets: its own residual, scaled down, proves nothing but 0.
    network = ReLUNetwork.from_rationals([[10**30]], [[10**30]])
    report = gap([[1], [2]], [1, 1], network, task="regression", search=False)
    assert report.interval.lower == 0
    assert "unknown: nothing above 0 was proved of the global optimum" in _shown(report)


def test_a_gradient_without_end_is_null_in_json() -> None:
    network = ReLUNetwork.from_rationals([[0]], [[0]], [1])
    report = gap([[1], [2]], [5, 3], network, task="regression", output_bias="free", search=False)
    values = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert values["relative_gradient"] is None
    assert not values["is_stationary"]


@pytest.mark.parametrize("network", [ReLUNetwork((), ()), ReLUNetwork(((),), ())])
@pytest.mark.parametrize("search", [True, False])
def test_a_network_without_neurons(network: ReLUNetwork, search: bool) -> None:
    report = gap([[1], [2]], [2, 3], network, task="regression", search=search)
    assert report.loss == F(13, 2)
    assert report.interval.lower > 0


@pytest.mark.parametrize("output_bias", [None, "free"])
def test_inputs_that_are_all_zero(output_bias: str | None) -> None:
    network = ReLUNetwork.from_rationals([[1]], [[1]])
    report = gap([[0], [0]], [2, 4], network, task="regression", output_bias=output_bias, search=False)
    # No neuron does anything; a free bias is the mean.
    assert report.interval.lower == (10 if output_bias is None else 1)


def test_ctrl_c_in_compiled_code_of_the_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: Any) -> None:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise SystemError("returned a result with an exception set")

    monkeypatch.setattr("certify.gaps.network_gap.diagnose_network", pressed)
    with pytest.raises(KeyboardInterrupt):
        gap([[1]], [2], ReLUNetwork.from_rationals([[1]], [[1]]), task="regression")


def test_a_time_limit_that_looking_at_the_network_uses_up() -> None:
    network = ReLUNetwork.from_rationals([[1]], [[1]])
    report = gap([[1], [2]], [2, 3], network, task="regression", time_limit=1e-9)
    assert 0 <= report.interval.lower <= report.interval.upper <= report.loss


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([None, "free", "decayed"]))
def test_bounds_surround_the_optimum(seed: int, search: bool, output_bias: str | None) -> None:
    """Whatever the network, all lower bounds are below all losses."""
    rng = np.random.default_rng(seed)
    y = rng.integers(-3, 4, len(GRID)).tolist()
    networks = [
        ReLUNetwork.from_floats(
            rng.standard_normal((2, m)), rng.standard_normal((m, 1)), [0.5] if output_bias else ()
        )
        for m in (1, 5)
    ]
    reports = [
        gap(GRID, y, network, task="regression", output_bias=output_bias, search=search, gap=1e-2)
        for network in networks
    ]
    assert max(report.interval.lower for report in reports) <= min(
        report.interval.upper for report in reports
    )
    for report in reports:
        assert report.interval.upper <= report.loss
        verdict = check(report.certificate, GRID, y)
        assert verdict.valid
        assert verdict.bound == report.interval.lower
        if search:
            assert report.interval.relative_gap <= F(1, 100)


def test_every_format_has_the_same_loss(tmp_path: Path) -> None:
    weights = Weights.random()
    X = np.random.default_rng(1).integers(-3, 4, (8, 3))
    y = np.random.default_rng(2).integers(-3, 4, (8, 2))
    sources: list[Any] = [weights.write(tmp_path, end) for end in (".npz", ".safetensors", ".onnx", ".pt")]
    sources += [weights.module(), load_network(sources[0])]
    losses = {
        gap(X, y, source, task="regression", output_bias="decayed", search=False).loss for source in sources
    }
    exact = weights.exact
    bias = weights.exact_output_bias
    hidden = [[F(entry, exact.hidden_denominator) for entry in row] for row in exact.hidden]
    output = [[F(entry, exact.output_denominator) for entry in row] for row in exact.output]
    square = sum(e * e for row in [*hidden, *output, bias] for e in row)
    fit = F(0)
    for x, targets in zip(X.tolist(), y.tolist(), strict=True):
        inner = [
            sum((F(a) * w for a, w in zip([*x, 1], u, strict=True)), F()) for u in zip(*hidden, strict=True)
        ]
        for k, target in enumerate(targets):
            fit += (
                sum(max(z, F()) * v[k] for z, v in zip(inner, output, strict=True)) + bias[k] - target
            ) ** 2
    assert losses == {fit / 2 + square / 20}


def test_many_features_have_a_bound_from_the_residual() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(-3, 4, (12, 9)), rng.integers(-3, 4, 12)
    network = ReLUNetwork.from_floats(rng.standard_normal((9, 3)), rng.standard_normal((3, 1)))
    report = gap(X, y, network, task="regression", search=False)
    assert report.method == "shor"
    assert 0 <= report.interval.lower <= report.interval.upper


@pytest.mark.parametrize(
    ("network", "arguments", "sentence"),
    [
        (([[1], [1], [1]], [[1]]), {}, r"takes 3 inputs and arrays has 1 feature"),
        (([[1]], [[1, 1]]), {}, r"has 2 outputs and arrays 1 targets: name the target columns"),
        (([[1]], [[1]], [1]), {}, "has an output bias: say whether training decayed it"),
        (
            ([[1]], [[1]], [1]),
            {"output_bias": "none"},
            "so the problem must have one: choose free, decayed or all-free",
        ),
        (([[10**61]], [[1]]), {}, "has a weight beyond 1e"),
    ],
)
def test_refuses(network: Any, arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NetworkError, match=sentence):
        gap([[1], [2], [5]], [2, 3, 4], ReLUNetwork.from_rationals(*network), task="regression", **arguments)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    rows = [f"{x},{y},{'abc'[int(rng.integers(3))]}" for x, y in GRID]
    path = tmp_path / "data.csv"
    path.write_text("p,q,kind\n" + "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("bias", [[], ["--bias"], ["--bias", "--output-bias", "free"]])
def test_a_network_of_bound_is_global(
    bias: list[str],
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    network, certificate = tmp_path / "best.npz", tmp_path / "best.cert"
    files = ["--data", data, "--certificate", certificate]
    wanted = ["--gamma", "1/20", *bias, "--gap", "1e-4", "--save-network", network]
    assert run(monkeypatch, "bound", *files, *wanted) == 0
    capsys.readouterr()
    arguments = [*files, "--network", network]
    free = ["--output-bias", "free"] * ("free" in bias)
    arguments += ["--gamma", "0.05", "--json", "--improved", tmp_path / "improved.npz", *free]
    assert run(monkeypatch, "gap", *arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 <= found["above_optimum_at_most"] < 1e-3
    assert found["is_stationary"]
    assert found["d"] == 2 + bool(bias)
    again = load_network(tmp_path / "improved.npz")
    assert again.network.width == found["best_neurons"]
    assert run(monkeypatch, "check", certificate, "--data", data) == 0
    assert "VALID" in capsys.readouterr().out


def test_the_objective_of_pytorch(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Weights.random(d=2, c=3).write(tmp_path, ".pt")
    arguments = [
        "gap",
        "--data",
        data,
        "--network",
        path,
        "--no-search",
        "--certificate",
        tmp_path / "c.cert",
    ]
    arguments += ["--weight-decay", "0.002", "--narrowed", tmp_path / "narrow.npz"]
    assert run(monkeypatch, *arguments) == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    # 15 samples with 3 outputs: gamma is 0.002 * 45 / 2.
    assert "objective 1/2 |f(X) - Y|^2 + 0.045/2 * (sum_j (|u_j|^2 + |v_j|^2) + |b|^2)" in shown
    assert "as trained 1/45 |f(X) - Y|^2 + 0.002/2 * (sum_j (|u_j|^2 + |v_j|^2) + |b|^2)" in shown
    assert "the objective is 22.5 times that" in shown
    assert "% above the global optimum" in shown
    assert len(load_network(tmp_path / "narrow.npz").output_bias) == 3
    proved = load_certificate(tmp_path / "c.cert")
    assert proved.gamma == F(45, 1000)
    assert proved.output_bias == "decayed"


def _shown(report: GapReport) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_gap(console, report)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


class _Code:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("touch executed",)


def _malformed(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    good = Weights.random(d=2, c=3)

    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    yield write("shapes.npz", _npz(hidden=np.ones((2, 4)), output=np.ones((5, 3)))), "takes 5"
    yield write("nan.npz", _npz(hidden=np.full((2, 4), np.nan), output=np.ones((4, 3)))), "nan"
    deep = torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in range(3)))
    torch.save(deep.state_dict(), tmp_path / "deep.pt")
    yield tmp_path / "deep.pt", "two linear layers"
    yield write("code.pt", pickle.dumps(_Code())), "code.pt"
    torch.save({"a": _Code()}, tmp_path / "hidden_code.pt")
    yield tmp_path / "hidden_code.pt", "hidden_code.pt"
    for end in (".npz", ".pt", ".safetensors", ".onnx"):
        whole = good.write(tmp_path, end).read_bytes()
        yield write(f"half{end}", whole[: len(whole) // 2]), f"half{end}"
    yield tmp_path / "missing.npz", "missing.npz"
    yield write("net.h5", b"1"), "is no network format"


def _npz(**arrays: Any) -> bytes:
    import io

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_malformed_networks_get_one_sentence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for path, part in _malformed(tmp_path):
        assert run(monkeypatch, "gap", "--data", data, "--network", path, "--gamma", "1") == 2, path
        shown = capsys.readouterr()
        sentences = [line for line in shown.err.splitlines() if line.startswith("certify: ")]
        assert len(sentences) == 1, path
        assert part in sentences[0]
        assert "Traceback" not in shown.err
        assert not shown.out
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the weight decay is missing, or there are two"),
        (["--gamma", "1", "--weight-decay", "1"], "the weight decay is missing, or there are two"),
        (["--gamma", "1", "--reduction", "sum"], "belong to --weight-decay"),
        (["--weight-decay", "-1"], "the weight decay is -1: give a positive number"),
        (["--weight-decay", "1", "--reduction", "max"], "the reduction 'max' is unknown"),
        (["--gamma", "1"], "has an output bias: say whether"),
        (["--gamma", "1", "--output-bias", "free", "--target", "1", "--target", "2"], "column 'kind'"),
    ],
)
def test_options_that_do_not_fit(
    arguments: list[str],
    sentence: str,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = Weights.random(d=2, c=3).write(tmp_path, ".npz")
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "gap", "--data", data, "--network", path, *arguments) == 2
    assert sentence in capsys.readouterr().err


def test_an_object_that_is_no_network() -> None:
    with pytest.raises(CertifyError):
        gap([[1]], [2], 7)


def test_what_is_assumed_is_said() -> None:
    network = ReLUNetwork.from_rationals([[1], [2]], [[1]])
    report = gap([[1], [2]], [2, 1], network, task="regression", search=False)
    assert report.notes == ("ReLUNetwork has one input more than the data: it is taken for a bias",)
    assert report.shortened is None


def test_without_a_search_there_is_no_choice_of_method() -> None:
    with pytest.raises(SolverError, match="and not sdp: leave the method out"):
        gap(
            [[1]],
            [2],
            ReLUNetwork.from_rationals([[1]], [[1]]),
            search=False,
            method="sdp",
            task="regression",
        )


def test_a_search_that_was_cut_short_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    network = ReLUNetwork.from_floats(rng.standard_normal((3, 2)), rng.standard_normal((2, 1)))
    clock = UntilStage("search")
    monkeypatch.setattr("certify.bounds.bound.Clock", partial(Clock, now=clock))
    report = gap(X, y, network, gamma=1e-3, task="regression", time_limit=1000, observer=clock)
    assert report.shortened == "the time limit ended the work; both bounds are valid"
