"""Run Coq on a certificate: its kernel proves the theorem, or says what the certificate owes.

The checker of proofs/ is evaluated inside the kernel, and its soundness theorem turns the outcome into a
theorem over Coq's real numbers. No program extracted from Coq takes part, and what is written here need not
be trusted: whoever reads the file of Coq sees what is proved. Only the standard library is used.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from certify.checker.errors import CertifyError, DataError, TimeLimitError
from certify.checker.obligations import Obligation, Rejection
from certify.checker.verdict import Verdict, leaves_in_words
from certify.runtime.children import find_program, temporary_folder

VARIABLE = "CERTIFY_THEORIES"  # the folder of the compiled theories
TIME_LIMIT = 600.0  # seconds
# By these names Coq's library defines its real numbers and their logarithm.
_AXIOMS_OF_THE_REALS = {"sig_forall_dec", "sig_not_dec", "functional_extensionality_dep", "classic"}


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
        data: the name of the user's data in the file.
        meaning: the definitions that say what the theorem is about, with the verb: "... is", "... are".
    """

    theorem: str
    axioms: tuple[str, ...]
    seconds: float
    file: Path | None
    data: str
    meaning: str

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
            f"`{self.data}` in {kept} is your data, and that {self.meaning} what you mean.",
        )


@dataclass(frozen=True)
class Question:
    """What the kernel is asked of one certificate.

    Attributes:
        definitions: the sentences of the file up to the definition of the certificate.
        evaluation: the term that evaluates the checker.
        conclusion: the sentences that follow from the theorem `checked`, that the evaluation is `Proved`.
        name: the name of the theorem in them.
        theorem: its statement, in one line.
        data: the name of the user's data in the file.
        meaning: the definitions that say what the theorem is about, with the verb: "... is", "... are".
        bound: what the certificate claims, if that is a number.
        leaves: how many leaves the checker finds if it accepts.
        blocks: in words, with a comma after them, that the proof is in blocks of samples; empty if it is not.
    """

    definitions: tuple[str, ...]
    evaluation: str
    conclusion: tuple[str, ...]
    name: str
    theorem: str
    data: str
    meaning: str
    bound: Fraction | None
    leaves: int
    blocks: str = ""


class Theorem(Protocol):
    """What the kernel is asked of the certificates of one kind.

    Attributes:
        way_out: what a user can do whose certificate is too large, in words.
    """

    way_out: str

    def size(self, certificate: Any) -> str:
        """Say what of a certificate takes its time, in words."""

    def seconds(self, certificate: Any, subject: Any) -> float:
        """Estimate the time that Coq's kernel takes, within a factor of about three (proofs/README.md)."""

    def question(self, certificate: Any, subject: Any) -> Question:
        """Return what the kernel is asked.

        Raises:
            Rejection: if the certificate is for something else, or cannot be written for Coq.
        """


@dataclass(frozen=True)
class Kernel:
    """Coq, found and ready for one certificate.

    Attributes:
        command: coqc and its options, without the file.
        file: where to keep the file of Coq, if it is to be kept.
        time_limit: seconds after which coqc is ended.
        begun: when they began.
    """

    command: tuple[str, ...]
    file: Path | None
    time_limit: float
    begun: float

    @classmethod
    def find(cls, file: Path | None, time_limit: float) -> Kernel:
        """Find Coq and the compiled theories.

        Raises:
            DataError: if they are not there, the file has no name for Coq, or the time limit is no time.
        """
        if not time_limit > 0:
            raise DataError(f"the time limit is {time_limit}: give a positive number of seconds")
        if file is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*\.v", file.name):
            raise DataError(
                f"{file}: Coq reads no file of this name; use letters, digits and _, and end with .v"
            )
        return cls(_command(), file, time_limit, time.monotonic())

    def refuse_large(self, seconds: float, size: str, way_out: str) -> None:
        """Refuse a certificate that takes longer than it may.

        Args:
            seconds: that it takes, by estimate.
            size: what is large, in words.
            way_out: what else its user can do, in words.

        Raises:
            DataError: if it is too large.
        """
        if seconds > self.time_limit:
            raise DataError(
                f"the certificate is too large for Coq's kernel: its {size} take some {seconds:.0f} s by "
                f"estimate, and the limit is {self.time_limit:.0f} s; raise --time-limit, {way_out}"
            )

    def answer(self, question: Question) -> tuple[Verdict, KernelProof | None]:
        """Have the theorem proved, or find out what the certificate owes.

        Raises:
            DataError: if the file of Coq cannot be written.
            KernelCheckerError: if coqc fails or does not end in time.
        """
        leaves = question.leaves
        theorem = (
            f"Theorem checked : {question.evaluation} = Proved {leaves}.",
            f"Proof. vm_cast_no_check (eq_refl (Proved {leaves})). Qed.",
            *question.conclusion,
            f"Print Assumptions {question.name}.",
        )
        with temporary_folder() as folder:
            source = Path(folder) / f"{question.name}.v"
            proof = self._run(source, *question.definitions, *theorem)
            if proof.returncode:
                evaluation = f"Eval vm_compute in {question.evaluation}."
                owed = _what_is_owed(self._run(source, *question.definitions, evaluation), proof)
                return rejected(owed), None
        axioms = _axioms(proof.stdout)
        count = f" ({question.blocks}{leaves_in_words(leaves)})" if leaves else ""
        reason = f"every obligation holds{count}, by evaluation inside Coq's kernel"
        seconds = time.monotonic() - self.begun
        return (
            Verdict(True, question.bound, "kernel", reason, None, leaves),
            KernelProof(question.theorem, axioms, seconds, self.file, question.data, question.meaning),
        )

    def _run(self, source: Path, *sentences: str) -> subprocess.CompletedProcess[str]:
        """Run coqc on these sentences; it ends with this process's wait for it, however that ends."""
        source.write_text("\n".join([*sentences, ""]), encoding="utf-8", newline="\n")
        if self.file is not None:
            _keep(source, self.file)
        left = self.begun + self.time_limit - time.monotonic()
        try:
            # subprocess.run kills the program when its time is over and on Ctrl-C.
            return subprocess.run(
                [*self.command, os.fspath(source)],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=max(0.1, left),
                cwd=source.parent,  # where coqc looks for compiled theories, too
            )
        except OSError as error:
            raise KernelCheckerError(
                f"{self.command[0]} cannot be run ({error.strerror}): install Coq anew, or use --trust exact"
            ) from None
        except subprocess.TimeoutExpired:
            raise TimeLimitError(
                f"Coq's kernel did not end within {self.time_limit:.0f} s: raise --time-limit, or use "
                "--trust proved"
            ) from None


def find_theories() -> Path | None:
    """Return the folder of compiled theories that CERTIFY_THEORIES names, or that is built in proofs/."""
    chosen = os.environ.get(VARIABLE)
    folder = Path(chosen) if chosen else Path(__file__).parents[3] / "proofs" / "theories"
    return folder if (folder / "OverReals.vo").is_file() else None


def rejected(rejection: Rejection) -> Verdict:
    """Return the verdict on a certificate that owes something."""
    return Verdict(False, None, "kernel", str(rejection), rejection.obligation, 0)


def _command() -> tuple[str, ...]:
    program = find_program("coqc")
    if program is None:
        raise DataError("Coq is not there: install it (on Debian, the package coq), or use --trust exact")
    theories = find_theories()
    if theories is None:
        raise DataError(
            "the compiled theories are not there: run `make proofs` in certify's source, or let "
            f"{VARIABLE} name the folder of OverReals.vo"
        )
    return program, "-q", "-w", "none", "-R", os.fspath(theories.absolute()), "Certify"


def _keep(source: Path, file: Path) -> None:
    try:
        shutil.copyfile(source, file)
    except OSError as error:
        raise DataError(
            f"{file}: the file of Coq cannot be written ({error.strerror}); choose another path"
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
