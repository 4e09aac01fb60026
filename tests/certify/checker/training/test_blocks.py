"""Proofs in blocks of samples: how they are read and written, and what is checked of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from certify.checker.certificate import blocks as records
from certify.checker.certificate.blocks import Block, Blocks
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.nodes import Leaf, Sign, TauLeaf
from certify.checker.certificate.training import Certificate
from certify.checker.errors import CertificateError
from certify.checker.obligations import Obligation
from certify.checker.training import leaf_rules
from certify.checker.training.check import check_certificate
from certify.trust import parallel, subtrees
from certify.trust.parallel import in_processes
from tests.certify.checker.blocks import (
    CROSSED,
    HONEST,
    LEAF,
    PROBLEM,
    TOO_MUCH_CROSSED,
    WITH_TREES,
    axis,
    in_blocks,
)


def with_parts(*parts: Block, tree: tuple[Leaf | TauLeaf, ...] = (LEAF, LEAF)) -> Certificate:
    return replace(HONEST, tree=tree, blocks=Blocks(2, 2, parts))


class TestCheck:
    def test_is_accepted(self) -> None:
        verdict = check_certificate(HONEST, PROBLEM)
        assert verdict.bound == Fraction(3 * 5, 8) + 4 - Fraction(89, 128)
        assert verdict.leaves == 2
        assert verdict.reason == (
            "every obligation holds in exact arithmetic (a proof in 2 blocks of samples, 2 leaves)"
        )

    @pytest.mark.parametrize(
        "parts",
        [
            (axis(0, 1, 8), replace(axis(1, 3, 5), rows=(0, 1))),
            (axis(0, 1, 8), replace(axis(1, 3, 5), rows=(2,))),
            (axis(0, 1, 8), replace(axis(1, 3, 5), rows=(-1,))),
            (axis(0, 1, 8), replace(axis(1, 3, 5), rows=())),
        ],
    )
    def test_rows(self, parts: tuple[Block, ...]) -> None:
        assert check_certificate(with_parts(*parts), PROBLEM).obligation is Obligation.BLOCK_ROWS

    def test_a_zero_row_needs_no_block(self) -> None:
        alone = in_blocks(PROBLEM, [[5], [0]], [axis(0, 1, 8)])
        assert check_certificate(alone, PROBLEM).valid

    @pytest.mark.parametrize(
        "changed",
        [
            {"inputs": ((0,), (0, 4), (0, 0, 0))},
            {"inputs": ((0,),)},
            {"inputs": ((0, 0), (0, 4))},
            {"outputs": ((3, 0),)},
            {"outputs": ()},
            {"cross": ()},
            {"cross": ((0,),)},
            {"cross": ((0,), (0, 0))},
            {"output_frame": ()},
            {"output_frame": ((5, 0),)},
        ],
    )
    def test_shapes(self, changed: dict[str, Any]) -> None:
        certificate = with_parts(axis(0, 1, 8), replace(axis(1, 3, 5), **changed))
        assert check_certificate(certificate, PROBLEM).obligation is Obligation.BLOCK_SHAPE

    def test_shares_of_the_inputs(self) -> None:
        # Twice as much of u_0^2 as there is.
        certificate = with_parts(replace(axis(0, 1, 8), inputs=((8,), (0, 0))), axis(1, 3, 5))
        assert check_certificate(certificate, PROBLEM).obligation is Obligation.SHARES

    def test_cross_terms(self) -> None:
        assert check_certificate(CROSSED, PROBLEM).valid
        assert check_certificate(CROSSED, PROBLEM, walk=in_processes(2)).valid
        assert TOO_MUCH_CROSSED.bound > Fraction(175, 32)
        assert check_certificate(TOO_MUCH_CROSSED, PROBLEM).obligation is Obligation.SHARES
        first, second = parts_of(CROSSED)
        assert CROSSED.blocks is not None
        for cross in (((-5,), (0,)), ((0,), (0,)), ((4,), (0,))):
            parts = replace(first, cross=cross), second
            changed = replace(CROSSED, blocks=replace(CROSSED.blocks, parts=parts))
            assert check_certificate(changed, PROBLEM).obligation is Obligation.LEAF_FORM

    def test_shares_are_forms(self) -> None:
        # No entry of the sum is above the identity's, but the form is.
        first = replace(axis(0, 1, 8), inputs=((4,), (1, 0)))
        assert check_certificate(with_parts(first, axis(1, 3, 5)), PROBLEM).obligation is Obligation.SHARES

    def test_an_indefinite_share_is_for_the_tree_to_refuse(self) -> None:
        first = replace(axis(0, 1, 8), inputs=((4,), (0, -1)))
        verdict = check_certificate(with_parts(first, axis(1, 3, 5)), PROBLEM)
        assert verdict.obligation is Obligation.LEAF_FORM
        assert verdict.reason.endswith("(node 1 of the tree)")

    def test_frames_may_have_more_rows(self) -> None:
        # (3, 4) is as long as 5.
        second = replace(axis(1, 3, 5), output_frame=((3,), (4,)))
        assert check_certificate(with_parts(axis(0, 1, 8), second), PROBLEM).valid

    def test_nodes_are_counted_on(self) -> None:
        verdict = check_certificate(with_parts(*parts_of(HONEST), tree=(LEAF, Leaf(1, 1))), PROBLEM)
        assert verdict.obligation is Obligation.LEAF_FORM
        assert verdict.reason.endswith("(node 2 of the tree)")

    def test_each_block_has_a_whole_tree(self) -> None:
        first, second = parts_of(HONEST)
        moved = with_parts(replace(first, nodes=2), replace(second, nodes=0))
        assert check_certificate(moved, PROBLEM).obligation is Obligation.COVER
        assert check_certificate(with_parts(first, second, tree=(LEAF,)), PROBLEM).obligation is (
            Obligation.COVER
        )

    def test_work_adds_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        work = 2 * 3**3  # two leaves of order 3
        monkeypatch.setattr(leaf_rules, "words_of", lambda bits: 1)
        monkeypatch.setattr(leaf_rules, "MAX_TRAINING_WORK", work)
        assert check_certificate(HONEST, PROBLEM).valid
        monkeypatch.setattr(leaf_rules, "MAX_TRAINING_WORK", work - 1)
        assert check_certificate(HONEST, PROBLEM).obligation is Obligation.LIMITS

    def test_trees(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # In one process, in two that take whole trees, and in two that take parts of each.
        wrong = [
            replace(WITH_TREES, tree=(*WITH_TREES.tree[:i], node, *WITH_TREES.tree[i + 1 :]))
            for i in range(6)
            for node in (Leaf(1, 1), Sign(2))
        ]
        for least_work, least_nodes in ((10**9, 10**9), (0, 10**9), (0, 1)):
            monkeypatch.setattr(parallel, "_LEAST_WORK", least_work)
            monkeypatch.setattr(subtrees, "_LEAST_NODES", least_nodes)
            told: list[tuple[int, int]] = []
            assert check_certificate(
                WITH_TREES, PROBLEM, lambda *now, told=told: told.append(now), walk=in_processes(2)
            ) == check_certificate(WITH_TREES, PROBLEM)
            assert told[-1] == (6, 6)
            assert told == sorted(told)
            for certificate in wrong if least_work else wrong[1::4]:
                alone = check_certificate(certificate, PROBLEM)
                assert not alone.valid
                assert check_certificate(certificate, PROBLEM, walk=in_processes(2)) == alone

    def test_in_processes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parallel, "_LEAST_WORK", 0)
        told: list[tuple[int, int]] = []
        for certificate in (
            HONEST,
            with_parts(*parts_of(HONEST), tree=(LEAF, Leaf(1, 1))),
            with_parts(*parts_of(HONEST), tree=(Leaf(1, 1), LEAF)),
            with_parts(replace(axis(0, 1, 8), nodes=2), replace(axis(1, 3, 5), nodes=0)),
        ):
            alone = check_certificate(certificate, PROBLEM)
            shared = check_certificate(
                certificate, PROBLEM, lambda *now: told.append(now), walk=in_processes(2)
            )
            assert shared == alone
        assert told[:2] == [(1, 2), (2, 2)]


def parts_of(certificate: Certificate) -> tuple[Block, ...]:
    assert certificate.blocks is not None
    return certificate.blocks.parts


def changed_text(change: Callable[[dict[str, Any]], object]) -> str:
    """The honest certificate with something of the header changed."""
    first, _, rest = to_text(HONEST).partition("\n")
    header = json.loads(first)
    change(header)
    return json.dumps(header) + "\n" + rest


class TestFile:
    def test_is_read_as_it_was_written(self) -> None:
        text = to_text(HONEST)
        assert from_text(text) == HONEST
        assert to_text(from_text(text)) == text
        header = json.loads(text.partition("\n")[0])
        assert header["blocks"]["parts"][1] == {
            "rows": "1",
            "inputs": ["0", "0 4"],
            "outputs": ["3"],
            "cross": ["0", "0"],
            "output_frame": ["5"],
            "nodes": 1,
        }

    def test_no_blocks_no_entry(self) -> None:
        assert '"blocks"' not in to_text(replace(HONEST, blocks=None))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda h: h.update(blocks=None), "'blocks' is not an object"),
            (lambda h: h["blocks"].pop("parts"), "has no 'blocks.parts'"),
            (lambda h: h["blocks"].update(parts=[]), "none with samples"),
            (lambda h: h["blocks"].update(parts={}), "'blocks.parts' is not a list of objects"),
            (lambda h: h["blocks"].update(parts=[1]), "'blocks.parts' is not a list of objects"),
            (lambda h: h["blocks"].update(other=1), "unknown entry 'blocks.other'"),
            (lambda h: h["blocks"].update(share_exponent=10_001), "integer from 0 to 10000"),
            (lambda h: h["blocks"].update(frame_exponent=-1), "integer from 0 to 10000"),
            (lambda h: h["blocks"]["parts"][1].update(rows="1 0"), r"'blocks.parts\[1\].rows' are not"),
            (lambda h: h["blocks"]["parts"][1].update(rows="1 1"), "ascending order"),
            (lambda h: h["blocks"]["parts"][1].update(rows="-1 1"), "ascending order"),
            (lambda h: h["blocks"]["parts"][1].update(rows=""), "'' is not an integer"),
            (lambda h: h["blocks"]["parts"][1].update(rows=["1"]), "is not a text"),
            (lambda h: h["blocks"]["parts"][1].update(nodes="1"), "integer from 0"),
            (lambda h: h["blocks"]["parts"][1].update(nodes=2), "do not add up"),
            (lambda h: h["blocks"]["parts"][1].update(inputs="0"), "is not a list of texts"),
            (lambda h: h["blocks"]["parts"][1].update(node=1), r"unknown entry 'blocks.parts\[1\].node'"),
            (lambda h: h["blocks"]["parts"][1].pop("outputs"), r"has no 'blocks.parts\[1\].outputs'"),
        ],
    )
    def test_malformed(self, change: Callable[[dict[str, Any]], object], words: str) -> None:
        with pytest.raises(CertificateError, match=words):
            from_text(changed_text(change))

    @pytest.mark.parametrize(
        ("limit", "words"),
        [
            ("MAX_BLOCKS", "more than 1 entries"),
            ("MAX_ROW_NUMBERS", "more than 1 row numbers"),
            ("MAX_OUTPUTS", "more than 1 outputs"),
        ],
    )
    def test_limits(self, limit: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(records, limit, 1)
        with pytest.raises(CertificateError, match=words):
            from_text(to_text(HONEST))
