"""What each room may know of the others (docs/architecture.md), and that the checker starts alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.places import ROOT

# Each room with those that it may import; the mathematics may be imported by the rooms that name it.
ROOMS = {
    "formulations": "",
    "checker": "",
    "runtime": "checker.errors formulations.compiled",
    "datasets": "checker",
    "networks": "checker",
    "floats": "checker networks formulations.arrays formulations.losses",
    "trust": "checker datasets runtime",
    "shrink": "checker trust runtime formulations",
    "attack": "checker trust networks floats runtime formulations",
    "matrices": "checker datasets runtime formulations",
    "bounds": "checker trust datasets networks floats runtime formulations",
    "explain": "checker trust networks floats runtime formulations",
    "gaps": "bounds explain checker trust datasets networks floats runtime formulations",
    "tightness": "bounds matrices checker trust datasets networks floats runtime formulations",
    "study": "tightness bounds matrices checker trust datasets networks floats runtime formulations",
    "estimators": "bounds checker datasets networks floats runtime formulations",
    "views": "study gaps tightness bounds explain matrices shrink attack trust floats networks datasets "
    "checker runtime formulations",
    "cli": "views study gaps tightness bounds explain matrices shrink attack trust floats networks datasets "
    "checker runtime formulations",
    "__main__": "cli",
}
# Within a room, parts that do not know each other.
APART = [
    ("certify.checker.training", "certify.checker.matrix"),
    ("formulations.arbitrary_precision", "formulations.partition"),
]
# What lies below within the checker, each part knowing those before it; a file of certificates may state
# anything, so that its reader knows all statements.
CHECKER = (
    "errors",
    "obligations",
    "limits",
    "text",
    "numbers",
    "problems",
    "data",
    "certificate",
    "tree",
    "training",
    "matrix",
    "subject",
    "statements",
    "certificate.file",
    "expected",
    "check",
)


def imports() -> Iterator[tuple[str, str]]:
    """Yield (module, what it imports) for all of the project's modules."""
    for folder in ("certify", "formulations"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom):
                    assert node.level == 0, f"{name}: imports name their package in full"
                    yield from ((name, f"{node.module}.{alias.name}") for alias in node.names)
                elif isinstance(node, ast.Import):
                    yield from ((name, alias.name) for alias in node.names)


IMPORTS = list(imports())


def room(name: str) -> str:
    """Return the room of a module: without "certify", or the mathematics."""
    parts = name.split(".")
    return parts[0] if parts[0] != "certify" or len(parts) == 1 else parts[1]


def within(name: str, place: str) -> bool:
    """Say whether a module, or a name in it, belongs to a place."""
    return f"{name}.".startswith(f"{place}.")


@pytest.mark.parametrize("place", ROOMS)
def test_rooms(place: str) -> None:
    allowed = [
        f"{'' if name.startswith('formulations') else 'certify.'}{name}" for name in ROOMS[place].split()
    ]
    own = place if place == "formulations" else f"certify.{place}"
    mine = [(module, imported) for module, imported in IMPORTS if within(module, own)]
    assert mine
    for module, imported in mine:
        if imported.split(".")[0] in ("certify", "formulations"):
            assert any(within(imported, name) for name in (own, *allowed)), f"{module} imports {imported}"


def test_every_module_has_a_room() -> None:
    assert {room(module) for module, _ in IMPORTS} == {*ROOMS, "certify"}


def test_no_room_is_above_itself() -> None:
    below = {place: {name.split(".")[0] for name in names.split()} for place, names in ROOMS.items()}
    for place in below:
        seen: set[str] = set()
        pending = [place]
        while pending:
            new = below[pending.pop()] - seen
            seen |= new
            pending += new
        # Errors are below all rooms, that of the checker among them.
        assert place not in seen


@pytest.mark.parametrize(("first", "second"), APART)
def test_apart(first: str, second: str) -> None:
    for module, imported in IMPORTS:
        assert not (within(module, first) and within(imported, second)), f"{module} imports {imported}"
        assert not (within(module, second) and within(imported, first)), f"{module} imports {imported}"


def test_floors_of_the_checker() -> None:
    floor = {f"certify.checker.{name}": k for k, name in enumerate(CHECKER)}
    for module, imported in IMPORTS:
        here = [k for name, k in floor.items() if within(module, name)]
        there = [k for name, k in floor.items() if within(imported, name)]
        assert not (here and there) or max(there) <= max(here), f"{module} imports {imported}"


def test_the_checker_needs_python_and_flint_alone() -> None:
    for module, imported in IMPORTS:
        if within(module, "certify.checker"):
            outside = imported.split(".")[0]
            assert outside in {"certify", "flint", "__future__", *sys.stdlib_module_names}, (
                f"{module} imports {imported}"
            )


def test_the_checker_starts_alone() -> None:
    script = (
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(ROOT / 'packages' / 'checker')!r})\n"
        "sys.argv = ['certify-checker', '--help']\n"
        "try:\n    runpy.run_module('certify.checker', run_name='__main__')\n"
        "except SystemExit as ended:\n    assert ended.code == 0\n"
        "print(*sorted(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    loaded = run.stdout.split("\n")[-2].split()
    ours = [name for name in loaded if name.split(".")[0] in ROOMS or within(name, "certify")]
    ours.remove("__main__")  # this script
    assert "certify.checker.check" in ours
    assert all(name == "certify" or within(name, "certify.checker") for name in ours), ours
    assert not {"numpy", "scipy", "numba", "typer", "rich"} & set(loaded)


def test_the_package_loads_nothing() -> None:
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import certify; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert [name for name in run.stdout.split() if within(name, "certify")] == ["certify"]
