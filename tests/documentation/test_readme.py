"""The Python of the README and of the docs runs as it stands, and the guide's commands print what it says."""

import re
from pathlib import Path

import pytest

from tests.documentation.guide import (
    Shown,
    differences,
    execute,
    independent,
    largest_bound_and_least_loss,
    shown,
)
from tests.places import ROOT


@pytest.mark.parametrize("name", ["README.md", "docs/explain.md", "docs/guide.md"])
def test_python_examples_run(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert examples
    for example in examples:
        exec(compile(example, name, "exec"), {})


GUIDE = independent(shown((ROOT / "docs" / "guide.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("commands", GUIDE, ids=lambda commands: commands[0].command)
def test_the_guide_shows_what_its_commands_print(commands: list[Shown], tmp_path: Path) -> None:
    for said in commands:
        printed = execute(said.command, tmp_path)
        assert differences(said.command, said.output, printed) == []
        bound, loss = largest_bound_and_least_loss(printed)
        assert bound <= loss


def test_commands_of_the_guide_that_need_each_other_are_together() -> None:
    assert [len(commands) for commands in GUIDE] == [2, 4, 2, 4, 3, 4, 3]
    lines = ["a --out x.pt", "b --data examples/y.csv", "c x.pt --out z.cert", "d z.cert"]
    together = independent(Shown(line, "") for line in lines)
    assert [[said.command[0] for said in part] for part in together] == [["b"], ["a", "c", "d"]]


def test_what_counts_as_different() -> None:
    assert differences("c", "loss 1.00 │ x\n  time 3 s: a 1 s", "loss 1.05\nx time 14.2 s") == []
    assert differences("c", "found in 0.02 s", "found in 1e-05 s") == []
    assert differences("c", "loss 1.00", "loss 1.50") == ["c: '1.00' is '1.50'"]
    assert differences("c", "loss 1.00", "gain 1.00") == ["c: 'loss' is 'gain'"]
    assert differences("c", "loss 1.00", "loss") == ["c: the output is longer or shorter"]
    # Where rounding decides the form is compared, and the order of bounds and losses.
    row = " rounding (paper), rounded   {}    {} %     2.5  exact   "
    assert differences("c", row.format(1.01, 77), row.format(0.55, 59)) == []
    assert differences("c", row.format(1.01, 77), row.format("?", 59)) != []
    assert differences("c", "a sum of 38 terms", "a sum of 30 terms") == []
    steps = (
        " 1  loss of the network\n",
        " 2  what the network's residual could prove (an estimate)\n -1e-11  N is not that residual\n",
    )
    assert differences("c", "".join(steps), steps[0]) == []
    assert differences("c", "most of it: 4: 13.6 %", "most of it: 11: 13.5 %") == []
    table = (
        f" tree   0.5    0.1 %   1.0  proved  \n Shor   0.03   85 %   0.1   proved \n{row.format(0.55, 59)}\n"
    )
    assert largest_bound_and_least_loss(table) == (0.5, 0.55)
