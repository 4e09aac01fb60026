"""The command `certify bound`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from certify.bounds.names import PRECISIONS, SOLVERS
from certify.cli.options.common import (
    DEFAULT_GAMMA,
    DEFAULT_LOSS,
    DEFAULT_OUTPUT_BIAS,
    AsJson,
    Bias,
    ClassWeights,
    DataFile,
    Gamma,
    Loss,
    Method,
    OutputBias,
    Page,
    SampleWeight,
    Seed,
    Standardize,
    Targets,
    Task,
    TimeLimit,
    WantedGap,
    choices,
    class_weight_of,
    error_console,
    made_by,
    print_json,
    require_writable,
)


def bound(
    data: DataFile,
    target: Targets = None,
    task: Task = "auto",
    gamma: Gamma = DEFAULT_GAMMA,
    bias: Bias = False,
    output_bias: OutputBias = DEFAULT_OUTPUT_BIAS,
    standardize: Standardize = False,
    loss: Loss = DEFAULT_LOSS,
    sample_weight: SampleWeight = None,
    class_weight: ClassWeights = None,
    method: Method = "auto",
    solver: Annotated[
        str, typer.Option(metavar=choices(*SOLVERS), help="For the method sdp; mosek needs a licence.")
    ] = "auto",
    precision: Annotated[
        str, typer.Option(metavar=choices(*PRECISIONS), help="high for small problems.")
    ] = "double",
    gap: WantedGap = 1e-3,
    time_limit: TimeLimit = None,
    seed: Seed = 0,
    certificate: Annotated[
        Path | None,
        typer.Option(help="Certificate file to write.", show_default="NAME.cert of the data's NAME"),
    ] = None,
    network: Annotated[Path | None, typer.Option(help="Write the best network here, as .npz.")] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Keep the work here; a later run of the same problem continues from it."),
    ] = None,
    report: Page = None,
    json_: AsJson = False,
) -> None:
    """Enclose the global optimum of training on a data file, and write the proof.

    What is minimised is the sum of the samples' losses plus gamma/2 |all weights|^2. A sample's loss is the
    squared one, 1/2 |f(x) - y|^2, unless --loss says otherwise, and gamma is 0.1 unless --gamma does.
    """
    console = error_console()
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from rich.console import Console

    from certify.bounds.bound import Settings, bound_dataset
    from certify.checker.data.choice import read_dataset
    from certify.checker.problems.losses.table import read_loss
    from certify.views.terminal.progress import LiveProgress
    from certify.views.terminal.summary import print_certificate, print_report

    certificate = certificate or Path(data.stem + ".cert")
    require_writable(data, certificate, network, report, checkpoint)
    kind = read_loss(loss)
    dataset = read_dataset(
        data,
        targets=target or (),
        task=task,
        bias=bias,
        standardize=standardize,
        sample_weight=sample_weight,
        class_weight=class_weight_of(class_weight),
        loss=kind,
    )
    settings = Settings(
        gamma=gamma,
        loss=kind.text,
        method=method,
        solver=solver,
        precision=precision,
        gap=gap,
        time_limit=time_limit,
        seed=seed,
        checkpoint=checkpoint,
        output_bias=output_bias,
    )
    console.print(dataset.describe(kind.encoding), markup=False, soft_wrap=True)
    with LiveProgress(console) as progress:
        result = bound_dataset(dataset, settings, progress)
    result.save_certificate(certificate)
    if network is not None:
        result.save_network(network)
    if report is not None:
        from certify.views.page.bound import save_page

        save_page(result, report, made_by(certificate))
    if json_:
        print_json(result.to_json(str(certificate)))
        return
    out = Console(highlight=False)
    print_report(out, result)
    print_certificate(out, certificate, data)
