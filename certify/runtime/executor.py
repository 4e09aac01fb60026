"""Where tasks run: the one seam between those who have many tasks and the machines that do them.

The contract, which every executor keeps:

- A task is a call of a module-level function that can be imported by name where it runs, with arguments that
  can be pickled, and a declared result of a type that `certify.runtime.typed_json` can write. Results come
  back as that JSON, never as a pickle, so that nothing of them is run here.
- Results are untrusted: an executor says what came back, and its caller checks it (a certificate by the exact
  checker, a network by its exact loss) before it counts.
- Tasks do not know of each other, may run in any order, at any place and more than once. What they do beside
  their result is lost: they write no files.
- `submit` returns at once. It may be called at any time, also while `as_completed` is being followed, which
  then goes on until the added tasks have ended as well.
- A task ends in exactly one way (`State`). A `ValueError` or a `CertifyError` is a refusal, a sentence for
  people. One that was killed, by the system or with its machine, is tried once more; an exception that nobody
  expected is not. One that takes longer than its time limit is ended wherever it is.
- A tick comes several times a second while nothing ends; KeyboardInterrupt may come of it. Leaving the `with`
  block, by whatever way, ends all tasks that run.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any, Protocol, Self

from certify.runtime.worker import Calls

ATTEMPTS = 2  # of a task that is killed
TICK = 0.25  # seconds


class State(Enum):
    """Where a task is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    DIED = "died"
    EXPIRED = "out of time"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will come of it."""
        return self not in (State.WAITING, State.RUNNING)


@dataclass(frozen=True)
class Task:
    """A call.

    Attributes:
        name: for people.
        function: module-level, with a declared result.
        arguments: that can be pickled.
        time_limit: seconds, counted from its start; None for none.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    time_limit: float | None = None


class Future:
    """What becomes of a task.

    Attributes:
        task: itself.
        state: where it is.
        value: the result, of the declared type and otherwise unchecked; None unless it is done.
        words: why it was refused or died.
        attempts: how often it was started.
        seconds: wall time of the last attempt, the start of its process included.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.state = State.WAITING
        self.value: Any = None
        self.words = ""
        self.attempts = 0
        self.seconds = 0.0

    def __repr__(self) -> str:
        return f"Future({self.task.name}, {self.state.value})"

    def end(self, state: State, value: Any = None, words: str = "") -> None:
        """Be told, by an executor, how it ended."""
        self.state, self.value, self.words = state, value, words


class Executor(Protocol):
    """Runs tasks; see the module for the contract."""

    @property
    def workers(self) -> int:
        """How many tasks run at the same time."""

    def submit(self, task: Task) -> Future:
        """Take a task over."""

    def as_completed(self, tick: Callable[[], None] = ...) -> Iterator[Future]:
        """Yield tasks as they end, each once, until none is left; those that are cancelled do not come."""

    def cancel(self, future: Future) -> None:
        """End a task, whether it waits or runs; nothing if it has ended."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all tasks."""


def _no_tick() -> None:
    """Do nothing."""


class LocalExecutor:
    """Runs each task in a process of its own on this machine, several at a time.

    They are the processes of `certify.runtime.worker`, which do not run the caller's script again, take one
    thread each for their linear algebra, and end with this one.
    """

    def __init__(self, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Start nothing yet.

        Args:
            workers: how many tasks run at the same time, at least one.
            clock: returns the time in seconds.
        """
        self._workers = max(workers, 1)
        self._clock = clock
        self._calls = Calls("the process of a task")
        self._waiting: deque[Future] = deque()
        self._running: dict[int, Future] = {}
        self._begun: dict[int, float] = {}

    @property
    def workers(self) -> int:
        """How many tasks run at the same time."""
        return self._workers

    def submit(self, task: Task) -> Future:
        """Take a task over."""
        future = Future(task)
        self._waiting.append(future)
        return future

    def as_completed(self, tick: Callable[[], None] = _no_tick) -> Iterator[Future]:
        """Yield tasks as they end.

        Raises:
            ChildError: if no process can be started.
        """
        while self._waiting or self._running:
            self._start()
            yield from self._expired()
            tick()
            try:
                answer = self._calls.next(TICK)
            except ValueError as error:
                raise AssertionError("a process of this package gave a result of another type") from error
            if answer is None or answer.kind == "told" or answer.call not in self._running:
                continue
            future = self._ended(answer.call)
            if answer.kind == "killed" and future.attempts < ATTEMPTS:
                future.state = State.WAITING
                self._waiting.append(future)
                continue
            if answer.kind == "result":
                future.end(State.DONE, answer.value)
            else:
                future.end(State.REFUSED if answer.kind == "error" else State.DIED, words=answer.words)
            yield future

    def cancel(self, future: Future) -> None:
        """End a task."""
        if future.state is State.WAITING:
            self._waiting.remove(future)
        elif future.state is State.RUNNING:
            number = next(number for number, running in self._running.items() if running is future)
            self._ended(number)
            self._calls.end(number)
        else:
            return
        future.end(State.CANCELLED)

    def _start(self) -> None:
        while self._waiting and len(self._running) < self._workers:
            future = self._waiting.popleft()
            number = self._calls.start(future.task.function, *future.task.arguments)
            future.state = State.RUNNING
            future.attempts += 1
            self._running[number] = future
            self._begun[number] = self._clock()

    def _expired(self) -> Iterator[Future]:
        now = self._clock()
        for number, future in list(self._running.items()):
            limit = future.task.time_limit
            if limit is not None and now - self._begun[number] > limit:
                self._ended(number)
                self._calls.end(number)
                future.end(State.EXPIRED, words=f"it was ended after {limit:g} s")
                yield future

    def _ended(self, number: int) -> Future:
        future = self._running.pop(number)
        future.seconds = self._clock() - self._begun.pop(number)
        return future

    def __enter__(self) -> LocalExecutor:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all tasks."""
        for future in [*self._waiting, *self._running.values()]:
            future.end(State.CANCELLED)
        self._waiting.clear()
        self._running.clear()
        self._calls.__exit__(kind, error, trace)
