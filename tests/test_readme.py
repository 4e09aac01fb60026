"""The Python of the README and of the docs runs as it stands, and the guide's commands print what it says."""

import re
from pathlib import Path

import pytest

from tests.guide import ROOT, differences, execute, shown


@pytest.mark.parametrize("name", ["README.md", "docs/explain.md", "docs/guide.md"])
def test_python_examples_run(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert examples
    for example in examples:
        exec(compile(example, name, "exec"), {})


def test_the_guide_shows_what_its_commands_print(tmp_path: Path) -> None:
    commands = shown((ROOT / "docs" / "guide.md").read_text(encoding="utf-8"))
    assert len(commands) == 13
    for said in commands:
        assert differences(said.command, said.output, execute(said.command, tmp_path)) == []


def test_what_counts_as_different() -> None:
    assert differences("c", "loss 1.00 │ x\n  time 3 s: a 1 s", "loss 1.05\nx time 14.2 s") == []
    assert differences("c", "loss 1.00", "loss 1.50") == ["c: '1.00' is '1.50'"]
    assert differences("c", "loss 1.00", "gain 1.00") == ["c: 'loss' is 'gain'"]
    assert differences("c", "loss 1.00", "loss") == ["c: the output is longer or shorter"]
