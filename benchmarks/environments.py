"""Every command of certify in random environments: nothing of where it runs may cost a result.

    python -m benchmarks.environments [--minutes 60] [--seed 0] [--only 17]

A run draws a command, and around it locale and encodings, variables of Python and of libraries, HOME, TMPDIR
and caches that are missing or cannot be written to, the mask of files, the current folder (with spaces and
umlauts, read-only, deleted), a terminal, and streams that are closed or that nobody reads to the end.
Whatever is drawn, the exit code is the command's own, the result is on the stream and in the files, and
standard error has no traceback; only where an output has no place, exit code 2 comes with a sentence.

Failures are printed with their number, which `--only` repeats, and the exit code is 1 if there are any. As
root, who may write everywhere, the commands run without that right, by setpriv of util-linux.
"""

from __future__ import annotations

import argparse
import os
import pty
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import numpy as np

_LIMIT = 180  # seconds of a run
_ROOT = Path(__file__).parents[1]
_UNHEARD = 141
_ROWS = "größe,breite,wert µ\n1,2,0.5\n-1,0.5,1\n0.5,-1,0\n2,1,0.25\n-0.5,-1,1\n1,-2,0.75\n"
_UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
_FAULTS = ("Traceback", "Exception ignored", "Error in sys.excepthook", "Fatal Python error")
_SHOWN = 1500  # characters of a failed run's output


@dataclass(frozen=True)
class Command:
    """A command line, in which {in} is the folder of the inputs and {out} that of the outputs.

    Attributes:
        line: its words.
        code: its exit code where nothing is in its way.
        says: what its standard output has.
        writes: files that it leaves, in {out}.
        usual: files that it leaves in the current folder, by their usual names.
    """

    line: str
    says: str = ""
    code: int = 0
    writes: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """What follows the program."""
        return self.line.split()


_DATA = "--data {in}/d.csv"
_COMMANDS = (
    Command(
        f"bound {_DATA} --gap 0.1 --certificate {{out}}/a.cert --report {{out}}/r.html "
        "--save-network {out}/n.npz",
        "lower bound",
        writes=("a.cert", "r.html", "n.npz"),
    ),
    Command(f"bound {_DATA} --gap 0.1 --time-limit 60", "lower bound", usual=("d.cert",)),
    Command(f"bound {_DATA} --gap 0.1 --json -q", '"lower_bound"', usual=("d.cert",)),
    Command(f"bound {_DATA} --method sdp --certificate {{out}}/a.cert", "lower bound", writes=("a.cert",)),
    Command(f"bound {_DATA} --gamma much", code=2),
    Command("bound --data {in}/nothing.csv", code=2),
    Command(f"check {{in}}/d.cert {_DATA}", "VALID"),
    Command(f"check {{in}}/d.cert {_DATA} --trust rigorous", "VALID"),
    Command(f"check {{in}}/d.cert {_DATA} --trust exact --json", '"valid": true'),
    Command(f"check {{in}}/d.cert {_DATA} --trust exact --gamma 7", "REJECTED", code=1),
    Command("check {in}/iris.cert --data {in}/iris.csv --trust exact", "VALID"),
    Command(f"gap {_DATA} --network {{in}}/net.npz --gamma 0.1 --gap 0.1", usual=("net.gap.cert",)),
    Command(
        f"gap {_DATA} --network {{in}}/net.npz --gamma 0.1 --no-search --certificate {{out}}/g.cert "
        "--report {out}/g.html --narrowed {out}/w.npz",
        "this network",
        writes=("g.cert", "g.html", "w.npz"),
    ),
    Command(f"explain {{in}}/d.cert {_DATA} --report {{out}}/e.html", writes=("e.html",)),
    Command(f"explain {{in}}/d.cert {_DATA} --network {{in}}/net.npz --json", "{"),
    Command(f"attack {{in}}/d.cert {_DATA} --trials 20 --upper 5"),
    Command(f"shrink {{in}}/d.cert {_DATA} --certificate {{out}}/s.cert", writes=("s.cert",)),
    Command("copositive {in}/m.csv", usual=("m.copositive.cert",)),
    Command("cp {in}/m.csv --certificate {out}/m.cert", writes=("m.cert",)),
    Command("cp {in}/horn.csv", code=1, usual=("horn.cp.cert",)),
    Command(f"problem {_DATA}", "certify problem"),
    Command(f"problem {_DATA} --output {{out}}/p.txt", writes=("p.txt",)),
    Command(
        "tightness --data {in}/one.csv --task regression --seeds 0 --report {out}/t.html --csv {out}/t.csv",
        writes=("t.html", "t.csv"),
    ),
    Command("warm-up"),
    Command("--help", "Usage"),
    Command("bound --help", "Usage"),
    Command("--version", "certify "),
)


@dataclass
class Surroundings:
    """Where and how a command runs.

    Attributes:
        variables: of the environment; None for one that is not there.
        folder: "plain", "umlauts", "read-only" or "deleted".
        mask: of the permissions of new files.
        closed: streams that the program is started without.
        deaf: whether nobody reads standard output.
        terminal: whether standard output and error are a terminal.
    """

    variables: dict[str, str | None] = field(default_factory=dict)
    folder: str = "plain"
    mask: int = 0o022
    closed: tuple[int, ...] = ()
    deaf: bool = False
    terminal: bool = False

    @property
    def keeps_files(self) -> bool:
        """Whether files can be written into the current folder."""
        return self.folder in ("plain", "umlauts")

    @property
    def encoding(self) -> str:
        """Of what the program says; each is one of ASCII letters at least."""
        return (self.variables.get("PYTHONIOENCODING") or "utf-8").partition(":")[0]


_LOCALES = (
    None, "", "C", "POSIX", "C.UTF-8", "en_US.UTF-8", "de_DE.ISO-8859-1", "tr_TR.UTF-8", "ja_JP.SJIS",
    "xx_YY", "none of these",
)  # fmt: skip
# What variables are drawn from, besides the values of a folder; {out} is a folder that can be written to.
_FOLDERS = (None, "", "/proc/none", "{in}", "{out}/missing/yet", "{in}/d.csv", "relative", "{out}/größe & co")
_VALUES: dict[str, tuple[str | None, ...]] = {
    **dict.fromkeys(("LANG", "LC_ALL", "LC_CTYPE", "LC_NUMERIC", "LANGUAGE"), _LOCALES),
    "PYTHONIOENCODING": (
        "ascii",
        "ascii:strict",
        "latin-1",
        "cp1252",
        "cp437",
        "utf-16",
        "utf-8:strict",
        "utf-8:surrogateescape",
        "cp1252:replace",
        "koi8-r",
    ),
    "PYTHONUTF8": ("0", "1"),
    "PYTHONCOERCECLOCALE": ("0", "1"),
    **dict.fromkeys(
        ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "PYTHONPYCACHEPREFIX"), _FOLDERS
    ),
    **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), _FOLDERS),
    "NUMBA_CACHE_DIR": ("", "/proc/none", "{in}", "{in}/d.csv"),  # an empty one costs a minute of compiling
    "PYTHONOPTIMIZE": ("1", "2"),
    "PYTHONDONTWRITEBYTECODE": ("1",),
    "PYTHONHASHSEED": ("0", "1", "4294967295", "random"),
    "PYTHONSAFEPATH": ("1",),
    "PYTHONNOUSERSITE": ("1",),
    "PYTHONWARNINGS": ("error", "always", "default", "error::DeprecationWarning", "ignore", "nonsense"),
    "PYTHONUNBUFFERED": ("1",),
    "PYTHONDEVMODE": ("1",),
    "PYTHONFAULTHANDLER": ("1",),
    "PYTHONMALLOC": ("debug", "malloc"),
    "PYTHONTRACEMALLOC": ("1",),
    "PYTHONINTMAXSTRDIGITS": ("640", "0"),
    "PYTHONNODEBUGRANGES": ("1",),
    "PYTHONBREAKPOINT": ("0", "nonsense"),
    "PYTHONSTARTUP": ("/proc/none",),
    "PYTHONPATH": (None, "", "/proc/none", "relative"),
    "COLUMNS": ("1", "12", "20", "40", "80", "100000", "0", "-5", "wide", ""),
    "LINES": ("0", "1", "x"),
    "TERM": (None, "dumb", "", "xterm-256color", "nonsense", "vt100"),
    "NO_COLOR": ("1", ""),
    "FORCE_COLOR": ("1", ""),
    "CLICOLOR_FORCE": ("1",),
    "COLORTERM": ("truecolor", "nonsense"),
    "TERMINAL_WIDTH": ("20", "0", "wide", ""),
    "MPLBACKEND": ("nonsense", "module://matplotlib_inline.backend_inline", "TkAgg", "Agg", ""),
    "DISPLAY": ("", ":99"),
    "OMP_NUM_THREADS": ("0", "1", "64", "many", ""),
    "OPENBLAS_NUM_THREADS": ("0", "1", "many"),
    "NUMBA_NUM_THREADS": ("1",),
    "RAYON_NUM_THREADS": ("0", "many"),
    "TZ": ("", "nonsense", "Asia/Kathmandu", ":/proc/none"),
    "PATH": (None, "", "relative", "/proc/none"),
    "CERTIFY_CHECKER": ("",),
    "USER": (None, ""),
    "SHELL": (None, "/proc/none"),
    "SOURCE_DATE_EPOCH": ("0", "1700000000"),
    "JUPYTER_COLUMNS": ("x",),
    "PAGER": ("/proc/none",),
    "CI": ("1",),
}
_MASKS = (0o022, 0o000, 0o002, 0o027, 0o077)


def drawn(rng: random.Random) -> tuple[Command, Surroundings]:
    """Draw a command and what is around it."""
    command = rng.choice(_COMMANDS)
    names = rng.sample(sorted(_VALUES), rng.choice((0, 1, 2, 4, 8, 16)))
    streams = rng.random()
    folder = rng.choices(("plain", "umlauts", "read-only", "deleted"), (4, 3, 2, 2))[0]
    variables = {name: rng.choice(_VALUES[name]) for name in names}
    if folder == "deleted":
        variables.pop("PYTHONPATH", None)  # there Python itself does not start with a relative one
    return command, Surroundings(
        variables,
        folder,
        rng.choice(_MASKS) if rng.random() < 0.4 else 0o022,
        tuple(stream for stream in range(3) if rng.random() < 0.5) if streams < 0.2 else (),
        0.2 <= streams < 0.35,
        0.35 <= streams < 0.5,
    )


def run_once(command: Command, around: Surroundings, inputs: Path) -> list[str]:
    """Run a command; return what is wrong with what came of it."""
    place = Path(tempfile.mkdtemp(prefix="certify-environment-"))
    try:
        return _run_once(command, around, inputs, place)
    finally:
        subprocess.run(["chmod", "-R", "u+rwx", str(place)], check=False)
        shutil.rmtree(place, ignore_errors=True)


def _run_once(command: Command, around: Surroundings, inputs: Path, place: Path) -> list[str]:
    out, here = place / "out", place / ("mein größter Ordner" if around.folder == "umlauts" else "here")
    out.mkdir()
    here.mkdir()

    def filled(text: str) -> str:
        return text.replace("{in}", str(inputs)).replace("{out}", str(out))

    variables = dict(os.environ)
    for name, value in around.variables.items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = filled(value)
    start = [sys.executable, "-P", "-m", "certify.cli", *map(filled, command.words)]
    if os.geteuid() == 0:
        start = [shutil.which(_UNPRIVILEGED[0]) or _UNPRIVILEGED[0], *_UNPRIVILEGED[1:], *start]
    if around.folder == "read-only":
        here.chmod(0o555)

    def prepare() -> None:
        os.umask(around.mask)
        os.chdir(here)
        if around.folder == "deleted":
            here.rmdir()
        for stream in around.closed:
            os.close(stream)

    try:
        code, said, errors = _result_of(start, variables, prepare, around)
    except subprocess.TimeoutExpired:
        return [f"no end within {_LIMIT} s"]
    wrong = list(_wrong(command, around, code, said, errors, out, here))
    return [*wrong, said[-_SHOWN:], errors[-_SHOWN:]] if wrong else []


def _result_of(
    start: list[str], variables: dict[str, str], prepare: Callable[[], None], around: Surroundings
) -> tuple[int, str, str]:
    """Return the exit code and what came on both streams, which are one with a terminal."""
    if around.terminal:
        ours, theirs = pty.openpty()
        child = subprocess.Popen(
            start, env=variables, preexec_fn=prepare, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        heard: list[bytes] = []
        listener = Thread(target=_listen, args=(ours, heard), daemon=True)
        listener.start()
        try:
            code = child.wait(_LIMIT)
        finally:
            child.kill()
            listener.join()
            os.close(ours)
        text = b"".join(heard).decode(around.encoding, "replace")
        return code, text, text
    child = subprocess.Popen(
        start,
        env=variables,
        preexec_fn=prepare,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if around.deaf and child.stdout is not None:
        child.stdout.close()
        child.stdout = None
    try:
        said, errors = child.communicate(timeout=_LIMIT)
    finally:
        child.kill()
    return (
        child.returncode,
        (said or b"").decode(around.encoding, "replace"),
        errors.decode(around.encoding, "replace"),
    )


def _listen(terminal: int, heard: list[bytes]) -> None:
    while True:
        try:
            words = os.read(terminal, 1 << 16)
        except OSError:  # the last of the other side's holders is gone
            return
        if not words:
            return
        heard.append(words)


def _wrong(
    command: Command, around: Surroundings, code: int, said: str, errors: str, out: Path, here: Path
) -> list[str]:
    """Return what is wrong with a result."""
    found = [f"standard error has {sign!r}" for sign in _FAULTS if sign in errors]
    no_place = command.usual and not around.keeps_files
    expected = 2 if no_place else command.code
    allowed = {expected, _UNHEARD} if around.deaf else {expected}
    if code not in allowed:
        found.append(f"exit code {code} in place of {sorted(allowed)}")
    if code == 2 and 2 not in around.closed and "certify: " not in " ".join(errors.split()):
        found.append("exit code 2 without a sentence")
    heard = not around.deaf and 1 not in around.closed
    if code == command.code != 2 and heard and command.says not in said:
        found.append(f"the output lacks {command.says!r}")
    if code in (command.code, _UNHEARD):
        for path in (*(out / name for name in command.writes), *(here / name for name in command.usual)):
            if not path.is_file() or path.stat().st_size == 0:
                found.append(f"{path.name} is lost")
            elif path.suffix == ".cert" and not path.read_text("ascii").startswith('{"format":"'):
                found.append(f"{path.name} is no certificate")
    if around.folder != "deleted":
        found.extend(
            f"{path.name} is left behind"
            for path in here.iterdir()
            if path.name not in command.usual and "relative" not in str(path)
        )
    return found


def prepared(folder: Path) -> Path:
    """Write the inputs, which are certificates too, and let nobody write there."""
    folder.mkdir()
    (folder / "d.csv").write_text(_ROWS, "utf-8")
    (folder / "one.csv").write_text("a,y\n1,1\n")
    (folder / "m.csv").write_text("2,1,0\n1,2,1\n0,1,2\n")
    (folder / "horn.csv").write_text("2,1,0,0,1\n1,1,1,0,0\n0,1,2,1,0\n0,0,1,1,1\n1,0,0,1,1\n")
    (folder / "iris.csv").write_bytes((_ROOT / "examples" / "iris.csv").read_bytes())
    np.savez(folder / "net.npz", hidden=np.array([[1.0, 0.5], [0.25, 1.0]]), output=np.array([[1.0], [2.0]]))
    for name in ("d", "iris"):
        work = ["bound", "--data", f"{name}.csv", "--certificate", f"{name}.cert"]
        subprocess.run(
            [sys.executable, "-m", "certify.cli", *work], cwd=folder, check=True, capture_output=True
        )
    folder.chmod(0o555)
    return folder


def main() -> int:
    """Run, print and count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="Number of the first run.")
    parser.add_argument("--only", type=int, help="Repeat this run.")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="certify-environments-") as folder:
        inputs = prepared(Path(folder) / "in")
        counts: Counter[str] = Counter()
        number = options.seed if options.only is None else options.only
        failed = 0
        while time.monotonic() < end:
            command, around = drawn(random.Random(number))
            counts[command.words[0]] += 1
            if wrong := run_once(command, around, inputs):
                failed += 1
                print(f"--- run {number}: {command.line}\n{around}", *wrong, sep="\n", flush=True)
            number += 1
            if options.only is not None:
                break
        inputs.chmod(0o755)
    runs = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    print(f"{counts.total()} runs, {failed} with a failure: {runs}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
