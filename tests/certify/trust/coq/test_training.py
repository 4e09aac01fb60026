"""The kernel of Coq as checker: it accepts theorems, and names the obligations that the others name."""

import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from certify import check
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
from certify.checker.errors import CertificateError
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.losses.loss import SIGNS
from certify.checker.problems.training import TrainingProblem
from certify.checker.subject import Training
from certify.checker.training.check import check_certificate
from certify.trust.coq.check import check_in_kernel
from certify.trust.coq.training import (
    certificate_definitions,
)
from tests.certify.attack.test_attack import CORNER_OPTIMUM
from tests.certify.checker.oracles import certificate_of
from tests.certify.checker.problems.losses.examples import LOSSES
from tests.certify.checker.training import test_shifts as shifts
from tests.certify.trust.coq.cases import (
    BY_HAND,
    COMMAND,
    SEARCHES,
    case,
    in_kernel,
    needs_coq,
    results,
)
from tests.certify.trust.extracted.test_shifts import WHOLE
from tests.certify.trust.extracted.test_training import PRODUCTS


def forgeries(name: str) -> Iterator[tuple[Certificate, TrainingProblem]]:
    """Yield one forgery of each kind that is still a certificate, and whose terms Coq can evaluate."""
    certificate, problem = case(name)
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
        cases = [case(name) for name in (*BY_HAND, *SEARCHES)]
        kinds = {type(node) for certificate, _ in cases for node in certificate.tree}
        assert kinds == {Sign, RowSign, Split, Leaf, TauLeaf, EnvelopeLeaf}
        said = results(cases, tmp_path)
        assert said == [f"Proved {certificate.leaves}" for certificate, _ in cases]

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
        certificate, problem = case("free")
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
        certificate, problem = case("orthants")
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
        in_kernel(*case("one leaf"), file=file)
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
        certificate, problem = case("orthants")
        file = tmp_path / "rejected.v"
        forged = replace(certificate, tree=certificate.tree[:-1])
        exact = check_certificate(forged, problem)
        assert in_kernel(forged, problem, file=file) == (replace(exact, trust="kernel"), None)
        assert file.read_text().endswith("Eval vm_compute in check hint (fun _ => true) training evidence.\n")
        assert "Theorem" not in file.read_text()

    def test_of_another_problem(self) -> None:
        certificate, problem = case("orthants")
        for other in (replace(problem, gamma=problem.gamma * 2), replace(problem, targets=((3,), (5,)))):
            verdict, proof = in_kernel(certificate, other)
            assert proof is None
            assert verdict == replace(check_certificate(certificate, other), trust="kernel")

    def test_hostile_indices_stay_short(self, tmp_path: Path) -> None:
        certificate, problem = case("orthants")
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
    certificate, problem = case("orthants")
    for node in (FacesLeaf((((0, 0, 0),),)), Part((0,))):
        forged = replace(certificate, tree=(Sign(0), node))
        with pytest.raises(Rejection) as raised:
            list(certificate_definitions(forged, problem))
        assert (raised.value.obligation, raised.value.node) == (Obligation.NODE_KIND, 1)
