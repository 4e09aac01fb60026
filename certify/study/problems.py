"""The data sets of a plan, read or made: each problem with its training set and its test set."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certify.checker.data.choice import from_table, only
from certify.checker.data.dataset import Dataset
from certify.checker.data.table import Table, read_table
from certify.checker.errors import DataError
from certify.datasets.groups import split_table
from certify.datasets.held_out import HeldOut, read_held_out
from certify.study.generators import GENERATORS, Generated, from_sklearn
from certify.study.plan import DataChoice, Plan, reading_of, rows_of

_PAPER_SHARE, _PAPER_SEED = 0.5, 42  # of the paper's train_test_split


@dataclass(frozen=True)
class Tables:
    """The tables of one problem, before its bias and its loss are known.

    Attributes:
        data: the name of the data set that it belongs to.
        name: of the problem, unique in the study.
        train: its table.
        test: the file of the test set; None for none.
        options: how a problem is made of them, as `from_table` takes it.
    """

    data: str
    name: str
    train: Table
    test: Path | None
    options: Mapping[str, Any]

    def dataset(self, *, bias: bool, loss: str) -> Dataset:
        """Return the exact training set."""
        return from_table(self.train, bias=bias, loss=loss, **self.options)

    def held_out(self, train: Dataset, loss: str) -> HeldOut | None:
        """Return the test set, prepared as the training set."""
        return None if self.test is None else read_held_out(self.test, train, loss)


def read_tables(plan: Plan, output: Path) -> tuple[list[Tables], list[str]]:
    """Read all data sets of a plan.

    Args:
        plan: the study.
        output: its folder, where data that are generated become files.

    Returns:
        The problems, and a sentence about each data set that is left out.

    Raises:
        DataError: if a file is not there that may not be left out, or cannot be used.
    """
    found: list[Tables] = []
    missing: list[str] = []
    for choice in plan.data:
        if choice.source == "file":
            absent = [name for name in _files(choice, plan.folder) if not name.is_file()]
            if absent and choice.options.get("optional", False):
                missing.append(
                    f"{choice.name} is left out: there is no {absent[0].name} in {plan.folder}; give "
                    "--data FOLDER with the paper's files"
                )
                continue
            found += _of_files(choice, plan.folder)
        else:
            found += _generated(choice, output / "data")
    return found, missing


def _files(choice: DataChoice, folder: Path) -> list[Path]:
    return [folder / choice.options[key] for key in ("file", "test") if key in choice.options]


def _of_files(choice: DataChoice, folder: Path) -> Iterator[Tables]:
    options, reading = choice.options, reading_of(choice.options)
    group = options.get("group")
    features, targets = options.get("features", ()), options.get("target", ())
    kept = (*features, *([] if group is None else [group]))
    choose = only(kept, targets, options.get("sample-weight"), reading.ignore) if features else None
    path, *tests = _files(choice, folder)
    table = read_table(path, reading, choose=choose)
    made_of = {
        "targets": targets,
        "features": features,
        "task": options.get("task", "auto"),
        "standardize": options.get("standardize", False),
        "standardize_target": options.get("standardize-target", False),
        "categorical": options.get("categorical", ()),
        "sample_weight": options.get("sample-weight"),
    }
    test = tests[0] if tests else None
    if group is None:
        yield Tables(choice.name, choice.name, table, test, made_of)
        return
    for k, part in enumerate(split_table(table, group, options.get("problems")), 1):
        yield Tables(choice.name, f"{choice.name} {k}", part, test, made_of)


def _generated(choice: DataChoice, folder: Path) -> Iterator[Tables]:
    options = choice.options
    first = options.get("seed", 0)
    if choice.source == "sklearn":
        made = from_sklearn(
            options["sklearn"], options.get("test-share", _PAPER_SHARE), options.get("seed", _PAPER_SEED)
        )
        yield _written(choice, choice.name, made, folder)
        return
    generate, problems = GENERATORS[options["generator"]], options.get("problems", 1)
    sizes: Sequence[int] = rows_of(options)
    for rows in sizes:
        for k in range(problems):
            name = choice.name + f" n={rows}" * (len(sizes) > 1) + f" {k + 1}" * (problems > 1)
            yield _written(choice, name, generate(first + k, rows), folder)


def _written(choice: DataChoice, name: str, made: Generated, folder: Path) -> Tables:
    stem = "".join(c if c.isalnum() else "-" for c in name.lower())
    path, test = folder / f"{stem}.csv", folder / f"{stem}-test.csv"
    write(path, made.train.to_csv())
    if made.test is not None:
        write(test, made.test.to_csv())
    options = {
        "targets": made.targets,
        "task": made.task,
        "standardize": choice.options.get("standardize", False),
        "standardize_target": choice.options.get("standardize-target", False),
    }
    return Tables(choice.name, name, read_table(path), None if made.test is None else test, options)


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all, unless it is there with this text already.

    Raises:
        DataError: if it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    content = text.encode("utf-8", errors="backslashreplace")
    try:
        if path.is_file() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f"{path}: the study cannot write here ({error.strerror}); give --output another folder"
        ) from None
