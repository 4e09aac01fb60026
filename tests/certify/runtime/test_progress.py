"""What is said of work that goes on, by clocks that are handed in."""

import io
import re

import pytest
from rich.console import Console

from certify.bounds.bound import bound
from certify.runtime.progress import Clock, Lines, Observer, Within, observer_of
from certify.views.terminal.progress import LiveProgress


class At:
    """A clock that stands where it is put."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(("limit", "words"), [(None, "12 s so far"), (60.0, "48 s left"), (5.0, "0 s left")])
def test_when(limit: float | None, words: str) -> None:
    at = At()
    clock = Clock(limit, Observer(), at)
    at.seconds = 12
    assert clock.when == words
    with clock.uncounted("compile"):
        at.seconds = 100
        assert clock.when == words
    at.seconds += 0.2
    assert clock.when == words


def test_lines() -> None:
    at = At()
    written: list[str] = []
    lines = Lines(written.append, at)
    clock = Clock(60.0, lines, at)
    with clock.stage("search") as result:
        for at.seconds, message in ((9, "early"), (11, "first"), (20, "too soon"), (22, "second")):
            lines.update(message)
        result += ["found", "something"]
    assert written == [
        "  search: first  (49 s left)",
        "  search: second  (38 s left)",
        "search    found, something  (22.0 s)",
    ]


def test_work_within_other_work_has_the_outer_clock() -> None:
    at = At()
    lines = Lines(lambda line: None, at)
    Clock(60.0, lines, at)
    Clock(5.0, Within(lines), at)
    assert lines.when == "60 s left"


def test_observers() -> None:
    mine = Observer()
    assert observer_of(mine, True) is mine
    assert isinstance(observer_of(None, True), Lines)
    assert type(observer_of(None, False)) is Observer


def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    X, y = [[1.0, 2.0], [-1.0, 0.5]], [1.0, 2.0]
    bound(X, y)
    assert capsys.readouterr().out == ""
    bound(X, y, verbose=True)
    stages = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert [stage for stage in stages if stage != "compile"] == ["train", "search", "prove", "check"]


def test_a_narrow_terminal_cuts_the_news_and_not_the_time() -> None:
    written = io.StringIO()
    with LiveProgress(Console(file=written, force_terminal=True, width=40)) as progress:
        Clock(60.0, progress, At())
        progress.start("relax")
        progress.update("lower 1.5, gap 3 %, and much more than there is room for")
        progress._progress.refresh()
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written.getvalue())
    assert "60 s left   relax: lower 1.5" in shown


def test_live_line_has_the_time_and_takes_brackets_as_they_are() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100)
    at = At()
    with LiveProgress(console) as progress:
        clock = Clock(60.0, progress, at)
        at.seconds = 7
        with clock.stage("search") as words:
            progress.update("[b]lower 1.5, gap 3 %")
            progress._progress.refresh()
            words.append("done")
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written.getvalue())
    assert "53 s left   search: [b]lower 1.5, gap 3 %" in shown
    assert re.search(r"search +done  \(\d", shown)
