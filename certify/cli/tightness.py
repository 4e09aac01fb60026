"""The command `certify tightness`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from certify.bounds.report import LARGEST_DIAGNOSED
from certify.checker.errors import CertifyError
from certify.cli.options import (
    DEFAULT_GAMMA,
    AsJson,
    Bias,
    Standardize,
    Targets,
    Task,
    error_console,
    print_json,
    require_writable,
)


def tightness(
    data: Annotated[
        list[Path], typer.Option("--data", help="CSV (or .parquet) file; repeat it.", show_default=False)
    ],
    group: Annotated[
        str | None,
        typer.Option(help="Column, by name or position, each value of which is a problem of its own."),
    ] = None,
    first: Annotated[
        int | None, typer.Option(min=1, help="Only so many values of the group.", show_default="all")
    ] = None,
    target: Targets = None,
    task: Task = "auto",
    gamma: Annotated[
        list[str] | None,
        typer.Option(help="Weight decay, taken exactly; repeat it.", show_default=DEFAULT_GAMMA),
    ] = None,
    bias: Bias = False,
    standardize: Standardize = False,
    gap: Annotated[float, typer.Option(help="Relative gap that the proof tree is to reach.")] = 1e-4,
    seeds: Annotated[int, typer.Option(min=0, help="Runs of SGD and of L-BFGS.")] = 3,
    width: Annotated[int, typer.Option(help="Neurons of SGD, L-BFGS and rounding.")] = 300,
    epochs: Annotated[int, typer.Option(help="Epochs of SGD.")] = 5000,
    batch_size: Annotated[int, typer.Option(help="Samples in a batch of SGD, next to full batches.")] = 16,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="First step of SGD.", show_default="the inverse of the curvature at the start"),
    ] = None,
    momentum: Annotated[float, typer.Option(help="Momentum of SGD; 0.95 in the paper's code.")] = 0.0,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds for each problem and gamma.", show_default="none")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all rows here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page here.")] = None,
    cut_certificate: Annotated[
        Path | None,
        typer.Option(
            help="Certificate that SDP-NN's matrix is not completely positive, to write; the matrix goes to "
            "the same name with .csv behind it. For one problem of at most 12 rows.",
            show_default="none",
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Compare SDP-NN, Shor, the proof tree, rounding, L-BFGS and SGD with the certified optimum.

    On at most 12 rows it also says why SDP-NN is loose.
    """
    console = error_console()
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from rich.console import Console

    from certify.checker.data.choice import from_table
    from certify.checker.data.table import read_table
    from certify.datasets.groups import split_table
    from certify.datasets.matrices import save_matrix
    from certify.tightness.settings import StudySettings
    from certify.tightness.study import study
    from certify.views.page.tightness import save_tightness_page
    from certify.views.terminal.progress import LiveProgress
    from certify.views.terminal.summary import print_certificate
    from certify.views.terminal.tightness import print_study, save_csv

    matrix = None if cut_certificate is None else cut_certificate.with_name(f"{cut_certificate.name}.csv")
    for path in data:
        require_writable(path, csv, html, cut_certificate, matrix)
    if first is not None and group is None:
        raise CertifyError("--first counts the values of a group: give --group COLUMN as well")
    settings = StudySettings(
        gap=gap,
        seeds=seeds,
        width=width,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        momentum=momentum,
        time_limit=time_limit,
    )
    tables = [read_table(path) for path in data]
    if group is not None:
        tables = [part for table in tables for part in split_table(table, group, first)]
    datasets = [
        from_table(table, targets=target or (), task=task, bias=bias, standardize=standardize)
        for table in tables
    ]
    gammas = gamma or [DEFAULT_GAMMA]
    if cut_certificate is not None:
        _require_one_small([len(dataset.inputs) for dataset in datasets], len(gammas))
    for dataset in datasets:
        console.print(dataset.describe(), markup=False, soft_wrap=True)
    with LiveProgress(console) as progress:
        found = study(datasets, gammas, settings, progress)
    for reason in found.omissions:
        console.print(reason, markup=False, soft_wrap=True)
    if csv is not None:
        save_csv(found, csv)
    if html is not None:
        save_tightness_page(found, html)
    written = None
    if cut_certificate is not None and matrix is not None:
        diagnosis = found.problems[0].diagnosis if found.problems else None
        if diagnosis is None or diagnosis.report is None or diagnosis.cut is None:
            why = "it was not looked for" if diagnosis is None else f"the matrix is {diagnosis.finding.value}"
            console.print(
                f"{cut_certificate} is not written, as there is no cut: {why}", markup=False, soft_wrap=True
            )
        else:
            diagnosis.report.save_certificate(cut_certificate)
            save_matrix(diagnosis.report.matrix, matrix)
            written = str(cut_certificate)
    if json_:
        print_json(found.to_json(written))
        return
    output = Console(highlight=False)
    print_study(output, found)
    if written is not None:
        print_certificate(output, written, matrix)


def _require_one_small(rows: list[int], gammas: int) -> None:
    """Refuse to write the certificate of a cut where there would be several, or none."""
    if len(rows) * gammas != 1:
        raise CertifyError(
            f"--cut-certificate is for one problem, and there are {len(rows) * gammas}: give one --data, one "
            "--gamma, and with --group also --first 1"
        )
    if rows[0] > LARGEST_DIAGNOSED:
        raise CertifyError(
            f"--cut-certificate is for at most {LARGEST_DIAGNOSED} rows, and the data has {rows[0]}: choose "
            "some of them"
        )
