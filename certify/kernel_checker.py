"""The kernel of Coq as the checker: problem and certificate become a file of Coq that proves the bound.

In it the checker of proofs/ is evaluated inside the kernel, and its soundness theorem turns the outcome into
a theorem about the loss of all networks over Coq's real numbers. No program extracted from Coq takes part,
and what this module writes need not be trusted: whoever reads the file sees what is proved. Only the
standard library is used.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from certify.certificate import Certificate, Leaf, TauLeaf
from certify.check import Verdict
from certify.coq_terms import OUTPUT_BIASES, certificate_definitions, integer, problem_definitions
from certify.errors import CertifyError, DataError
from certify.obligations import Obligation, Rejection, require
from certify.problem import TrainingProblem

VARIABLE = "CERTIFY_THEORIES"  # the folder of the compiled theories
TIME_LIMIT = 600.0  # seconds
# By these names Coq's library defines its real numbers.
_AXIOMS_OF_THE_REALS = {"sig_forall_dec", "sig_not_dec", "functional_extensionality_dep"}

_HEADER = """\
(* A lower bound on the training loss of two-layer ReLU networks of any width, written by certify. `training`
   is the problem, `lower_bound` the theorem; `evidence`, the certificate, may be anything. Have it checked by
   coqc -R proofs/theories Certify THIS_FILE, where proofs/ is that of certify. *)
From Coq Require Import ZArith List Reals.
From Certify Require Import Factor Duality Tree Leaves Checker OverReals.
Import ListNotations.
Open Scope Z_scope.
"""
_CHECK = "check hint (fun _ => true) training evidence"


class KernelCheckerError(CertifyError):
    """Coq cannot be run, does not end in time, or says something unexpected."""


@dataclass(frozen=True)
class KernelProof:
    """What Coq's kernel has accepted.

    Attributes:
        theorem: its statement, in one line, as the file of Coq has it.
        axioms: the names of all that it rests on.
        seconds: that coqc took.
        file: where the file of Coq is kept, if it is.
    """

    theorem: str
    axioms: tuple[str, ...]
    seconds: float
    file: Path | None

    def to_json(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "theorem": self.theorem,
            "axioms": list(self.axioms),
            "seconds": self.seconds,
            "file": None if self.file is None else str(self.file),
        }

    def lines(self) -> tuple[str, str, str]:
        """Say what was proved and what remains to be trusted."""
        kept = "the file of Coq (keep it with --coq)" if self.file is None else str(self.file)
        return (
            f"Theorem: {self.theorem}",
            f"It rests on the axioms of Coq's real numbers alone ({', '.join(self.axioms) or 'on none'}); "
            f"coqc took {self.seconds:.1f} s.",
            "Trusted: Coq's kernel with its virtual machine, the compiled theories of proofs/, that "
            f"`training` in {kept} is your data, and that `loss` in Duality.v is what you mean.",
        )


def find_theories() -> Path | None:
    """Return the folder of compiled theories that CERTIFY_THEORIES names, or that is built in proofs/."""
    chosen = os.environ.get(VARIABLE)
    folder = Path(chosen) if chosen else Path(__file__).parent.parent / "proofs" / "theories"
    return folder if (folder / "OverReals.vo").is_file() else None


def check_in_kernel(
    certificate: Certificate,
    problem: TrainingProblem,
    *,
    file: Path | None = None,
    time_limit: float = TIME_LIMIT,
) -> tuple[Verdict, KernelProof | None]:
    """Decide whether a certificate proves its bound for a problem, inside Coq's kernel.

    Args:
        certificate: as read from an untrusted file.
        problem: the problem that the user means, from the user's own data.
        file: where to keep the file of Coq; it holds the theorem, or for a rejected certificate the
            evaluation that says what it owes.
        time_limit: seconds after which coqc is ended.

    Returns:
        The verdict and, if the certificate is valid, what was proved.

    Raises:
        DataError: if Coq or the compiled theories are not there, the certificate is too large, or the file
            has no name for Coq or cannot be written.
        KernelCheckerError: if coqc fails or does not end in time.
    """
    if not time_limit > 0:
        raise DataError(f"the time limit is {time_limit}: give a positive number of seconds")
    if file is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*\.v", file.name):
        raise DataError(f"{file}: Coq reads no file of this name; use letters, digits and _, and end with .v")
    command = _command()
    _refuse_large(certificate, problem, time_limit)
    begun = time.monotonic()
    try:
        stated = certificate.gamma, certificate.loss, certificate.output_bias
        require(stated == (problem.gamma, problem.loss, problem.output_bias), Obligation.STATEMENT)
        require(certificate.problem_sha256 == problem.sha256(), Obligation.PROBLEM)
        definitions = [*problem_definitions(problem), *certificate_definitions(certificate, problem)]
    except Rejection as rejection:
        return _rejected(rejection), None
    with TemporaryDirectory() as folder:
        source = Path(folder) / "lower_bound.v"

        def run(*ending: str) -> subprocess.CompletedProcess[str]:
            source.write_text("\n".join([_HEADER, *definitions, *ending, ""]), encoding="ascii", newline="\n")
            if file is not None:
                _keep(source, file)
            return _run([*command, os.fspath(source)], begun + time_limit, time_limit)

        proof = run(*_theorem(certificate, problem))
        if proof.returncode:
            return _rejected(_what_is_owed(run(f"Eval vm_compute in {_CHECK}."), proof)), None
    axioms = _axioms(proof.stdout)
    leaves = certificate.leaves
    reason = (
        f"every obligation holds ({leaves} {'leaf' if leaves == 1 else 'leaves'}), by evaluation inside "
        "Coq's kernel"
    )
    return (
        Verdict(True, certificate.bound, "kernel", reason, None, leaves),
        KernelProof(_statement(problem), axioms, time.monotonic() - begun, file),
    )


def _command() -> list[str]:
    program = shutil.which("coqc")
    if program is None:
        raise DataError("Coq is not there: install it (on Debian, the package coq), or use --trust exact")
    theories = find_theories()
    if theories is None:
        raise DataError(
            "the compiled theories are not there: run `make proofs` in certify's source, or let "
            f"{VARIABLE} name the folder of OverReals.vo"
        )
    return [program, "-q", "-w", "none", "-R", os.fspath(theories), "Certify"]


def estimated_seconds(certificate: Certificate, problem: TrainingProblem) -> float:
    """Estimate the time that Coq's kernel takes, within a factor of about three (proofs/README.md)."""
    n, d, c = problem.n, problem.d, problem.c
    bits = max((abs(entry).bit_length() for row in certificate.dual_point for entry in row), default=0)
    seconds = 3.0 + len(certificate.tree) * n * d * c * 1e-5 * max(1.0, bits / 64)
    for node in certificate.tree:
        if isinstance(node, Leaf | TauLeaf) and node.products:
            seconds += len(node.products) * 1e-4
        if isinstance(node, Leaf):
            # The quantities of a leaf are at most d, and two for each mixed row.
            named = max((j for _, j, _ in node.products), default=0) + 1
            seconds += (d + min(n, max(0, named - d) // 2)) ** 3 * 2.5e-5
    return seconds


def _refuse_large(certificate: Certificate, problem: TrainingProblem, time_limit: float) -> None:
    seconds = estimated_seconds(certificate, problem)
    if seconds > time_limit:
        raise DataError(
            f"the certificate is too large for Coq's kernel: its {len(certificate.tree)} nodes take some "
            f"{seconds:.0f} s by estimate, and the limit is {time_limit:.0f} s; raise --time-limit, use "
            "--trust proved, or bound with a larger --gap"
        )


def _theorem(certificate: Certificate, problem: TrainingProblem) -> Iterator[str]:
    bound, gamma = certificate.bound, problem.gamma
    kind = OUTPUT_BIASES[problem.output_bias]
    yield f"Definition claim : R := (IZR {integer(bound.numerator)} / IZR {integer(bound.denominator)})%R."
    yield (
        "Definition weight_decay : R := "
        f"(IZR {integer(gamma.numerator)} / IZR {integer(gamma.denominator)})%R."
    )
    yield f"Theorem checked : {_CHECK} = Proved {certificate.leaves}."
    yield f"Proof. vm_cast_no_check (eq_refl (Proved {certificate.leaves})). Qed."
    yield "Theorem lower_bound (net : list (list R * list R)) (b : list R) :"
    yield (
        f"  (forall u v, In (u, v) net -> length u = {problem.d}%nat) ->\n"
        f"  admissible (K := RField) {kind} b ->\n"
        f"  (claim <= loss (K := RField) (data RField training) weight_decay {kind} net b)%R."
    )
    yield (
        "Proof. exact (check_sound_over_the_reals hint (fun _ => true) training evidence net b _ checked)."
        " Qed."
    )
    yield "Print Assumptions lower_bound."


def _statement(problem: TrainingProblem) -> str:
    kind = OUTPUT_BIASES[problem.output_bias]
    return (
        f"forall net b, (forall u v, In (u, v) net -> length u = {problem.d}) -> admissible {kind} b -> "
        f"claim <= loss (data RField training) weight_decay {kind} net b"
    )


def _keep(source: Path, file: Path) -> None:
    try:
        shutil.copyfile(source, file)
    except OSError as error:
        raise DataError(
            f"{file}: the file of Coq cannot be written ({error.strerror}); choose another path"
        ) from None


def _run(command: list[str], deadline: float, time_limit: float) -> subprocess.CompletedProcess[str]:
    """Run coqc; it ends with this process's wait for it, however that ends."""
    try:
        # subprocess.run kills the program when its time is over and on Ctrl-C.
        return subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=max(0.1, deadline - time.monotonic())
        )
    except OSError as error:
        raise KernelCheckerError(
            f"{command[0]} cannot be run ({error.strerror}): install Coq anew, or use --trust exact"
        ) from None
    except subprocess.TimeoutExpired:
        raise KernelCheckerError(
            f"Coq's kernel did not end within {time_limit:.0f} s: raise --time-limit, or use --trust proved"
        ) from None


def _what_is_owed(
    evaluation: subprocess.CompletedProcess[str], proof: subprocess.CompletedProcess[str]
) -> Rejection:
    """Return the rejection that Coq's evaluation of the checker amounts to."""
    said = re.search(r"= Failed ([A-Z_]+) (?:None|\(Some (\d+)\))", " ".join(evaluation.stdout.split()))
    if evaluation.returncode or said is None:
        words = " ".join((evaluation.stderr or proof.stderr).split())[-300:]
        raise KernelCheckerError(
            f"coqc failed: {words or f'exit code {proof.returncode}'}; if the theories are of another "
            "version of Coq, run `make proofs` anew, or use --trust exact"
        )
    return Rejection(Obligation[said[1]], None if said[2] is None else int(said[2]))


def _rejected(rejection: Rejection) -> Verdict:
    return Verdict(False, None, "kernel", str(rejection), rejection.obligation, 0)


def _axioms(output: str) -> tuple[str, ...]:
    """Return what `Print Assumptions` names.

    Raises:
        KernelCheckerError: if that is more than the axioms of the reals.
    """
    if output.startswith("Closed under the global context"):
        return ()
    title, _, listed = output.partition("\n")
    names = tuple(line.split()[0] for line in listed.splitlines() if line and not line[0].isspace())
    strange = [name for name in names if name.rpartition(".")[2] not in _AXIOMS_OF_THE_REALS]
    if title != "Axioms:" or not names or strange:
        raise KernelCheckerError(
            "the theorem rests on more than the axioms of Coq's real numbers "
            f"({' '.join(strange) or repr(title)}): run `make proofs` anew in certify's own source"
        )
    return names
