"""The command `certify bound`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from certify.bounds.names import PRECISIONS, SOLVERS
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
    Page,
    Quiet,
    SampleWeight,
    Seed,
    TimeLimit,
    WantedGap,
    certificate_of,
    choices,
    class_weight_of,
    error_console,
    made_by,
)
from certify.cli.options.data import DataOptions
from certify.cli.options.groups import in_groups
from certify.cli.options.outputs import (
    CERTIFICATE,
    CHECKPOINT,
    NETWORK,
    PAGE,
    require_writable,
    tell_what_is_replaced,
)
from certify.cli.options.results import deliver
from certify.networks.formats.table import SUFFIXES


@in_groups
def bound(
    data: DataFile,
    choice: DataOptions,
    gamma: Gamma = DEFAULT_GAMMA,
    bias: Bias = False,
    output_bias: OutputBias = DEFAULT_OUTPUT_BIAS,
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
    report: Page = None,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Enclose the global optimum of training on a data file, and write the proof.

    What is minimised is the sum of the samples' losses plus gamma/2 |all weights|^2. A sample's loss is the
    squared one, 1/2 |f(x) - y|^2, unless --loss says otherwise, and gamma is 0.1 unless --gamma does.
    """
    console = error_console(quiet)
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from certify.bounds.bound import Settings, bound_dataset
    from certify.checker.problems.losses.table import read_loss
    from certify.networks.files import load_network
    from certify.networks.given import network_of_classes
    from certify.views.page.bound import save_page
    from certify.views.terminal.progress import LiveProgress
    from certify.views.terminal.summary import print_report

    is_named = certificate is not None
    certificate = certificate or certificate_of(data)
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
    dataset = choice.dataset(
        data,
        bias=bias,
        loss=kind,
        sample_weight=sample_weight,
        class_weight=class_weight_of(class_weight),
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
        problem = dataset.problem(gamma, kind.text, output_bias)
        trained = network_of_classes(loaded, dataset.preprocessing.classes, problem)
    with LiveProgress(console) as progress:
        result = bound_dataset(dataset, settings, progress, trained)
    writes = [partial(result.save_certificate, certificate)]
    if save_network is not None:
        writes.append(partial(result.save_network, save_network))
    if report is not None:
        writes.append(partial(save_page, result, report, made_by(certificate)))
    deliver(result, writes, certificate, data, None if json_ else lambda out: print_report(out, result))
