"""Options in groups look to typer as if the command had them one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from certify.cli.options.groups import in_groups


@dataclass(frozen=True)
class Fruit:
    """Two options, the first of them required."""

    name: Annotated[str, typer.Option("--fruit", help="Its name.")]
    count: Annotated[int, typer.Option(min=0)] = 1


@dataclass(frozen=True)
class Basket:
    """One more."""

    lined: Annotated[bool, typer.Option("--lined")] = False


@in_groups
def pack(fruit: Fruit, basket: Basket) -> None:
    """Pack a basket."""
    print(fruit, basket)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fruit", "fig"], "Fruit(name='fig', count=1) Basket(lined=False)"),
        (["--lined", "--count", "3", "--fruit", "fig"], "Fruit(name='fig', count=3) Basket(lined=True)"),
        (["--help"], "Its name."),
        (["--help"], "Pack a basket."),
    ],
)
def test_options(arguments: list[str], words: str) -> None:
    app = typer.Typer()
    app.command()(pack)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert words in done.output


@pytest.mark.parametrize("arguments", [[], ["--fruit", "fig", "--count", "-1"]])
def test_refusals(arguments: list[str]) -> None:
    app = typer.Typer()
    app.command()(pack)
    assert CliRunner().invoke(app, arguments).exit_code == 2
