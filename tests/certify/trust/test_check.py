"""Checking against the user's own data: files, pipes, arrays; and in several processes."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from certify import bound, check, save_certificate
from certify.bounds.report import Report
from certify.checker.certificate.nodes import EnvelopeLeaf, Leaf
from certify.checker.errors import CertifyError
from certify.checker.obligations import Obligation
from certify.checker.training.check import check_certificate
from certify.runtime import children
from certify.trust.extracted import find_checker
from certify.trust.parallel import in_processes
from tests.certify.checker import blocks
from tests.grown_trees import DATA, proof_of_zero

X = [[0.0, 1.0], [1.0, 0.5], [-1.0, 0.25], [0.5, -1.0]]
Y = [1.0, 0.5, 0.25, -1.0]


@cache
def small() -> Report:
    return bound(X, Y, "1/8", gap=1e-4)


@cache
def large() -> Report:
    rng = np.random.default_rng(3)
    return bound(rng.normal(size=(80, 3)).round(1), rng.normal(size=(80, 2)).round(1), "0.1", gap=1e-3)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    data, certificate = tmp_path / "data.csv", tmp_path / "c.cert"
    data.write_text("a,b,y\n" + "".join(f"{a},{b},{y}\n" for (a, b), y in zip(X, Y, strict=True)))
    recipe = small().certificate.preprocessing
    assert recipe is not None
    save_certificate(replace(small().certificate, preprocessing=replace(recipe, targets=("y",))), certificate)
    return data, certificate


def test_the_verdict_says_what_was_proved() -> None:
    verdict = check(small().certificate, X, Y)
    assert verdict.valid
    assert verdict.statement is not None
    assert "0.125/2 * sum_j" in verdict.statement
    assert "4 samples" in verdict.statement


def test_gamma_may_be_insisted_on() -> None:
    assert check(small().certificate, X, Y, gamma="0.125").valid
    verdict = check(small().certificate, X, Y, gamma=0.1)
    assert (verdict.valid, verdict.obligation, verdict.statement) == (False, Obligation.EXPECTATION, None)
    assert verdict.reason == "expected gamma = 1/10, found 1/8"


def test_data_may_come_through_a_pipe(files: tuple[Path, Path]) -> None:
    data, certificate = files
    command = [sys.executable, "-m", "certify.checker", str(certificate), "--data", "/dev/stdin"]
    run = subprocess.run(command, input=data.read_bytes(), capture_output=True, timeout=600)
    assert run.stdout.startswith(b"VALID"), run.stderr


class TestBlocks:
    """A proof in blocks of samples, at each level of trust."""

    @pytest.mark.parametrize("trust", ["exact", "proved", "best"])
    def test_exact_and_proved(self, trust: str) -> None:
        if trust == "proved" and find_checker() is None:
            pytest.skip("the proved checker is not built: make proofs")
        verdict = check(blocks.HONEST, problem=blocks.PROBLEM, trust=trust)
        assert verdict.valid
        assert trust in ("best", verdict.trust)
        assert "a proof in 2 blocks of samples" in verdict.reason

    def test_rigorous_is_exact(self) -> None:
        verdict = check(blocks.HONEST, problem=blocks.PROBLEM, trust="rigorous")
        assert (verdict.valid, verdict.trust, verdict.bound) == (True, "rigorous", blocks.HONEST.bound)
        assert verdict.reason == (
            "every obligation holds beyond the error bounds of floating point "
            "(a proof in 2 blocks of samples, 2 leaves, 2 of them checked exactly)"
        )
        forged = check(blocks.FORGERIES[Obligation.SHARES], problem=blocks.PROBLEM, trust="rigorous")
        assert (forged.valid, forged.trust, forged.obligation) == (False, "rigorous", Obligation.SHARES)


class TestInParts:
    """A tree large enough for several processes."""

    def test_same_verdict(self) -> None:
        certificate, problem = large().certificate, large().problem
        assert len(certificate.tree) > 4000
        told: list[tuple[int, int]] = []
        parts = check_certificate(certificate, problem, lambda *step: told.append(step), walk=in_processes(2))
        assert parts == check_certificate(certificate, problem)
        assert told[-1] == (len(certificate.tree), len(certificate.tree))
        assert len(told) > 8

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.97])
    def test_the_first_failure_is_named(self, share: float) -> None:
        certificate, problem = large().certificate, large().problem
        leaves = [i for i, node in enumerate(certificate.tree) if isinstance(node, EnvelopeLeaf)]
        tree = list(certificate.tree)
        for place in (leaves[int(share * len(leaves))], leaves[-1]):
            tree[place] = Leaf(0, 1)
        forged = replace(certificate, tree=tuple(tree))
        assert check_certificate(forged, problem, walk=in_processes(2)) == check_certificate(forged, problem)

    def test_incomplete_trees(self) -> None:
        certificate, problem = large().certificate, large().problem
        for tree in (certificate.tree[:-1], (*certificate.tree, EnvelopeLeaf()), certificate.tree[1:]):
            forged = replace(certificate, tree=tree)
            verdict = check_certificate(forged, problem, walk=in_processes(2))
            assert not verdict.valid
            assert verdict == check_certificate(forged, problem)


def test_a_fifo_is_read_once(files: tuple[Path, Path], tmp_path: Path) -> None:
    data, certificate = files
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = subprocess.Popen(["sh", "-c", f"cat {data} > {fifo}"])
    assert check(certificate, data=fifo).valid
    assert writer.wait(10) == 0


@pytest.mark.skipif(find_checker() is None, reason="the proved checker is not built: make proofs")
def test_without_a_folder_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    (tmp_path / "d.csv").write_text(DATA)
    certificate = proof_of_zero(tmp_path / "d.csv", 1)
    monkeypatch.setattr(children, "TemporaryDirectory", refuse)
    heard: list[str] = []
    verdict = check(certificate, data=tmp_path / "d.csv", trust="best", on_note=heard.append)
    assert (verdict.valid, verdict.trust) == (True, "exact")
    assert "let TMPDIR name one that can be written to; the check goes on in Python" in heard[0]
    with pytest.raises(CertifyError, match="no folder for temporary files"):
        check(certificate, data=tmp_path / "d.csv", trust="proved")
