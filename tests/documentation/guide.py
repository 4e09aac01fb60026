"""The guide's commands with their output: run, compared, and written anew.

python -m tests.guide docs/guide.md     # runs the commands and replaces what the guide says they print
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.places import ROOT

_BLOCK = re.compile(r"```console\n\$ (?P<command>[^\n]*)\n(?P<output>.*?)```\n", flags=re.DOTALL)
_FILE = re.compile(r"\w[\w.-]*\.[a-z]+")  # in the folder itself, as examples/ are not
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_NOTHING = 1e-2  # what is smaller is rounding, or nearly
_SAME = 0.1  # relative; local searches end at slightly different points
# Where rounding decides, only the form is compared: what the paper's step comes to, which oscillates for ever
# (`formulations.rounding.splitting`), how many terms a local search needs, and the order of the neurons.
_OPEN = re.compile(r"(?<=rounding \(paper\)).*|(?<=a sum of )\d+(?= terms)|\b\d+(?=: [\d.]+ %)")
# A step that is there if rounding leaves the two bounds that it is between in their order.
_MAYBE = re.compile(
    r"^.* what the network's residual could prove .*\n.* N is not that residual\n", re.MULTILINE
)
_ROW = re.compile(r"^ .*? {2,}(?P<value>[\d.]+)  .* (?P<kind>proved|exact) *$", flags=re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """A command and what it is said to print."""

    command: str
    output: str


def shown(text: str) -> list[Shown]:
    """Return the commands of a page."""
    return [Shown(block["command"], block["output"]) for block in _BLOCK.finditer(text)]


def independent(commands: Iterable[Shown]) -> list[list[Shown]]:
    """Divide commands, in their order, such that those that name the same file of their own are together."""
    parts: list[tuple[set[str], list[Shown]]] = []
    for each in commands:
        files = {word for word in each.command.split() if _FILE.fullmatch(word)}
        joined = [part for part in parts if part[0] & files]
        parts = [part for part in parts if part not in joined]
        before = [said for part in joined for said in part[1]]
        parts.append((files.union(*(part[0] for part in joined)), [*before, each]))
    return [part[1] for part in parts]


def execute(command: str, folder: Path) -> str:
    """Run a command where a fresh clone's examples are, and return its standard output."""
    if not (folder / "examples").exists():
        (folder / "examples").symlink_to(ROOT / "examples")
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # The pages show what is printed where the proofs are not built.
    own = {"PATH": paths, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "CERTIFY_CHECKER": ""}
    environment = {**os.environ, **own}
    ended = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"{command} ended with {ended.returncode}: {ended.stderr}")
    return ended.stdout


def differences(command: str, said: str, printed: str) -> list[str]:
    """Return what is said otherwise than it is; line ends, and what a run took, count for nothing."""
    found: list[str] = []
    for left, right in zip(_words(said), _words(printed), strict=False):
        numbers = [_NUMBER.findall(word) for word in (left, right)]
        if _NUMBER.sub("#", left) != _NUMBER.sub("#", right) or len(numbers[0]) != len(numbers[1]):
            return [*found, f"{command}: {left!r} is {right!r}"]
        for a, b in zip(*numbers, strict=True):
            larger = max(float(a), float(b))
            if larger > _NOTHING and abs(float(a) - float(b)) > _SAME * larger:
                found.append(f"{command}: {left!r} is {right!r}")
    if len(_words(said)) != len(_words(printed)):
        found.append(f"{command}: the output is longer or shorter")
    return found


def largest_bound_and_least_loss(printed: str) -> tuple[float, float]:
    """Return what the rows of a table prove at most, and the least loss that they show."""
    rows = [(row["kind"], float(row["value"])) for row in _ROW.finditer(printed)]
    bounds, losses = ([value for kind, value in rows if kind == wanted] for wanted in ("proved", "exact"))
    return max(bounds, default=0.0), min(losses, default=math.inf)


def _words(output: str) -> list[str]:
    text = re.sub(r"[│╭╮╰╯─]+", " ", output)
    text = re.sub(r"\bsha256 [0-9a-f]{64}\b", "sha256", text)  # of a matrix that a solver found
    text = re.sub(r"\bin [\d.e-]+ s\b", "in some s", text)
    text = re.sub(r"\btime +\d.*?(?=certificate:|$)", "", text, flags=re.DOTALL)
    text = _MAYBE.sub("", text)
    text = _OPEN.sub(lambda found: _NUMBER.sub("some", found[0]), text)
    return text.split()


def rewrite(path: Path) -> None:
    """Run the commands of a page and replace their outputs."""
    text = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:

        def with_output(block: re.Match[str]) -> str:
            output = execute(block["command"], Path(folder))
            lines = f"$ {block['command']}\n{output}".rstrip()
            return f"```console\n{lines}\n```\n"

        path.write_text(_BLOCK.sub(with_output, text), encoding="utf-8")


if __name__ == "__main__":
    rewrite(Path(sys.argv[1]))
