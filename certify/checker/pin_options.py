"""The options of the command lines that say what a certificate is expected to be about."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any, Literal

from certify.checker.data.recipe import TASKS
from certify.checker.expected import LEAST_DIGITS, Expected
from certify.checker.problems.losses.table import LOSS_WORDS
from certify.checker.problems.output_bias import OUTPUT_BIASES
from certify.checker.statements import STATEMENTS

PANEL = "What you expect"
PURPOSE = (
    "A certificate of anything else is rejected, with the differences; what you leave out may be anything."
)


@dataclass(frozen=True)
class Pin:
    """An option of the command lines for one field of `Expected`.

    Attributes:
        flag: the option.
        metavar: what its value is called; None for a switch, whose other half begins with --no-.
        help: one sentence.
        kind: "switch", "text", "texts" for one that may be repeated, or "count".
    """

    flag: str
    metavar: str | None
    help: str
    kind: Literal["switch", "text", "texts", "count"] = "text"


PINS = {
    "gamma": Pin("--gamma", "Q", "The weight decay: a decimal or p/q."),
    "targets": Pin(
        "--target", "COLUMN", "The target column: name or 1-based position; repeat for several.", "texts"
    ),
    "task": Pin("--task", "TASK", f"The task: {' or '.join(TASKS)}."),
    "bias": Pin("--bias", None, "Whether a column of ones is appended to the features.", "switch"),
    "output_bias": Pin("--output-bias", "KIND", f"The output bias: {', '.join(OUTPUT_BIASES)}."),
    "standardize": Pin("--standardize", None, "Whether the features are shifted and scaled.", "switch"),
    "sample_weight": Pin(
        "--sample-weight", "COLUMN", "The column of the samples' weights: name or 1-based position."
    ),
    "class_weights": Pin(
        "--class-weight", "LABEL=W", "The weight of a class, else 1; repeat for several.", "texts"
    ),
    "weighted": Pin("--weighted", None, "Whether samples have weights, of a column or by class.", "switch"),
    "as_is": Pin(
        "--as-is",
        None,
        "Whether the file is read as usual, and all of its rows and columns enter as they are.",
        "switch",
    ),
    "ignore": Pin("--ignore", "COLUMN", "The column that is left out; repeat for several.", "texts"),
    "drop_missing": Pin("--drop-missing", None, "Whether rows that miss a value are left out.", "switch"),
    "categorical": Pin("--categorical", "COLUMN", "The one-hot column; repeat for several.", "texts"),
    "standardize_target": Pin(
        "--standardize-target", None, "Whether the targets are shifted and scaled.", "switch"
    ),
    "loss": Pin("--loss", "LOSS", f"The loss: {LOSS_WORDS}."),
    "at_least": Pin("--at-least", "BOUND", "What the proved bound is not below: a decimal or p/q, exact."),
    "statement": Pin("--statement", "NAME", f"The statement: {', '.join(STATEMENTS)}."),
    "free": Pin(
        "--free",
        "R",
        "The free coordinates of (not_)completely_positive; with --statement 0 unless given.",
        "count",
    ),
    "problem": Pin(
        "--problem",
        "SHA256",
        f"The hash of the problem or the matrix; its first {LEAST_DIGITS} digits do.",
    ),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a program all of `PINS`."""
    group = parser.add_argument_group(PANEL, PURPOSE)
    for field, pin in PINS.items():
        if pin.kind == "switch":
            group.add_argument(pin.flag, dest=field, help=pin.help, action=argparse.BooleanOptionalAction)
            continue
        more: dict[str, Any] = {"metavar": pin.metavar}
        if pin.kind == "texts":
            more["action"] = "append"
        elif pin.kind == "count":
            more["type"] = int
        group.add_argument(pin.flag, dest=field, help=pin.help, **more)


def expected_of(options: argparse.Namespace) -> Expected:
    """Return what a program's options say.

    Raises:
        DataError: if a value makes no sense.
    """
    given: dict[str, Any] = {field: getattr(options, field) for field in PINS}
    texts = {field: tuple(given[field] or ()) for field, pin in PINS.items() if pin.kind == "texts"}
    return Expected(**given | texts)
