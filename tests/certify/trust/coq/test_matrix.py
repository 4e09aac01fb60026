"""The kernel of Coq on statements of matrices: theorems, and the obligations that the others name."""

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.matrices.copositive_matrices import HORN
from certify import check, save_certificate
from certify.attack.tree_forgeries import TREE_FORGERIES
from certify.checker.certificate.complete_positivity import Term
from certify.checker.certificate.copositivity import COPOSITIVE, STRICTLY_COPOSITIVE, CopositivityCertificate
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    FacesLeaf,
    Leaf,
    Part,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.errors import DataError
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.subject import OfMatrix
from certify.checker.verdict import Verdict
from certify.trust.coq.check import check_in_kernel
from certify.trust.coq.kernel import KernelProof
from certify.trust.coq.matrix import HEADER, estimated_matrix_seconds
from certify.trust.coq.matrix_terms import (
    STATEMENTS,
    TERMS,
    matrix_certificate_definitions,
    matrix_definitions,
)
from tests.certify.checker.faces import HORN_FACES, forged_faces
from tests.certify.checker.matrix.test_complete_positivity import FORGERIES as OF_FACTORISATIONS
from tests.certify.checker.matrix.test_complete_positivity import MATRIX, YES
from tests.certify.checker.matrix.test_copositivity import EDGE, ENVELOPE
from tests.certify.checker.matrix.test_copositivity import FORGERIES as OF_COPOSITIVITY
from tests.certify.trust.coq.cases import COMMAND, needs_coq
from tests.certify.trust.extracted.test_matrices import (
    CUT,
    VALID,
    Case,
    F,
    MatrixCertificate,
    of_rows,
    verdict_of,
)
from tests.certify.trust.extracted.test_training import PRODUCTS

ONE_OF_EACH = {
    "copositive": ("faces", "forall z, length z = length M -> positive z -> 0 <= value M z"),
    "strictly_copositive": (
        "cuts",
        "forall z, length z = length M -> positive z -> nonzero z -> 0 < value M z",
    ),
    "not_copositive": (
        "a witness",
        "exists z, length z = length M /\\ positive z /\\ value M z < 0",
    ),
    "not_strictly_copositive": (
        "a zero",
        "exists z, length z = length M /\\ positive z /\\ nonzero z /\\ value M z <= 0",
    ),
    "completely_positive": (
        "terms with a free coordinate",
        "completely_positive M 1",
    ),
    "not_completely_positive": (
        "a separator",
        "~ completely_positive M 2",
    ),
}


def in_kernel(
    certificate: MatrixCertificate, matrix: SymmetricMatrix, **options: Any
) -> tuple[Verdict, KernelProof | None]:
    return check_in_kernel(certificate, OfMatrix.of(certificate, matrix), **options)


def results(cases: Iterable[Case], folder: Path) -> list[str]:
    """Evaluate the checker inside Coq on many certificates at once; return what it says of each."""
    parts = [HEADER]
    for number, (certificate, matrix) in enumerate(cases):
        parts += [f"Module M{number}.", *matrix_definitions(matrix)]
        parts += [*matrix_certificate_definitions(certificate, matrix), f"End M{number}."]
        parts.append(
            f"Eval vm_compute in check_matrix hint (fun _ => true) M{number}.integers M{number}.evidence."
        )
    path = folder / "many.v"
    path.write_text("\n".join(parts) + "\n")
    run = subprocess.run([*COMMAND, str(path)], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return re.findall(r"= (Proved \d+|Failed [A-Z_]+ (?:None|\(Some \d+\)))", " ".join(run.stdout.split()))


def forgeries() -> Iterable[Case]:
    """Yield forgeries of each kind; what they owe, the exact checker says."""
    yield from OF_COPOSITIVITY.values()
    yield from ((certificate, matrix) for certificate, matrix, _ in OF_FACTORISATIONS)
    chance = random.Random(4)
    for name in ("cuts", "parts", "multipliers", "a separator"):
        certificate, matrix = VALID[name]
        for forge in TREE_FORGERIES.values():
            yield replace(certificate, tree=forge(certificate.tree, chance)), matrix
    for _ in range(40):
        yield of_rows(HORN, forged_faces(HORN_FACES, chance))
    for name, (certificate, matrix) in VALID.items():
        if isinstance(certificate, CopositivityCertificate) and certificate.statement == COPOSITIVE:
            yield replace(certificate, statement=STRICTLY_COPOSITIVE), matrix
        if name.startswith("a"):
            yield replace(certificate, tree=(ENVELOPE, ENVELOPE)), matrix
    yield of_rows(EDGE, Split(0, 1, 1 << 5000, 1), ENVELOPE, ENVELOPE)
    yield replace(YES, free=10**30), MATRIX


@needs_coq
class TestSameVerdict:
    def test_on_valid_certificates(self, tmp_path: Path) -> None:
        kinds = {type(node) for certificate, _ in VALID.values() for node in certificate.tree}
        assert kinds == {Split, Part, Leaf, EnvelopeLeaf, FacesLeaf}
        said = results(VALID.values(), tmp_path)
        assert said == [f"Proved {certificate.leaves}" for certificate, _ in VALID.values()]

    def test_on_forgeries(self, tmp_path: Path) -> None:
        owed: set[Obligation | None] = set()
        cases = []
        for certificate, matrix in forgeries():
            verdict = verdict_of(certificate, matrix)
            owed.add(verdict.obligation)
            # Whatever else is wrong, a node of another kind is not written at all.
            is_written = all(type(node) in TERMS for node in certificate.tree)
            if is_written and verdict.obligation not in (Obligation.STATEMENT, Obligation.MATRIX):
                cases.append((certificate, matrix))
        for (certificate, matrix), said in zip(cases, results(cases, tmp_path), strict=True):
            verdict = verdict_of(certificate, matrix)
            if verdict.valid:
                assert said == f"Proved {verdict.leaves}"
                continue
            # Of a leaf with two wrong products either may be named.
            same = PRODUCTS if verdict.obligation in PRODUCTS else {verdict.obligation}
            word, obligation, *place = said.split(maxsplit=2)
            assert word == "Failed", (certificate, said, verdict)
            assert Obligation[obligation] in same, (certificate, said, verdict)
            node = re.search(r"node (\d+)", verdict.reason)
            assert place == ["None" if node is None else f"(Some {int(node[1]) - 1})"]
        of_matrices = {*OF_COPOSITIVITY, *(obligation for _, _, obligation in OF_FACTORISATIONS)}
        assert {*of_matrices, None, Obligation.SPLIT_INDEX, Obligation.LIMITS} <= owed

    def test_hostile_indices_stay_short(self, tmp_path: Path) -> None:
        far = 10**30
        nodes = (
            Split(0, far, 1, 1),
            Split(far, far, 1, 1),
            Part((0, far)),
            Leaf(1, 1, ((far, far, 1),)),
            FacesLeaf((((0, 0, 0), (far, 0, 0)),)),
            FacesLeaf((((-1, 0, 0), (0, 0, 0)),)),
        )
        cases = [of_rows(EDGE, CUT, node) for node in nodes]
        for (certificate, matrix), said in zip(cases, results(cases, tmp_path), strict=True):
            owed = verdict_of(certificate, matrix).obligation
            assert owed is not None
            assert said == f"Failed {owed.name} (Some 1)"

    def test_long_lists(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("certify.trust.coq.terms._CHUNK", 2)
        names = ("faces", "part of the middle", "a factor", "multipliers", "terms", "a vector", "a separator")
        cases = [VALID[name] for name in names]
        assert results(cases, tmp_path) == [f"Proved {certificate.leaves}" for certificate, _ in cases]


@needs_coq
class TestVerdict:
    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_theorem(self, statement: str, tmp_path: Path) -> None:
        name, theorem = ONE_OF_EACH[statement]
        certificate, matrix = VALID[name]
        assert certificate.statement == statement
        file = tmp_path / "theorem.v"
        verdict = check(certificate, matrix=matrix, trust="kernel", coq=file)
        proof, exact = verdict.proof, check(certificate, matrix=matrix)
        assert proof is not None
        assert verdict == replace(exact, trust="kernel", reason=verdict.reason, proof=proof)
        assert proof.theorem == theorem
        assert f"Theorem M_is_{statement} : {theorem}." in file.read_text()

    def test_the_theorem_is_about_the_matrix(self, tmp_path: Path) -> None:
        file = tmp_path / "theorem.v"
        _, proof = in_kernel(*VALID["terms"], file=file)
        assert proof is not None
        text = file.read_text()
        # By hand: 5/2, 1/2 and 7/2.
        assert "M : list (list Q) := [\n  [2.5; 0.5];\n  [0.5; 3.5]].\n" in text
        assert f'matrix_sha256 : string := "{VALID["terms"][0].matrix_sha256}"' in text
        assert '"The symmetric matrix A of order 2 is completely positive: a sum of 3 terms' in text
        for old, new in (
            ("[0.5; 3.5]", "[0.5; 3.6]"),
            ("completely_positive M 2.", "completely_positive M 1."),
            ("= Proved 0", "= Proved 1"),
        ):
            assert old in text
            file.write_text(text.replace(old, new))
            assert subprocess.run([*COMMAND, str(file)], capture_output=True, timeout=600).returncode == 1

    def test_rejected(self, tmp_path: Path) -> None:
        certificate, matrix = VALID["cuts"]
        forged = replace(certificate, tree=certificate.tree[:-1])
        file = tmp_path / "rejected.v"
        exact = replace(verdict_of(forged, matrix), trust="kernel")
        assert in_kernel(forged, matrix, file=file) == (exact, None)
        assert "Theorem" not in file.read_text()

    def test_rejected_without_coq(self) -> None:
        certificate, matrix = VALID["envelope"]
        for forged in (
            replace(certificate, matrix_sha256="0" * 64),
            replace(certificate, statement="positive"),
            replace(certificate, tree=(CUT, Sign(0), ENVELOPE, ENVELOPE)),
            replace(certificate, tree=(CUT, ENVELOPE, TauLeaf(1, 1))),
        ):
            exact = replace(verdict_of(forged, matrix), trust="kernel")
            assert in_kernel(forged, matrix) == (exact, None)
        long = replace(YES, terms=tuple(Term(F(1, 10**3999 + 2 * k + 1), (1, 1)) for k in range(12)))
        verdict, _ = in_kernel(long, MATRIX)
        assert verdict.obligation is Obligation.LIMITS

    def test_large(self) -> None:
        certificate, matrix = VALID["envelope"]
        large = replace(certificate, tree=(CUT,) * 10**5)
        with pytest.raises(DataError, match="its 100000 nodes take some"):
            in_kernel(large, matrix, time_limit=5)
        terms = replace(YES, terms=YES.terms * 10**5)
        with pytest.raises(DataError, match="its 300000 terms take some"):
            in_kernel(terms, MATRIX, time_limit=10)


def test_estimates() -> None:
    # What they are made of; proofs/README.md has the times measured.
    order = 100
    unit = [[int(i == j) for j in range(order)] for i in range(order)]
    row = tuple((k, 0, 0) for k in range(order))
    half = Part(tuple(range(50)))
    seconds = [
        estimated_matrix_seconds(*of_rows(unit, *tree))
        for tree in (
            (ENVELOPE,),
            (CUT, ENVELOPE, ENVELOPE),
            (half, ENVELOPE, ENVELOPE),
            (FacesLeaf((row,) * 3),),
            (FacesLeaf((tuple((k, 1, -1) for k in range(order)),) * 3),),
            (ENVELOPE, ENVELOPE),
        )
    ]
    form, cut, parts, faces, merged, left_over = (round(each) for each in seconds)
    assert (form, cut, parts, faces, merged) == (43, 83, 13, 124, 4)
    assert left_over == form


@needs_coq
class TestCommand:
    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        path, data = tmp_path / "c.cert", tmp_path / "m.csv"
        certificate, matrix = VALID["terms"]
        save_certificate(certificate, path)
        rows = [[str(F(entry, matrix.denominator)) for entry in row] for row in matrix.entries]
        data.write_text("\n".join(map(",".join, rows)))
        return path, data

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "certify.cli", "check", *map(str, arguments), "--trust", "kernel"]
        return subprocess.run(command, capture_output=True, text=True, timeout=600)

    def test_valid(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        path, data = files
        file = tmp_path / "kept.v"
        run = self.run(path, "--data", data, "--coq", file)
        assert run.returncode == 0, run.stderr
        assert run.stdout.startswith("VALID   trust: kernel (a theorem that Coq's kernel has checked)\n")
        assert "A of order 2 is completely positive: a sum of 3 terms" in run.stdout
        assert "Theorem: completely_positive M 2\n" in run.stdout
        words = f"`M` in {file} is your data, and that `completely_positive` in AsRead.v is what"
        assert words in run.stdout
        assert "Print Assumptions M_is_completely_positive." in file.read_text()

    def test_rejected(self, files: tuple[Path, Path]) -> None:
        path, data = files
        data.write_text("1,0\n0,1\n")
        run = self.run(path, "--data", data, "--json")
        assert run.returncode == 1
        answer = json.loads(run.stdout)
        assert (answer["valid"], answer["obligation"], answer["proof"]) == (False, "matrix", None)


def test_nodes_of_other_statements() -> None:
    certificate, matrix = VALID["envelope"]
    for node in (Sign(0), TauLeaf(1, 1)):
        with pytest.raises(Rejection) as raised:
            list(matrix_certificate_definitions(replace(certificate, tree=(CUT, node)), matrix))
        assert (raised.value.obligation, raised.value.node) == (Obligation.NODE_KIND, 1)
