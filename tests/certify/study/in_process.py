"""An executor for tests: it runs tasks here, one after the other, when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType

from certify.checker.errors import CertifyError
from certify.runtime.executor import Future, State, Task


class InProcess:
    """Keeps the contract of `certify.runtime.executor`, but for the end of what takes too long.

    Attributes:
        names: of all tasks that were submitted to any of these.
    """

    names: list[str]
    workers = 1

    def __init__(self, workers: int = 1) -> None:
        self._waiting: list[Future] = []

    def submit(self, task: Task) -> Future:
        self.names.append(task.name)
        self._waiting.append(Future(task))
        return self._waiting[-1]

    def as_completed(self, tick: Callable[[], None] = lambda: None) -> Iterator[Future]:
        while self._waiting:
            future = self._waiting.pop(0)
            future.state = State.RUNNING
            tick()
            try:
                future.end(State.DONE, future.task.function(*future.task.arguments))
            except (CertifyError, ValueError) as error:
                future.end(State.REFUSED, words=str(error))
            yield future

    def cancel(self, future: Future) -> None:
        self._waiting.remove(future)
        future.end(State.CANCELLED)

    def __enter__(self) -> InProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.clear()
