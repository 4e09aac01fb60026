"""What the kernel of Coq is not asked, or does not answer."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from certify import check
from certify.checker.certificate.nodes import (
    Leaf,
    Sign,
    Split,
)
from certify.checker.errors import DataError, TimeLimitError
from certify.checker.problems.training import TrainingProblem
from certify.trust.coq.kernel import KernelCheckerError, _axioms
from certify.trust.coq.training import (
    estimated_seconds,
)
from tests.certify.trust.coq.cases import case, in_kernel, needs_coq


class TestRefusals:
    def test_no_coq(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(DataError, match="Coq is not there"):
            in_kernel(*case("orthants"))

    @needs_coq
    def test_no_theories(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("CERTIFY_THEORIES", str(tmp_path))
        with pytest.raises(DataError, match="CERTIFY_THEORIES"):
            in_kernel(*case("orthants"))

    @needs_coq
    def test_broken_theories(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "OverReals.vo").write_text("nothing compiled")
        monkeypatch.setenv("CERTIFY_THEORIES", str(tmp_path))
        with pytest.raises(KernelCheckerError, match="make proofs"):
            in_kernel(*case("orthants"))

    @needs_coq
    def test_large(self) -> None:
        certificate, problem = case("orthants")
        large = replace(certificate, tree=certificate.tree * 10**5)
        with pytest.raises(DataError, match="too large for Coq's kernel: its 700000 nodes"):
            in_kernel(large, problem, time_limit=10)
        assert estimated_seconds(large, problem) > 10 > estimated_seconds(certificate, problem)
        # A leaf of many mixed rows is dense.
        dense = replace(certificate, tree=(Leaf(1, 1, ((0, 1001, 1),)),))
        wide = TrainingProblem.from_rationals([[1, 0]] * 500, [[1]] * 500, 1)
        assert estimated_seconds(dense, wide) > 2000
        # The frames of blocks are decided on; trees are on their own samples only.
        certificate, problem = case("blocks")
        assert certificate.blocks is not None
        assert estimated_seconds(certificate, problem) < 4
        first, second = certificate.blocks.parts
        wide_frame = replace(first, output_frame=((8,),) * 10**6)
        blocks_of = replace(certificate.blocks, parts=(wide_frame, second))
        assert estimated_seconds(replace(certificate, blocks=blocks_of), problem) > 10

    @needs_coq
    def test_time_is_over(self) -> None:
        # Each cut makes the integers longer, which is more than the estimate knows.
        certificate, problem = case("orthants")
        cuts = [Split(k % 2, 1 - k % 2, 3**100, 5**100) for k in range(500)]
        slow = replace(certificate, tree=(Sign(0), Sign(1), *cuts))
        with pytest.raises(TimeLimitError, match="did not end within 4 s: raise --time-limit"):
            in_kernel(slow, problem, time_limit=4)

    @pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
    def test_no_time(self, limit: float) -> None:
        with pytest.raises(DataError, match="positive number of seconds"):
            in_kernel(*case("orthants"), time_limit=limit)

    @pytest.mark.parametrize("name", ["proof.txt", "my proof.v", "1.v", "a-b.v"])
    def test_names_that_coq_does_not_read(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=re.escape(name)):
            in_kernel(*case("orthants"), file=tmp_path / name)

    def test_of_other_levels(self) -> None:
        certificate, problem = case("orthants")
        with pytest.raises(DataError, match="trust level kernel"):
            check(certificate, problem=problem, coq="proof.v")

    def test_more_axioms(self) -> None:
        said = "Axioms:\nClassicalDedekindReals.sig_forall_dec\n  : forall P : nat -> Prop, P 0\n"
        assert _axioms(said) == ("ClassicalDedekindReals.sig_forall_dec",)
        assert _axioms("Closed under the global context\n") == ()
        for more in (said + "easy : False\n", "", "Axioms:\n", "easy : False\n"):
            with pytest.raises(KernelCheckerError, match="rests on more"):
                _axioms(more)
