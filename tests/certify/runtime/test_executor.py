"""Tasks in processes of their own: how each ends, and that nothing is left of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from certify.runtime.executor import Future, LocalExecutor, State, Task

MODULE = """
import os, time
from pathlib import Path
from certify.checker.errors import DataError
def double(number: int) -> int:
    return 2 * number
def refuse(words: str) -> int:
    raise DataError(words)
def lose() -> int:
    raise LookupError("lost")
def end_at_first(marker: str) -> str:
    if not Path(marker).exists():
        Path(marker).write_text("here")
        os.kill(os.getpid(), 9)
    return "at the second attempt"
def end_always() -> int:
    os.kill(os.getpid(), 9)
def wait(marker: str) -> int:
    Path(marker).write_text(str(os.getpid()))
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tasks_of_a_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)


def task(name: str, *arguments: object, time_limit: float | None = None) -> Task:
    import tasks_of_a_test as tasks  # type: ignore[import-not-found]

    return Task(name, getattr(tasks, name), arguments, time_limit)


def test_each_ends_in_its_own_way(tmp_path: Path) -> None:
    with LocalExecutor(2) as executor:
        futures = [
            executor.submit(each)
            for each in (
                task("double", 21),
                task("refuse", "no such loss"),
                task("lose"),
                task("end_at_first", str(tmp_path / "marker")),
                task("end_always"),
                task("wait", str(tmp_path / "pid"), time_limit=0.01),
            )
        ]
        ended = list(executor.as_completed())
    assert sorted(map(id, ended)) == sorted(map(id, futures))
    doubled, refused, lost, second, killed, late = futures
    assert (doubled.state, doubled.value) == (State.DONE, 42)
    assert (refused.state, refused.words) == (State.REFUSED, "no such loss")
    assert (lost.state, lost.attempts) == (State.DIED, 1)
    assert lost.words.endswith("LookupError: lost")
    assert (second.state, second.value, second.attempts) == (State.DONE, "at the second attempt", 2)
    assert (killed.state, killed.attempts) == (State.DIED, 2)
    assert "was killed" in killed.words
    assert (late.state, late.words) == (State.EXPIRED, "it was ended after 0.01 s")


def test_tasks_are_added_while_others_run() -> None:
    with LocalExecutor(1) as executor:
        executor.submit(task("double", 1))
        values = []
        for future in executor.as_completed():
            values.append(future.value)
            if future.value < 4:
                executor.submit(task("double", future.value))
    assert values == [2, 4]


def test_what_is_cancelled_does_not_come(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    with LocalExecutor(1) as executor:
        running, waiting = executor.submit(task("wait", str(marker))), executor.submit(task("double", 1))
        last = executor.submit(task("double", 2))

        def tick() -> None:
            if marker.exists():
                executor.cancel(running)

        executor.cancel(waiting)
        ended = list(executor.as_completed(tick))
        executor.cancel(last)
    assert ended == [last]
    assert [each.state for each in (running, waiting, last)] == [State.CANCELLED, State.CANCELLED, State.DONE]


def test_leaving_ends_what_runs(tmp_path: Path) -> None:
    marker, futures = tmp_path / "pid", list[Future]()

    def tick() -> None:
        if marker.exists() and marker.read_text():
            raise KeyboardInterrupt

    def follow() -> None:
        with LocalExecutor(1) as executor:
            futures.extend(map(executor.submit, (task("wait", str(marker)), task("double", 1))))
            list(executor.as_completed(tick))

    with pytest.raises(KeyboardInterrupt):
        follow()
    assert [future.state for future in futures] == [State.CANCELLED] * 2
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list open files")
def test_processes_that_have_ended_keep_no_pipes() -> None:
    with LocalExecutor(1) as executor:
        before = len(os.listdir("/proc/self/fd"))
        executor.submit(task("double", 1))
        list(executor.as_completed())
        assert len(os.listdir("/proc/self/fd")) == before
