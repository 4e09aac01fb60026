"""The command `certify check`."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from certify.checker.errors import CertifyError
from certify.cli.options.common import (
    AsJson,
    CertificateFile,
    DataFile,
    Quiet,
    Symmetrize,
    choices,
    class_weight_of,
    print_json,
)
from certify.cli.options.expected import (
    ExpectedAsIs,
    ExpectedBias,
    ExpectedBound,
    ExpectedCategorical,
    ExpectedClassWeights,
    ExpectedDropMissing,
    ExpectedFree,
    ExpectedGamma,
    ExpectedIgnore,
    ExpectedLoss,
    ExpectedOutputBias,
    ExpectedProblem,
    ExpectedSampleWeight,
    ExpectedStandardize,
    ExpectedStandardizeTarget,
    ExpectedStatement,
    ExpectedTargets,
    ExpectedTask,
    ExpectedWeighted,
)
from certify.cli.options.outputs import THEOREM, require_writable


def check(
    certificate: CertificateFile,
    data: DataFile,
    trust: Annotated[
        str,
        typer.Option(
            metavar=choices("proved", "exact", "rigorous", "kernel", "best"),
            help="proved: by the checker verified in Coq; exact: in rational arithmetic; rigorous: in "
            "floating point with error bounds derived by hand; kernel: as a theorem of Coq, for small "
            "certificates; best: proved where that checker is built, else exact.",
        ),
    ] = "best",
    symmetrize: Symmetrize = False,
    coq: Annotated[
        Path | None, typer.Option(help="With --trust kernel: keep the file of Coq here, as .v.")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Then exit 3, nothing decided.",
            show_default="none, with --trust kernel 600",
        ),
    ] = None,
    json_: AsJson = False,
    quiet: Quiet = False,
    gamma: ExpectedGamma = None,
    target: ExpectedTargets = None,
    task: ExpectedTask = None,
    bias: ExpectedBias = None,
    output_bias: ExpectedOutputBias = None,
    standardize: ExpectedStandardize = None,
    sample_weight: ExpectedSampleWeight = None,
    class_weight: ExpectedClassWeights = None,
    weighted: ExpectedWeighted = None,
    as_is: ExpectedAsIs = None,
    ignore: ExpectedIgnore = None,
    drop_missing: ExpectedDropMissing = None,
    categorical: ExpectedCategorical = None,
    standardize_target: ExpectedStandardizeTarget = None,
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

    from certify.checker.expected import Expected
    from certify.checker.limits.progress import CheckProgress
    from certify.checker.numbers.rounding import ratio_text
    from certify.trust.check import check as check_file
    from certify.views.terminal.matrix_file import MatrixFile
    from certify.views.terminal.summary import print_verdict

    require_writable((data, certificate), (coq, THEOREM))
    expected = Expected(
        gamma=gamma,
        targets=tuple(target or ()),
        task=task,
        bias=bias,
        output_bias=output_bias,
        standardize=standardize,
        sample_weight=sample_weight,
        class_weights=_class_weights(class_weight),
        weighted=weighted,
        as_is=as_is,
        ignore=tuple(ignore or ()),
        drop_missing=drop_missing,
        categorical=tuple(categorical or ()),
        standardize_target=standardize_target,
        loss=loss,
        at_least=at_least,
        statement=statement,
        free=free,
        problem=problem,
    )
    with CheckProgress(io.StringIO() if quiet else sys.stderr) as progress:
        verdict = check_file(
            certificate,
            data=data,
            symmetrize=symmetrize,
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
                "lower_bound_exact": None if verdict.bound is None else ratio_text(verdict.bound),
                "reason": verdict.reason,
                "obligation": None if verdict.obligation is None else verdict.obligation.name.lower(),
                "statement": verdict.statement,
                "problem": None if verdict.subject is None else verdict.subject.to_json(),
                "leaves": verdict.leaves,
                "proof": None if verdict.proof is None else verdict.proof.to_json(),
            }
        )
    else:
        console = Console(highlight=False)
        print_verdict(console, verdict)
        MatrixFile(data, symmetrize).print_meaning(console)
    raise typer.Exit(0 if verdict.valid else 1)


def _class_weights(texts: list[str] | None) -> tuple[str, ...]:
    """Return the weights of classes one by one, which may be typed as for `certify bound`."""
    weights = class_weight_of(texts)
    if isinstance(weights, str):
        raise CertifyError(
            f"what {weights} class weights are, the data says: expect numbers, LABEL=NUMBER, or --weighted"
        )
    return tuple(f"{label}={weight}" for label, weight in (weights or {}).items())
