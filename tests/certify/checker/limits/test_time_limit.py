"""Time limits and what is said on the way, by clocks that are handed in."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from certify.checker.certificate.file import save_certificate
from certify.checker.certificate.nodes import EnvelopeLeaf, Node, Split
from certify.checker.errors import DataError, TimeLimitError
from certify.checker.limits.deadline import Deadline, TimeIsUpError, look
from certify.checker.limits.progress import CheckProgress
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import Level
from certify.datasets.matrices import save_matrix
from certify.trust.check import check
from certify.trust.extracted import NAME, VARIABLE
from certify.trust.parallel import walk_in_parts
from certify.trust.proved_sources import SOURCES_SHA256
from tests.certify.checker.matrix.test_complete_positivity import MATRIX, YES
from tests.certify.checker.test_obligations import HONEST, PROBLEM

CHECK = [sys.executable, "-m", "certify.cli", "check"]


def ticking() -> Callable[[], float]:
    """Return a clock on which each look takes a second."""
    seconds = count()
    return lambda: float(next(seconds))


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of the proved checker."""
    path = tmp_path / NAME
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def scripted(path: Path, text: str) -> None:
    """Write a program that says it is of the right sources, and else does something."""
    version = f'if [ "$1" = --version ]; then echo "sources: {SOURCES_SHA256}"; exit; fi'
    path.write_text(f"#!/bin/sh\n{version}\n{text}\n")
    path.chmod(0o755)


class TestDeadline:
    def test_by_hand(self) -> None:
        now = [5.0]
        deadline = Deadline(2, lambda: now[0])
        now[0] = 6.5
        assert deadline.remaining == 0.5
        deadline.check()
        with deadline.watched():
            look()
            now[0] = 7.0
            with pytest.raises(TimeIsUpError):
                look()
        look()
        assert deadline.remaining == 0

    def test_without_a_limit(self) -> None:
        deadline = Deadline(None, ticking())
        with deadline.watched():
            look()
        assert deadline.remaining is None


class TestCheck:
    @pytest.mark.parametrize("trust", ["exact", "rigorous"])
    def test_ends_without_a_verdict(self, trust: str) -> None:
        with (
            Deadline(1, ticking()).watched(),
            pytest.raises(
                TimeLimitError, match=r"nothing is decided: .* when the time limit of 1 s was over"
            ),
        ):
            check(HONEST, problem=PROBLEM, trust=trust)

    def test_says_how_far_it_got(self) -> None:
        # Each node is a look at least.
        for seconds in range(1, len(HONEST.tree)):
            said: list[tuple[int, int]] = []
            with Deadline(seconds, ticking()).watched(), pytest.raises(TimeLimitError) as caught:
                check(HONEST, problem=PROBLEM, on_progress=lambda *nodes, said=said: said.append(nodes))
            reached = f"{said[-1][0]} of {said[-1][1]} nodes were checked" if said else "no node"
            assert reached in str(caught.value)
        with Deadline(1000, ticking()).watched():
            assert check(HONEST, problem=PROBLEM).valid

    def test_of_a_matrix(self) -> None:
        with Deadline(1, ticking()).watched(), pytest.raises(TimeLimitError, match="no node"):
            check(YES, matrix=MATRIX, trust="exact")

    @pytest.mark.parametrize("limit", [0, -1, float("nan")])
    def test_needs_seconds(self, limit: float) -> None:
        with pytest.raises(DataError, match="positive number of seconds"):
            check(HONEST, problem=PROBLEM, time_limit=limit)

    def test_there_is_time(self) -> None:
        assert check(HONEST, problem=PROBLEM, time_limit=1e6).valid

    def test_children_are_ended(self) -> None:
        # A comb of leaves: the processes are asked for parts of it, and none needs to answer.
        comb: list[Node] = [node for _ in range(3000) for node in (Split(0, 1, 1, 1), EnvelopeLeaf())]
        nodes = [*HONEST.tree[:2], *comb, *[EnvelopeLeaf()] * 3]
        root, level = Cone.root(HONEST, PROBLEM), Level.of(HONEST, PROBLEM)
        with Deadline(3, ticking()).watched(), pytest.raises(TimeIsUpError):
            walk_in_parts(nodes, root, level, 2, lambda done: None)

    def test_the_program_is_ended(self, program: Path) -> None:
        scripted(program, "echo 1024 >&2; exec sleep 1000")
        with Deadline(3, ticking()).watched(), pytest.raises(TimeLimitError, match="nothing is decided"):
            check(HONEST, problem=PROBLEM, trust="proved")


class TestFallback:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [("echo it needs more stack >&2; exit 2", "it needs more stack"), ("kill -9 $$", "exit code -9")],
    )
    def test_is_told(self, program: Path, text: str, reason: str) -> None:
        scripted(program, text)
        for certificate, data in ((HONEST, {"problem": PROBLEM}), (YES, {"matrix": MATRIX})):
            notes: list[str] = []
            verdict = check(certificate, **data, trust="best", on_note=notes.append)
            assert verdict.valid
            assert verdict.trust == "exact"
            assert len(notes) == 1
            assert reason in notes[0]
            assert "trust exact" in notes[0]

    def test_that_no_program_is_there_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, "")
        notes: list[str] = []
        assert check(HONEST, problem=PROBLEM, trust="best", on_note=notes.append).trust == "exact"
        assert not notes


class TestCommands:
    @pytest.fixture
    def files(self, tmp_path: Path) -> list[str]:
        save_matrix(MATRIX, tmp_path / "m.csv")
        save_certificate(YES, tmp_path / "m.cert")
        return [str(tmp_path / "m.cert"), "--data", str(tmp_path / "m.csv")]

    def test_a_program_that_does_not_end(self, files: list[str], program: Path) -> None:
        scripted(program, "exec sleep 1000")
        run = subprocess.run([*CHECK, *files, "--time-limit", "0.5"], capture_output=True, text=True)
        assert run.returncode == 3
        assert run.stdout == ""
        assert len(run.stderr.splitlines()) == 1
        assert "nothing is decided" in run.stderr

    def test_a_program_that_fails(self, files: list[str], program: Path) -> None:
        scripted(program, "exit 70")
        run = subprocess.run([*CHECK, *files], capture_output=True, text=True)
        assert run.returncode == 0
        assert "exit code 70" in run.stderr
        assert "exact" in run.stdout

    def test_json_says_what_checked(self, files: list[str], program: Path) -> None:
        scripted(program, "exit 70")
        command = [*CHECK, *files, "--json"]
        assert json.loads(subprocess.run(command, capture_output=True, text=True).stdout)["trust"] == "exact"


class TestProgress:
    @pytest.mark.parametrize("terminal", [False, True])
    def test_lines(self, terminal: bool) -> None:
        class Stream(io.StringIO):
            def isatty(self) -> bool:
                return terminal

        now, stream = [0.0], Stream()
        with CheckProgress(stream, lambda: now[0]) as progress:
            for second in (0.5, 1.0, 2.0, 11.5):
                now[0] = second
                progress.update(int(second), 20)
            progress.note("something else")
        written = stream.getvalue()
        if terminal:
            clear = "\r\033[K"
            lines = [f"checking: {k} of 20 nodes{clear}" for k in (1, 2, 11)]
            assert written == "".join(lines) + "something else\n"
        else:
            assert written == "checking: 1 of 20 nodes\nchecking: 11 of 20 nodes\nsomething else\n"
