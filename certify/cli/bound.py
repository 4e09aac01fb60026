"""The command `certify bound`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from certify.checker.errors import CertifyError
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
    Quiet,
    SampleWeight,
    Seed,
    Standardize,
    Targets,
    Task,
    TimeLimit,
    WantedGap,
    class_weight_of,
    error_console,
    print_json,
)
from certify.cli.options.outputs import (
    CERTIFICATE,
    CHECKPOINT,
    NETWORK,
    PAGE,
    require_writable,
    tell_what_is_replaced,
    write_all,
)
from certify.networks.formats.table import SUFFIXES


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
        str, typer.Option(help="auto, interior-point, mosek, clarabel or scs, for the method sdp.")
    ] = "auto",
    precision: Annotated[str, typer.Option(help="double, or high for small problems.")] = "double",
    gap: WantedGap = 1e-3,
    time_limit: TimeLimit = None,
    seed: Seed = 0,
    certificate: Annotated[
        Path | None,
        typer.Option(help="Certificate file to write.", show_default="NAME.cert of the data's NAME"),
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(help=f"Trained network ({SUFFIXES}) that training starts from.", show_default=False),
    ] = None,
    save_network: Annotated[
        Path | None, typer.Option("--save-network", help="Write the best network here, as .npz.")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Keep the work here; a later run of the same problem continues from it."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            help="Certificate of an earlier run of the same problem, to go on from; the bound is never below "
            "its own.",
            show_default=False,
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page here.")] = None,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Enclose the global optimum of training on a data file, and write the proof."""
    console = error_console(quiet)
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from rich.console import Console

    from certify.bounds.bound import Settings, bound_dataset
    from certify.checker.data.choice import read_dataset
    from certify.checker.problems.losses.table import read_loss
    from certify.networks.files import load_network
    from certify.networks.frameworks.sklearn_mlp import in_order
    from certify.networks.loaded import network_for
    from certify.views.page.bound import save_page
    from certify.views.terminal.progress import LiveProgress
    from certify.views.terminal.summary import print_certificate, print_report

    is_named = certificate is not None
    certificate = certificate or Path(data.stem + ".cert")
    require_writable(
        (data, network),
        (certificate, CERTIFICATE),
        (save_network, NETWORK),
        (report, PAGE),
        (checkpoint, CHECKPOINT),
    )
    if network is not None and not network.exists():
        raise CertifyError(
            f"{network} does not exist: --network is a trained network that training starts from; "
            "--save-network FILE.npz writes the best one"
        )
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
        start=start,
        output_bias=output_bias,
    )
    console.print(dataset.describe(kind.encoding), markup=False, soft_wrap=True)
    if not is_named and certificate.exists():
        sha256 = dataset.problem(gamma, kind.text, output_bias).sha256()
        tell_what_is_replaced(certificate, sha256, console)
    trained = None
    if network is not None:
        loaded = load_network(network)
        for line in (loaded.describe(), *loaded.notes):
            console.print(line, markup=False, soft_wrap=True)
        loaded = in_order(loaded, dataset.preprocessing.classes)
        trained = network_for(dataset.problem(gamma, kind.text, output_bias), loaded)
    with LiveProgress(console) as progress:
        result = bound_dataset(dataset, settings, progress, trained)
    writes = [partial(result.save_certificate, certificate)]
    if save_network is not None:
        writes.append(partial(result.save_network, save_network))
    if report is not None:
        writes.append(partial(save_page, result, report))
    failure = write_all(*writes)
    out = Console(highlight=False)
    if json_:
        print_json(result.to_json(str(certificate)))
    else:
        print_report(out, result)
    if failure is not None:
        raise failure
    if not json_:
        print_certificate(out, certificate, data)
