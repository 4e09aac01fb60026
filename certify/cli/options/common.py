"""What the commands of the command line share: each option that several have, and small helpers.

An option is a type with its flag and its words, so that a command names it in its signature and all commands
say the same. No numerical library is loaded, so that `certify --help` answers at once.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import certify.datasets  # noqa: F401  its readers
from certify.bounds.names import AUTO, DESCRIPTIONS
from certify.checker.data.choice import BALANCED
from certify.checker.data.matrix_file import SYMMETRIZE
from certify.checker.data.text_file import STANDARD_INPUT, without_gz
from certify.checker.errors import CertifyError
from certify.checker.problems.losses.table import LOSS_WORDS, LOSSES
from certify.checker.problems.output_bias import OUTPUT_BIASES
from certify.checker.text.names import quoted

if TYPE_CHECKING:
    from rich.console import Console

    from certify.views.page.writing import Made


def choices(*words: str) -> str:
    """Return how `--help` shows what an option takes."""
    return " | ".join(words)


_METHODS = {AUTO: "the strongest that the size allows", **DESCRIPTIONS}
_METHOD_HELP = "; ".join(f"{name}: {words}" for name, words in _METHODS.items()) + "."

DEFAULT_GAMMA = "0.1"
DEFAULT_OUTPUT_BIAS = "none"
DEFAULT_LOSS = "squared"
_GAMMA_HELP = "Weight decay, of the sum of the samples' losses: a decimal or a fraction p/q, taken exactly."
_UNLESS_GIVEN = ", ".join(f"{kind.letter} = {kind.default}" for kind in LOSSES.values() if kind.letter)
_LOSS_HELP = (
    f"Loss of a sample: {LOSS_WORDS}; unless given {_UNLESS_GIVEN}. squared is 1/2 |f(x) - y|^2, where "
    "classes are one-hot."
)
_OUTPUT_BIAS_HELP = (
    "none, free or decayed: whether b joins the predictions, and is penalised; all-free: hidden biases are "
    "free, too."
)

CertificateFile = Annotated[
    Path, typer.Argument(metavar="CERT", help="Certificate file, or .gz of one.", show_default=False)
]
Symmetrize = Annotated[bool, typer.Option("--symmetrize", metavar="", help=f"{SYMMETRIZE}.")]
DataFile = Annotated[
    Path,
    typer.Option(
        "--data", help="CSV (or .parquet, or .csv.gz) file; - is standard input.", show_default=False
    ),
]
Bias = Annotated[bool, typer.Option("--bias", metavar="", help="Append a column of ones to the features.")]
Gamma = Annotated[str, typer.Option(metavar="NUMBER", help=_GAMMA_HELP)]
Loss = Annotated[str, typer.Option(metavar="LOSS", help=_LOSS_HELP)]
SampleWeight = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Column of positive weights of the samples' losses, by name or 1-based position; no feature.",
        show_default="none",
    ),
]
ClassWeights = Annotated[
    list[str] | None,
    typer.Option(
        "--class-weight",
        metavar="LABEL=NUMBER,...",
        help=f"Weights of the classes, or {BALANCED}; those left out weigh 1.",
        show_default="1 each",
    ),
]
OutputBias = Annotated[str, typer.Option(metavar=choices(*OUTPUT_BIASES), help=_OUTPUT_BIAS_HELP)]
# For a command that has to know whether they were given.
GammaIfGiven = Annotated[
    str | None, typer.Option(metavar="NUMBER", help=_GAMMA_HELP, show_default=DEFAULT_GAMMA)
]
LossIfGiven = Annotated[str | None, typer.Option(metavar="LOSS", help=_LOSS_HELP, show_default=DEFAULT_LOSS)]
OutputBiasIfGiven = Annotated[
    str | None,
    typer.Option(metavar=choices(*OUTPUT_BIASES), help=_OUTPUT_BIAS_HELP, show_default=DEFAULT_OUTPUT_BIAS),
]
Method = Annotated[str, typer.Option(metavar=choices(*_METHODS), help=_METHOD_HELP)]
WantedGap = Annotated[
    float,
    typer.Option(
        "--gap", metavar="NUMBER", help="Relative gap (upper - lower) / |upper| that counts as success."
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="The best valid result so far is kept then.", show_default="none"),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the random starts.")]
Page = Annotated[Path | None, typer.Option(help="Write a self-contained HTML page here.")]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", metavar="", help="Show no progress and no remarks.")]


def error_console(quiet: bool = False) -> Console:
    """Return the terminal for progress and remarks, which is not where results go; a silent one if quiet."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, quiet=quiet)


def certificate_of(data: Path, ending: str = ".cert") -> Path:
    """Return the file of a certificate for which none is given: in this folder, named as the data are."""
    name = Path("data") if str(data) == STANDARD_INPUT else Path(without_gz(data.name))
    return Path(name.stem + ending)


def made_by(certificate: Path | None = None) -> Made:
    """Return how a page comes about that this command writes now."""
    from certify.views.page.writing import Made

    return Made(
        command=shlex.join(["certify", *sys.argv[1:]]),
        date=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        certificate=None if certificate is None else str(certificate),
    )


def print_json(values: dict[str, Any]) -> None:
    """Print one object on standard output."""
    print(json.dumps(values, indent=2))


# A number ends at the comma; what else has one belongs to a label.
_CLASS_WEIGHT = re.compile(r"(.*?)=([^=,]*)(?:,|\Z)", re.DOTALL)


def class_weight_of(texts: Sequence[str] | None) -> dict[str, str] | str | None:
    """Return what `--class-weight` says, as `certify.checker.data.choice.read_dataset` takes it.

    Args:
        texts: "balanced" alone, or texts "LABEL=NUMBER,LABEL=NUMBER"; None or none of them for no weights.

    Raises:
        CertifyError: if a text is neither, or a label comes twice.
    """
    if not texts:
        return None
    if [text.strip() for text in texts] == [BALANCED]:
        return BALANCED
    weights: dict[str, str] = {}
    for text in texts:
        found = list(_CLASS_WEIGHT.finditer(text))
        if "".join(match[0] for match in found) != text or not text or text.endswith(","):
            raise CertifyError(
                f"the class weight {quoted(text)} is not understood: write LABEL=NUMBER, with commas between "
                f"several, or {BALANCED} alone"
            )
        for match in found:
            label = match[1].strip()
            if label in weights:
                raise CertifyError(f"the class {quoted(label)} has two weights: give it one")
            weights[label] = match[2].strip()
    return weights
