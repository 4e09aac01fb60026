"""The line on the terminal that shows what long work is doing."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
)
from rich.table import Column
from rich.text import Text

from certify.runtime.progress import Lines

_WIDTH = 11  # letters of "9999 s left"


class LiveProgress(Lines):
    """Shows the stages on a terminal as they run, and one line for each elsewhere."""

    def __init__(self, console: Console) -> None:
        super().__init__(lambda line: console.print(Text(line), soft_wrap=True))
        self._is_redrawn = console.is_terminal
        self._progress = Progress(
            SpinnerColumn(table_column=Column(min_width=1)),
            # Before the news, of which a narrow terminal cuts the end.
            _When(self),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", start=True)

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
        super().start(stage)
        self._progress.update(self._task, description=stage)

    def update(self, message: str) -> None:
        """Show the news."""
        if self._is_redrawn:
            self._progress.update(self._task, description=f"{self._stage}: {message}")
        else:
            super().update(message)


class _When(ProgressColumn):
    """How long still, or how long so far."""

    def __init__(self, lines: Lines) -> None:
        super().__init__(Column(no_wrap=True, min_width=_WIDTH))
        self._lines = lines

    def render(self, task: Task) -> Text:
        """Return that."""
        return Text(self._lines.when, style="progress.elapsed")
