"""The tables of a study: for a terminal, and as Markdown for a document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from certify.checker.errors import CertifyError
from certify.study.report.analysis import Study
from certify.study.report.plots import plots
from certify.study.report.tables import tables

BEGIN, END = "<!-- certify study -->", "<!-- end of certify study -->"
_NAMES = 3  # columns of names, before those of numbers


def print_study(console: Console, study: Study) -> None:
    """Print the tables, and what the plots say."""
    for table in tables(study):
        console.print(Text(table.title, style="bold"), soft_wrap=True)
        shown = RichTable(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for k, heading in enumerate(table.headings):
            shown.add_column(heading, justify="left" if k < _NAMES else "right")
        for row in table.rows:
            shown.add_row(*map(Text, row))
        console.print(shown)
    for plot in plots(study):
        console.print(Text(f"{plot.title}: {plot.words} {plot.sure}"), soft_wrap=True)


def to_markdown(study: Study) -> str:
    """Return the tables and what the plots say as Markdown."""
    return "\n".join(_lines(study)) + "\n"


def _lines(study: Study) -> Iterator[str]:
    yield f"*{study.title}.* {study.sureness}."
    yield from ("", *(f"- {sentence}" for sentence in study.missing)) if study.missing else ()
    for plot in plots(study):
        yield from ("", f"*{plot.title}.* {plot.words} {plot.sure}")
    for table in tables(study):
        yield from ("", f"### {table.title}", "", table.words, "")
        yield f"| {' | '.join(table.headings)} |"
        yield f"|{' --- |' * len(table.headings)}"
        yield from (
            f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in table.rows
        )


def save_markdown(study: Study, path: Path) -> None:
    """Write the tables to a file, between the marks of an earlier run where it has them.

    Raises:
        CertifyError: if the file cannot be written, or is there and has no marks.
    """
    try:
        before, after = "", "\n"
        if path.exists() and path.stat().st_size:
            before, first, rest = path.read_text(encoding="utf-8").partition(BEGIN)
            _, last, after = rest.partition(END)
            if not (first and last):
                raise CertifyError(f"{path}: there are no lines {BEGIN} and {END} to write between: add them")
        path.write_text(f"{before}{BEGIN}\n{to_markdown(study)}{END}{after}", encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CertifyError(f"{path}: the tables cannot be written ({error}); choose another path") from None
