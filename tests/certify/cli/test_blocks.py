"""A proof in blocks of samples under every command that takes a certificate of training."""

import json
from pathlib import Path

import pytest

from certify.checker.__main__ import main as check_alone
from tests.certify.cli.command_line import run
from tests.certify.trust.coq.cases import needs_coq
from tests.certify.trust.extracted.test_training import needs_program

CORPUS = Path(__file__).parents[2] / "corpus"
CERTIFICATE, DATA = CORPUS / "valid" / "blocks.cert", CORPUS / "valid" / "blocks.csv"
FORGED = CORPUS / "invalid" / "shares.cert"
WORDS = "a proof in 2 blocks of samples, 2 leaves"


class TestCheck:
    @pytest.mark.parametrize(
        "trust",
        [
            "exact",
            "best",
            "rigorous",
            pytest.param("proved", marks=needs_program),
            pytest.param("kernel", marks=needs_coq),
        ],
    )
    def test_valid(
        self, trust: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(monkeypatch, "check", CERTIFICATE, "--data", DATA, "--trust", trust) == 0
        assert WORDS in " ".join(capsys.readouterr().out.split())

    def test_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert check_alone([str(CERTIFICATE), "--data", str(DATA)]) == 0
        assert WORDS in " ".join(capsys.readouterr().out.split())
        assert check_alone([str(FORGED), "--data", str(DATA)]) == 1
        assert "add up to more than there is" in " ".join(capsys.readouterr().out.split())


def test_shrink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    smaller = tmp_path / "smaller.cert"
    assert run(monkeypatch, "shrink", CERTIFICATE, "--data", DATA, "--certificate", smaller) == 0
    # Nothing is shorter than a leaf with one product.
    assert smaller.read_text() == CERTIFICATE.read_text()


def test_attack(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "attack", CERTIFICATE, "--data", DATA, "--trials", 60, "--json") == 0
    assert "shares and dual point scaled up" in json.loads(capsys.readouterr().out)["kinds"]


def test_problem(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "problem", "--certificate", CERTIFICATE, "--data", DATA) == 0
    assert capsys.readouterr().out.startswith("certify problem 1\n")


class TestExplain:
    def test_words(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(monkeypatch, "explain", CERTIFICATE, "--data", DATA) == 0
        said = capsys.readouterr().out
        assert "The proof is in 2 blocks of samples, each with its share of the weight decay" in said
        # The second block first: half of |u|^2, three quarters of |v|^2, 4 - 1/2 of the bound.
        table = said[said.index("of |u|^2") :].splitlines()[1:3]
        assert [line.split() for line in table] == [
            ["1", "50", "%", "75", "%", "58.3", "%", "4", "3.5", "67.6", "%", "1", "2"],
            ["1", "50", "%", "25", "%", "41.7", "%", "1.875", "1.67969", "32.4", "%", "1", "1"],
        ]

    def test_cross_terms(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        crossed = CORPUS / "valid" / "blocks-crossed.cert"
        assert run(monkeypatch, "explain", crossed, "--data", crossed.with_suffix(".csv")) == 0
        assert "2 of them take products of u and v besides" in capsys.readouterr().out

    def test_json(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(monkeypatch, "explain", CERTIFICATE, "--data", DATA, "--json") == 0
        said = json.loads(capsys.readouterr().out)
        assert [block["rows"] for block in said["blocks"]] == [[1], [2]]
        assert [block["contribution_exact"] for block in said["blocks"]] == ["215/128", "7/2"]
        assert [block["fit_exact"] for block in said["blocks"]] == ["15/8", "4/1"]
        assert [block["share_of_both"] for block in said["blocks"]] == [
            pytest.approx(5 / 12),
            pytest.approx(7 / 12),
        ]
        assert [block["products"] for block in said["blocks"]] == [1, 1]
        assert [block["cross_terms"] for block in said["blocks"]] == [False, False]
        # Each row is mixed on the one leaf of its own block.
        assert (said["cells"]["leaves"], said["cells"]["mixed"]) == (2, [1, 1])
        assert said["cells"]["multipliers"] == {"alpha_i beta_i": 2}
