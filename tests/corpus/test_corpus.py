"""Certificates that are kept for ever, and what every checker has to say of them (tests/corpus)."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from certify import check
from certify.checker.__main__ import main as check_alone
from certify.checker.certificate.any_certificate import AnyCertificate
from certify.checker.certificate.complete_positivity import COMPLETE_POSITIVITY, CompletePositivityCertificate
from certify.checker.certificate.copositivity import COPOSITIVITY, CopositivityCertificate
from certify.checker.certificate.file import load_any_certificate
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
from certify.checker.check import check_exactly, subject_of
from certify.checker.data.matrix_file import read_matrix
from certify.checker.errors import CertifyError, DataError
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.output_bias import OUTPUT_BIASES
from certify.trust.coq.kernel import _command
from certify.trust.coq.matrix import HEADER as MATRIX_HEADER
from certify.trust.coq.matrix_terms import matrix_certificate_definitions, matrix_definitions
from certify.trust.coq.training import HEADER, certificate_definitions, problem_definitions
from certify.trust.extracted import find_checker
from tests.certify.checker.oracles import replace_require

FOLDER = Path(__file__).parent
CASES: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
CERTIFICATES = [name for name, expected in CASES.items() if expected["exit"] != 2]
# What no file can fail: of files with such nodes or statements a reader makes no certificate; gamma, loss and
# output bias are hashed with the problem; what a user expects is not in the file.
OF_NO_FILE = {"NODE_KIND", "STATEMENT", "EXPECTATION"}

PROGRAM = find_checker()
needs_program = pytest.mark.skipif(PROGRAM is None, reason="the proved checker is not built: make proofs")
try:
    COQC = _command()
except DataError as error:
    COQC, WHY = (), str(error)
else:
    WHY = ""


def files(name: str) -> tuple[Path, Path]:
    """Return the paths of the certificate and of the data."""
    return FOLDER / CASES[name]["certificate"], FOLDER / CASES[name]["data"]


def accepted(name: str, level: str) -> bool:
    """Return whether a level of trust has to accept."""
    return bool(CASES[name]["levels"][level] == "valid")


def of_level(level: str) -> list[str]:
    """Return the cases on which a level of trust has to give a verdict."""
    return [name for name in CERTIFICATES if level in CASES[name]["levels"]]


class TestVerdicts:
    @pytest.mark.parametrize("name", CERTIFICATES)
    def test_exact(self, name: str) -> None:
        certificate, data = files(name)
        expected = CASES[name]
        verdict = check(certificate, data=data, trust="exact")
        assert verdict.valid is accepted(name, "exact")
        if verdict.valid:
            bound = verdict.bound
            shown = None if bound is None else f"{bound.numerator}/{bound.denominator}"
            assert (shown, verdict.leaves) == (expected["bound"], expected["leaves"])
        else:
            assert verdict.obligation is Obligation[expected["obligation"]]
            place = re.search(r"\(node (\d+) of the tree\)", verdict.reason)
            assert (None if place is None else int(place[1]) - 1) == expected["node"]

    @pytest.mark.parametrize("name", CASES)
    def test_exact_alone(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        certificate, data = files(name)
        code = check_alone([str(certificate), "--data", str(data), "--trust", "exact"])
        said = capsys.readouterr()
        assert code == CASES[name]["exit"]
        assert said.out.startswith(("VALID", "REJECTED", "")[code])
        # One sentence, and nothing that a terminal would obey.
        assert said.err.count("\n") == (code == 2)
        assert said.err.rstrip("\n").isprintable()

    @needs_program
    @pytest.mark.parametrize("name", CASES)
    def test_proved(self, name: str) -> None:
        certificate, data = files(name)
        expected = CASES[name]
        command = [str(PROGRAM), str(certificate), "--data", str(data), "--json"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert run.returncode == expected["exit"], run
        if run.returncode == 2:
            assert run.stdout == ""
            assert run.stderr.count("\n") == 1
            return
        said = json.loads(run.stdout)
        assert said["valid"] is accepted(name, "proved")
        kept = ("bound", "leaves") if said["valid"] else ("obligation", "node")
        assert {key: said[key] for key in kept} == {key: expected[key] for key in kept}

    @pytest.mark.parametrize("name", of_level("rigorous"))
    def test_rigorous(self, name: str) -> None:
        certificate, data = files(name)
        verdict = check(certificate, data=data, trust="rigorous")
        if CASES[name]["levels"]["rigorous"] != "open":
            assert verdict.valid is accepted(name, "rigorous")
        if verdict.valid:
            assert verdict.bound is not None
            assert f"{verdict.bound.numerator}/{verdict.bound.denominator}" == CASES[name]["bound"]

    @pytest.mark.skipif(not COQC, reason=WHY)
    def test_kernel(self, tmp_path: Path) -> None:
        names = of_level("kernel")
        parts = [HEADER, MATRIX_HEADER]
        for number, name in enumerate(names):
            certificate, data = load_any_certificate(files(name)[0]), files(name)[1]
            parts.append(f"Module M{number}.")
            if isinstance(certificate, Certificate):
                problem = subject_of(certificate, data).problem
                parts += [*problem_definitions(problem), *certificate_definitions(certificate, problem)]
                parts.append("Eval vm_compute in check hint (fun _ => true) training evidence.")
            else:
                assert isinstance(certificate, CopositivityCertificate | CompletePositivityCertificate)
                matrix = read_matrix(data)
                parts += [*matrix_definitions(matrix), *matrix_certificate_definitions(certificate, matrix)]
                parts.append("Eval vm_compute in check_matrix hint (fun _ => true) integers evidence.")
            parts.append(f"End M{number}.")
        path = tmp_path / "corpus.v"
        path.write_text("\n".join(parts) + "\n")
        run = subprocess.run([*COQC, str(path)], capture_output=True, text=True, timeout=300)
        assert run.returncode == 0, run.stderr
        said = re.findall(
            r"= (Proved \d+|Failed [A-Z_]+ (?:None|\(Some \d+\)))", " ".join(run.stdout.split())
        )
        assert dict(zip(names, said, strict=True)) == {name: in_coq(name) for name in names}


def in_coq(name: str) -> str:
    """Return the result that Coq has to compute."""
    expected = CASES[name]
    if accepted(name, "kernel"):
        return f"Proved {expected['leaves']}"
    place = "None" if expected["node"] is None else f"(Some {expected['node']})"
    return f"Failed {expected['obligation']} {place}"


class TestWhatIsThere:
    def test_every_file_belongs_to_a_case(self) -> None:
        kept = {path for folder in ("valid", "invalid", "malformed") for path in (FOLDER / folder).iterdir()}
        assert kept == {path for name in CASES for path in files(name)}
        assert sum(path.stat().st_size for path in kept) < 500_000
        for name, expected in CASES.items():
            assert name.partition("/")[0] == ("valid", "invalid", "malformed")[expected["exit"]]
            assert expected["how"]

    def test_every_obligation_is_failed(self) -> None:
        failed = {expected["obligation"] for expected in CASES.values() if expected["exit"] == 1}
        assert failed == {obligation.name for obligation in Obligation} - OF_NO_FILE

    def test_for_every_obligation_there_is_a_case_that_nothing_else_catches(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        alone = set()
        for name in CERTIFICATES:
            if CASES[name]["exit"] == 0 or CASES[name]["obligation"] in alone:
                continue
            obligation = CASES[name]["obligation"]

            def require(
                condition: bool, asked: Obligation, node: int | None = None, disabled: str = obligation
            ) -> None:
                if not condition and asked.name != disabled:
                    raise Rejection(asked, node)

            replace_require(monkeypatch, require)
            certificate, data = files(name)
            try:
                caught = not check_exactly(certificate, data).valid
            except ValueError:  # sums over rows that do not fit fail closed
                caught = obligation not in ("DUAL_SHAPE", "BLOCK_SHAPE")
            except LookupError:
                caught = True
            if not caught:
                alone.add(obligation)
        assert alone == {obligation.name for obligation in Obligation} - OF_NO_FILE

    def test_every_statement_node_and_step_is_accepted(self) -> None:
        valid = [load_any_certificate(files(name)[0]) for name in CERTIFICATES if CASES[name]["exit"] == 0]
        assert {kind_of(certificate) for certificate in valid} == {
            *COPOSITIVITY,
            *COMPLETE_POSITIVITY,
            *OUTPUT_BIASES,
        }
        nodes = {type(node) for certificate in valid for node in certificate.tree}
        assert nodes == {Sign, RowSign, Split, Part, Leaf, TauLeaf, EnvelopeLeaf, FacesLeaf}
        rows = [
            row
            for certificate in valid
            for node in certificate.tree
            if isinstance(node, FacesLeaf)
            for row in node.rows
        ]
        assert set(map(step_of, rows)) == {"entries", "parts", "gaddum", "exchange", "merge"}
        recipes = [c.preprocessing for c in valid if isinstance(c, Certificate) and c.preprocessing]
        assert {(r.task, r.bias, r.standardize is not None) for r in recipes} >= {
            ("regression", False, False),
            ("classification", False, False),
            ("classification", True, True),
        }


def kind_of(certificate: AnyCertificate) -> str:
    """Return the statement, of a bound its output bias."""
    return certificate.output_bias if isinstance(certificate, Certificate) else certificate.statement


def step_of(row: tuple[tuple[int, int, int], ...]) -> str:
    """Return the step that a row of faces is, as docs/certificate-format.md tells them apart."""
    x, p = [x for _, x, _ in row], [p for _, _, p in row]
    if not any(x):
        return "parts" if any(p) else "entries"
    if min(x) < 0:
        return "exchange"
    return "merge" if max(p) < 0 else "gaddum"


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("malformed/")])
def test_python_says_what_is_wrong(name: str) -> None:
    certificate, data = files(name)
    with pytest.raises(CertifyError):
        check(certificate, data=data)
