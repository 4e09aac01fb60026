"""What `--help` says."""

import pytest
from typer.testing import CliRunner

from certify.cli.app import app

WIDE = {"COLUMNS": "200", "TERM": "dumb"}


def help_of(*command: str) -> str:
    done = CliRunner().invoke(app, [*command, "--help"], env=WIDE)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize("command", ["bound", "gap", "tightness", "check"])
def test_values_are_named(command: str) -> None:
    said = help_of(command)
    assert "list[str]" not in said
    assert "<str>" not in said


@pytest.mark.parametrize(
    "words",
    [
        "auto | classification | regression",
        "auto | tree | partition | sdp | shor",
        "auto | interior-point | first-order | mosek | clarabel | scs",
        "none | free | decayed | all-free",
        "double | high",
        "at most 20 different ones",
        "1/2 |f(x) - y|^2, unless --loss says otherwise, and gamma is 0.1",
    ],
)
def test_choices_and_rules(words: str) -> None:
    assert words in " ".join(help_of("bound").replace("│", " ").split())
