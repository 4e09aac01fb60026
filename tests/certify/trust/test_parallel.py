"""A tree in several processes: the verdict is that of one process, also where the tree or a process fails."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    FacesLeaf,
    Leaf,
    Node,
    Part,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.data.dataset import reread_dataset
from certify.checker.errors import ChildError
from certify.checker.matrix.cone import MatrixCone
from certify.checker.matrix.leaf_rules import Copositivity
from certify.checker.obligations import Obligation, Rejection
from certify.checker.training.check import check_certificate
from certify.checker.tree.walk import check_tree
from certify.runtime import children
from certify.trust import parallel, subtrees
from certify.trust.parallel import in_processes
from certify.trust.subtrees import Answer, Subtree, divide_tree
from tests.grown_trees import DATA, forged, proof_of_zero, split_tree

ROOT = MatrixCone.root(((2, 1, 0), (1, 2, 1), (0, 1, 2)))
PREMISE = Copositivity(False)
OTHERS: list[Node] = [
    Sign(0),
    Split(0, 0, 1, 1),
    Split(0, 2, -1, 1),
    Split(1, 2, 1, 1 << 5000),
    Part((0,)),
    Part((7,)),
    TauLeaf(1, 1),
    Leaf(0, 1),
    FacesLeaf((((0, 1, 0),),)),
    EnvelopeLeaf(),
]


class InThisProcess:
    """Walks a part as a child does, without one."""

    process = None

    def ask(self, part: Subtree) -> Answer:
        copy: Subtree = pickle.loads(pickle.dumps(part))
        return part.answer(copy.walk().encode())

    def end(self) -> None:
        """There is nothing to end."""

    close = end


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subtrees, "_LEAST_NODES", 3)
    monkeypatch.setattr(subtrees, "_PARTS", 3)


def grown(depth: int) -> list[Node]:
    tree: list[Node] = [EnvelopeLeaf()]
    for level in range(depth):
        tree = [Split(level % 3, (level + 1) % 3, 1, 2), *tree, *tree]
    return tree


def outcome(nodes: Sequence[Node], processes: int) -> int | tuple[Obligation, int | None]:
    try:
        return check_tree(nodes, ROOT, PREMISE, None, in_processes(processes))
    except Rejection as rejection:
        return rejection.obligation, rejection.node


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 62), st.sampled_from(OTHERS)), max_size=4),
    st.sampled_from([8, 30, 500_000]),
)
def test_it_is_the_first_node_that_fails(
    depth: int, changes: list[tuple[int, Node]], most_vectors: int
) -> None:
    nodes = grown(depth)
    for place, node in changes:
        nodes[place % len(nodes)] = node
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subtrees, "_LEAST_NODES", 3)
        patch.setattr(subtrees, "_PARTS", 3)
        patch.setattr(parallel, "_Walker", InThisProcess)
        for module in ("trust.subtrees", "checker.tree.walk"):
            patch.setattr(f"certify.{module}.MAX_PENDING_VECTORS", most_vectors)
        assert outcome(nodes, 2) == outcome(nodes, 1)


def test_few_leaves_of_much_work_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = grown(2)
    # A form of order 3, with integers of a word, counts 27 for each of four leaves.
    for least, parts in ((109, None), (108, 4)):
        monkeypatch.setattr(subtrees, "_LEAST_WORK", least)
        top = divide_tree(nodes, ROOT, PREMISE, 2, 0)
        assert (None if top is None else len(top.parts)) == parts
    monkeypatch.setattr(subtrees, "_LEAST_WORK", 0)
    assert divide_tree(grown(0), ROOT, PREMISE, 2, 0) is None
    monkeypatch.setattr(parallel, "_Walker", InThisProcess)
    assert outcome(nodes, 2) == outcome(nodes, 1) == 4
    nodes[4] = Leaf(0, 1)
    assert outcome(nodes, 2) == outcome(nodes, 1) == (Obligation.LEAF_SCALE, 4)


def test_a_limit_holds_for_all_cones_that_wait(monkeypatch: pytest.MonkeyPatch, small_parts: None) -> None:
    nodes = grown(5)
    monkeypatch.setattr(parallel, "_Walker", InThisProcess)
    for module in ("trust.subtrees", "checker.tree.walk"):
        monkeypatch.setattr(f"certify.{module}.MAX_PENDING_VECTORS", 30)
    # Six cones wait at the deepest node, and each counts as six vectors; in a part there are never so many.
    assert outcome(nodes, 1) == outcome(nodes, 2) == (Obligation.LIMITS, 4)


@pytest.mark.usefixtures("small_parts")
class TestProcesses:
    """With real ones."""

    @pytest.mark.parametrize(
        ("place", "node"),
        [(0, Split(0, 1, 1, 1)), (62, Leaf(0, 1)), (1, Split(0, 9, 1, 1)), (32, Split(0, 9, 1, 1))],
    )
    def test_they_say_what_one_says(self, place: int, node: Node) -> None:
        nodes = grown(5)
        nodes[place] = node
        assert outcome(nodes, 2) == outcome(nodes, 1)

    def test_an_earlier_part_before_a_later_node_of_the_top(self) -> None:
        nodes = grown(5)
        nodes[6] = Leaf(0, 1)
        nodes[32] = Split(0, 9, 1, 1)
        assert outcome(nodes, 2) == outcome(nodes, 1) == (Obligation.LEAF_SCALE, 6)

    def test_a_training_problem(self, tmp_path: Path) -> None:
        data = tmp_path / "d.csv"
        data.write_text(DATA)
        done: list[tuple[int, int]] = []
        for certificate in (proof_of_zero(data, 4), forged(data, 4)):
            assert certificate.preprocessing is not None
            problem = reread_dataset(data, certificate.preprocessing).problem("0.1")
            single, several = (check_certificate(certificate, problem, walk=in_processes(k)) for k in (1, 2))
            assert several == single
            assert several.valid is (certificate.bound == 0)
            if several.valid:
                check_certificate(certificate, problem, lambda *now: done.append(now), walk=in_processes(2))
        size = len(split_tree(4))
        assert done == sorted(done)
        assert done[-1] == (size, size)

    @pytest.mark.parametrize(
        ("does", "error", "words"),
        [
            ("os.kill(os.getpid(), 9)", ChildError, "that checks a part of the tree was killed"),
            ("os.kill(os.getpid(), 15)", ChildError, "was ended by signal 15"),
            ("raise MemoryError", ChildError, "a part of the tree needs more memory than there is"),
            ("raise LookupError('lost')", RuntimeError, "ended with code 1: LookupError: lost"),
            ("pass", RuntimeError, "ended with code 0"),
            ("os.write(1, b'999 leaves\\n')", ChildError, "gave an answer that is none: b'999 leaves"),
        ],
    )
    def test_one_that_does_something_else(
        self, does: str, error: type[Exception], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "another_child.py").write_text(f"import os\ndef serve():\n    {does}\n")
        monkeypatch.syspath_prepend(tmp_path)
        start = children.start_child
        monkeypatch.setattr(children, "start_child", lambda _: start("another_child"))
        with pytest.raises(error, match=words):
            check_tree(grown(5), ROOT, PREMISE, None, in_processes(2))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"2 leaves after 1",
        b"3 leaves after 1\n",
        b"-2 leaves after 1\n",
        b"2 leaves after 1\n2 leaves after 1\n",
        "٢ leaves after 1\n".encode(),
        b"2 leaves after -1\n",
        b"2 leaves\n",
        b"LEAF_FORM at 4 after 1\n",
        b"LEAF_FORM at 8 after 1\n",
        b"LEAF_FORM at None after 1\n",
        b"NOTHING at 5 after 1\n",
        pickle.dumps(2),
    ],
)
def test_answers_that_are_none(line: bytes) -> None:
    part = Subtree(ROOT, grown(1), 5, 0, PREMISE, 0)
    assert part.answer(b"2 leaves after 7\n") == (2, 7, None)
    leaves, work, rejection = part.answer(b"LEAF_FORM at 7 after 9\n")
    assert (leaves, work) == (0, 9)
    assert isinstance(rejection, Rejection)
    assert (rejection.obligation, rejection.node) == (Obligation.LEAF_FORM, 7)
    nowhere = part.answer(b"LIMITS at no node after 9\n").failure
    assert isinstance(nowhere, Rejection)
    assert (nowhere.obligation, nowhere.node) == (Obligation.LIMITS, None)
    with pytest.raises(ChildError, match="an answer that is none"):
        part.answer(line)
