"""The command line. Exit codes: 0 done or valid, 1 rejected, 2 unusable input, 130 aborted."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from certify.errors import CertifyError

if TYPE_CHECKING:
    from rich.console import Console


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Certified bounds on the global optimum of two-layer ReLU network training.",
)

DataFile = Annotated[Path, typer.Option("--data", help="CSV (or .parquet) file.", show_default=False)]
CertificateFile = Annotated[
    Path, typer.Argument(metavar="CERT", help="Certificate file.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@app.command()
def check(
    certificate: CertificateFile,
    data: DataFile,
    trust: Annotated[
        str, typer.Option(help="exact, or rigorous: floating point with proven error bounds, quicker.")
    ] = "exact",
    json_: AsJson = False,
) -> None:
    """Verify a certificate, in exact arithmetic: exit 0 valid, 1 rejected, 2 unusable input."""
    from rich.console import Console

    from certify.check_file import check as check_file
    from certify.summary import print_verdict

    verdict = check_file(certificate, data=data, trust=trust)
    if json_:
        _print_json(
            {
                "valid": verdict.valid,
                "trust": verdict.trust,
                "lower_bound_exact": None
                if verdict.bound is None
                else f"{verdict.bound.numerator}/{verdict.bound.denominator}",
                "reason": verdict.reason,
                "obligation": None if verdict.obligation is None else verdict.obligation.name.lower(),
                "statement": verdict.statement,
                "leaves": verdict.leaves,
            }
        )
    else:
        print_verdict(Console(highlight=False), verdict)
    raise typer.Exit(0 if verdict.valid else 1)


@app.command()
def bound(
    data: DataFile,
    target: Annotated[
        list[str] | None,
        typer.Option(help="Target column, by name or 1-based position; repeat for several. [default: last]"),
    ] = None,
    task: Annotated[str, typer.Option(help="auto, classification or regression.")] = "auto",
    gamma: Annotated[
        str, typer.Option(help="Weight decay: a decimal or a fraction p/q, taken exactly.")
    ] = "0.1",
    bias: Annotated[bool, typer.Option("--bias", help="Append a column of ones to the features.")] = False,
    output_bias: Annotated[
        str, typer.Option(help="none, free or decayed: whether b joins the predictions, and is penalised.")
    ] = "none",
    standardize: Annotated[
        bool, typer.Option("--standardize", help="Shift and scale features by recorded dyadic coefficients.")
    ] = False,
    loss: Annotated[str, typer.Option(help="squared.")] = "squared",
    method: Annotated[str, typer.Option(help="auto, tree, partition, sdp or shor.")] = "auto",
    solver: Annotated[
        str, typer.Option(help="auto, interior-point, mosek, clarabel or scs, for the method sdp.")
    ] = "auto",
    precision: Annotated[str, typer.Option(help="double, or high for small problems.")] = "double",
    gap: Annotated[float, typer.Option(help="Relative gap that counts as success.")] = 1e-3,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds; the best valid result so far is kept.", show_default="none")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random starts.")] = 0,
    certificate: Annotated[
        Path | None,
        typer.Option(help="Certificate file to write.", show_default="NAME.cert of the data's NAME"),
    ] = None,
    network: Annotated[Path | None, typer.Option(help="Write the best network here, as .npz.")] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Keep the work here; a later run of the same problem continues from it."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page here.")] = None,
    json_: AsJson = False,
) -> None:
    """Enclose the global optimum of training on a data file, and write the proof."""
    console = _console()
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from rich.console import Console

    from certify.bounding import Settings, bound_dataset
    from certify.data import read_dataset
    from certify.summary import LiveProgress, print_report

    certificate = certificate or Path(data.stem + ".cert")
    _require_writable(data, certificate, network, report, checkpoint)
    dataset = read_dataset(data, targets=target or (), task=task, bias=bias, standardize=standardize)
    settings = Settings(
        gamma, loss, method, solver, precision, gap, time_limit, seed, checkpoint, output_bias
    )
    console.print(dataset.describe(), markup=False, soft_wrap=True)
    with LiveProgress(console) as progress:
        result = bound_dataset(dataset, settings, progress)
    result.save_certificate(certificate)
    if network is not None:
        result.save_network(network)
    if report is not None:
        result.save_report(report)
    if json_:
        _print_json(result.to_json(str(certificate)))
        return
    out = Console(highlight=False)
    print_report(out, result)
    out.print(
        f"certificate: {certificate}   verify it: certify check {certificate} --data {data}", soft_wrap=True
    )


@app.command()
def gap(
    data: DataFile,
    network: Annotated[
        Path,
        typer.Option(help="Network: .npz, .safetensors, .pt, .pth or .onnx file.", show_default=False),
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
    target: Annotated[
        list[str] | None,
        typer.Option(help="Target column, by name or 1-based position; repeat for several. [default: last]"),
    ] = None,
    task: Annotated[str, typer.Option(help="auto, classification or regression.")] = "auto",
    standardize: Annotated[
        bool, typer.Option("--standardize", help="Shift and scale features by recorded dyadic coefficients.")
    ] = False,
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
    method: Annotated[str, typer.Option(help="auto, tree, partition, sdp or shor.")] = "auto",
    wanted_gap: Annotated[float, typer.Option("--gap", help="Relative gap that counts as success.")] = 1e-3,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds; the best valid result so far is kept.", show_default="none")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random starts.")] = 0,
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
    console = _console()
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from rich.console import Console

    from certify.bounding import Settings
    from certify.data import read_dataset
    from certify.network_file import load_network
    from certify.network_gap import chosen_output_bias, fitting_dataset, gap_of_network
    from certify.summary import LiveProgress, print_gap
    from certify.weight_decay import FrameworkObjective

    certificate = certificate or Path(network.stem + ".gap.cert")
    _require_writable(data, network, certificate, improved, narrowed)
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
    for note in loaded.notes:
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
        _print_json(result.to_json(str(certificate)))
        return
    out = Console(highlight=False)
    print_gap(out, result)
    out.print(
        f"certificate: {certificate}   verify it: certify check {certificate} --data {data}", soft_wrap=True
    )


@app.command()
def explain(
    certificate: CertificateFile,
    data: DataFile,
    network: Annotated[
        Path | None,
        typer.Option(
            help="Trained network (.npz, .safetensors, .pt, .onnx): its neurons, and the gap above the bound."
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Say what a certificate proves, what carries it, where the bound was lost; exit 1 if it is not valid."""
    from rich.console import Console

    from certify.explain_file import explain_file
    from certify.explain_summary import print_explanation
    from certify.summary import LiveProgress, print_verdict

    with LiveProgress(_console()) as progress:
        report = explain_file(certificate, data, network, progress)
    if json_:
        _print_json(report.to_json())
    elif report.explanation is None:
        print_verdict(Console(highlight=False), report.verdict)
    else:
        print_explanation(Console(highlight=False), report.explanation)
    raise typer.Exit(0 if report.verdict.valid else 1)


@app.command()
def attack(
    certificate: CertificateFile,
    data: DataFile,
    trials: Annotated[
        int,
        typer.Option(min=1, help="Number of forgeries; take fewer on a large tree."),
    ] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the mutations.")] = 0,
    upper: Annotated[
        str | None,
        typer.Option(
            help="Loss of a network, p/q or a decimal: what no proof may exceed.", show_default="1/2 |Y|^2"
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Forge a certificate in many ways; exit 1 if a forgery proves more than is true."""
    from rich.console import Console
    from rich.progress import Progress

    from certify.attack import attack as run
    from certify.certificate_file import load_certificate
    from certify.check_file import problem_of
    from certify.data import parse_gamma
    from certify.summary import print_attack

    loaded = load_certificate(certificate)
    problem = problem_of(loaded, data)
    with Progress(console=_console(), transient=True) as progress:
        task = progress.add_task("forging", total=trials)
        found = run(
            loaded,
            problem,
            trials=trials,
            seed=seed,
            upper=None if upper is None else parse_gamma(upper, "the upper bound"),
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if json_:
        _print_json(
            {
                "tried": found.tried,
                "accepted": found.accepted,
                "breaches": len(found.breaches),
                "upper_exact": str(found.upper),
                "largest_accepted_exact": None
                if found.largest_accepted is None
                else str(found.largest_accepted),
                "kinds": {
                    kind: {"accepted": tally.accepted, "rejected": dict(tally.rejected)}
                    for kind, tally in found.tallies.items()
                },
            }
        )
    else:
        print_attack(Console(highlight=False), found)
    raise typer.Exit(1 if found.breaches else 0)


@app.command()
def shrink(
    certificate: CertificateFile,
    data: DataFile,
    output: Annotated[
        Path | None,
        typer.Option(
            "--certificate", help="File to write.", show_default="CERT with .small before its last suffix"
        ),
    ] = None,
    rows: Annotated[
        int,
        typer.Option(
            min=0, help="Most unsettled rows of a cone that one leaf may take over; more take long."
        ),
    ] = 12,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds; what is left then stays as it is.", show_default="none")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Make a certificate smaller: whole subtrees become single leaves; exit 1 if it is not valid."""
    from rich.console import Console

    from certify.shrink_file import shrink_file
    from certify.summary import LiveProgress, print_shrunk

    output = output or certificate.with_name(f"{certificate.stem}.small{certificate.suffix}")
    _require_writable(data, certificate, output)
    with LiveProgress(_console()) as progress:
        result = shrink_file(certificate, data, output, rows, time_limit, progress)
    if json_:
        _print_json(result.to_json())
    else:
        print_shrunk(Console(highlight=False), result)
    raise typer.Exit(0 if result.verdict.valid else 1)


@app.command(name="cp")
def completely_positive(
    matrix: Annotated[
        Path, typer.Argument(metavar="A", help="Matrix: .csv, .npy or .mtx file.", show_default=False)
    ],
    free: Annotated[
        int,
        typer.Option(min=0, help="How many coordinates, the last ones, may have any sign in the vectors b."),
    ] = 0,
    certificate: Annotated[
        Path | None, typer.Option(help="Certificate file to write.", show_default="none")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds; then the answer is unknown.", show_default="none")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Decide whether a matrix is completely positive: exit 0 yes, 1 no, 3 unknown, 2 unusable input."""
    from rich.console import Console

    from certify.completely_positive import decide
    from certify.cp_summary import print_complete_positivity
    from certify.matrix_data import read_matrix
    from certify.summary import LiveProgress

    _require_writable(matrix, certificate)
    subject = read_matrix(matrix)
    with LiveProgress(_console()) as progress:
        report = decide(subject, free=free, time_limit=time_limit, observer=progress)
    written = None
    if certificate is not None and report.certificate is not None:
        report.save_certificate(certificate)
        written = str(certificate)
    if json_:
        _print_json(report.to_json(written))
    else:
        print_complete_positivity(Console(highlight=False), report, matrix, written)
    raise typer.Exit({"yes": 0, "no": 1, "unknown": 3}[report.answer])


def _require_writable(data: Path, *outputs: Path | None) -> None:
    """Refuse outputs that would be lost, or overwrite the data or each other, before the long work."""
    taken = [data.resolve()]
    for path in outputs:
        if path is None:
            continue
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise CertifyError(f"{path}: cannot be written; give a file in a folder that exists")
        if path.resolve() in taken:
            raise CertifyError(f"{path} is the data or another output: give each output a file of its own")
        taken.append(path.resolve())


def _print_json(values: dict[str, Any]) -> None:
    print(json.dumps(values, indent=2))


def main() -> None:
    """Run the command line; errors of the user become one sentence and exit code 2."""
    try:
        app(standalone_mode=True)
    except CertifyError as error:
        print(f"certify: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("certify: aborted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
