"""What is expected of a certificate, on both command lines, and what they say of its problem."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from certify.checker.__main__ import main as checker
from certify.checker.pin_options import PINS
from tests.certify.checker.test_expected import FREE, HONEST, MATRIX, MATRIX_SHA256, OTHER, SHA256, WINE
from tests.certify.cli.command_line import run
from tests.places import ROOT

PROGRAMS = ["certify", "checker"]


def ask(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, str]:
    """Run either command line; return its exit code, output and complaints."""
    capsys.readouterr()
    if program == "certify":
        code = run(monkeypatch, "check", *arguments)
    else:
        try:
            code = checker(list(map(str, arguments)))
        except SystemExit as ended:
            code = int(ended.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("program", PROGRAMS)
class TestCommandLine:
    @pytest.fixture(autouse=True)
    def _both(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CERTIFY_CHECKER", "")

    def test_my_problem_and_bound(
        self, program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pins = ("--gamma", "0.1", "--target", "quality", "--task", "regression", "--no-bias")
        more = ("--output-bias", "none", "--no-standardize", "--loss", "squared", "--statement", "training")
        last = ("--at-least", "1.15", "--problem", SHA256[:20])
        code, out, _ = ask(program, monkeypatch, capsys, HONEST, "--data", WINE, *pins, *more, *last)
        assert code == 0
        assert out.startswith("VALID")
        assert SHA256 in out
        code, out, err = ask(program, monkeypatch, capsys, OTHER, "--data", WINE, *pins, *more, *last)
        assert (code, err) == (1, "")
        assert "expected target quality, found alcohol; expected problem" in out

    def test_all_differences_in_one_line(
        self, program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pins = ("--gamma", "1/5", "--target", "quality", "--target", "2", "--bias", "--standardize")
        code, out, _ = ask(program, monkeypatch, capsys, OTHER, "--data", WINE, *pins)
        words = (
            "expected gamma = 1/5, found 1/10; expected targets quality, acid, found alcohol; "
            "expected a hidden bias, found none; expected standardisation, found none"
        )
        before, after = (
            ("REJECTED\n", "; nothing is proved.\n")
            if program == "certify"
            else ("REJECTED: EXPECTATION: ", "\n")
        )
        assert (code, out) == (1, before + words + after)

    def test_a_matrix(
        self, program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        arguments = (FREE, "--data", MATRIX)
        for pins, code, words in (
            (("--free", "2"), 0, "all coordinates are free"),
            (("--statement", "completely_positive"), 1, "expected free = 0, found 2"),
            (("--free", "-1"), 2, "give 0 or more"),
            (("--free", "two"), 2, "free"),
            (("--gamma", "1"), 2, "expect nothing of its gamma"),
            (("--statement", "true"), 2, "use training"),
        ):
            found, out, err = ask(program, monkeypatch, capsys, *arguments, *pins)
            assert found == code
            assert words in (err if code == 2 else out)
            assert "Traceback" not in err

    def test_weights_and_loss(
        self, program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        weighted = ROOT / "tests" / "corpus" / "valid" / "loss-hinge-weighted.cert"
        arguments = (weighted, "--data", weighted.with_suffix(".csv"), "--trust", "exact")
        by_class = ("--class-weight", "x=2", "--class-weight", "z=1/3")
        for pins, code, words in (
            (
                ("--sample-weight", "weight", *by_class, "--weighted", "--loss", "hinge"),
                0,
                "sum_ik w_i max(0",
            ),
            (("--sample-weight", "4"), 0, "the column weight times 2 for x, 1 for y, (1/3) for z"),
            (("--sample-weight", "a"), 1, "expected sample weight a, found weight"),
            (
                ("--class-weight", "x=2"),
                1,
                "expected class weights x=2, y=1, z=1, found class weights x=2, y=1",
            ),
            (("--no-weighted",), 1, "expected no sample weights, found sample weights"),
            (("--loss", "huber 0.5"), 1, "expected loss huber 1/2, found hinge"),
            (("--sample-weight", "none"), 2, "has no column 'none'"),
            (("--class-weight", "x"), 2, " LABEL="),
            (("--class-weight", "v=2"), 2, "is of none of the classes x, y, z"),
            (("--loss", "hing"), 2, "use one of squared"),
        ):
            found, out, err = ask(program, monkeypatch, capsys, *arguments, *pins)
            assert found == code
            assert words in (err if code == 2 else out)

    def test_help_names_each_option(
        self, program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("COLUMNS", "100")
        code, out, _ = ask(program, monkeypatch, capsys, "--help")
        assert code == 0
        assert "What you expect" in out
        assert all(f"{pin.flag} " in out or f"{pin.flag}," in out for pin in PINS.values())
        assert "--no-standardize" in out


def test_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "check", HONEST, "--data", WINE, "--json") == 0
    assert json.loads(capsys.readouterr().out)["problem"] == {
        "statement": "training", "n": 6, "d": 2, "c": 1, "features": ["alcohol", "acid"],
        "targets": ["quality"], "task": "regression", "classes": [], "bias": False, "standardize": False,
        "standardize_targets": False, "categorical": [], "ignored": [], "dropped_rows": 0, "reading": {},
        "sample_weight": None, "class_weights": [], "weighted": False,
        "constant_features": [], "gamma_exact": "1/10", "loss": "squared", "output_bias": "none",
        "sha256": SHA256,
    }  # fmt: skip
    assert run(monkeypatch, "check", HONEST, "--data", WINE, "--gamma", "1", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["valid"], found["obligation"], found["problem"]) == (False, "expectation", None)
    assert run(monkeypatch, "check", FREE, "--data", MATRIX, "--json") == 0
    assert json.loads(capsys.readouterr().out)["problem"] == {
        "statement": "completely_positive", "order": 2, "free": 2, "sha256": MATRIX_SHA256
    }  # fmt: skip


def test_other_commands_say_which_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (
        f"Problem: {WINE}: 6 rows, 2 features (alcohol, acid), target quality: regression; "
        "gamma = 1/10, loss squared, 1/2 |f(X) - Y|^2, output bias none\n"
    )
    output = tmp_path / "small.cert"
    for command in (("attack", "--trials", 1), ("shrink", "--certificate", output), ("explain",)):
        assert run(monkeypatch, command[0], HONEST, "--data", WINE, *command[1:]) == 0
        assert line in capsys.readouterr().out
