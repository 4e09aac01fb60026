"""Take away one condition of the checker after another and see which proof fails: `python proofs/mutants.py`.

All of it takes half an hour; `python proofs/mutants.py training/Losses` takes only those of this theory.

A condition whose absence no proof notices is not there for soundness; the table says what it is there for.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from conditions import MUTANTS
from conditions.mutant import Mutant

FOLDER = Path(__file__).parent / "theories"


def compiles(folder: Path, theory: str) -> str | None:
    """Compile a theory; return None, or the theorem whose proof fails."""
    run = subprocess.run(
        ["coqc", "-w", "none", "-R", str(folder), "Certify", str(folder / f"{theory}.v")],
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        return None
    place = re.search(r"line (\d+)", run.stderr)
    if place is None:
        raise RuntimeError(run.stderr)
    above = (folder / f"{theory}.v").read_text().splitlines()[: int(place[1])]
    stated = [m[1] for line in above if (m := re.match(r"(?:Lemma|Theorem) (\w+)", line))]
    if not stated:
        raise RuntimeError(f"{theory} does not even state its theorems: {run.stderr}")
    return stated[-1]


def failure(theory: str, mutant: Mutant) -> str | None:
    """Return the theorem that cannot be proved without a condition; None if there is none."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
        path = folder / f"{theory}.v"
        path.write_text(mutant.applied(path.read_text()))
        theories = list(MUTANTS)
        for name in theories[theories.index(theory) :]:
            theorem = compiles(folder, name)
            if theorem is not None:
                return theorem
    return None


def main(chosen: list[str]) -> int:
    """Print the table of the chosen theories, or of all.

    Returns:
        1 if a condition that should be needed is not, or the other way round; else 0.
    """
    unknown = set(chosen) - set(MUTANTS)
    if unknown:
        raise SystemExit(f"no theories of the table: {', '.join(sorted(unknown))}")
    print("| condition taken away | of | what fails |\n| --- | --- | --- |")
    wrong = 0
    for theory in chosen or MUTANTS:
        for mutant in (Mutant(*row) for row in MUTANTS[theory]):
            theorem = failure(theory, mutant)
            wrong += (theorem is None) != bool(mutant.purpose)
            purpose = f"nothing; it is there for: {mutant.purpose or '?'}"
            outcome = f"the proof of `{theorem}`" if theorem else purpose
            print(f"| {mutant.condition} | {Path(theory).name} | {outcome} |", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
