"""The command `certify problem`: the exact problem or matrix as the text whose hash a certificate states."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certify.checker.errors import CertifyError
from certify.cli.options.common import (
    DEFAULT_GAMMA,
    DEFAULT_LOSS,
    DEFAULT_OUTPUT_BIAS,
    Bias,
    ClassWeights,
    GammaIfGiven,
    LossIfGiven,
    OutputBiasIfGiven,
    Quiet,
    SampleWeight,
    Symmetrize,
    class_weight_of,
    error_console,
)
from certify.cli.options.data import DataOptions
from certify.cli.options.groups import in_groups
from certify.cli.options.outputs import PROBLEM, STANDARD_OUTPUT, require_writable

if TYPE_CHECKING:
    from certify.checker.data.dataset import Dataset
    from certify.checker.problems.matrix import SymmetricMatrix
    from certify.checker.problems.training import TrainingProblem


@in_groups
def problem(
    choice: DataOptions,
    data: Annotated[
        Path | None,
        typer.Option(help="CSV (or .parquet) file; with a certificate of a matrix, the matrix."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="Certificate whose recipe makes the problem of the data.", show_default=False),
    ] = None,
    matrix: Annotated[
        Path | None, typer.Option(help="Matrix, instead of data: .csv, .npy or .mtx file.")
    ] = None,
    symmetrize: Symmetrize = False,
    gamma: GammaIfGiven = None,
    bias: Bias = False,
    output_bias: OutputBiasIfGiven = None,
    loss: LossIfGiven = None,
    sample_weight: SampleWeight = None,
    class_weight: ClassWeights = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write the text here; - is standard output.",
            show_default="standard output",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Print the canonical text of the exact problem; exit 1 if a certificate is for another one."""
    source = matrix if data is None else data
    if source is None or (data is not None and matrix is not None):
        raise CertifyError("give the data of the problem with --data, or a matrix with --matrix")
    chosen = (
        choice.chosen
        or bias
        or (gamma, output_bias, loss, sample_weight) != (None,) * 4
        or bool(class_weight)
    )
    if chosen and (certificate is not None or matrix is not None):
        raise CertifyError(
            "a matrix has no targets, no loss and no weight decay, and with --certificate they are the "
            "certificate's: leave these options out"
        )
    if symmetrize and matrix is None and certificate is None:
        raise CertifyError("--symmetrize is of a matrix: give one with --matrix")
    if output == Path(STANDARD_OUTPUT):
        output = None
    require_writable((source, certificate), (output, PROBLEM))
    wanted = None
    if certificate is not None:
        subject, description, wanted = _of_certificate(certificate, data, matrix, symmetrize)
    elif data is not None:
        loss = DEFAULT_LOSS if loss is None else loss
        dataset = choice.dataset(
            data,
            bias=bias,
            loss=loss,
            sample_weight=sample_weight,
            class_weight=class_weight_of(class_weight),
        )
        subject, description = _of_dataset(
            dataset,
            DEFAULT_GAMMA if gamma is None else gamma,
            loss,
            DEFAULT_OUTPUT_BIAS if output_bias is None else output_bias,
        )
    else:
        subject, description = _of_matrix(source, symmetrize)
    text = subject.canonical_text()
    _write([text] if isinstance(text, str) else text, output)
    digest = subject.sha256()
    console = error_console(quiet)
    for line in (description, f"SHA-256 of its text: {digest}"):
        console.print(line, markup=False, soft_wrap=True)
    if wanted not in (None, digest):
        error_console().print(f"The certificate is for another one: {wanted}", markup=False, soft_wrap=True)
        raise typer.Exit(1)


def _of_certificate(
    certificate: Path, data: Path | None, matrix: Path | None, symmetrize: bool
) -> tuple[TrainingProblem | SymmetricMatrix, str, str]:
    """Return what the certificate makes of the data, its description, and the hash that the header states."""
    from certify.checker.certificate.file import load_any_certificate
    from certify.checker.certificate.training import Certificate
    from certify.checker.check import subject_of

    loaded = load_any_certificate(certificate)
    if not isinstance(loaded, Certificate):
        source = data if matrix is None else matrix
        assert source is not None
        return *_of_matrix(source, symmetrize), loaded.subject_sha256
    if symmetrize:
        raise CertifyError(f"{certificate} is of a training problem: leave --symmetrize out")
    if data is None:
        raise CertifyError(f"{certificate} is of a training problem: give its data with --data")
    subject = subject_of(loaded, data)
    return subject.problem, subject.line(), loaded.problem_sha256


def _of_dataset(
    dataset: Dataset, gamma: Fraction | str, loss: str, output_bias: str
) -> tuple[TrainingProblem, str]:
    from certify.checker.subject import Training

    subject = Training(dataset.problem(gamma, loss, output_bias), dataset)
    return subject.problem, subject.line()


def _of_matrix(source: Path, symmetrize: bool) -> tuple[SymmetricMatrix, str]:
    from certify.checker.data.matrix_file import read_matrix

    matrix = read_matrix(source, symmetrize=symmetrize)
    made = ", (M + M^T)/2 of the matrix M in the file" if symmetrize else ""
    return matrix, f"{source}: a symmetric matrix of order {matrix.order}{made}"


def _write(text: Iterable[str], output: Path | None) -> None:
    if output is None:
        sys.stdout.writelines(text)
        sys.stdout.flush()
        return
    try:
        with output.open("w", encoding="ascii", newline="\n") as file:
            file.writelines(text)
    except OSError as error:
        raise CertifyError(
            f"{output}: the text cannot be written ({error.strerror}); choose another path"
        ) from error
