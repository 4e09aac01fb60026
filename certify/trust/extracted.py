"""The checker that is extracted from its soundness proof in Coq (proofs/), run as a program of its own.

It shares no code with `certify.check`: it reads the certificate file itself, and the problem or the matrix as
the text of which the certificate states the hash. A program that says it was built from other sources than
this package was released with is not asked. Only the standard library is used.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType
from typing import IO

from certify.checker.certificate.any_certificate import AnyCertificate
from certify.checker.certificate.blocks import blocks_in_words
from certify.checker.certificate.file import save_certificate
from certify.checker.certificate.training import Certificate
from certify.checker.errors import CertifyError, ChildError, DataError
from certify.checker.limits.deadline import Deadline, watched_deadline
from certify.checker.numbers.rounding import ratio_text
from certify.checker.obligations import Obligation, Rejection
from certify.checker.subject import Subject
from certify.checker.verdict import Verdict, leaves_in_words
from certify.runtime.children import find_program, temporary_folder
from certify.trust.proved_sources import SOURCES_SHA256

NAME = "certify-check"
VARIABLE = "CERTIFY_CHECKER"  # the program's path; empty to do without
VERSION_SECONDS = 60  # far more than it takes to print a few lines
_POLL = 0.1  # seconds between two looks at the deadline


class ProvedCheckerError(CertifyError):
    """The proved checker cannot be run, or cannot read what it is given.

    Attributes:
        reason: why, without advice.
    """

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason + advice)
        self.reason = reason


def find_checker() -> Path | None:
    """Return the program that CERTIFY_CHECKER names, is built in proofs/, came along or is on the PATH."""
    chosen = os.environ.get(VARIABLE)
    if chosen is not None:
        return Path(chosen).absolute() if chosen else None  # a bare name would be looked for on the PATH
    for program in (_built(), Path(__file__).with_name(NAME)):  # the second in a wheel that has it
        if os.access(program, os.X_OK):
            return program
    found = find_program(NAME)
    return None if found is None else Path(found)


def _built() -> Path:
    """Return where `make proofs` puts the program, if certify runs from its source."""
    return Path(__file__).parents[2] / "proofs" / "build" / NAME


def require_expected_sources(program: Path) -> None:
    """Refuse a program that says it was built from other sources than this package knows.

    Raises:
        ProvedCheckerError: if it says so, or says nothing.
    """
    try:
        run = subprocess.run(
            [os.fspath(program), "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=VERSION_SECONDS,
            check=False,
        )
    except OSError as error:
        raise ProvedCheckerError(
            f"the proved checker {program} cannot be run ({error.strerror})",
            ": build it anew with `make proofs`",
        ) from None
    except subprocess.TimeoutExpired:
        raise ProvedCheckerError(f"the proved checker {program} does not answer", ": build it anew") from None
    if f"sources: {SOURCES_SHA256}".encode() not in run.stdout.splitlines():
        raise ProvedCheckerError(
            f"{program} was built from other sources than this certify's proved checker: build it anew with "
            "`make proofs`"
        )


def check_proved(
    certificate: AnyCertificate,
    subject: Subject,
    on_progress: Callable[[int, int], None] | None = None,
    *,
    path: Path | None = None,
) -> Verdict:
    """Decide whether a certificate proves what it states, by the proved checker.

    A certificate without a file is written anew for it. So is one that claims no bound, for only the bound
    shows that a file is still what was read before.

    Args:
        certificate: as read from an untrusted file.
        subject: the problem or the matrix that the user means, from the user's own data.
        on_progress: called with (nodes done, nodes in all) from time to time.
        path: of the certificate's file, if it has one that can be read again.

    Raises:
        DataError: if the program is not there.
        ProvedCheckerError: if it fails, was built from other sources, or reads another certificate in the
            file than was read before.
    """
    program = _program()
    bound = certificate.bound
    text = "".join(subject.canonical_text())
    answer = _ask(program, certificate, None if bound is None else path, text, on_progress)
    claim = None if bound is None else ratio_text(bound)
    if answer["valid"] and answer["bound"] != claim:
        raise ProvedCheckerError("the certificate's file changed while it was checked: check it again")
    return _verdict(answer, certificate, program)


def _program() -> Path:
    program = find_checker()
    if program is None:
        looked = f"there is no {_built()}, and no {NAME} on the PATH"
        if os.environ.get(VARIABLE) == "":
            looked = f"{VARIABLE} is empty"
        raise DataError(
            f"the proved checker is not there: {looked}; build it with `make proofs` in certify's source, "
            f"and let {VARIABLE} name it"
        )
    require_expected_sources(program)
    return program


def _ask(
    program: Path,
    certificate: AnyCertificate,
    path: Path | None,
    data: str,
    on_progress: Callable[[int, int], None] | None,
) -> dict[str, object]:
    """Run the program on a certificate, or its file, and the text of its problem or matrix."""
    try:
        place = temporary_folder()
    except ChildError as error:
        raise ProvedCheckerError(str(error)) from None
    with place as folder:
        text = Path(folder) / "data.txt"
        text.write_text(data, encoding="ascii", newline="\n")
        if path is None:
            path = Path(folder) / "certificate.cert"
            save_certificate(certificate, path)
        command = [
            os.fspath(program),
            os.fspath(path.absolute()),
            "--text",
            os.fspath(text),
            "--json",
            "--progress",
        ]
        code, output, errors = _run(command, len(certificate.tree), on_progress)
    if code not in (0, 1):
        raise ProvedCheckerError(
            f"the proved checker failed: {errors or f'exit code {code}'}", "; try --trust exact"
        )
    return _answer(output, code)


def _answer(output: str, code: int) -> dict[str, object]:
    """Read what the program says of a certificate, as far as it is used.

    Raises:
        ProvedCheckerError: if it is none of its answers.
    """
    try:
        answer: dict[str, object] = json.loads(output)
        fits = answer["valid"] is (code == 0) and (
            type(answer["leaves"]) is int and (answer["bound"] is None or type(answer["bound"]) is str)
            if answer["valid"]
            else answer["obligation"] in Obligation.__members__ and type(answer["node"]) in (int, NoneType)
        )
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise ProvedCheckerError(
            "the proved checker's answer is none: build it anew with `make proofs`, or try --trust exact"
        )
    return answer


def _run(
    command: list[str], total: int, on_progress: Callable[[int, int], None] | None
) -> tuple[int, str, str]:
    """Run the program; return its exit code, its output and what it complained of."""
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
        )
    except OSError as error:
        raise ProvedCheckerError(
            f"the proved checker {command[0]} cannot be run ({error.strerror})",
            ": build it anew with `make proofs`",
        ) from None
    complaints = []
    with process:
        try:
            assert process.stderr is not None
            assert process.stdout is not None
            # Its one line of output waits in the pipe until all of its progress has been read.
            for line in _lines_until(process.stderr, watched_deadline()):
                if not line.strip().isdecimal():
                    complaints += line.split()
                elif on_progress is not None:
                    on_progress(int(line), total)
            output = process.stdout.read()
        except BaseException:
            process.kill()
            raise
    if on_progress is not None and not process.returncode:
        on_progress(total, total)
    return process.returncode, output, " ".join(complaints)


def _lines_until(stream: IO[str], deadline: Deadline) -> Iterator[str]:
    """Yield the lines of a program's stream as they come.

    Raises:
        TimeIsUpError: if the deadline is over before the stream ends.
    """
    held = b""
    while True:
        deadline.check()
        if not select.select([stream], [], [], _POLL)[0]:
            continue
        # Past the stream's own buffer, of which `select` knows nothing.
        read = os.read(stream.fileno(), 1 << 16)
        *lines, held = (held + read).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in lines)
        if not read:
            yield held.decode("utf-8", "replace")
            return


def _verdict(answer: dict[str, object], certificate: AnyCertificate, program: Path) -> Verdict:
    """Take over the program's answer on a certificate."""
    if answer["valid"]:
        leaves = int(str(answer["leaves"]))
        blocks = blocks_in_words(certificate.blocks) if isinstance(certificate, Certificate) else ""
        count = f" ({blocks}{leaves_in_words(leaves)})" if leaves else ""
        reason = f"every obligation holds{count}, says a checker that is proved sound in Coq ({program})"
        return Verdict(True, certificate.bound, "proved", reason, None, leaves)
    obligation = Obligation[str(answer["obligation"])]
    node = answer["node"]
    reason = str(Rejection(obligation, node if isinstance(node, int) else None))
    return Verdict(False, None, "proved", reason, obligation, 0)
