"""Programs and processes that certify starts: nothing that lies beside the user's data is run in them.

A folder of somebody else's data may hold a `fractions.py` or a `coqc`. Python by itself would look for
modules in the current folder first, and for programs wherever the PATH has an empty or relative entry.
Only the standard library is used.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO, BinaryIO

from certify.checker.errors import ChildError

_ROOT = os.fspath(Path(__file__).parents[2])  # the folder, or the zip file, that holds this package
# The packages of this very copy of certify take part whatever else is on the path.
_START = """
import sys
from importlib import import_module
from importlib.machinery import PathFinder
module, root, *sys.path = sys.argv[1:]
class Own:
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [root]) if name in ("certify", "formulations") else None
sys.meta_path.insert(0, Own)
import_module(module).serve()
"""
# What BLAS, OpenMP and the conic solvers read when they are loaded; processes share the work, not threads.
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS",
)
_MOST_WORDS = 300  # characters of a child's last words
_LAST_LINES = 20  # of its standard error


def find_program(name: str) -> str | None:
    """Return the path of a program in an absolute folder of the PATH; None if it is in none of them."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return shutil.which(name, path=os.pathsep.join(filter(os.path.isabs, folders)))


def temporary_folder() -> TemporaryDirectory[str]:
    """Return a new folder for the files of a program, which is removed when its `with` block ends.

    Raises:
        ChildError: if there is no place for one.
    """
    try:
        return TemporaryDirectory()
    except OSError as error:
        raise ChildError(
            f"there is no folder for temporary files ({error.strerror}); let TMPDIR name one that can be "
            "written to"
        ) from None


def start_child(module: str) -> subprocess.Popen[bytes]:
    """Start a Python process that imports a module and calls its `serve()`.

    Unlike with `multiprocessing`, the caller's script is not run again. Its three streams are pipes, and it
    does not hear Ctrl-C: who starts it ends it, by `end_child`.

    Raises:
        ChildError: if there is no process to be had.
    """
    # PYTHONPATH is in the paths that are handed over, as far as it goes; other variables may have code run.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") or (name == "PYTHONHOME" and not sys.flags.ignore_environment)
    }
    environment |= dict.fromkeys(_THREADS, "1")
    options = ["-P", "-s", *["-B"] * sys.dont_write_bytecode]
    try:
        return subprocess.Popen(
            [sys.executable, *options, "-c", _START, module, _ROOT, *_paths()],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, TypeError) as error:  # an embedded Python does not know its own program
        reason = getattr(error, "strerror", None) or error
        raise ChildError(
            f"another process of Python, {sys.executable}, cannot be started ({reason})"
        ) from None


class Child:
    """A process of `start_child` that is sent things and answers in lines; its last words are kept."""

    def __init__(self, module: str, what: str) -> None:
        """Start it.

        Args:
            module: whose `serve()` it runs.
            what: it is, in words.

        Raises:
            ChildError: if there is no process to be had.
        """
        self._process = start_child(module)
        self._what = what
        self._last_words: deque[bytes] = deque(maxlen=_LAST_LINES)
        listen = self._last_words.extend
        self._listener = Thread(target=listen, args=(open_stream(self._process.stderr),), daemon=True)
        self._listener.start()

    def send(self, message: bytes) -> None:
        """Write to its standard input."""
        stdin = open_stream(self._process.stdin)
        with suppress(OSError):  # it is no longer there to read
            stdin.write(message)
            stdin.flush()

    def line(self, most: int = -1) -> bytes:
        """Return its next line, or so many bytes of it; nothing once it has ended."""
        return open_stream(self._process.stdout).readline(most)

    def failure(self) -> ChildError | RuntimeError:
        """Return the error that it ended before its answer; see `ended_early`."""
        self._listener.join()
        return ended_early(self._process, self._last_words, self._what)

    def interrupt(self) -> None:
        """Send it what Ctrl-C would."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """End it, whatever it is doing; its pipes stay open until nobody reads them."""
        end_child(self._process)

    def close(self) -> None:
        """Close the pipes of a child that has ended."""
        self._listener.join()
        close_pipes(self._process)


def end_with_parent() -> None:
    """End this child as soon as its parent does, even within compiled code, where the system knows how.

    The parent holds the other end of standard input, and has said all it will; when that end is closed the
    system sends a signal.
    """
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
        if not _is_open(0):
            os._exit(1)


def _is_open(stream: int) -> bool:
    """Say whether somebody holds the other end of a pipe that nothing is written to."""
    import select

    return not select.select([stream], [], [], 0)[0]


def _current_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


_STARTED_IN = _current_folder()


def _paths() -> list[str]:
    """Return where this process finds modules, without the folder where it happens to be.

    Python itself puts that first, as '' (in a session, a notebook, with -c) or by its name (with -m). Where
    somebody meant it to be on the path it comes last, and takes no name from the standard library.
    """
    here = _current_folder()
    entries = [entry for entry in sys.path if isinstance(entry, str) and entry]
    absolute = [os.path.abspath(entry) for entry in entries if here or os.path.isabs(entry)]
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    # A zip file or a folder that is run has such a name too.
    by_name = spec is not None and spec.name != "__main__" and not sys.flags.safe_path
    if by_name and _STARTED_IN in absolute:
        absolute.remove(_STARTED_IN)
    paths = [entry for entry in absolute if entry != here]
    paths += [here] if here in absolute else []
    return paths if _ROOT in paths else [*paths, _ROOT]


def answers() -> BinaryIO:
    """Return, in a child, the stream to its parent, and let all that is printed go to standard error.

    Compiled code prints too, by the number of the stream.
    """
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return channel


def ended_early(
    child: subprocess.Popen[bytes], said: Iterable[bytes], what: str
) -> ChildError | RuntimeError:
    """Return the error that a child ended before it gave its answer, with what it said last.

    Args:
        child: whose output has ended.
        said: the lines of its standard error, or the last ones.
        what: the child is, in words.

    Returns:
        A RuntimeError where an exception ended it that nobody expected.
    """
    code = child.wait()
    lines = [line for line in said if line.strip()]
    words = " ".join(lines[-1].decode(errors="replace").split())[:_MOST_WORDS] if lines else ""
    if words.partition(":")[0].endswith("MemoryError"):
        return ChildError(f"{what} needs more memory than there is")
    if code == -signal.SIGKILL:
        return ChildError(f"{what} was killed, as systems do that run out of memory")
    if code < 0:
        return ChildError(f"{what} was ended by signal {-code}{words and f', after {words!r}'}")
    return RuntimeError(f"{what} ended with code {code}{words and f': {words}'}")


def end_child(child: subprocess.Popen[bytes]) -> None:
    """End a child, whatever it is doing."""
    child.kill()
    child.wait()


def close_pipes(child: subprocess.Popen[bytes]) -> None:
    """Close the pipes of a child that has ended, and that nobody reads any more."""
    for stream in (child.stdin, child.stdout, child.stderr):
        with suppress(OSError):  # what it did not take is lost
            open_stream(stream).close()


def open_stream(stream: IO[bytes] | None) -> IO[bytes]:
    """Return one of a child's pipes, which are all there."""
    assert stream is not None
    return stream
