"""The kernel of Coq as checker: it accepts theorems, and names the obligations that the others name."""

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify import bound, check, save_certificate
from certify.attack.attack import KINDS, KINDS_OF_BLOCKS, _forged
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    FacesLeaf,
    Leaf,
    Part,
    RowSign,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import read_dataset
from certify.checker.errors import CertificateError, DataError, TimeLimitError
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.losses.loss import SIGNS
from certify.checker.problems.training import TrainingProblem
from certify.checker.subject import Training
from certify.checker.training.check import check_certificate
from certify.checker.verdict import Verdict
from certify.trust.coq.check import check_in_kernel
from certify.trust.coq.data import rational, text
from certify.trust.coq.kernel import KernelCheckerError, KernelProof, _axioms, _command
from certify.trust.coq.terms import integer
from certify.trust.coq.training import (
    HEADER,
    certificate_definitions,
    estimated_seconds,
    problem_definitions,
)
from tests.certify.attack.test_attack import CORNER, CORNER_CERTIFICATES, CORNER_OPTIMUM
from tests.certify.checker import blocks, row_signs
from tests.certify.checker.oracles import certificate_of
from tests.certify.checker.problems.losses.examples import LOSSES
from tests.certify.checker.training import test_shifts as shifts
from tests.certify.trust.extracted.test_shifts import WHOLE
from tests.certify.trust.extracted.test_training import PRODUCTS, recipe_of_corner


def in_kernel(
    certificate: Certificate, problem: TrainingProblem, **options: Any
) -> tuple[Verdict, KernelProof | None]:
    return check_in_kernel(certificate, Training(problem, None), **options)


try:
    COMMAND = _command()
except DataError as error:
    COMMAND, WHY = (), str(error)
else:
    WHY = ""
needs_coq = pytest.mark.skipif(not COMMAND, reason=WHY)

X = np.random.default_rng(5).normal(size=(9, 2)).round(2)
Y = np.random.default_rng(6).normal(size=(9, 2)).round(2)
CASES: dict[str, tuple[Certificate, TrainingProblem]] = {
    **{name: (certificate, CORNER) for name, certificate in CORNER_CERTIFICATES.items()},
    "blocks": (blocks.HONEST, blocks.PROBLEM),
    **row_signs.VALID,
    **{
        name: (report.certificate, report.problem)
        for name, report in {
            "no output bias": bound(X, Y, "1/10", gap=1e-3),
            "free": bound(X, Y, "1/10", gap=1e-3, output_bias="free"),
            "decayed": bound(X, Y, "1/10", gap=1e-3, output_bias="decayed"),
            "free hidden biases": bound(X[:5], Y[:5], "1/10", gap=1e-2, output_bias="all-free"),
            "one lifted leaf": bound(X, Y, "1/10", method="sdp"),
            "partition": bound(X, Y, "1/10", method="partition"),
        }.items()
    },
}


def results(cases: list[tuple[Certificate, TrainingProblem]], folder: Path) -> list[str]:
    """Evaluate the checker inside Coq on many certificates at once; return what it says of each."""
    parts = [HEADER]
    for number, (certificate, problem) in enumerate(cases):
        parts += [f"Module M{number}.", *problem_definitions(problem)]
        parts += [*certificate_definitions(certificate, problem), f"End M{number}."]
        parts.append(f"Eval vm_compute in check hint (fun _ => true) M{number}.training M{number}.evidence.")
    path = folder / "many.v"
    path.write_text("\n".join(parts) + "\n")
    run = subprocess.run([*COMMAND, str(path)], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return re.findall(r"= (Proved \d+|Failed [A-Z_]+ (?:None|\(Some \d+\)))", " ".join(run.stdout.split()))


def forgeries(name: str) -> Iterator[tuple[Certificate, TrainingProblem]]:
    """Yield one forgery of each kind that is still a certificate, and whose terms Coq can evaluate."""
    certificate, problem = CASES[name]
    generator, original = random.Random(name), to_text(certificate)
    for kind in KINDS if certificate.blocks is None else KINDS_OF_BLOCKS:
        try:
            forged = from_text(_forged(kind, certificate, original, problem, generator))
            list(certificate_definitions(forged, problem))
        except (CertificateError, Rejection):
            continue
        yield forged, problem


@needs_coq
class TestSameVerdict:
    def test_on_valid_certificates(self, tmp_path: Path) -> None:
        kinds = {type(node) for certificate, _ in CASES.values() for node in certificate.tree}
        assert kinds == {Sign, RowSign, Split, Leaf, TauLeaf, EnvelopeLeaf}
        said = results(list(CASES.values()), tmp_path)
        assert said == [f"Proved {certificate.leaves}" for certificate, _ in CASES.values()]

    @pytest.mark.parametrize(
        "name",
        ["narrow frame", "one leaf", "one lifted leaf", "blocks", "free hidden biases", "before others"],
    )
    def test_on_forgeries(self, name: str, tmp_path: Path) -> None:
        cases = list(forgeries(name))
        owed: set[Obligation | None] = set()
        for (forged, problem), said in zip(cases, results(cases, tmp_path), strict=True):
            verdict = check_certificate(forged, problem)
            owed.add(verdict.obligation)
            if verdict.valid:
                assert said == f"Proved {verdict.leaves}"
            elif verdict.obligation not in (Obligation.STATEMENT, Obligation.PROBLEM):
                # Of a leaf with two wrong products either may be named.
                same = PRODUCTS if verdict.obligation in PRODUCTS else {verdict.obligation}
                word, obligation, *place = said.split(maxsplit=2)
                assert word == "Failed", (said, verdict)
                assert Obligation[obligation] in same, (said, verdict)
                node = re.search(r"node (\d+)", verdict.reason)
                assert place == ["None" if node is None else f"(Some {int(node[1]) - 1})"]
        assert len(owed) > 4

    def test_on_every_loss(self, tmp_path: Path) -> None:
        cases = []
        for loss in LOSSES:
            y = [[Fraction(1)], [Fraction(1)]] if loss.encoding == SIGNS else [[Fraction(1), Fraction(0)]] * 2
            for weights in (None, [Fraction(1, 3), Fraction(2)]):
                problem = TrainingProblem.from_rationals([[1], [-2]], y, 50, loss, "none", weights)
                rows = tuple((1 << 17, -1 << 17)[: problem.c] for _ in range(2))
                tree = (Sign(0), Leaf(1, 1), Leaf(1, 1))
                certificate = certificate_of(problem, rows, tree, exponent=20)
                honest = replace(certificate, bound=dual_bound(problem, rows, 20))
                beyond = replace(honest, dual_point=((1 << 23, -1 << 23)[: problem.c], rows[1]))
                beyond = replace(beyond, bound=Fraction(-(10**6)))
                higher = replace(honest, bound=honest.bound + Fraction(1, 1000))
                cases += [(honest, problem), (higher, problem), (beyond, problem)]
        owed: set[str] = set()
        for (certificate, problem), said in zip(cases, results(cases, tmp_path), strict=True):
            verdict = check_certificate(certificate, problem)
            name = "" if verdict.obligation is None else verdict.obligation.name
            owed.add(name)
            assert said.startswith(f"Proved {verdict.leaves}" if verdict.valid else f"Failed {name} ")
        assert owed == {"", "CLAIM", "DUAL_DOMAIN"}


@needs_coq
class TestVerdict:
    def test_theorem(self, tmp_path: Path) -> None:
        certificate, problem = CASES["free"]
        file = tmp_path / "theorem.v"
        verdict, proof = in_kernel(certificate, problem, file=file)
        exact = check_certificate(certificate, problem)
        assert proof is not None
        assert verdict == replace(exact, trust="kernel", reason=verdict.reason)
        assert proof.theorem == (
            "forall net b, (forall u v, In (u, v) net -> length u = 2) -> admissible FreeBias b -> "
            "Q2R claim <= objective (value_of Squared) (real_samples samples) (Q2R weight_decay) "
            "FreeBias net b"
        )
        # Who has the file has the theorem: nothing of it was made up by this program.
        text = file.read_text()
        for part in proof.theorem.split("admissible")[1].split(" -> "):
            assert part.split(" (real")[0].strip() in text.replace("(K := RField) ", "")

    def test_free_hidden_biases(self, tmp_path: Path) -> None:
        """A step at the cost of gamma: the optimum is gamma - gamma^2, and a neuron has two weights."""
        file = tmp_path / "theorem.v"
        verdict, proof = in_kernel(shifts.PROVED, shifts.STEP, file=file)
        assert (verdict.valid, verdict.bound, verdict.leaves) == (True, Fraction(3, 16), 4)
        assert proof is not None
        assert proof.theorem == (
            "forall net b, (forall u v, In (u, v) net -> length u = 2) -> admissible AllFree b -> "
            "Q2R claim <= objective (value_of Squared) (real_samples samples) (Q2R weight_decay) "
            "AllFree net b"
        )
        for forged in (
            replace(shifts.PROVED, tree=shifts.HALF_LINES),
            replace(shifts.PROVED, tree=3 * shifts.HALF_LINES),
            replace(shifts.PROVED, dual_point=((-1,), (0,)), bound=Fraction(0)),
            replace(shifts.PROVED, blocks=WHOLE),
        ):
            owed = check_certificate(forged, shifts.STEP)
            assert not owed.valid
            assert in_kernel(forged, shifts.STEP) == (replace(owed, trust="kernel"), None)

    def test_the_theorem_is_about_the_data(self, tmp_path: Path) -> None:
        # By hand: X = I, Y = (3, 4), gamma = 5/4, and the optimum 175/32.
        certificate, problem = CASES["orthants"]
        assert certificate.bound <= CORNER_OPTIMUM
        file = tmp_path / "theorem.v"
        in_kernel(certificate, problem, file=file)
        text = file.read_text()
        assert "rows := [([1; 0], (1, [3])); ([0; 1], (1, [4]))];" in text
        assert "table : list (list Q * list Q) := [\n  ([1; 0], [3]);\n  ([0; 1], [4])]." in text
        assert "Definition weight_decay : Q := 1.25." in text
        claim = re.search(r"claim : Q := (\S+)%Q", text)
        assert claim is not None
        assert Fraction(claim[1]) == certificate.bound

    def test_a_theorem_with_another_bound_is_no_theorem(self, tmp_path: Path) -> None:
        file = tmp_path / "theorem.v"
        in_kernel(*CASES["one leaf"], file=file)
        text = file.read_text()
        for old, new in (
            ("Definition claim : Q := ", "Definition claim : Q := 1"),
            ("\n  ([1; 0], [3])", "\n  ([1; 0], [2])"),
            ("= Proved 1", "= Proved 2"),
        ):
            assert old in text
            file.write_text(text.replace(old, new))
            assert subprocess.run([*COMMAND, str(file)], capture_output=True, timeout=600).returncode == 1

    def test_shows_the_data(self, tmp_path: Path) -> None:
        data, file = tmp_path / "d.csv", tmp_path / "theorem.v"
        hostile = 'x". Axiom easy : False. (* "'
        data.write_text(
            f'"{hostile.replace(chr(34), chr(34) * 2)}","two\nlines",größe,kind\n'
            '5.10,1e-3,2,"a ""b"" *)"\n-.5,7,2,1.0\n0,0,2,"a ""b"" *)"\n',
            encoding="utf-8",
        )
        dataset = read_dataset(data, bias=True, standardize=True, task="classification")
        problem = dataset.problem("0.1", output_bias="decayed")
        certificate = certificate_of(problem, [[0, 0]] * 3, (Leaf(1, 1),))
        certificate = replace(certificate, preprocessing=dataset.preprocessing)
        verdict = check(certificate, data=data, trust="kernel", coq=file)
        assert verdict.valid
        shown = file.read_text(encoding="utf-8")
        assert "axiom" not in re.sub(r'"(?:[^"]|"")*"', "", shown).lower()
        for definition in (
            'feature_names : list string := ["x"". Axiom easy : False. (* """; "two\\u{a}lines"; "größe"].',
            'target_names : list string := ["kind"].',
            'class_names : list string := ["1"; "a ""b"" *)"].',
            'table : list (list Q * string) := [\n  ([5.1; 0.001; 2], "a ""b"" *)");\n',
            '  ([-0.5; 7; 2], "1");\n',
            "(2, 1)].\nDefinition samples",
            "((standardised standardization (fst row) ++ [1])%list, one_hot class_names (snd row))) table.",
            f'problem_sha256 : string := "{problem.sha256()}".',
            'in_words : string := ("For every number of neurons m, all weights and every b, the network',
            "claim : Q := 0%Q.",
        ):
            assert definition in shown

    def test_weights_and_signs_are_shown(self, tmp_path: Path) -> None:
        data, file = tmp_path / "d.csv", tmp_path / "theorem.v"
        data.write_text("x,w,kind\n1,2,a\n2,0.5,b\n-3,1,b\n")
        dataset = read_dataset(data, targets=["kind"], sample_weight="w", class_weight={"b": 3})
        problem = dataset.problem(100, "logistic", "decayed")
        # Half of each weight, so that each sample proves its weight times ln 2.
        rows = ((-1 << 20,), (3 << 18,), (3 << 19,))
        claim = dual_bound(problem, rows, 20)
        certificate = certificate_of(problem, rows, (Sign(0), Leaf(1, 1), Leaf(1, 1)), exponent=20)
        certificate = replace(certificate, bound=claim, preprocessing=dataset.preprocessing)
        assert claim > 6.5 * 0.69 - 0.01
        verdict, proof = check_in_kernel(certificate, Training(problem, dataset), file=file)
        assert verdict.valid, verdict
        assert proof is not None
        assert proof.theorem.endswith(
            "Q2R claim <= objective (weighted_value (value_of Logistic)) (real_weighted_samples samples) "
            "(Q2R weight_decay) DecayedBias net b"
        )
        shown = file.read_text(encoding="utf-8")
        for definition in (
            'table : list (list Q * (Q * string)) := [\n  ([1], (2, "a"));\n  ([2], (0.5, "b"));\n',
            'class_weights : list (string * Q) := [("a", 1); ("b", 3)].',
            "samples : list (list Q * (Q * list Q)) :=\n  map (fun row => (fst row, (fst (snd row) * "
            "class_weight class_weights (snd (snd row)), signs class_names (snd (snd row))))) table.",
        ):
            assert definition in shown

    def test_cross_entropy(self, tmp_path: Path) -> None:
        problem = TrainingProblem.from_rationals([[1], [2]], [[1, 0, 0], [0, 1, 0]], 10, "cross-entropy 1/10")
        rows = ((3 << 18, -3 << 17, -3 << 17), (0, 0, 0))
        certificate = certificate_of(problem, rows, (Sign(0), Leaf(1, 1), Leaf(1, 1)), exponent=20)
        honest = replace(certificate, bound=dual_bound(problem, rows, 20))
        forged = replace(honest, bound=honest.bound * (1 + Fraction(1, 2**50)))
        verdict, proof = in_kernel(honest, problem)
        assert verdict.valid
        assert proof is not None
        assert "value_of (CrossEntropy 1 10)" in proof.theorem
        assert in_kernel(forged, problem)[0].obligation is Obligation.CLAIM

    def test_rejected(self, tmp_path: Path) -> None:
        certificate, problem = CASES["orthants"]
        file = tmp_path / "rejected.v"
        forged = replace(certificate, tree=certificate.tree[:-1])
        exact = check_certificate(forged, problem)
        assert in_kernel(forged, problem, file=file) == (replace(exact, trust="kernel"), None)
        assert file.read_text().endswith("Eval vm_compute in check hint (fun _ => true) training evidence.\n")
        assert "Theorem" not in file.read_text()

    def test_of_another_problem(self) -> None:
        certificate, problem = CASES["orthants"]
        for other in (replace(problem, gamma=problem.gamma * 2), replace(problem, targets=((3,), (5,)))):
            verdict, proof = in_kernel(certificate, other)
            assert proof is None
            assert verdict == replace(check_certificate(certificate, other), trust="kernel")

    def test_hostile_indices_stay_short(self, tmp_path: Path) -> None:
        certificate, problem = CASES["orthants"]
        far = 10**30
        nodes = (
            Sign(far),
            Sign(-1),
            RowSign(far),
            RowSign(-1),
            Split(0, far, 1, 1),
            TauLeaf(1, 1, 1, ((far, far, 1),)),
        )
        forged = [replace(certificate, tree=(Sign(0), Sign(1), node)) for node in nodes]
        said = results([(each, problem) for each in forged], tmp_path)
        for each, words in zip(forged, said, strict=True):
            owed = check_certificate(each, problem).obligation
            assert owed is not None
            assert words == f"Failed {owed.name} (Some 2)"


def test_nodes_of_other_statements() -> None:
    certificate, problem = CASES["orthants"]
    for node in (FacesLeaf((((0, 0, 0),),)), Part((0,))):
        forged = replace(certificate, tree=(Sign(0), node))
        with pytest.raises(Rejection) as raised:
            list(certificate_definitions(forged, problem))
        assert (raised.value.obligation, raised.value.node) == (Obligation.NODE_KIND, 1)


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


class TestRefusals:
    def test_no_coq(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(DataError, match="Coq is not there"):
            in_kernel(*CASES["orthants"])

    @needs_coq
    def test_no_theories(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("CERTIFY_THEORIES", str(tmp_path))
        with pytest.raises(DataError, match="CERTIFY_THEORIES"):
            in_kernel(*CASES["orthants"])

    @needs_coq
    def test_broken_theories(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "OverReals.vo").write_text("nothing compiled")
        monkeypatch.setenv("CERTIFY_THEORIES", str(tmp_path))
        with pytest.raises(KernelCheckerError, match="make proofs"):
            in_kernel(*CASES["orthants"])

    @needs_coq
    def test_large(self) -> None:
        certificate, problem = CASES["orthants"]
        large = replace(certificate, tree=certificate.tree * 10**5)
        with pytest.raises(DataError, match="too large for Coq's kernel: its 700000 nodes"):
            in_kernel(large, problem, time_limit=10)
        assert estimated_seconds(large, problem) > 10 > estimated_seconds(certificate, problem)
        # A leaf of many mixed rows is dense.
        dense = replace(certificate, tree=(Leaf(1, 1, ((0, 1001, 1),)),))
        wide = TrainingProblem.from_rationals([[1, 0]] * 500, [[1]] * 500, 1)
        assert estimated_seconds(dense, wide) > 2000
        # The frames of blocks are decided on; trees are on their own samples only.
        certificate, problem = CASES["blocks"]
        assert certificate.blocks is not None
        assert estimated_seconds(certificate, problem) < 4
        first, second = certificate.blocks.parts
        wide_frame = replace(first, output_frame=((8,),) * 10**6)
        blocks_of = replace(certificate.blocks, parts=(wide_frame, second))
        assert estimated_seconds(replace(certificate, blocks=blocks_of), problem) > 10

    @needs_coq
    def test_time_is_over(self) -> None:
        # Each cut makes the integers longer, which is more than the estimate knows.
        certificate, problem = CASES["orthants"]
        cuts = [Split(k % 2, 1 - k % 2, 3**100, 5**100) for k in range(500)]
        slow = replace(certificate, tree=(Sign(0), Sign(1), *cuts))
        with pytest.raises(TimeLimitError, match="did not end within 4 s: raise --time-limit"):
            in_kernel(slow, problem, time_limit=4)

    @pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
    def test_no_time(self, limit: float) -> None:
        with pytest.raises(DataError, match="positive number of seconds"):
            in_kernel(*CASES["orthants"], time_limit=limit)

    @pytest.mark.parametrize("name", ["proof.txt", "my proof.v", "1.v", "a-b.v"])
    def test_names_that_coq_does_not_read(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=re.escape(name)):
            in_kernel(*CASES["orthants"], file=tmp_path / name)

    def test_of_other_levels(self) -> None:
        certificate, problem = CASES["orthants"]
        with pytest.raises(DataError, match="trust level kernel"):
            check(certificate, problem=problem, coq="proof.v")

    def test_more_axioms(self) -> None:
        said = "Axioms:\nClassicalDedekindReals.sig_forall_dec\n  : forall P : nat -> Prop, P 0\n"
        assert _axioms(said) == ("ClassicalDedekindReals.sig_forall_dec",)
        assert _axioms("Closed under the global context\n") == ()
        for more in (said + "easy : False\n", "", "Axioms:\n", "easy : False\n"):
            with pytest.raises(KernelCheckerError, match="rests on more"):
                _axioms(more)


@needs_coq
class TestCommand:
    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        path, data = tmp_path / "c.cert", tmp_path / "d.csv"
        save_certificate(replace(CASES["orthants"][0], preprocessing=recipe_of_corner(data)), path)
        return path, data

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "certify.cli", "check", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=600)

    def test_valid(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        path, data = files
        file = tmp_path / "kept.v"
        run = self.run(path, "--data", data, "--trust", "kernel", "--coq", file)
        assert run.returncode == 0, run.stderr
        assert run.stdout.startswith("VALID   trust: kernel (a theorem that Coq's kernel has checked)\n")
        assert "Theorem: forall net b, " in run.stdout
        assert f"`table` in {file} is your data" in run.stdout
        assert "Print Assumptions" in file.read_text()
        assert sorted(p.name for p in tmp_path.iterdir()) == ["c.cert", "d.csv", "kept.v"]

    def test_json(self, files: tuple[Path, Path]) -> None:
        path, data = files
        answer = json.loads(self.run(path, "--data", data, "--trust", "kernel", "--json").stdout)
        assert (answer["valid"], answer["trust"], answer["leaves"]) == (True, "kernel", 4)
        assert answer["proof"]["axioms"]
        assert answer["proof"]["file"] is None

    def test_rejected(self, files: tuple[Path, Path]) -> None:
        path, data = files
        path.write_text(path.read_text().replace('"bound":"', '"bound":"1'))
        run = self.run(path, "--data", data, "--trust", "kernel")
        assert run.returncode == 1
        assert "the claimed bound is more than the dual point proves" in run.stdout

    def test_outputs_do_not_overwrite_inputs(self, files: tuple[Path, Path]) -> None:
        path, data = files
        run = self.run(path, "--data", data, "--trust", "kernel", "--coq", path)
        assert (run.returncode, run.stdout) == (2, "")
        assert path.read_text().startswith("{")

    def test_ctrl_c_ends_coq(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        path, data = files
        cuts = tuple(Split(k % 2, 1 - k % 2, 3**100, 5**100) for k in range(500))
        slow = replace(CASES["orthants"][0], tree=(Sign(0), Sign(1), *cuts))
        save_certificate(replace(slow, preprocessing=recipe_of_corner(data)), path)
        command = [sys.executable, "-m", "certify.cli", "check", str(path), "--data", str(data)]
        with subprocess.Popen([*command, "--trust", "kernel"], stderr=subprocess.PIPE) as process:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            deadline = time.monotonic() + 600
            while not children.read_text().split():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            child = int(children.read_text().split()[0])
            process.send_signal(signal.SIGINT)
            assert process.wait(600) == 130
        # Gone, or waiting for nobody but who collects its exit code.
        state = Path(f"/proc/{child}/stat")
        assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"
