"""Certificates of a matrix: the checker extracted from its proof against the one in Python, and by hand."""

import json
import random
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matrices.copositive_matrices import HORN
from certify import check
from certify.attack.attack import _TEXT_FORGERIES
from certify.attack.tree_forgeries import TREE_FORGERIES
from certify.checker.certificate.complete_positivity import (
    COMPLETE_POSITIVITY,
    CompletePositivityCertificate,
    Term,
)
from certify.checker.certificate.copositivity import (
    COPOSITIVE,
    COPOSITIVITY,
    NOT_COPOSITIVE,
    NOT_STRICTLY_COPOSITIVE,
    STRICTLY_COPOSITIVE,
    CopositivityCertificate,
)
from certify.checker.certificate.file import (
    any_from_text,
    save_certificate,
    to_text,
)
from certify.checker.certificate.nodes import (
    Leaf,
    Node,
    Part,
    Sign,
    Split,
)
from certify.checker.errors import CertificateError, DataError
from certify.checker.matrix.complete_positivity import check_complete_positivity
from certify.checker.matrix.copositivity import check_copositivity
from certify.checker.obligations import Obligation
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.subject import OfMatrix
from certify.checker.verdict import Verdict
from certify.trust.extracted import ProvedCheckerError, check_proved
from tests.certify.checker.faces import HORN_FACES, forged_faces
from tests.certify.checker.matrix.test_complete_positivity import FORGERIES as OF_FACTORISATIONS
from tests.certify.checker.matrix.test_complete_positivity import MATRIX, VECTOR, YES
from tests.certify.checker.matrix.test_complete_positivity import NO as SEPARATED
from tests.certify.checker.matrix.test_copositivity import (
    EDGE,
    ENVELOPE,
    NEGATIVE,
    POSITIVE,
    stated,
)
from tests.certify.checker.matrix.test_copositivity import FORGERIES as OF_COPOSITIVITY
from tests.certify.checker.strategies import copositivity_certificates, symmetric_integers
from tests.certify.trust.extracted.test_training import (
    PRODUCTS,
    PROGRAM,
    ROUNDS,
    needs_program,
)

F = Fraction
WIDE = ((1, 3), (3, 1))
MatrixCertificate = CopositivityCertificate | CompletePositivityCertificate
Case = tuple[MatrixCertificate, SymmetricMatrix]


def answer(text: bytes, matrix: SymmetricMatrix, folder: Path) -> tuple[int, dict[str, object]]:
    """Run the program on the text of a certificate."""
    assert PROGRAM is not None
    certificate, data = folder / "c.cert", folder / "m.txt"
    certificate.write_bytes(text)
    data.write_text(matrix.canonical_text())
    command = [str(PROGRAM), str(certificate), "--text", str(data), "--json"]
    run = subprocess.run(command, capture_output=True, timeout=600)
    assert run.returncode in (0, 1, 2), run.stderr
    assert (run.returncode == 2) == bool(run.stderr), run.stderr
    return run.returncode, json.loads(run.stdout or "{}")


def verdict_of(certificate: MatrixCertificate, matrix: SymmetricMatrix) -> Verdict:
    if isinstance(certificate, CopositivityCertificate):
        return check_copositivity(certificate, matrix)
    return check_complete_positivity(certificate, matrix)


def assert_same(text: str, matrix: SymmetricMatrix, folder: Path) -> None:
    code, said = answer(text.encode("latin-1"), matrix, folder)
    try:
        certificate = any_from_text(text)
    except CertificateError:
        assert code == 2
        return
    assert isinstance(certificate, MatrixCertificate)
    verdict = verdict_of(certificate, matrix)
    assert code == (0 if verdict.valid else 1), (said, verdict)
    if verdict.obligation is None:
        assert (said["leaves"], said["bound"]) == (verdict.leaves, None)
    else:
        # Of a leaf with two wrong products either may be named.
        same = PRODUCTS if verdict.obligation in PRODUCTS else {verdict.obligation}
        assert Obligation[str(said["obligation"])] in same


def of_rows(rows: Sequence[Sequence[int]], *tree: Node, strict: bool = False) -> Case:
    return stated(rows, *tree, statement=STRICTLY_COPOSITIVE if strict else COPOSITIVE)


# The Horn matrix less its middle is no sum of a semidefinite and a nonnegative matrix, but cut it is.
CYCLE = [[2, -1, 0, 1, -1], [-1, 2, -1, 0, 1], [0, -1, 2, -1, 0], [1, 0, -1, 2, -1], [-1, 1, 0, -1, 2]]
LARGE = [[12 if i == j else (-1) ** (i * j) for j in range(11)] for i in range(11)]
CUT = Split(0, 1, 1, 1)
VALID: dict[str, Case] = {
    "envelope": of_rows(EDGE, ENVELOPE),
    "definite": of_rows(((2, -1), (-1, 2)), ENVELOPE, strict=True),
    "positive": of_rows(WIDE, ENVELOPE, strict=True),
    "multipliers": of_rows(WIDE, Leaf(1, 1, ((0, 1, 5),)), strict=True),
    "multipliers, singular": of_rows(WIDE, Leaf(1, 1, ((0, 1, 4),))),
    "cuts": of_rows(CYCLE, CUT, Split(1, 4, 2, 3), *[ENVELOPE] * 3, strict=True),
    "parts": of_rows(((1, -1, 0), (-1, 1, 2), (0, 2, 0)), Part((0, 1)), ENVELOPE, ENVELOPE),
    "part of the middle": of_rows(((1, 2, -1), (2, 1, 0), (-1, 0, 1)), Part((1,)), ENVELOPE, ENVELOPE),
    "faces": of_rows(HORN, HORN_FACES),
    "a factor": of_rows(LARGE, ENVELOPE, strict=True),
    "a witness": stated(NEGATIVE, statement=NOT_COPOSITIVE, witness=(1, 1)),
    "a zero": stated(EDGE, statement=NOT_STRICTLY_COPOSITIVE, witness=(2, 2)),
    "terms": (YES, MATRIX),
    "terms with a free coordinate": (
        replace(
            YES,
            free=1,
            matrix_sha256=SymmetricMatrix(((1, -1), (-1, 1)), 1).sha256(),
            terms=(Term(F(1), (1, -1)),),
        ),
        SymmetricMatrix(((1, -1), (-1, 1)), 1),
    ),
    "nothing": (
        replace(YES, matrix_sha256=SymmetricMatrix(((0,),), 1).sha256(), terms=()),
        SymmetricMatrix(((0,),), 1),
    ),
    "a vector": (VECTOR, SymmetricMatrix.from_rationals([[1, 2], [2, 1]])),
    "a separator": (
        replace(
            SEPARATED,
            matrix_sha256=SymmetricMatrix(((1, 3, 0), (3, 1, 0), (0, 0, 5)), 7).sha256(),
            free=1,
            separator=((1, -1), (-1, 1)),
            tree=(CUT, ENVELOPE, ENVELOPE),
        ),
        SymmetricMatrix(((1, 3, 0), (3, 1, 0), (0, 0, 5)), 7),
    ),
}


@needs_program
class TestSameVerdict:
    @pytest.mark.parametrize("name", VALID)
    def test_on_a_valid_certificate(self, name: str, tmp_path: Path) -> None:
        certificate, matrix = VALID[name]
        assert verdict_of(certificate, matrix).valid
        assert_same(to_text(certificate), matrix, tmp_path)

    @pytest.mark.parametrize("name", VALID)
    def test_for_the_strict_statement_too(self, name: str, tmp_path: Path) -> None:
        certificate, matrix = VALID[name]
        if isinstance(certificate, CopositivityCertificate):
            stricter = {COPOSITIVE: STRICTLY_COPOSITIVE, NOT_STRICTLY_COPOSITIVE: NOT_COPOSITIVE}
            other = stricter.get(certificate.statement, certificate.statement)
            assert_same(to_text(replace(certificate, statement=other)), matrix, tmp_path)

    def test_on_each_forgery(self, tmp_path: Path) -> None:
        forged: list[Case] = [*OF_COPOSITIVITY.values(), *((c, m) for c, m, _ in OF_FACTORISATIONS)]
        tried = 0
        for certificate, matrix in forged:
            in_a_file = certificate.statement != "positive" and (certificate.free or 0) >= 0
            if in_a_file:
                assert_same(to_text(certificate), matrix, tmp_path)
                tried += 1
        assert tried >= 20

    @pytest.mark.parametrize("name", VALID)
    def test_on_changes_of_the_file(self, name: str, tmp_path: Path) -> None:
        certificate, matrix = VALID[name]
        chance, original = random.Random(name), to_text(certificate)
        for trial in range(ROUNDS * 24):
            kind = tuple(_TEXT_FORGERIES)[trial % len(_TEXT_FORGERIES)]
            assert_same(_TEXT_FORGERIES[kind](original, chance), matrix, tmp_path)

    @pytest.mark.parametrize("name", ["cuts", "parts", "multipliers", "a separator"])
    def test_on_forged_trees(self, name: str, tmp_path: Path) -> None:
        certificate, matrix = VALID[name]
        chance = random.Random(name)
        for trial in range(ROUNDS * 2 * len(TREE_FORGERIES)):
            kind = tuple(TREE_FORGERIES)[trial % len(TREE_FORGERIES)]
            forged = replace(certificate, tree=TREE_FORGERIES[kind](certificate.tree, chance))
            assert_same(to_text(forged), matrix, tmp_path)

    def test_on_forged_faces(self, tmp_path: Path) -> None:
        _, matrix = VALID["faces"]
        chance = random.Random(0)
        for _ in range(ROUNDS * 60):
            forged, _ = of_rows(HORN, forged_faces(HORN_FACES, chance))
            assert_same(to_text(forged), matrix, tmp_path)

    @settings(max_examples=60 * ROUNDS, deadline=None)
    @given(matrix=symmetric_integers(), seed=st.integers(0, 2**32))
    def test_on_random_matrices(
        self, matrix: list[list[int]], seed: int, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        exact, chance = SymmetricMatrix.from_rationals(matrix), random.Random(seed)
        p = len(matrix)
        tree: tuple[Node, ...] = (chance.choice((ENVELOPE, Leaf(1, 1, ((0, p - 1, chance.randint(0, 3)),)))),)
        if p > 1:
            k, l = chance.sample(range(p), 2)
            cut = (Split(k, l, chance.randint(1, 3), chance.randint(1, 3)), ENVELOPE, *tree)
            part = (Part(tuple(sorted({k, l})[:1])), *tree, ENVELOPE) if p > 1 else tree
            tree = chance.choice((tree, cut, part))
        witness = tuple(chance.randint(0, 2) for _ in range(p))
        for statement in (COPOSITIVE, STRICTLY_COPOSITIVE, NOT_COPOSITIVE, NOT_STRICTLY_COPOSITIVE):
            refuting = statement in (NOT_COPOSITIVE, NOT_STRICTLY_COPOSITIVE)
            certificate = CopositivityCertificate(
                statement, exact.sha256(), () if refuting else tree, witness if refuting else (), "at random"
            )
            assert_same(to_text(certificate), exact, tmp_path_factory.mktemp("m"))

    @settings(max_examples=60 * ROUNDS, deadline=None)
    @given(certificate=copositivity_certificates())
    def test_on_what_is_meaningless(
        self, certificate: CopositivityCertificate, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        matrix = SymmetricMatrix.from_rationals(EDGE)
        meant = replace(certificate, matrix_sha256=matrix.sha256())
        assert_same(to_text(meant), matrix, tmp_path_factory.mktemp("m"))

    def test_on_what_is_no_certificate(self, tmp_path: Path) -> None:
        certificate, matrix = VALID["envelope"]
        text = to_text(certificate)
        header = text.splitlines()[0] + "\n"
        terms = to_text(YES)
        for hostile in (
            text[:-1],
            header + "part\n",
            header + "part x\n",
            header + "part 0  1\n",
            header + "part 99999999999999999999\n",
            header + "part " + "0 " * 300_000 + "0\n",
            header + "leaf 1 1 1\n0" + " 0 1" * 200_000 + "\n",
            header + "envelope 1\n",
            header + "tau 1 1 1 0\n",
            header + "sign 0\n",
            header + "sign\n",
            header.replace('"witness":[]', '"witness":[1]') + "envelope\n",
            header.replace('"witness":[]', '"witness":["01"]') + "envelope\n",
            header.replace('"witness":[]', '"witness":""') + "envelope\n",
            header.replace('"witness":[],', "") + "envelope\n",
            header.replace('"witness":[]', '"witness":["1","1"]') + "envelope\n",
            header.replace('"nodes":1', '"nodes":1,"bound":"1/2"') + "envelope\n",
            header.replace('"copositive"', '"true"') + "envelope\n",
            header.replace('"copositive"', '"training"') + "envelope\n",
        ):
            assert_same(hostile, matrix, tmp_path)
        for hostile in (
            terms.replace("term 1 2 ", "term 2 4 "),
            terms.replace("term 1 2 ", "term 1 0 "),
            terms.replace("term 1 2 ", "term 1 -2 "),
            terms.replace("term 1 2 ", "term 0 1 "),
            terms.replace("term 1 2 1 1", "term 1 2"),
            terms.replace("term 1 2 1 1", "term 1 2 1p3 1"),
            terms.replace("term 1 2 ", "terms 1 2 "),
            terms.replace('"terms":3', '"terms":4'),
            terms.replace('"terms":3', '"terms":2'),
            terms.replace('"free":0', '"free":3'),
            terms.replace('"free":0', '"free":-1'),
            terms.replace('"free":0', '"free":"0"'),
            terms.replace('"vector":[]', '"vector":["1","1"]'),
            terms.replace('"separator":[]', '"separator":["1 0","0 1"]'),
            terms.replace('"separator":[]', '"separator":["1  0"]'),
        ):
            assert_same(hostile, MATRIX, tmp_path)

    def test_on_deep_and_wide_trees(self, tmp_path: Path) -> None:
        chain = of_rows(EDGE, *(Split(0, 1, 1, 1 + k % 2) for k in range(3000)))
        assert_same(to_text(chain[0]), chain[1], tmp_path)
        nodes: list[Node] = [CUT, ENVELOPE] * 2000
        many = of_rows(POSITIVE, *nodes, ENVELOPE)
        assert_same(to_text(many[0]), many[1], tmp_path)
        wide = of_rows([[int(i == j) for j in range(300)] for i in range(300)], *[CUT] * 1000)
        assert verdict_of(*wide).obligation is Obligation.LIMITS
        assert_same(to_text(wide[0]), wide[1], tmp_path)

    def test_on_weights_without_a_short_common_denominator(self, tmp_path: Path) -> None:
        terms = tuple(Term(F(1, 10**3999 + 2 * k + 1), (1, 1)) for k in range(12))
        certificate = replace(YES, terms=terms)
        assert verdict_of(certificate, MATRIX).obligation is Obligation.LIMITS
        assert_same(to_text(certificate), MATRIX, tmp_path)

    def test_on_terms_that_take_much_work(self, tmp_path: Path) -> None:
        # Of order 512 and over a denominator of some 1700 words, each term counts as 4.5 * 10^8.
        matrix = SymmetricMatrix.from_rationals([[int(i == j) for j in range(512)] for i in range(512)])
        first = (1, *[0] * 511)
        for count, owed in ((8, Obligation.SUM), (9, Obligation.LIMITS)):
            terms = tuple(Term(F(1, 10**3999 + 2 * k + 1), first) for k in range(count))
            certificate = replace(YES, matrix_sha256=matrix.sha256(), terms=terms)
            assert verdict_of(certificate, matrix).obligation is owed
            assert_same(to_text(certificate), matrix, tmp_path)


@needs_program
class TestInCommand:
    @pytest.mark.parametrize("name", VALID)
    def test_the_best_checker_is_the_proved_one(self, name: str) -> None:
        certificate, matrix = VALID[name]
        best = check(certificate, matrix=matrix, trust="best")
        exact = check(certificate, matrix=matrix, trust="exact")
        assert (best.valid, best.trust, best.bound, best.leaves) == (True, "proved", None, exact.leaves)
        assert best.statement == exact.statement

    def test_a_rejection_says_what_the_other_checker_says(self) -> None:
        forged: list[Case] = [*OF_COPOSITIVITY.values(), *((c, m) for c, m, _ in OF_FACTORISATIONS[5:9])]
        for certificate, matrix in forged:
            exact = check(certificate, matrix=matrix)
            assert check(certificate, matrix=matrix, trust="proved") == replace(exact, trust="proved")

    def test_what_no_file_can_hold_is_left_to_the_other_checker(self) -> None:
        certificate, matrix = of_rows(EDGE, Sign(0), ENVELOPE, ENVELOPE)
        with pytest.raises(ProvedCheckerError, match="no node"):
            check_proved(certificate, OfMatrix.of(certificate, matrix))
        verdict = check(certificate, matrix=matrix, trust="best")
        assert (verdict.trust, verdict.obligation) == ("exact", Obligation.NODE_KIND)

    def test_without_the_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CERTIFY_CHECKER", "")
        certificate, matrix = VALID["envelope"]
        assert check(certificate, matrix=matrix, trust="best").trust == "exact"
        with pytest.raises(DataError, match="make proofs"):
            check(certificate, matrix=matrix, trust="proved")

    def test_alone(self, tmp_path: Path) -> None:
        assert PROGRAM is not None
        path, data = tmp_path / "c.cert", tmp_path / "m.csv"
        words = {
            "envelope": "copositive: z^T M z >= 0 for all z >= 0.",
            "a witness": "not copositive: z^T M z < 0 for a z >= 0, the witness.",
            "terms": "completely positive: it is a sum of terms b b^T with b >= 0, no coordinate free.",
        }
        for name, statement in words.items():
            certificate, matrix = VALID[name]
            save_certificate(certificate, path)
            rows = [[str(F(entry, matrix.denominator)) for entry in row] for row in matrix.entries]
            data.write_text("\n".join(map(",".join, rows)))
            run = subprocess.run([PROGRAM, path, "--data", data], capture_output=True, timeout=600, text=True)
            assert run.stdout.splitlines()[:3] == [
                "VALID, trust: proved",
                f"The symmetric matrix M of order 2 is {statement}",
                f"    matrix         SHA-256 {matrix.sha256()}",
            ]


def test_the_cases_have_every_statement() -> None:
    assert {certificate.statement for certificate, _ in VALID.values()} == {
        *COPOSITIVITY,
        *COMPLETE_POSITIVITY,
    }
