"""The command line; `_EXIT_CODES` says what its exit codes mean."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from certify.cli_parts import (
    AsJson,
    Bias,
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
from certify.console import run as run_command
from certify.expected_options import (
    ExpectedBias,
    ExpectedBound,
    ExpectedFree,
    ExpectedGamma,
    ExpectedLoss,
    ExpectedOutputBias,
    ExpectedProblem,
    ExpectedStandardize,
    ExpectedStatement,
    ExpectedTargets,
    ExpectedTask,
)
from certify.gap_command import gap
from certify.matrix_commands import copositive, cp
from certify.problem_command import problem
from certify.tightness_command import tightness

_EXIT_CODES = (
    "Exit codes: 0 done, valid, yes; 1 rejected, no; 2 unusable input; 3 unknown; 70 a fault of certify "
    "itself (CERTIFY_TRACEBACK=1 shows where); 130 aborted; 141 nobody read the output to its end."
)

app = typer.Typer(
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Certified bounds on the global optimum of two-layer ReLU network training.",
)

CertificateFile = Annotated[
    Path, typer.Argument(metavar="CERT", help="Certificate file.", show_default=False)
]


@app.command()
def check(
    certificate: CertificateFile,
    data: DataFile,
    trust: Annotated[
        str,
        typer.Option(
            help="proved: by the checker verified in Coq; exact: in rational arithmetic; rigorous: in "
            "floating point with error bounds derived by hand; kernel: as a theorem of Coq, for small "
            "certificates; best: proved where that checker is built, else exact."
        ),
    ] = "best",
    coq: Annotated[
        Path | None, typer.Option(help="With --trust kernel: keep the file of Coq here, as .v.")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(
            help="Seconds; then exit 3, nothing decided.", show_default="none, with --trust kernel 600"
        ),
    ] = None,
    json_: AsJson = False,
    gamma: ExpectedGamma = None,
    target: ExpectedTargets = None,
    task: ExpectedTask = None,
    bias: ExpectedBias = None,
    output_bias: ExpectedOutputBias = None,
    standardize: ExpectedStandardize = None,
    loss: ExpectedLoss = None,
    at_least: ExpectedBound = None,
    statement: ExpectedStatement = None,
    free: ExpectedFree = None,
    problem: ExpectedProblem = None,
) -> None:
    """Verify a certificate, with no error of rounding: exit 0 valid, 1 rejected, 2 unusable, 3 no time.

    Valid means that what the certificate states is true of your data; which problem of your data that is, the
    certificate says, and the verdict prints. To insist on the problem that you mean, and on a bound, say so:

    certify check iris.cert --data iris.csv --target species --gamma 0.1 --no-bias --at-least 3.4
    """
    from rich.console import Console

    from certify.check_file import check as check_file
    from certify.check_progress import CheckProgress
    from certify.expected import Expected
    from certify.summary import print_verdict

    require_writable(data, coq)
    require_writable(certificate, coq)
    expected = Expected(
        gamma,
        tuple(target or ()),
        task,
        bias,
        output_bias,
        standardize,
        loss,
        at_least,
        statement,
        free,
        problem,
    )
    with CheckProgress(sys.stderr) as progress:
        verdict = check_file(
            certificate,
            data=data,
            expected=expected,
            trust=trust,
            coq=coq,
            time_limit=time_limit,
            on_progress=progress.update,
            on_note=progress.note,
        )
    if json_:
        print_json(
            {
                "valid": verdict.valid,
                "trust": verdict.trust,
                "lower_bound_exact": None
                if verdict.bound is None
                else f"{verdict.bound.numerator}/{verdict.bound.denominator}",
                "reason": verdict.reason,
                "obligation": None if verdict.obligation is None else verdict.obligation.name.lower(),
                "statement": verdict.statement,
                "problem": None if verdict.subject is None else verdict.subject.to_json(),
                "leaves": verdict.leaves,
                "proof": None if verdict.proof is None else verdict.proof.to_json(),
            }
        )
    else:
        print_verdict(Console(highlight=False), verdict)
    raise typer.Exit(0 if verdict.valid else 1)


@app.command()
def bound(
    data: DataFile,
    target: Targets = None,
    task: Task = "auto",
    gamma: Annotated[
        str, typer.Option(help="Weight decay: a decimal or a fraction p/q, taken exactly.")
    ] = "0.1",
    bias: Bias = False,
    output_bias: Annotated[
        str, typer.Option(help="none, free or decayed: whether b joins the predictions, and is penalised.")
    ] = "none",
    standardize: Standardize = False,
    loss: Annotated[str, typer.Option(help="squared.")] = "squared",
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
    network: Annotated[Path | None, typer.Option(help="Write the best network here, as .npz.")] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Keep the work here; a later run of the same problem continues from it."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page here.")] = None,
    json_: AsJson = False,
) -> None:
    """Enclose the global optimum of training on a data file, and write the proof."""
    console = error_console()
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from rich.console import Console

    from certify.bounding import Settings, bound_dataset
    from certify.data import read_dataset
    from certify.page import save_page
    from certify.summary import LiveProgress, print_certificate, print_report

    certificate = certificate or Path(data.stem + ".cert")
    require_writable(data, certificate, network, report, checkpoint)
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
        save_page(result, report)
    if json_:
        print_json(result.to_json(str(certificate)))
        return
    out = Console(highlight=False)
    print_report(out, result)
    print_certificate(out, certificate, data)


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

    with LiveProgress(error_console()) as progress:
        report = explain_file(certificate, data, network, progress)
    if json_:
        print_json(report.to_json())
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
    from certify.data import parse_gamma
    from certify.exact_check import subject_of
    from certify.summary import print_attack, print_subject

    loaded = load_certificate(certificate)
    subject = subject_of(loaded, data)
    with Progress(console=error_console(), transient=True) as progress:
        task = progress.add_task("forging", total=trials)
        found = run(
            loaded,
            subject.problem,
            trials=trials,
            seed=seed,
            upper=None if upper is None else parse_gamma(upper, "the upper bound"),
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if json_:
        print_json(
            {
                "problem": subject.to_json(),
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
        out = Console(highlight=False)
        print_subject(out, subject)
        print_attack(out, found)
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
    require_writable(data, certificate, output)
    with LiveProgress(error_console()) as progress:
        result = shrink_file(certificate, data, output, rows, time_limit, progress)
    if json_:
        print_json(result.to_json())
    else:
        print_shrunk(Console(highlight=False), result)
    raise typer.Exit(0 if result.verdict.valid else 1)


app.command()(copositive)
app.command()(cp)
app.command()(gap)
app.command()(problem)
app.command()(tightness)


def main() -> NoReturn:
    """Run the command line; errors of the user become one sentence and exit code 2."""
    sys.exit(run_command("certify", _app))


def _app() -> int:
    app(standalone_mode=True)
    return 0


if __name__ == "__main__":
    main()
