"""Running the cells of a study that have no result yet, by an executor, and keeping each as it comes."""

from __future__ import annotations

import math
import os
import platform
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from certify.checker.text.names import counted
from certify.runtime.executor import Executor, Future, State, Task
from certify.study.accept import Unaccepted, accept
from certify.study.bench import Found
from certify.study.cells import Cell
from certify.study.methods import run_method
from certify.study.store import Kept, Result, Row, Store, text_hash

# A method keeps its time limit itself, but for the steps of it that cannot be interrupted.
_HARD = 2.0  # of the limit, after which a cell is ended
_HARD_MORE = 30.0  # seconds, for the start of a process and for a proof
_SHOWN = 3  # cells that the line of progress names
_UNTRIED = 5.0  # seconds for a cell of a method that has run for no other


@dataclass(frozen=True)
class Summary:
    """How a run went: how many cells there are of each kind of state, by its value."""

    counts: Mapping[str, int]

    @property
    def words(self) -> str:
        """The same for people."""
        return ", ".join(f"{number} {state}" for state, number in self.counts.items())


class Progress:
    """What runs, what is done, and how long still, in one line.

    The rest is estimated by the mean seconds of the cells of the same method that are known.
    """

    def __init__(self, cells: Sequence[Cell], workers: int) -> None:
        self._left = {cell.key: cell.facts.method for cell in cells}
        self._total = len(cells)
        self._workers = workers
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)

    def learn(self, method: str, seconds: float) -> None:
        """Take notice of what a cell of a method took."""
        self._seconds[method].append(seconds)

    def done(self, cell: Cell, seconds: float) -> None:
        """A cell has ended."""
        del self._left[cell.key]
        self.learn(cell.facts.method, seconds)

    @property
    def seconds_left(self) -> float:
        """An estimate of the wall time that is left."""
        means = {method: sum(known) / len(known) for method, known in self._seconds.items()}
        usual = sum(means.values()) / len(means) if means else _UNTRIED
        return sum(means.get(method, usual) for method in self._left.values()) / self._workers

    def line(self, running: Iterable[str]) -> str:
        """Return the line."""
        names = list(running)
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        what = "; ".join(names[:_SHOWN]) + more
        done = self._total - len(self._left)
        return f"{done} of {self._total} done, about {_duration(self.seconds_left)} left | {what}"


def run_cells(
    cells: Sequence[Cell],
    store: Store,
    executor: Executor,
    *,
    say: Callable[[str], None],
    show: Callable[[str], None],
) -> Summary:
    """Run the cells without a result; those that are done are kept whatever comes after.

    Args:
        cells: of the study.
        store: of the results.
        executor: runs the methods; what it gives back is checked here.
        say: is given a line about each cell that has ended.
        show: is given the line of progress, again and again.

    Raises:
        KeyboardInterrupt: on Ctrl-C or SIGTERM; what runs is ended.
        DataError: if a result cannot be written.
    """
    states = {cell.key: store.state(cell) for cell in cells}
    # One problem may belong to two data sets.
    missing = list(
        {cell.key: cell for cell in cells if states[cell.key] in (Kept.MISSING, Kept.DAMAGED)}.values()
    )
    progress = Progress(missing, executor.workers)
    for cell in cells:
        known = None if states[cell.key] in (Kept.MISSING, Kept.DAMAGED) else store.read(cell)
        if known is not None:
            progress.learn(known.facts.method, known.seconds)
    for cell in missing:
        if states[cell.key] is Kept.DAMAGED:
            say(f"{cell.facts.name}: its result was damaged and is made anew")
    made = _made(executor.workers)
    pending: dict[int, tuple[Future, Cell]] = {}
    for cell in missing:
        future = executor.submit(_task(cell))
        pending[id(future)] = future, cell

    def tick() -> None:
        names = [cell.facts.name for future, cell in pending.values() if future.state is State.RUNNING]
        show(progress.line(names))

    for future in executor.as_completed(tick):
        _, cell = pending.pop(id(future))
        result, certificate = result_of(future, cell, made)
        store.keep(cell, result, certificate)
        progress.done(cell, future.seconds)
        say(f"{cell.facts.name}: {_news(result)}")
    counts: defaultdict[str, int] = defaultdict(int)
    for cell in cells:
        counts[store.state(cell).value] += 1
    return Summary(dict(counts))


def _task(cell: Cell) -> Task:
    limit = cell.facts.time_limit
    hard = None if limit is None else _HARD * limit + _HARD_MORE
    return Task(cell.facts.name, run_method, (cell.facts.method, cell.bench), hard)


def result_of(future: Future, cell: Cell, made: Mapping[str, str]) -> tuple[Result, str]:
    """Return what became of a cell, checked, and the text of its certificate."""
    rows: tuple[Row, ...] = ()
    state, words, certificate, seconds = future.state.value, future.words, "", future.seconds
    if future.state is State.DONE:
        found: Found = future.value
        words = found.note
        seconds = found.seconds if math.isfinite(found.seconds) else future.seconds
        try:
            rows, certificate = accept(found, cell, os.cpu_count() or 1), found.certificate
        except Unaccepted as error:
            state, words = "not accepted", str(error)
    digest = text_hash(certificate) if certificate else ""
    return Result(cell.facts, cell.problem_sha256, state, words, rows, seconds, digest, made), certificate


def _made(workers: int) -> dict[str, str]:
    try:
        installed = version("certify")
    except PackageNotFoundError:
        installed = "not installed"
    return {
        "certify": installed,
        "machine": platform.machine(),
        "processors": str(os.cpu_count()),
        "cells at a time": str(workers),
    }


def _news(result: Result) -> str:
    if result.state != "done":
        return f"{result.state}: {result.words}"
    values = [f"{row.quantity} {row.value:.6g}" for row in result.rows if row.value is not None]
    listed = ", ".join(values[:_SHOWN]) + (", ..." if len(values) > _SHOWN else "")
    return f"{listed or counted(len(result.rows), 'score')} ({result.seconds:.1f} s)"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
