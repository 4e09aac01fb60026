"""The command `certify tightness`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certify.bounds.report import LARGEST_DIAGNOSED
from certify.checker.errors import CertifyError
from certify.cli.options.common import (
    DEFAULT_GAMMA,
    DEFAULT_LOSS,
    AsJson,
    Bias,
    Loss,
    Quiet,
    error_console,
    made_by,
    print_json,
)
from certify.cli.options.data import DataOptions
from certify.cli.options.groups import in_groups
from certify.cli.options.outputs import CERTIFICATE, MATRIX, PAGE, TABLE, require_writable, write_all
from certify.tightness.names import ALL, BASELINE_WORDS, OWN, USUAL, quantities_of

if TYPE_CHECKING:
    from rich.console import Console

    from certify.checker.data.dataset import Dataset
    from certify.datasets.held_out import HeldOut
    from certify.tightness.study import Study


_METHODS_HELP = (
    f"What is measured: {', '.join(OWN)}, which are the {USUAL} ones, and baselines of others: "
    f"{'; '.join(f'{name}: {words}' for name, words in BASELINE_WORDS.items())}; or {ALL}."
)


@dataclass(frozen=True)
class ProblemOptions:
    """Which problems are studied."""

    data: Annotated[
        list[Path],
        typer.Option("--data", metavar="FILE", help="CSV (or .parquet) file; repeat it.", show_default=False),
    ]
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Column, by name or position, each value of which is a problem of its own."
        ),
    ] = None
    first: Annotated[
        int | None, typer.Option(min=1, help="Only so many values of the group.", show_default="all")
    ] = None
    gamma: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER", help="Weight decay, taken exactly; repeat it.", show_default=DEFAULT_GAMMA
        ),
    ] = None
    bias: Bias = False
    loss: Loss = DEFAULT_LOSS
    test_data: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Samples that are held out, with the columns of --data, for the accuracy of baselines; one "
            "for each --data.",
            show_default="none",
        ),
    ] = None
    methods: Annotated[str, typer.Option(metavar="NAME,...", help=_METHODS_HELP)] = USUAL

    @property
    def gammas(self) -> list[str]:
        """The weight decays."""
        return self.gamma or [DEFAULT_GAMMA]

    def datasets(self, choice: DataOptions) -> list[Dataset]:
        """Read the data, a data set for each value of the group."""
        from certify.checker.data.choice import from_table
        from certify.datasets.groups import split_table

        if self.first is not None and self.group is None:
            raise CertifyError("--first counts the values of a group: give --group COLUMN as well")
        if self.test_data and self.group is not None:
            raise CertifyError("--test-data belongs to a whole file: leave out --group, or --test-data")
        if self.test_data and len(self.test_data) != len(self.data):
            raise CertifyError(
                f"--test-data is given {len(self.test_data)} times and --data {len(self.data)} times: give "
                "one for each, in their order"
            )
        tables = [choice.table(path, self.group) for path in self.data]
        if self.group is not None:
            tables = [part for table in tables for part in split_table(table, self.group, self.first)]
        return [from_table(table, bias=self.bias, loss=self.loss, **choice.of_table) for table in tables]

    def tests(self, datasets: list[Dataset]) -> list[HeldOut | None]:
        """Read what is held out of each data set, if anything is."""
        from certify.datasets.held_out import read_held_out

        paths = self.test_data or []
        return [read_held_out(path, of, self.loss) for path, of in zip(paths, datasets, strict=False)]


@dataclass(frozen=True)
class EffortOptions:
    """How much is done for each problem; named as in `certify.tightness.settings.StudySettings`."""

    gap: Annotated[float, typer.Option(help="Relative gap that the proof tree is to reach.")] = 1e-4
    seeds: Annotated[int, typer.Option(min=0, help="Runs of SGD and of L-BFGS.")] = 3
    width: Annotated[int, typer.Option(help="Neurons of SGD, L-BFGS and rounding.")] = 300
    epochs: Annotated[int, typer.Option(help="Epochs of SGD.")] = 5000
    batch_size: Annotated[int, typer.Option(help="Samples in a batch of SGD, next to full batches.")] = 16
    learning_rate: Annotated[
        float | None,
        typer.Option(help="First step of SGD.", show_default="the inverse of the curvature at the start"),
    ] = None
    momentum: Annotated[float, typer.Option(help="Momentum of SGD; 0.95 in the paper's code.")] = 0.0
    patterns: Annotated[int, typer.Option(help="Activation patterns that baselines draw, at most.")] = 100
    rank: Annotated[
        int | None,
        typer.Option(help="Of the factor of burer-monteiro.", show_default="the order of SDP-NN's matrix"),
    ] = None
    time_limit: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="For each problem and gamma.", show_default="none"),
    ] = None


@dataclass(frozen=True)
class OutputOptions:
    """Where the results go."""

    csv: Annotated[Path | None, typer.Option(help="Write all rows here.")] = None
    html: Annotated[
        Path | None, typer.Option("--report", "--html", help="Write a self-contained HTML page here.")
    ] = None
    cut_certificate: Annotated[
        Path | None,
        typer.Option(
            help="Certificate that SDP-NN's matrix is not completely positive, to write; the matrix goes to "
            "the same name with .csv behind it. For one problem of at most 12 rows.",
            show_default="none",
        ),
    ] = None
    json_: AsJson = False
    quiet: Quiet = False

    @property
    def cut_matrix(self) -> Path | None:
        """Where the matrix of the certificate goes."""
        path = self.cut_certificate
        return None if path is None else path.with_name(f"{path.name}.csv")


@in_groups
def tightness(
    problems: ProblemOptions, choice: DataOptions, effort: EffortOptions, output: OutputOptions
) -> None:
    """Compare SDP-NN, Shor, the proof tree, rounding, L-BFGS and SGD with the certified optimum.

    On at most 12 rows it also says why SDP-NN is loose. That and rounding are for the squared loss alone, and
    left out for others.
    """
    console = error_console(output.quiet)
    console.print("[dim]loading the numerical libraries ...[/dim]")
    from rich.console import Console

    from certify.checker.problems.losses.table import read_loss
    from certify.tightness.settings import StudySettings
    from certify.tightness.study import study
    from certify.views.page.tightness import save_tightness_page
    from certify.views.terminal.progress import LiveProgress
    from certify.views.terminal.summary import print_certificate
    from certify.views.terminal.tightness import print_study, save_csv

    require_writable(
        [*problems.data, *(problems.test_data or [])],
        (output.csv, TABLE),
        (output.html, PAGE),
        (output.cut_certificate, CERTIFICATE),
        (output.cut_matrix, MATRIX),
    )
    settings = StudySettings(loss=problems.loss, **vars(effort))
    quantities = quantities_of(problems.methods)
    datasets = problems.datasets(choice)
    tests = problems.tests(datasets)
    if output.cut_certificate is not None:
        _require_one_small([len(dataset.inputs) for dataset in datasets], len(problems.gammas), problems.loss)
    encoding = read_loss(problems.loss).encoding
    for dataset in datasets:
        console.print(dataset.describe(encoding), markup=False, soft_wrap=True)
    with LiveProgress(console) as progress:
        found = study(datasets, problems.gammas, settings, progress, quantities=quantities, tests=tests)
    for reason in found.omissions:
        console.print(reason, markup=False, soft_wrap=True)
    writes: list[Callable[[], None]] = []
    if output.csv is not None:
        writes.append(partial(save_csv, found, output.csv))
    if output.html is not None:
        writes.append(partial(save_tightness_page, found, output.html, made_by()))
    failure = write_all(*writes)
    written = _save_cut(found, output, console)
    terminal = Console(highlight=False)
    if output.json_:
        print_json(found.to_json(written))
    else:
        print_study(terminal, found)
        if written is not None:
            print_certificate(terminal, written, output.cut_matrix)
    if failure is not None:
        raise failure


def _save_cut(found: Study, output: OutputOptions, console: Console) -> str | None:
    """Write the certificate of the cut with its matrix, or say why not; return where it is."""
    from certify.datasets.matrices import save_matrix

    certificate, matrix = output.cut_certificate, output.cut_matrix
    if certificate is None or matrix is None:
        return None
    diagnosis = found.problems[0].diagnosis if found.problems else None
    if diagnosis is None or diagnosis.report is None or diagnosis.cut is None:
        why = "it was not looked for" if diagnosis is None else f"the matrix is {diagnosis.finding.value}"
        console.print(
            f"{certificate} is not written, as there is no cut: {why}", markup=False, soft_wrap=True
        )
        return None
    diagnosis.report.save_certificate(certificate)
    save_matrix(diagnosis.report.matrix, matrix)
    return str(certificate)


def _require_one_small(rows: list[int], gammas: int, loss: str) -> None:
    """Refuse to write the certificate of a cut where there would be several, or none."""
    if loss != DEFAULT_LOSS:
        raise CertifyError(
            f"--cut-certificate is for the loss {DEFAULT_LOSS}, and this is {loss}: leave it out"
        )
    if len(rows) * gammas != 1:
        raise CertifyError(
            f"--cut-certificate is for one problem, and there are {len(rows) * gammas}: give one --data, one "
            "--gamma, and with --group also --first 1"
        )
    if rows[0] > LARGEST_DIAGNOSED:
        raise CertifyError(
            f"--cut-certificate is for at most {LARGEST_DIAGNOSED} rows, and the data has {rows[0]}: choose "
            "some of them"
        )
