"""The command `certify gap`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from certify.checker.data.choice import BALANCED
from certify.checker.errors import CertifyError
from certify.cli.options.common import (
    AsJson,
    DataFile,
    Method,
    Page,
    Quiet,
    SampleWeight,
    Seed,
    TimeLimit,
    WantedGap,
    choices,
    class_weight_of,
    error_console,
    made_by,
)
from certify.cli.options.data import DataOptions
from certify.cli.options.groups import in_groups
from certify.cli.options.outputs import (
    CERTIFICATE,
    NETWORK,
    PAGE,
    require_writable,
    tell_what_is_replaced,
)
from certify.cli.options.results import deliver
from certify.networks.formats.table import SUFFIXES


@in_groups
def gap(
    choice: DataOptions,
    data: DataFile,
    network: Annotated[
        Path,
        typer.Option(help=f"Network: {SUFFIXES} file.", show_default=False),
    ],
    gamma: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER", help="Weight decay of the objective, as for bound.", show_default=False
        ),
    ] = None,
    weight_decay: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="PyTorch's weight_decay, of SGD or Adam, instead of gamma.",
            show_default=False,
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="LOSS",
            help="Loss of a sample, as for bound: squared, cross-entropy, logistic, 'huber 0.5', ...; with "
            "--weight-decay also by PyTorch's name: CrossEntropyLoss, 'HuberLoss 0.5', ...",
            show_default="squared",
        ),
    ] = None,
    reduction: Annotated[
        str | None,
        typer.Option(
            metavar="WORDS",
            help="Of the losses in that training: mean (also over the outputs, as MSELoss has it, if "
            "a sample's loss is a sum over them; by weights, if there are any), 'mean over samples', or sum.",
            show_default="mean",
        ),
    ] = None,
    halved: Annotated[
        bool, typer.Option("--halved", metavar="", help="That loss, a square, had a factor 1/2 besides.")
    ] = False,
    class_weight: Annotated[
        list[str] | None,
        typer.Option(
            "--class-weight",
            metavar="LABEL=NUMBER,...",
            help="Weights of the classes, or NUMBER,NUMBER,... in their "
            "order, as CrossEntropyLoss has them, or balanced.",
            show_default="1 each",
        ),
    ] = None,
    sample_weight: SampleWeight = None,
    output_bias: Annotated[
        str | None,
        typer.Option(
            metavar=choices("decayed", "free", "all-free"),
            help="Whether training decayed the network's output bias; all-free if it decayed no bias at all.",
            show_default="decayed with --weight-decay",
        ),
    ] = None,
    hidden_bias: Annotated[
        str | None,
        typer.Option(
            metavar=choices("decayed", "free"),
            help="Whether training decayed the hidden bias; free is --output-bias all-free.",
            show_default="decayed",
        ),
    ] = None,
    no_search: Annotated[
        bool,
        typer.Option(
            "--no-search", metavar="", help="Prove what the network's own residual does; no training."
        ),
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
    report: Page = None,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say how far a trained network is from the global optimum, with a proof."""
    console = error_console(quiet)
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from certify.bounds.bound import Settings
    from certify.gaps.network_gap import gap_of_network
    from certify.gaps.question import Objective, ask
    from certify.networks.files import load_network
    from certify.views.page.gap import save_gap_page
    from certify.views.terminal.progress import LiveProgress
    from certify.views.terminal.summary import print_gap

    is_named = certificate is not None
    certificate = certificate or Path(network.stem + ".gap.cert")
    require_writable(
        (data, network),
        (certificate, CERTIFICATE),
        (improved, NETWORK),
        (narrowed, NETWORK),
        (report, PAGE),
    )
    if (gamma is None and weight_decay is None) or None not in (gamma, weight_decay):
        raise CertifyError(
            "the weight decay is missing, or there are two: give --gamma for the sum of the samples' losses "
            "+ gamma/2 |weights|^2, or --weight-decay with --reduction for PyTorch's"
        )
    if gamma is not None and (reduction is not None or halved):
        raise CertifyError("--reduction and --halved belong to --weight-decay: leave them out with --gamma")
    objective = Objective(
        gamma,
        weight_decay,
        loss,
        reduction,
        halved,
        _class_weights(class_weight),
        output_bias,
        hidden_bias,
    )
    question = ask(
        load_network(network),
        lambda bias, weights, of_loss: choice.dataset(
            data, bias=bias, loss=of_loss, sample_weight=sample_weight, class_weight=weights
        ),
        objective,
    )
    settings = Settings(
        gamma=question.gamma,
        loss=question.loss,
        method=method,
        gap=wanted_gap,
        time_limit=time_limit,
        seed=seed,
        output_bias=question.output_bias,
    )
    console.print(question.dataset.describe(question.encoding), markup=False, soft_wrap=True)
    console.print(question.loaded.describe(), markup=False, soft_wrap=True)
    for note in question.notes:
        console.print(note, markup=False, soft_wrap=True)
    if not is_named and certificate.exists():
        problem = question.dataset.problem(question.gamma, question.loss, question.output_bias)
        tell_what_is_replaced(certificate, problem.sha256(), console)
    with LiveProgress(console) as progress:
        result = gap_of_network(question, settings, progress, search=not no_search)
    writes = [partial(result.save_certificate, certificate)]
    if improved is not None:
        writes.append(partial(result.save_network, improved))
    if narrowed is not None:
        writes.append(partial(result.save_narrowed, narrowed))
    if report is not None:
        writes.append(partial(save_gap_page, result, report, made_by(certificate)))
    deliver(result, writes, certificate, data, None if json_ else lambda out: print_gap(out, result))


def _class_weights(texts: list[str] | None) -> dict[str, str] | list[str] | str | None:
    """Read what `--class-weight` says; numbers without labels are in the order of the classes."""
    if texts is not None and len(texts) == 1 and "=" not in texts[0] and texts[0].strip() != BALANCED:
        return [number.strip() for number in texts[0].split(",")]
    return class_weight_of(texts)
