"""The command `certify gap`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from certify.checker.errors import CertifyError
from certify.cli.options import (
    AsJson,
    DataFile,
    Method,
    Seed,
    Standardize,
    Targets,
    Task,
    TimeLimit,
    WantedGap,
    error_console,
    print_json,
    require_writable,
)
from certify.networks.formats.table import SUFFIXES


def gap(
    data: DataFile,
    network: Annotated[
        Path,
        typer.Option(help=f"Network: {SUFFIXES} file.", show_default=False),
    ],
    gamma: Annotated[
        str | None, typer.Option(help="Weight decay of the objective, as for bound.", show_default=False)
    ] = None,
    weight_decay: Annotated[
        str | None,
        typer.Option(help="PyTorch's weight_decay, of SGD or Adam, instead of gamma.", show_default=False),
    ] = None,
    reduction: Annotated[
        str | None,
        typer.Option(
            help="Of the squared errors in that training: mean (over all entries, as MSELoss has it), "
            "'mean over samples', or sum.",
            show_default="mean",
        ),
    ] = None,
    halved: Annotated[bool, typer.Option("--halved", help="That loss had a factor 1/2 besides.")] = False,
    target: Targets = None,
    task: Task = "auto",
    standardize: Standardize = False,
    output_bias: Annotated[
        str | None,
        typer.Option(
            help="Whether training decayed the network's output bias: decayed or free.",
            show_default="decayed with --weight-decay",
        ),
    ] = None,
    no_search: Annotated[
        bool, typer.Option("--no-search", help="Prove what the network's own residual does; no training.")
    ] = False,
    method: Method = "auto",
    wanted_gap: WantedGap = 1e-3,
    time_limit: TimeLimit = None,
    seed: Seed = 0,
    certificate: Annotated[
        Path | None,
        typer.Option(help="Certificate file to write.", show_default="NAME.gap.cert of the network's NAME"),
    ] = None,
    improved: Annotated[
        Path | None, typer.Option(help="Write the best network that was found here, as .npz.")
    ] = None,
    narrowed: Annotated[
        Path | None,
        typer.Option(help="Write a network with the same predictions and few neurons here, as .npz."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Say how far a trained network is from the global optimum, with a proof."""
    console = error_console()
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from rich.console import Console

    from certify.bounds.bound import Settings
    from certify.checker.data.choice import read_dataset
    from certify.gaps.network_gap import (
        assumptions,
        chosen_output_bias,
        fitting_dataset,
        gap_of_network,
    )
    from certify.networks.files import load_network
    from certify.networks.framework import FrameworkObjective
    from certify.views.terminal.progress import LiveProgress
    from certify.views.terminal.summary import print_certificate, print_gap

    certificate = certificate or Path(network.stem + ".gap.cert")
    require_writable(data, network, certificate, improved, narrowed)
    if (gamma is None and weight_decay is None) or None not in (gamma, weight_decay):
        raise CertifyError(
            "the weight decay is missing, or there are two: give --gamma for the objective "
            "1/2 |f(X) - Y|^2 + gamma/2 |weights|^2, or --weight-decay with --reduction for PyTorch's"
        )
    if gamma is not None and (reduction is not None or halved):
        raise CertifyError("--reduction and --halved belong to --weight-decay: leave them out with --gamma")
    loaded = load_network(network)
    dataset = fitting_dataset(
        lambda bias: read_dataset(data, targets=target or (), task=task, bias=bias, standardize=standardize),
        loaded,
    )
    if output_bias is None and weight_decay is not None and loaded.output_bias:
        output_bias = "decayed"
    framework = None
    if weight_decay is not None:
        n, c = len(dataset.targets), len(dataset.targets[0])
        framework = FrameworkObjective(weight_decay, n, c, reduction or "mean", halved)
    settings = Settings(
        gamma=framework.gamma if framework is not None else str(gamma),
        method=method,
        gap=wanted_gap,
        time_limit=time_limit,
        seed=seed,
        output_bias=chosen_output_bias(loaded, output_bias),
    )
    console.print(dataset.describe(), markup=False, soft_wrap=True)
    console.print(loaded.describe(), markup=False, soft_wrap=True)
    for note in assumptions(loaded, dataset):
        console.print(note, markup=False, soft_wrap=True)
    with LiveProgress(console) as progress:
        result = gap_of_network(
            dataset, loaded, settings, progress, search=not no_search, framework=framework
        )
    result.save_certificate(certificate)
    if improved is not None:
        result.save_network(improved)
    if narrowed is not None:
        result.save_narrowed(narrowed)
    if json_:
        print_json(result.to_json(str(certificate)))
        return
    out = Console(highlight=False)
    print_gap(out, result)
    print_certificate(out, certificate, data)
