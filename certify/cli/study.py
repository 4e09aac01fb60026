"""The command `certify study`."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certify.checker.errors import CertifyError
from certify.cli.options.common import Quiet, error_console, made_by
from certify.cli.options.outputs import PAGE, STUDY_TABLES, require_writable, write_all

if TYPE_CHECKING:
    from rich.console import Console

    from certify.study.cells import Cell
    from certify.study.plan import Plan
    from certify.study.store import Store

PAPER = "paper"


def study(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE.toml", help=f"What to run; {PAPER} for the paper's tables.", show_default=False
        ),
    ],
    quick: Annotated[
        bool, typer.Option("--quick", metavar="", help="A small study, as the file's `quick` says.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the results, from which a later run goes on.", show_default="NAME-study"
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the data files that the study names.", show_default="FILE.toml's own"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="How many cells run at a time.", show_default="one for each processor"),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="For each cell, instead of the file's.", show_default="the file's"
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN", help="Only cells whose name has this in it; * and ? stand for letters."
        ),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", metavar="", help="Show the cells and their state, and run nothing.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", metavar="", help="Make the page of what is there, and run nothing.")
    ] = False,
    markdown: Annotated[
        Path | None,
        typer.Option(help="Write the tables here, between the marks of an earlier run if it has them."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Run many methods on many problems, check what they say, and make the tables and plots of it.

    A TOML file says what to run (docs/study.md). Each result is a file in the output's folder: a study that
    was ended goes on where it was, and what is there already is not run again.
    """
    console = error_console(quiet)
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from certify.study.cells import cells_of
    from certify.study.problems import read_tables
    from certify.study.store import PAGE as PAGE_NAME
    from certify.study.store import Store, require_folder

    if time_limit is not None and not time_limit > 0:
        raise CertifyError(f"the time limit is {time_limit} seconds: give a positive number")
    plan, name = _plan(file, quick, data)
    folder = output or Path(f"{name}-study")
    require_folder(folder)
    page = folder / PAGE_NAME
    if folder.is_dir():
        require_writable((), (page, PAGE))
    require_writable((), (markdown, STUDY_TABLES))
    problems, missing = read_tables(plan, folder)
    for sentence in missing:
        console.print(sentence, markup=False, soft_wrap=True)
    cells = list(cells_of(plan, problems, time_limit))
    if only is not None:
        cells = [cell for cell in cells if cell.is_named(only)]
    if not cells:
        why = "its data are not there" if only is None else f"none has {only!r} in its name; see --list"
        raise CertifyError(f"{file}: there is no cell to run, as {why}")
    store = Store(folder)
    if list_:
        for cell in cells:
            typer.echo(f"{cell.facts.name}: {store.state(cell).value}")
        return
    if not report:
        _run(cells, store, workers or os.cpu_count() or 1, console)
    _deliver(plan, cells, store, missing, page, markdown, console)


def _plan(file: str, quick: bool, data: Path | None) -> tuple[Plan, str]:
    """Return the plan, and the name of its results' folder."""
    from certify.study.plan import read_plan

    if data is not None and not data.is_dir():
        raise CertifyError(f"{data} is no folder: give --data the folder of the study's data files")
    if file != PAPER:
        return read_plan(Path(file), quick=quick, folder=data), Path(file).stem
    with as_file(files("certify.study") / "studies" / f"{PAPER}.toml") as path:
        return read_plan(path, quick=quick, folder=data or Path()), f"{PAPER}-quick" if quick else PAPER


def _run(cells: list[Cell], store: Store, workers: int, console: Console) -> None:
    """Run what is missing.

    Raises:
        KeyboardInterrupt: on Ctrl-C or SIGTERM, after a sentence on how to go on.
    """
    from certify.bounds.warm_up import warm_up
    from certify.runtime.executor import LocalExecutor
    from certify.runtime.progress import Clock
    from certify.study.run import run_cells
    from certify.study.store import Kept
    from certify.views.terminal.progress import LiveProgress

    try:
        with LiveProgress(console) as progress, LocalExecutor(workers) as executor:
            if any(store.state(cell) in (Kept.MISSING, Kept.DAMAGED) for cell in cells):
                # Or each cell would compile on its own, and be ended by its limit before it is done.
                warm_up(Clock(None, progress), trees=True, relaxations=True)
            progress.start("study")
            summary = run_cells(cells, store, executor, say=progress.note, show=progress.update)
    except KeyboardInterrupt:
        done = sum(store.read(cell) is not None for cell in cells)
        console.print(
            f"stopped: {done} of {len(cells)} cells are done and stay; the same command goes on",
            markup=False,
            soft_wrap=True,
        )
        raise
    console.print(f"{len(cells)} cells: {summary.words}", markup=False, soft_wrap=True)


def _deliver(
    plan: Plan,
    cells: list[Cell],
    store: Store,
    missing: list[str],
    page: Path,
    markdown: Path | None,
    console: Console,
) -> None:
    """Write the page and the tables, and print the tables."""
    from rich.console import Console

    from certify.study.report.analysis import analyse
    from certify.views.page.study import save_study_page
    from certify.views.terminal.study import print_study, save_markdown

    found = analyse(plan, cells, store, missing)
    writes: list[Callable[[], None]] = [partial(save_study_page, found, page, made_by())]
    if markdown is not None:
        writes.append(partial(save_markdown, found, markdown))
    failure = write_all(*writes)
    print_study(Console(highlight=False), found)
    if failure is not None:
        raise failure
    console.print(f"page: {page}", markup=False, soft_wrap=True)
