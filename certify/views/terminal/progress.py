"""The line on the terminal that shows what long work is doing."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from certify.runtime.progress import Observer


class LiveProgress(Observer):
    """Shows the stages on a terminal as they run, and one line for each elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", start=True)
        self._stage = ""
        self._last_line = 0.0

    def __enter__(self) -> LiveProgress:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing."""
        self._progress.stop()

    def start(self, stage: str) -> None:
        """A stage begins."""
        self._stage = stage
        self._last_line = time.monotonic()
        self._progress.reset(self._task, description=stage)

    def update(self, message: str) -> None:
        """Show the news; where nothing can be redrawn, a line every ten seconds."""
        self._progress.update(self._task, description=f"{self._stage}: {message}")
        now = time.monotonic()
        if not self._console.is_terminal and now - self._last_line > 10:
            self._last_line = now
            self._console.print(Text(f"  {self._stage}: {message}"))

    def note(self, words: str) -> None:
        """Leave a line that says it."""
        self._console.print(Text(words), soft_wrap=True)

    def finish(self, result: str) -> None:
        """Leave a line about what the stage did."""
        task = self._progress.tasks[0]
        self._console.print(Text(f"{self._stage:<9} {result}  ({task.elapsed or 0.0:.1f} s)"), soft_wrap=True)
