"""What is expected of a certificate: each pin, matching and not."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify import DataError, Expected, bound, check, load_certificate
from certify.bounds.proofs.writing import trivial_certificate
from certify.checker.data.choice import read_dataset
from certify.checker.obligations import Obligation
from certify.checker.pin_options import PINS
from certify.checker.statements import STATEMENTS
from tests.places import ROOT

PINNED = ROOT / "tests" / "data" / "pins"
WINE, HONEST, OTHER = (PINNED / name for name in ("wine.csv", "honest.cert", "other.cert"))
MATRIX, FREE = PINNED / "neg.csv", PINNED / "neg.cert"
BOUND = load_certificate(HONEST).bound
SHA256 = load_certificate(HONEST).problem_sha256
MATRIX_SHA256 = "4fb7622fd935405f414e8841bc5d9ddaee169547598450036d67aead7c68463a"
DIFFERENCE = re.compile(r"expected [^;]+, found [^;]+(; expected [^;]+, found [^;]+)*")

RIGHT: dict[str, list[Any]] = {
    "gamma": ["0.1", "1/10", " 1e-1", 0.1, Fraction(1, 10)],
    "targets": [("quality",), ("3",), "quality"],
    "task": ["regression"],
    "bias": [False],
    "output_bias": ["none"],
    "standardize": [False],
    "sample_weight": [],
    "class_weights": [],
    "weighted": [False],
    "as_is": [True],
    "ignore": [],
    "drop_missing": [False],
    "categorical": [],
    "standardize_target": [False],
    "loss": ["squared"],
    "at_least": [BOUND, str(BOUND), "1.15", 1, 0, "-3/2"],
    "statement": ["training"],
    "problem": [SHA256, SHA256[:16], SHA256[:40].upper()],
}
WRONG: dict[str, list[tuple[Any, str]]] = {
    "gamma": [("0.2", "expected gamma = 1/5, found 1/10"), (0.1 + 1e-16, "found 1/10")],
    "targets": [
        (("alcohol",), "expected target alcohol, found quality"),
        (("1",), "expected target alcohol, found quality"),
        (("quality", "acid"), "expected targets quality, acid, found quality"),
    ],
    "task": [("classification", "expected task classification, found regression")],
    "bias": [(True, "expected a hidden bias, found none")],
    "output_bias": [("free", "expected output bias free, found none")],
    "standardize": [(True, "expected standardisation, found none")],
    "sample_weight": [("acid", "expected sample weight acid, found none")],
    "class_weights": [],
    "weighted": [(True, "expected sample weights, found none")],
    "as_is": [(False, "expected the data changed, found as it is")],
    "ignore": [
        (("acid",), "expected ignored column acid, found none"),
        (("1", "2"), "expected ignored columns alcohol, acid, found none"),
    ],
    "drop_missing": [(True, "expected rows left out that miss a value, found none")],
    "categorical": [(("alcohol",), "expected categorical column alcohol, found none")],
    "standardize_target": [(True, "expected standardisation of targets, found none")],
    "loss": [("huber 0.5", "expected loss huber 1/2, found squared"), ("hinge", "found squared")],
    "at_least": [
        (BOUND + Fraction(1, 10**400), "expected a bound of at least 1.15112706537, found 1.15112706536"),
        ("9", "expected a bound of at least 9, found 1.15112706536"),
    ],
    "statement": [("copositive", "expected statement copositive, found training")],
    "problem": [(MATRIX_SHA256[:16], f"expected problem {MATRIX_SHA256[:16]}, found {SHA256}")],
}


def rejected(certificate: Any, words: str | None = None, **arguments: Any) -> str:
    verdict = check(certificate, **arguments)
    assert (verdict.valid, verdict.obligation, verdict.statement) == (False, Obligation.EXPECTATION, None)
    assert DIFFERENCE.fullmatch(verdict.reason)
    assert words is None or words in verdict.reason
    return verdict.reason


@pytest.mark.parametrize("field", RIGHT)
def test_what_is_as_expected(field: str) -> None:
    for value in RIGHT[field]:
        assert check(HONEST, data=WINE, expected=Expected(**{field: value})).valid


@pytest.mark.parametrize("field", WRONG)
def test_what_is_not(field: str) -> None:
    for value, words in WRONG[field]:
        rejected(HONEST, words, data=WINE, expected=Expected(**{field: value}))


def test_there_is_a_case_for_each_pin() -> None:
    assert [*RIGHT, *WRONG] == 2 * [field for field in PINS if field != "free"]
    assert PINS.keys() == vars(Expected()).keys()


PINS_OF_TRAINING = st.fixed_dictionaries(
    {}, optional={field: st.sampled_from(values) for field, values in RIGHT.items() if values}
)


@given(PINS_OF_TRAINING)
def test_right_pins_accept(pins: dict[str, Any]) -> None:
    assert check(HONEST, data=WINE, expected=Expected(**pins)).valid


@given(PINS_OF_TRAINING, st.data())
def test_wrong_pins_reject_and_all_are_named(pins: dict[str, Any], data: st.DataObject) -> None:
    fields = sorted(field for field in WRONG if WRONG[field] and field != "statement")
    chosen = data.draw(st.lists(st.sampled_from(fields), min_size=1, unique=True))
    cases = {field: data.draw(st.sampled_from(WRONG[field])) for field in chosen}
    wrong = pins | {field: value for field, (value, _) in cases.items()}
    reason = rejected(HONEST, data=WINE, expected=Expected(**wrong))
    assert reason.count("expected ") == len(cases)
    assert all(words in reason for _, words in cases.values())


@given(st.fractions())
def test_any_other_gamma_is_another(gamma: Fraction) -> None:
    if gamma <= 0:
        with pytest.raises(DataError, match="not positive"):
            Expected(gamma=gamma)
    else:
        assert check(HONEST, data=WINE, expected=Expected(gamma=gamma)).valid is (gamma == Fraction(1, 10))


@given(st.fractions(min_value=0, max_value=3))
def test_the_bound_is_compared_exactly(least: Fraction) -> None:
    assert check(HONEST, data=WINE, expected=Expected(at_least=least)).valid is (least <= BOUND)


@pytest.mark.parametrize(
    ("pins", "words"),
    [
        ({"gamma": "0"}, "gamma is not positive"),
        ({"gamma": float("nan")}, "the expected gamma is 'nan'"),
        ({"gamma": "0.1; x"}, "the expected gamma"),
        ({"gamma": 10**5000}, "more than 13000 bits"),
        ({"at_least": "much"}, "the expected bound is 'much'"),
        ({"at_least": "1/0"}, "the expected bound"),
        ({"task": "both"}, "use classification, regression"),
        ({"output_bias": "yes"}, "use none, free, decayed"),
        ({"loss": "hing"}, "use one of squared"),
        ({"loss": "huber 0"}, "takes a positive D"),
        ({"class_weights": ("a",)}, "give LABEL=W"),
        ({"class_weights": ("a=0",)}, "the expected class weight of 'a' is not positive"),
        ({"class_weights": ("a=x",)}, "the expected class weight of 'a'"),
        ({"statement": "true"}, "use training"),
        ({"problem": SHA256[:15]}, "give the 16 to 64 first"),
        ({"problem": "g" * 16}, "hexadecimal"),
        ({"free": -1}, "give 0 or more"),
        ({"free": 1}, "the statement training has no free coordinates"),
        ({"targets": ("sugar",)}, "no column 'sugar'"),
        ({"targets": ("quality", "3")}, "named twice"),
        ({"statement": "copositive", "gamma": 1}, "expect nothing of its gamma"),
        ({"statement": "training", "free": 1}, "no free coordinates"),
    ],
)
def test_what_makes_no_sense(pins: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        check(HONEST, data=WINE, expected=Expected(**pins))


def test_a_gamma_of_its_own() -> None:
    assert check(HONEST, data=WINE, gamma=0.1, expected=Expected(targets=("quality",))).valid
    assert rejected(HONEST, data=WINE, gamma=1) == "expected gamma = 1, found 1/10"
    with pytest.raises(DataError, match="given twice"):
        check(HONEST, data=WINE, gamma=1, expected=Expected(gamma=1))


def test_what_the_data_is_made_into(tmp_path: Path) -> None:
    dataset = read_dataset(WINE, targets=["quality", "acid"], bias=True, standardize=True)
    recipe = dataset.preprocessing
    honest = trivial_certificate(dataset.problem("1/3", output_bias="decayed"), preprocessing=recipe)
    pins: dict[str, Any] = {"targets": ("2", "quality"), "bias": True, "standardize": True}
    assert check(honest, data=WINE, expected=Expected(**pins, output_bias="decayed", gamma="1/3")).valid
    other = Expected(("0.2"), ("quality",), bias=False, output_bias="none", standardize=False)
    assert rejected(honest, data=WINE, expected=other) == (
        "expected gamma = 1/5, found 1/3; expected target quality, found quality, acid; expected no hidden "
        "bias, found a hidden bias; expected no standardisation, found standardisation; expected output bias "
        "none, found decayed"
    )
    # A recipe may name a column by its position; what counts is the column.
    renamed = replace(honest, preprocessing=replace(recipe, targets=("3", "2")))
    assert check(renamed, data=WINE, expected=Expected(targets=("quality", "acid"))).valid


def test_classes(tmp_path: Path) -> None:
    data = tmp_path / "k.csv"
    data.write_text("x,kind\n1,a\n2,b\n3,a\n")
    dataset = read_dataset(data)
    honest = trivial_certificate(dataset.problem(1), preprocessing=dataset.preprocessing)
    assert check(honest, data=data, expected=Expected(task="classification", targets=("kind",))).valid
    rejected(honest, "found classification", data=data, expected=Expected(task="regression"))


def test_arrays_and_problems() -> None:
    report = bound([[1.0], [2.0]], [0.5, 1.5], "0.1")
    certificate, arrays = report.certificate, ([[1.0], [2.0]], [0.5, 1.5])
    assert check(certificate, *arrays, expected=Expected(targets=("y",), bias=False)).valid
    assert check(certificate, *arrays, expected=Expected(targets=("1",))).valid
    frame = pd.DataFrame({"price": arrays[1]})
    assert check(certificate, arrays[0], frame, expected=Expected(targets=("price",))).valid
    with pytest.raises(DataError, match="no column 'price'"):
        check(certificate, *arrays, expected=Expected(targets=("price",)))
    sha256 = report.problem.sha256()
    assert check(certificate, problem=report.problem, expected=Expected(gamma=0.1, problem=sha256)).valid
    verdict = check(certificate, problem=report.problem, expected=Expected(gamma=0.2, problem="0" * 16))
    assert verdict.reason == f"expected gamma = 1/5, found 1/10; expected problem {'0' * 16}, found {sha256}"
    for field in ("targets", "task", "bias", "standardize"):
        with pytest.raises(DataError, match="without data: expect nothing of its"):
            check(certificate, problem=report.problem, expected=Expected(**{field: RIGHT[field][0]}))


def test_a_gamma_or_loss_that_makes_no_problem() -> None:
    honest = load_certificate(HONEST)
    for altered in (replace(honest, gamma=Fraction(-1)), replace(honest, loss="h" * 1000)):
        verdict = check(altered, data=WINE)
        assert verdict.obligation is Obligation.PROBLEM
        assert len(verdict.reason) < 300
    rejected(replace(honest, gamma=Fraction(-1)), "found -1", data=WINE, gamma="0.1")
    altered = replace(honest, loss="h" * 1000)
    reason = rejected(altered, data=WINE, expected=Expected(loss="squared"))
    assert reason == f"expected loss squared, found {'h' * 40}..."


class TestMatrix:
    def test_free_coordinates(self) -> None:
        assert check(FREE, data=MATRIX, expected=Expected(free=2)).valid
        assert check(FREE, data=MATRIX, expected=Expected(statement="completely_positive", free=2)).valid
        for expected in (Expected(free=1), Expected(free=0)):
            rejected(FREE, f"expected free = {expected.free}, found 2", data=MATRIX, expected=expected)
        # By itself the word means that no coordinate is free.
        expected = Expected(statement="completely_positive")
        assert rejected(FREE, data=MATRIX, expected=expected) == "expected free = 0, found 2"

    def test_the_statement_says_which_are_free(self) -> None:
        verdict = check(FREE, data=MATRIX)
        assert verdict.statement == (
            "The symmetric matrix A of order 2 is positive semidefinite, a sum of 1 term b b^T with b in "
            "R^2: all coordinates are free, so that this is no more than semidefiniteness."
        )

    def test_the_hash(self) -> None:
        assert check(FREE, data=MATRIX, expected=Expected(problem=MATRIX_SHA256[:16])).valid
        reason = rejected(FREE, data=MATRIX, expected=Expected(problem=SHA256, free=0))
        assert reason == f"expected free = 0, found 2; expected problem {SHA256}, found {MATRIX_SHA256}"

    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_another_statement(self, statement: str) -> None:
        if statement != "completely_positive":
            expected = Expected(statement=statement)
            words = f"expected statement {statement}, found completely_positive"
            assert rejected(FREE, data=MATRIX, expected=expected) == words

    @pytest.mark.parametrize(
        "field", ["gamma", "targets", "task", "bias", "output_bias", "standardize", "loss", "at_least"]
    )
    def test_what_is_of_training(self, field: str) -> None:
        with pytest.raises(DataError, match="is of a matrix: expect nothing of its"):
            check(FREE, data=MATRIX, expected=Expected(**{field: RIGHT[field][0]}))
