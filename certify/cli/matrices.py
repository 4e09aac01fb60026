"""The commands about a matrix, `certify copositive` and `certify cp`: answers with certificates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from certify.cli.options.common import (
    AsJson,
    Quiet,
    Symmetrize,
    TimeLimit,
    error_console,
    print_json,
)
from certify.cli.options.outputs import CERTIFICATE, require_writable, tell_what_is_replaced, write_all

if TYPE_CHECKING:
    from rich.console import Console

    from certify.views.terminal.matrix_file import MatrixFile

_EXIT_CODES = {"yes": 0, "no": 1, "unknown": 3}

_Matrix = Annotated[
    Path, typer.Argument(metavar="M", help="Matrix: .csv, .npy or .mtx file.", show_default=False)
]
_Certificate = Annotated[
    Path | None,
    typer.Option(help="Certificate file to write.", show_default="NAME.QUESTION.cert of the matrix's NAME"),
]


class _Answer(Protocol):
    """What the reports of both questions have in common."""

    @property
    def answer(self) -> str: ...
    @property
    def certificate(self) -> object | None: ...
    def save_certificate(self, path: Path) -> None: ...
    def to_json(self, certificate: str | None) -> dict[str, object]: ...


_Report = TypeVar("_Report", bound=_Answer)


def copositive(
    matrix: _Matrix,
    strict: Annotated[
        bool, typer.Option("--strict", metavar="", help="Ask for z^T M z > 0 wherever z >= 0 is not zero.")
    ] = False,
    symmetrize: Symmetrize = False,
    certificate: _Certificate = None,
    time_limit: TimeLimit = None,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Decide whether z^T M z >= 0 for all z >= 0: exit 0 yes, 1 no, 3 unknown, 2 unusable input."""
    from certify.matrices.copositive.decide import decide_copositivity
    from certify.views.terminal.copositivity import print_copositivity

    question = "strictly-copositive" if strict else "copositive"
    _answer(
        matrix,
        symmetrize,
        certificate,
        Path(f"{matrix.stem}.{question}.cert"),
        partial(decide_copositivity, strict=strict, time_limit=time_limit),
        print_copositivity,
        json_,
        quiet,
    )


def cp(
    matrix: _Matrix,
    free: Annotated[
        int,
        typer.Option(min=0, help="How many coordinates, the last ones, may have any sign in the vectors b."),
    ] = 0,
    method: Annotated[
        str,
        typer.Option(
            help="columns: column generation; simplex: the simplex algorithm in rationals, up to about six "
            "rows; auto: exact steps, then columns, then simplex."
        ),
    ] = "auto",
    symmetrize: Symmetrize = False,
    certificate: _Certificate = None,
    time_limit: TimeLimit = None,
    json_: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Decide whether M is completely positive, a sum of b b^T with b >= 0: exit codes as of copositive."""
    from certify.matrices.completely_positive.decide import decide_complete_positivity
    from certify.views.terminal.complete_positivity import print_complete_positivity

    _answer(
        matrix,
        symmetrize,
        certificate,
        Path(f"{matrix.stem}.cp.cert"),
        partial(decide_complete_positivity, free=free, method=method, time_limit=time_limit),
        print_complete_positivity,
        json_,
        quiet,
    )


def _answer(
    matrix: Path,
    symmetrize: bool,
    certificate: Path | None,
    usual: Path,
    decide: Callable[..., _Report],
    show: Callable[[Console, _Report, MatrixFile, Path | None], None],
    json_: bool,
    quiet: bool,
) -> None:
    """Read the matrix, decide, write the certificate, by its usual name unless it has one, and answer."""
    from rich.console import Console

    from certify.checker.data.matrix_file import read_matrix
    from certify.views.terminal.matrix_file import MatrixFile
    from certify.views.terminal.progress import LiveProgress

    output = certificate or usual
    require_writable((matrix,), (output, CERTIFICATE))
    subject = read_matrix(matrix, symmetrize=symmetrize)
    console = error_console(quiet)
    if certificate is None:
        tell_what_is_replaced(output, subject.sha256(), console)
    with LiveProgress(console) as progress:
        report = decide(subject, observer=progress)
    written = None if report.certificate is None else output
    failure = None if written is None else write_all(partial(report.save_certificate, written))
    if failure is not None:
        written = None
    if json_:
        answer = report.to_json(None if written is None else str(written))
        print_json({**answer, "symmetrized": symmetrize})
    else:
        show(Console(highlight=False), report, MatrixFile(matrix, symmetrize), written)
    if failure is not None:
        raise failure
    raise typer.Exit(_EXIT_CODES[report.answer])
