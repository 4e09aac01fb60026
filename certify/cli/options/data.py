"""The options that say how a problem is made of a data file: its columns, its rows and its text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from certify.checker.data.choice import MAX_INTEGER_CLASSES, only, read_dataset
from certify.checker.data.reading import ENCODINGS, Reading
from certify.checker.data.recipe import TASKS
from certify.checker.data.table import read_table
from certify.cli.options.common import choices

if TYPE_CHECKING:
    from certify.checker.data.choice import ClassWeight
    from certify.checker.data.dataset import Dataset
    from certify.checker.data.table import Table
    from certify.checker.problems.losses.loss import Loss

_PANEL = "The data"
_TASK_HELP = (
    f"auto takes texts for classes, and integers if there are at most {MAX_INTEGER_CLASSES} different ones, "
    "fewer than half as many as rows; all else, and several targets, for numbers. Losses of labels and of "
    "counts decide it themselves."
)
# As a shell passes a tab, and as people write it.
_SEPARATORS = {"tab": "\t", "\\t": "\t", "whitespace": " ", "space": " "}


def _columns(flag: str, words: str, default: str) -> Any:
    words = f"{words}, by name or 1-based position; repeat for several."
    return typer.Option(flag, metavar="COLUMN", help=words, show_default=default, rich_help_panel=_PANEL)


def _option(flag: str, words: str, default: str | bool = False, values: str = "") -> Any:
    """Make an option; a flag has no values."""
    return typer.Option(flag, help=words, show_default=default, metavar=values, rich_help_panel=_PANEL)


@dataclass(frozen=True)
class DataOptions:
    """How a problem is made of a data file, besides its loss, its bias and its weights."""

    target: Annotated[list[str] | None, _columns("--target", "Target column", "last")] = None
    features: Annotated[
        list[str] | None, _columns("--features", "The only columns to be features", "all others")
    ] = None
    ignore: Annotated[
        list[str] | None, _columns("--ignore", "Column that is left out, such as an index", "none")
    ] = None
    categorical: Annotated[
        list[str] | None,
        _columns("--categorical", "Column that becomes one of zeros and ones for each of its levels", "none"),
    ] = None
    drop_missing: Annotated[
        bool, _option("--drop-missing", "Leave out rows that miss a value: blank, NA, N/A, NaN, null, ? or .")
    ] = False
    task: Annotated[str, _option("--task", _TASK_HELP, True, choices("auto", *TASKS))] = "auto"
    standardize: Annotated[
        bool, _option("--standardize", "Bring every feature to mean 0 and variance 1.")
    ] = False
    standardize_target: Annotated[
        bool, _option("--standardize-target", "Bring the targets of a regression to mean 0 and variance 1.")
    ] = False
    sep: Annotated[
        str | None,
        _option(
            "--sep", "What separates cells: , ; | tab or whitespace.", "guessed among , ; and tab", "SIGN"
        ),
    ] = None
    decimal: Annotated[str, _option("--decimal", "The decimal sign.", True, choices(".", ","))] = "."
    encoding: Annotated[str, _option("--encoding", "Of the text.", True, choices(*ENCODINGS))] = "utf-8"
    header: Annotated[
        bool | None,
        _option("--header/--no-header", "Whether the first row has the columns' names.", "guessed"),
    ] = None

    @property
    def chosen(self) -> bool:
        """Whether anything is said."""
        return self != DataOptions()

    @property
    def reading(self) -> Reading:
        """How the file is read."""
        separator = None if self.sep is None else _SEPARATORS.get(self.sep, self.sep)
        return Reading(
            separator,
            self.decimal,
            self.encoding.lower(),
            self.header,
            tuple(self.ignore or ()),
            self.drop_missing,
        )

    def dataset(
        self,
        path: Path,
        *,
        bias: bool,
        loss: Loss | str,
        sample_weight: str | None = None,
        class_weight: ClassWeight | str | None = None,
    ) -> Dataset:
        """Read a data set; see `certify.checker.data.choice.read_dataset`."""
        return read_dataset(
            path,
            bias=bias,
            loss=loss,
            sample_weight=sample_weight,
            class_weight=class_weight,
            reading=self.reading,
            **self.of_table,
        )

    def table(self, path: Path, kept: str | None) -> Table:
        """Read a table; of one from which features are chosen another column may be kept."""
        features = (*(self.features or ()), *([] if kept is None else [kept]))
        choose = only(features, self.target or (), None, self.reading.ignore) if self.features else None
        return read_table(path, self.reading, choose=choose)

    @property
    def of_table(self) -> dict[str, Any]:
        """What `certify.checker.data.choice.from_table` takes of these."""
        return {
            "targets": self.target or (),
            "task": self.task,
            "standardize": self.standardize,
            "features": self.features or (),
            "categorical": self.categorical or (),
            "standardize_target": self.standardize_target,
        }
