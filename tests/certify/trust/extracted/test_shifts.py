"""The proved program on free hidden biases: a tree for each kink, as the checker in Python has it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify import bound, check, save_certificate
from certify.checker.certificate.blocks import Block, Blocks
from certify.checker.certificate.file import to_text
from certify.checker.certificate.nodes import AnyLeaf, Node
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import read_dataset
from certify.checker.numbers.integers import IntegerRows
from certify.checker.obligations import Obligation
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.training.shifts import kinks
from tests.certify.checker.training.test_shifts import (
    HALF_LINES,
    OF_THREE,
    PROVED,
    STEP,
    THREE,
    certificate_of,
    lines,
    problem_of,
)
from tests.certify.trust.extracted.test_training import PROGRAM, answer, assert_same, needs_program

DOUBLED = problem_of(((0,), (1,), (0,), (1,)), ((0,), (1,), (0,), (1,)), Fraction(1, 4))
OF_DOUBLED = certificate_of(DOUBLED, ((-1,), (2,), (-1,), (0,)), 2 * HALF_LINES, 3)
HAT = problem_of(((-1,), (0,), (1,)), ((1,), (-2,), (1,)), 1)
OF_HAT = certificate_of(HAT, ((2,), (-4,), (2,)), 3 * HALF_LINES, 1)
NOTHING = certificate_of(STEP, ((0,), (0,)), HALF_LINES)
PLANE = bound(
    np.random.default_rng(5).normal(size=(5, 2)).round(2),
    np.random.default_rng(6).normal(size=(5, 2)).round(2),
    "1/10",
    gap=1e-2,
    output_bias="all-free",
)
VALID: dict[str, tuple[Certificate, TrainingProblem]] = {
    "a step": (PROVED, STEP),
    "a sample without a weight": (OF_THREE, THREE),
    "equal samples": (OF_DOUBLED, DOUBLED),
    "a hat": (OF_HAT, HAT),
    "no weights at all": (NOTHING, STEP),
    "a plane": (PLANE.certificate, PLANE.problem),
}


def trees_of(nodes: Sequence[Node]) -> list[tuple[Node, ...]]:
    """Return the trees that stand one after another."""
    trees, tree, owed = [], [], 1
    for node in nodes:
        tree.append(node)
        owed += -1 if isinstance(node, AnyLeaf) else 1
        if not owed:
            trees.append(tuple(tree))
            tree, owed = [], 1
    return trees


def in_trees(certificate: Certificate, trees: Sequence[Sequence[Node]]) -> Certificate:
    return replace(certificate, tree=tuple(chain.from_iterable(trees)))


OF_PLANE = trees_of(PLANE.certificate.tree)
WHOLE = Blocks(0, 0, (Block((0, 1), ((1,),), ((1,),), ((0,),), ((1,),), 6),))
FORGERIES: dict[str, tuple[Certificate, TrainingProblem, Obligation, int | None]] = {
    "a tree is missing": (replace(PROVED, tree=HALF_LINES), STEP, Obligation.COVER, None),
    "a tree too many": (replace(PROVED, tree=3 * HALF_LINES), STEP, Obligation.COVER, 6),
    "no tree": (replace(PROVED, tree=()), STEP, Obligation.COVER, None),
    "a tree without its end": (replace(PROVED, tree=PROVED.tree[:-1]), STEP, Obligation.COVER, None),
    "a tree for no weights at all, twice": (replace(NOTHING, tree=2 * HALF_LINES), STEP, Obligation.COVER, 3),
    "a tree for a sample without a weight": (
        replace(OF_THREE, tree=3 * HALF_LINES),
        THREE,
        Obligation.COVER,
        6,
    ),
    "a tree for each of equal samples": (
        replace(OF_DOUBLED, tree=4 * HALF_LINES),
        DOUBLED,
        Obligation.COVER,
        6,
    ),
    "columns that do not sum to zero": (
        certificate_of(STEP, ((-16,), (15,)), 2 * HALF_LINES, 6),
        STEP,
        Obligation.DUAL_SUMS,
        None,
    ),
    "a unit more than gamma": (
        certificate_of(STEP, ((-17,), (17,)), 2 * HALF_LINES, 6),
        STEP,
        Obligation.LEAF_FORM,
        1,
    ),
    "more than gamma at the second kink": (
        certificate_of(HAT, ((9,), (-18,), (9,)), 3 * HALF_LINES, 3),
        HAT,
        Obligation.LEAF_FORM,
        4,
    ),
    "blocks of samples": (replace(PROVED, blocks=WHOLE), STEP, Obligation.BLOCK_BIAS, None),
    "trees exchanged": (
        in_trees(PLANE.certificate, [OF_PLANE[1], OF_PLANE[0], *OF_PLANE[2:]]),
        PLANE.problem,
        Obligation.LEAF_FORM,
        None,
    ),
    "the first tree for all": (
        in_trees(PLANE.certificate, [OF_PLANE[0]] * len(OF_PLANE)),
        PLANE.problem,
        Obligation.LEAF_FORM,
        None,
    ),
}


@needs_program
class TestKinks:
    @pytest.mark.parametrize("name", VALID)
    def test_valid(self, name: str, tmp_path: Path) -> None:
        certificate, problem = VALID[name]
        assert check_certificate(certificate, problem).valid
        assert_same(to_text(certificate), problem, tmp_path)

    @pytest.mark.parametrize("name", FORGERIES)
    def test_forgeries(self, name: str, tmp_path: Path) -> None:
        certificate, problem, obligation, node = FORGERIES[name]
        assert check_certificate(certificate, problem).obligation is obligation
        code, said = answer(to_text(certificate).encode(), problem, tmp_path)
        assert (code, said["obligation"]) == (1, obligation.name)
        assert node is None or said["node"] == node
        assert_same(to_text(certificate), problem, tmp_path)

    def test_trees_of_kinks_are_none_of_another_output_bias(self, tmp_path: Path) -> None:
        for kind in ("none", "free", "decayed"):
            other = TrainingProblem.from_rationals(STEP.inputs, STEP.targets, STEP.gamma, output_bias=kind)
            stated = replace(PROVED, output_bias=kind, problem_sha256=other.sha256(), bound=Fraction(0))
            code, said = answer(to_text(stated).encode(), other, tmp_path)
            assert (code, said["obligation"]) == (1, "COVER")

    @given(lines(), st.integers(1, 60), st.integers(-1, 1), st.integers(-1, 1))
    @settings(max_examples=40, deadline=None)
    def test_on_lines(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        case: tuple[IntegerRows, IntegerRows],
        gamma: int,
        more: int,
        off: int,
    ) -> None:
        inputs, rows = case
        problem = problem_of(inputs, tuple((0,) * len(rows[0]) for _ in inputs), gamma)
        rows = ((rows[0][0] + off, *rows[0][1:]), *rows[1:])
        trees = max(0, len(kinks(inputs, rows)) + more)
        certificate = certificate_of(problem, rows, trees * HALF_LINES)
        assert_same(to_text(certificate), problem, tmp_path_factory.mktemp("line"))

    def test_a_small_stack_is_enough_for_many_kinks(self, tmp_path: Path) -> None:
        """Samples 0, 1, 2, ... with the weights 1, -1, ...: the gauge is at most half their number."""
        n = 2000
        inputs = tuple((k,) for k in range(n))
        problem = problem_of(inputs, tuple(((-1) ** k,) for k in range(n)), n)
        certificate = certificate_of(problem, tuple(((-1) ** k,) for k in range(n)), n * HALF_LINES, 1)
        (tmp_path / "c.cert").write_text(to_text(certificate))
        (tmp_path / "p.txt").write_text("".join(problem.canonical_text()))
        command = 'ulimit -s 256; exec "$0" "$@"'
        run = subprocess.run(
            ["sh", "-c", command, str(PROGRAM), str(tmp_path / "c.cert"), "--text", str(tmp_path / "p.txt")],
            capture_output=True,
            timeout=600,
        )
        assert run.stdout.startswith(b"VALID"), (run.stdout, run.stderr)


@needs_program
class TestWithData:
    """The program with a file, its recipe and what its user expects."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        path, data = tmp_path / "c.cert", tmp_path / "d.csv"
        data.write_text("x,y\n0,0\n1,1\n")
        recipe = read_dataset(data, task="regression").preprocessing
        save_certificate(replace(PROVED, preprocessing=recipe), path)
        return path, data

    def run(self, path: Path, data: Path, *more: str) -> tuple[int, dict[str, Any]]:
        command = [str(PROGRAM), str(path), "--data", str(data), "--json", *more]
        run = subprocess.run(command, capture_output=True, text=True, timeout=600)
        return run.returncode, json.loads(run.stdout or "{}")

    def test_the_statement(self, files: tuple[Path, Path]) -> None:
        code, said = self.run(*files, "--output-bias", "all-free", "--no-bias")
        assert code == 0
        assert (
            "all weights and all biases a_j and b, the network f(x) = sum_j relu(u_j . x + a_j) v_j + b on"
        ) in said["reason"]
        assert "gamma/2 * sum_j (|u_j|^2 + |v_j|^2)  >=  0.187500000000" in said["reason"]
        assert check(files[0], data=files[1], trust="proved").bound == Fraction(3, 16)

    def test_another_is_expected(self, files: tuple[Path, Path]) -> None:
        code, said = self.run(*files, "--output-bias", "free")
        assert (code, said["obligation"]) == (1, "EXPECTATION")
        assert said["reason"] == "expected output bias free, found all-free"

    def test_a_feature_one_is_refused(self, files: tuple[Path, Path]) -> None:
        path, data = files
        path.write_text(path.read_text().replace('"bias":false', '"bias":true'))
        code, said = self.run(path, data)
        assert (code, said["obligation"]) == (1, "PROBLEM")
        assert "frees the hidden biases" in said["reason"]
        assert check(path, data=data, trust="exact").obligation is Obligation.PROBLEM
