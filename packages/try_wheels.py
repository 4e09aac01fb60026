"""Install the wheels as a user does and use them, under every interpreter that is here.

    python packages/try_wheels.py dist

In a fresh virtual environment first the checker alone; then certify, by which an ordinary user, where the
packages belong to root, bounds, checks, asks for a gap and reports, from a folder of the user's own; then the
checker alone again, after certify was uninstalled. The check is by the proved program, if the wheel has it.
In one environment for each other interpreter a bound and its check; likewise with the oldest versions of all
packages that certify names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "corpus" / "valid"
MINORS = range(11, 15)
NOBODY = 65534
# env starts the program when root's rights are gone.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "/usr/bin/env"]


def main() -> int:
    """Try the wheels of a folder; say what was run."""
    wheels = sorted(Path(sys.argv[1]).absolute().glob("*.whl"))
    checker = next(wheel for wheel in wheels if wheel.name.startswith("certify_checker-"))
    both = [checker, next(wheel for wheel in wheels if wheel.name.startswith("certify-"))]
    here = {minor: interpreter for minor in MINORS if (interpreter := found(minor)) is not None}
    for minor in set(MINORS) - set(here):
        print(f"Python 3.{minor}: left out, as it is not here", flush=True)
    with tempfile.TemporaryDirectory(prefix="certify-wheels-") as name, ThreadPoolExecutor(2) as pool:
        folder = Path(name)
        folder.chmod(0o755)
        first, *others = sorted(here, key=lambda minor: not is_for_others(here[minor]))
        trials = [
            pool.submit(in_turn, folder / "first", here[first], both),
            pool.submit(at_their_oldest, folder / "oldest", here[min(here)], both),
            *(pool.submit(together, folder / f"3.{minor}", here[minor], both) for minor in others),
        ]
        for trial in trials:
            print(trial.result(), flush=True)
    return 0


def in_turn(folder: Path, interpreter: str, both: list[Path]) -> str:
    """Install the checker by pip, then certify, then uninstall certify."""
    environment = Environment(folder, interpreter)
    environment.pip("install", both[0])
    checker_alone(environment)
    environment.pip("install", both[1])
    whole(environment, is_first=True)
    environment.pip("uninstall", "--yes", "certify")
    checker_alone(environment)
    return f"{environment}: the checker alone, all of certify, and the checker alone after it"


def together(folder: Path, interpreter: str, both: list[Path]) -> str:
    """Install both at once."""
    environment = Environment(folder, interpreter)
    environment.uv(*both)
    whole(environment)
    return f"{environment}: a bound, its report and its check"


def at_their_oldest(folder: Path, interpreter: str, both: list[Path]) -> str:
    """Install both with the oldest versions of the packages that they name."""
    environment = Environment(folder, interpreter)
    environment.uv("--resolution", "lowest-direct", *both)
    whole(environment)
    return f"{environment}: the same with the oldest versions of what certify names"


class Environment:
    """A virtual environment, and an ordinary user's folders besides."""

    def __init__(self, folder: Path, interpreter: str) -> None:
        run([interpreter, "-m", "venv", folder], folder.parent)
        self.bin = folder / "bin"
        self.home = folder.with_name(f"{folder.name}-home")
        self.home.mkdir()
        self.is_for_others = is_for_others(interpreter)
        if self.is_for_others:
            shutil.chown(self.home, NOBODY, NOBODY)

    def __str__(self) -> str:
        version = run([self.bin / "python", "--version"], self.home).strip()
        return f"{version}, {'as an ordinary user' if self.is_for_others else 'as who installed it'}"

    def pip(self, *arguments: str | Path) -> None:
        """Run pip."""
        run([self.bin / "python", "-m", "pip", "-qq", *arguments], self.home)

    def uv(self, *arguments: str | Path) -> None:
        """Install by uv, which is quicker."""
        run(
            [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", self.bin / "python", *arguments],
            self.home,
        )

    def use(self, program: str, *arguments: str | Path) -> str:
        """Run a program of the environment in the user's folder; return what it prints.

        Nothing of this process's environment is handed on, the PATH of the project's tools in particular, but
        for the kernels of OpenBLAS that this machine is to use.
        """
        command = [*(AS_NOBODY if self.is_for_others else []), self.bin / program, *arguments]
        own = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
        blas = {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
        return run(command, self.home, {**blas, **own})

    def given(self, path: Path) -> Path:
        """Copy a file to the user, who may not be let into the folders of the project."""
        copy = self.home / path.name
        shutil.copyfile(path, copy)
        return copy


def checker_alone(environment: Environment) -> None:
    """Check a certificate where nothing but the checker and python-flint is installed."""
    certificate, data = (environment.given(CORPUS / f"classes.{kind}") for kind in ("cert", "csv"))
    for printed in (
        environment.use("certify-checker", certificate, "--data", data),
        environment.use("python", "-I", "-m", "certify.checker", certificate, "--data", data),
    ):
        expect(printed.startswith("VALID"), printed)
    origin = "import importlib.util; print(importlib.util.find_spec('certify').origin)"
    expect(environment.use("python", "-I", "-c", origin).strip() == "None", "certify itself is there")


def whole(environment: Environment, *, is_first: bool = False) -> None:
    """Bound, report, check and ask for a gap, on Iris or on some of its rows."""
    lines = (ROOT / "examples" / "iris.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    data = environment.home / "flowers.csv"
    data.write_text("".join(lines if is_first else lines[:1] + lines[1::10]), encoding="utf-8")
    say = ["--certificate", "flowers.cert", "--save-network", "flowers.npz", "--report", "flowers.html"]
    printed = environment.use("certify", "bound", "--data", data, *say)
    expect("lower bound" in printed, printed)
    page = (environment.home / "flowers.html").read_text(encoding="utf-8")
    expect("<svg" in page or "<img" in page, "the report has no picture")
    has_program = bool(
        list(environment.bin.parent.glob("lib/python*/site-packages/certify/trust/certify-check"))
    )
    printed = environment.use("certify", "check", "flowers.cert", "--data", data)
    expect(printed.startswith(f"VALID   trust: {'proved' if has_program else 'exact'}"), printed)
    if is_first:
        printed = environment.use(
            "certify", "gap", "--data", data, "--network", "flowers.npz", "--gamma", "0.1", "--no-search"
        )
        expect("distance" in printed, printed)


def found(minor: int) -> str | None:
    """Return an interpreter of this version that runs, if possible one that others may use."""
    name = f"python3.{minor}"
    pyenv = (Path.home() / ".pyenv" / "versions").glob(f"3.{minor}.*/bin/{name}")
    candidates = [f"/usr/bin/{name}", shutil.which(name), *map(str, pyenv)]
    works = [candidate for candidate in candidates if candidate is not None and runs([candidate])]
    return next((each for each in works if is_for_others(each)), works[0] if works else None)


def is_for_others(interpreter: str) -> bool:
    """Say whether this is root, with an interpreter that an ordinary user may run."""
    return os.geteuid() == 0 and runs([*AS_NOBODY, interpreter])


def runs(command: list[str]) -> bool:
    """Say whether an interpreter is there and can make virtual environments."""
    try:
        return not subprocess.run(
            [*command, "-c", "import venv"], capture_output=True, check=False
        ).returncode
    except OSError:
        return False


def run(command: list[str | Path], folder: Path, environment: dict[str, str] | None = None) -> str:
    """Run a command and return its standard output; on failure show all that it said."""
    ended = subprocess.run(
        [os.fspath(word) for word in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    expect(ended.returncode == 0, f"{' '.join(map(str, command))}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def expect(holds: bool, otherwise: str) -> None:
    """End with a sentence where something does not hold."""
    if not holds:
        sys.exit(f"the wheels do not do what they should: {otherwise}")


if __name__ == "__main__":
    sys.exit(main())
