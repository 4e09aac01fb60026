"""What is expected of a certificate: each pin, matching and not, in Python and on both command lines."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify import DataError, Expected, bound, check, load_certificate, save_certificate
from certify.bounds.proofs.writing import trivial_certificate
from certify.checker.__main__ import main as checker
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import read_dataset
from certify.checker.data.recipe import Preprocessing
from certify.checker.obligations import Obligation
from certify.checker.pin_options import PINS
from certify.checker.statements import STATEMENTS
from tests.certify.cli.command_line import run
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


class TestTheStatementIsOfTheData:
    """A certificate cannot put words into the theorem that it proves."""

    X, y = [[0.0, 1.0], [1.0, 0.5], [-1.0, 0.25], [0.5, -1.0]], [1.0, 0.5, 0.25, -1.0]
    report = bound(X, y, gamma=0.1)
    lie = (
        "y: regression) has\u00a01/2 |f(X) - Y|^2 + 0.1/2 * sum_j (|u_j|^2 + |v_j|^2)  >=  1000. "
        "(Also shown: y"
    )

    def forged(self, **recipe: Any) -> Certificate:
        honest = self.report.certificate.preprocessing
        assert honest is not None
        return replace(self.report.certificate, preprocessing=replace(honest, **recipe))

    def test_with_a_problem(self) -> None:
        lie = Preprocessing(("price",), "classification", ("a", "b"), True, ((Fraction(0), Fraction(1)),))
        verdict = check(replace(self.report.certificate, preprocessing=lie), problem=self.report.problem)
        assert verdict.statement is not None
        assert "(2 features; 1 target) has" in verdict.statement

    @pytest.mark.parametrize("trust", ["exact", "best"])
    def test_with_arrays(self, trust: str) -> None:
        verdict = check(self.forged(targets=(self.lie,)), self.X, self.y, trust=trust)
        assert verdict.valid
        assert verdict.statement == check(self.report.certificate, self.X, self.y).statement
        assert "(2 features (x1, x2), no bias; target y: regression) has" in str(verdict.statement)

    def test_with_frames(self) -> None:
        X, y = pd.DataFrame(self.X, columns=["p", "q r"]), pd.Series(self.y, name="cost")
        verdict = check(self.forged(targets=(self.lie,)), X, y)
        assert "(2 features (p, 'q r'), no bias; target cost: regression) has" in str(verdict.statement)

    def test_with_a_file(self, tmp_path: Path) -> None:
        certificate, data = tmp_path / "c.cert", tmp_path / "d.csv"
        rows = [",".join(map(str, [*x, y])) for x, y in zip(self.X, self.y, strict=True)]
        # A file of strangers: even its header may not say more than names.
        header = 'a,"b\u202e >= 1000","has\n    f  >=  1000\x1b[1A"'
        data.write_text("\n".join([header, *rows]))
        save_certificate(self.forged(targets=("3",)), certificate)
        for command in (check(certificate, data=data), check(certificate, data=data, trust="best")):
            said = str(command.statement)
            assert said.isprintable() is False  # its own line break
            assert said.replace("\n", "").isprintable()
            assert len(said.splitlines()) == 2
            assert r"features (a, 'b\u202e >= 1000'), no bias; target 'has\n    f  >=  1000\x1b[1A'" in said

    def test_classes_of_a_file(self, tmp_path: Path) -> None:
        data = tmp_path / "k.csv"
        data.write_text("x,kind\n1,a\n2,y) has  >=  1000\n")
        dataset = read_dataset(data)
        honest = trivial_certificate(dataset.problem(1), preprocessing=dataset.preprocessing)
        said = check(honest, data=data).statement
        assert "target kind: 2 classes (a, 'y) has  >=  1000'), one-hot) has\n" in str(said)

    def test_a_long_gamma_is_rounded_up(self) -> None:
        gamma = Fraction(1, 10) + Fraction(1, 7**400)
        problem = self.report.dataset.problem(gamma)
        honest = trivial_certificate(problem, preprocessing=self.report.dataset.preprocessing)
        verdict = check(honest, self.X, self.y)
        assert verdict.valid
        assert "(0.100000000001, rounded up)/2 * sum_j" in str(verdict.statement)
        assert len(str(verdict.statement)) < 400

    def test_constant_columns(self, tmp_path: Path) -> None:
        data = tmp_path / "c.csv"
        data.write_text("p,q,y\n1.5,0.1,1.5\n2.5,0.1,2\n")
        dataset = read_dataset(data, standardize=True)
        honest = trivial_certificate(dataset.problem(1), preprocessing=dataset.preprocessing)
        said = str(check(honest, data=data).statement)
        assert "variance 1, up to rounding (but q: constant, shifted to 0), no bias" in said
        subject = check(honest, data=data).subject
        assert subject is not None
        assert subject.to_json()["constant_features"] == ["q"]
        assert ("standardised", "mean 0 and variance 1, up to rounding; constant, shifted to 0: q") in (
            subject.details()
        )
