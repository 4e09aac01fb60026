"""What every command does around its work: output on any terminal, and exit codes for whatever goes wrong.

Only the standard library is used.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

from certify.checker.errors import CertifyError, TimeLimitError

UNUSABLE = 2
UNKNOWN = 3  # neither yes nor no
FAULT = 70  # EX_SOFTWARE of sysexits.h
ABORTED = 130  # as of a program that Ctrl-C ends
UNHEARD = 141  # as of a program that writes where nobody reads any more
TRACEBACK = "CERTIFY_TRACEBACK"  # any value: show where an unexpected error came from

_EXHAUSTED = (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
_MOST_WORDS = 500  # characters of an error
_NARROWEST = 40  # columns in which the numbers of a result have room


def run(name: str, work: Callable[[], int]) -> int:
    """Do a command's work and return its exit code; what goes wrong becomes one sentence.

    Args:
        name: of the program, which the sentence begins with.
        work: returns the exit code.

    Raises:
        SystemExit: if the work raised it for another reason than a closed output.
    """
    _prepare()
    try:
        try:
            return work()
        finally:
            sys.stdout.flush()
    except BaseException as error:
        return _code_for(error, name)


def drop_impossible_widths() -> None:
    """Let the terminal be as wide as it is where a variable makes lines of nothing, or is no number.

    It is for a program to call before it imports what reads them.
    """
    for name in ("COLUMNS", "TERMINAL_WIDTH"):
        width = os.environ.get(name, "")
        if not (width.isascii() and width.isdecimal() and len(width) < 7 and int(width) >= _NARROWEST):
            os.environ.pop(name, None)


def _prepare() -> None:
    # A program that was started without them has none, and nothing to write to.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A verdict must not be lost to a letter that the terminal does not have.
            stream.reconfigure(errors="backslashreplace")
    drop_impossible_widths()
    # Or numba would read another one from a file in the current folder, and run what it finds there.
    os.environ.setdefault("NUMBA_CACHE_DIR", "")


def _code_for(error: BaseException, name: str) -> int:
    """Say what went wrong, and return the exit code for it."""
    match error:
        case SystemExit(code=1, __context__=BrokenPipeError()) | BrokenPipeError():
            _write_nowhere()
            return UNHEARD
        case OSError() if error.errno in _EXHAUSTED:
            _say(name, f"the system has no room for the output or the work ({error.strerror})")
            _write_nowhere()
            return UNUSABLE
        case FileNotFoundError() if not _has_folder():
            _say(name, "the current folder is no longer there: change to one that is")
            return UNUSABLE
        case SystemExit():
            if error.code == ABORTED:  # how Typer ends, in silence, on Ctrl-C
                _say(name, "aborted")
            raise error
        case KeyboardInterrupt():
            _say(name, "aborted")
            return ABORTED
        case TimeLimitError():
            _say(name, str(error))
            return UNKNOWN
        case CertifyError():
            _say(name, str(error))
            return UNUSABLE
        case MemoryError():
            _say(name, "the input needs more memory than there is")
            return UNUSABLE
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    words = " ".join(traceback.format_exception_only(error)[-1].split())[:_MOST_WORDS]
    _say(
        name,
        f"this is a fault of certify, not of your input; please report it with these words: {words} "
        f"({TRACEBACK}=1 shows where it happened)",
    )
    return FAULT


def _has_folder() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _write_nowhere() -> None:
    """Let what is left to be written go nowhere, or Python would complain of it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _say(name: str, words: str) -> None:
    with suppress(OSError):  # nobody reads it any more
        print(f"{name}: {words}", file=sys.stderr, flush=True)
