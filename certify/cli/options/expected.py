"""The options of `certify check` that say what is expected: those of `checker.pin_options`, for Typer."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from certify.checker.pin_options import PANEL, PINS


def _option(field: str) -> Any:
    pin = PINS[field]
    flag = f"{pin.flag}/--no-{pin.flag.removeprefix('--')}" if pin.kind == "switch" else pin.flag
    return typer.Option(
        flag,
        metavar=pin.metavar or "",
        help=pin.help,
        show_default=False,
        rich_help_panel=PANEL,
    )


ExpectedGamma = Annotated[str | None, _option("gamma")]
ExpectedTargets = Annotated[list[str] | None, _option("targets")]
ExpectedTask = Annotated[str | None, _option("task")]
ExpectedBias = Annotated[bool | None, _option("bias")]
ExpectedOutputBias = Annotated[str | None, _option("output_bias")]
ExpectedStandardize = Annotated[bool | None, _option("standardize")]
ExpectedSampleWeight = Annotated[str | None, _option("sample_weight")]
ExpectedClassWeights = Annotated[list[str] | None, _option("class_weights")]
ExpectedWeighted = Annotated[bool | None, _option("weighted")]
ExpectedAsIs = Annotated[bool | None, _option("as_is")]
ExpectedIgnore = Annotated[list[str] | None, _option("ignore")]
ExpectedDropMissing = Annotated[bool | None, _option("drop_missing")]
ExpectedCategorical = Annotated[list[str] | None, _option("categorical")]
ExpectedStandardizeTarget = Annotated[bool | None, _option("standardize_target")]
ExpectedLoss = Annotated[str | None, _option("loss")]
ExpectedBound = Annotated[str | None, _option("at_least")]
ExpectedStatement = Annotated[str | None, _option("statement")]
ExpectedFree = Annotated[int | None, _option("free")]
ExpectedProblem = Annotated[str | None, _option("problem")]
