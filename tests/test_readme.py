"""The Python of the README and of the docs runs as it stands."""

import re
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["README.md", "docs/explain.md"])
def test_python_examples_run(name: str) -> None:
    text = (Path(__file__).parents[1] / name).read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert examples
    for example in examples:
        exec(compile(example, name, "exec"), {})
