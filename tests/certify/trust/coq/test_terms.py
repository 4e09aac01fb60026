"""Texts and numbers as terms of Coq, however long they are."""

import re
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.certificate.nodes import (
    Leaf,
    Sign,
    Split,
)
from certify.checker.problems.training import TrainingProblem
from certify.trust.coq.data import rational, text
from certify.trust.coq.terms import integer
from tests.certify.attack.test_attack import CORNER, CORNER_CERTIFICATES
from tests.certify.trust.coq.cases import COMMAND, needs_coq, results


@pytest.mark.parametrize("value", [0, 9, 999, 1000, -1, -(10**40), 3 << 4096])
def test_integers(value: int) -> None:
    assert int(integer(value).strip("()"), 0) == value


@needs_coq
def test_long_integers_and_what_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "long.v"
    equal = []
    for n in (8192, 9000, 40000):
        for sign in (1, -1):
            value = sign * (1 << n) - 12345
            equal.append(f"Z.eqb {integer(value)} ({sign} * Z.shiftl 1 {n} - 12345)")
    for number in RATIONALS:
        same = f"Z.eqb (Qnum x * {integer(number.denominator)}) ({integer(number.numerator)} * QDen x)"
        equal.append(f"(let x := ({rational(number)})%Q in {same})")
    equal += [f"Nat.eqb (String.length {text(words)}) {len(read)}" for words, read in TEXTS.items()]
    head = "From Coq Require Import ZArith QArith String List. Import ListNotations. Open Scope Z_scope.\n"
    path.write_text(f"{head}Eval vm_compute in [{'; '.join(equal)}]%string.\n")
    run = subprocess.run([*COMMAND, str(path)], capture_output=True, text=True, timeout=600)
    assert (run.stdout.count("true"), run.stdout.count("false")) == (len(equal), 0), run


# The bytes that Coq's reader makes of a literal.
TEXTS = {
    "": b"",
    'a "quoted" *) (* word': b'a "quoted" *) (* word',
    "back\\slash\nand \\u{a}": rb"back\\slash\u{a}and \\u{a}",
    "größe": "größe".encode(),
    "\u202eright to left\ud800\0": rb"\u{202e}right to left\u{d800}\u{0}",
}
RATIONALS = [
    Fraction(value)
    for value in ("0", "5.1", "-0.05", "1/3", "-7/3", "1e30", "1e-30", "1e-31", "-1e-400", "1e400", "12.50")
] + [Fraction(1 << 9000, 3**9000), Fraction(0.1)]


@pytest.mark.parametrize("value", TEXTS)
def test_texts(value: str) -> None:
    literal = text(value)
    assert literal.encode()[1:-1].replace(b'""', b'"') == TEXTS[value]
    assert re.fullmatch(r'"(?:[^"\n]|"")*"', literal)


@given(st.text(), st.text())
def test_no_text_leaves_its_literal(first: str, second: str) -> None:
    assert re.fullmatch(r'"(?:[^"\s]| |"")*"', text(first))
    assert (text(first) == text(second)) is (first == second)


@pytest.mark.parametrize(
    ("value", "written"),
    [("5.10", "5.1"), ("-0.05", "-0.05"), ("2000", "2000"), ("1/3", "(1 # 3)"), ("-7/3", "(-7 # 3)")],
)
def test_rationals(value: str, written: str) -> None:
    assert rational(Fraction(value)) == written


@needs_coq
def test_long_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # More samples, multipliers and nodes than stand in one list, or in one list of lists.
    monkeypatch.setattr("certify.trust.coq.terms._CHUNK", 4)
    many = TrainingProblem.from_rationals([[1]] * 18, [[2]] * 18, 1)
    cuts = [Split(0, 1, 1, 1)] * 70
    chain = replace(CORNER_CERTIFICATES["orthants"], tree=(Sign(0), Sign(1), *cuts, Sign(0)))
    products = tuple((0, 3, 1 << 200) for k in range(18))
    leaf = replace(CORNER_CERTIFICATES["orthants"], tree=(Leaf(1, 1, products),))
    empty = replace(leaf, tree=())
    said = results([(chain, CORNER), (leaf, CORNER), (empty, CORNER), (leaf, many)], tmp_path)
    assert said == [
        "Failed SIGN_INDEX (Some 72)",
        "Failed LEAF_FORM (Some 0)",
        "Failed COVER None",
        "Failed DUAL_SHAPE None",
    ]
