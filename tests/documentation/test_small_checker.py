"""The small checker of examples/ gives the verdicts of the corpus where it knows the problem."""

import json
import runpy
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from certify.checker.certificate.file import load_certificate
from certify.checker.check import subject_of
from tests.places import ROOT

CORPUS = ROOT / "tests" / "corpus"
CHECK: Callable[[str, str], Fraction] = runpy.run_path(str(ROOT / "examples" / "small_checker.py"))["check"]
# Of what these differ in the small checker knows nothing: it asks for no limits, and data that no recipe
# fits make no problem.
OTHERS = {
    "limits",
    "loss-squared-weighted",
    "recipe-categorical-target",
    "recipe-level-missing",
    "recipe-target-scale",
}


def known() -> Iterator[tuple[str, Path, dict[str, Any]]]:
    """Yield the corpus's training bounds with the squared loss and without output bias, in one tree."""
    for name, case in json.loads((CORPUS / "expected.json").read_text(encoding="utf-8")).items():
        path = CORPUS / case["certificate"]
        if case["exit"] == 2 or Path(name).name in OTHERS:
            continue
        header = json.loads(path.read_text(encoding="ascii").partition("\n")[0])
        if header.get("loss") == "squared" and header["output_bias"] == "none" and "blocks" not in header:
            yield name, path, case


CASES = list(known())


@pytest.mark.parametrize(("path", "case"), [case[1:] for case in CASES], ids=[name for name, *_ in CASES])
def test_its_verdict_is_that_of_the_corpus(path: Path, case: dict[str, Any]) -> None:
    text = "".join(subject_of(load_certificate(path), CORPUS / case["data"]).canonical_text())
    if case["exit"] == 0:
        assert CHECK(path.read_text(encoding="ascii"), text) == Fraction(case["bound"])
    else:
        with pytest.raises((ValueError, IndexError, StopIteration)):
            CHECK(path.read_text(encoding="ascii"), text)


def test_it_is_held_against_each_kind_of_node() -> None:
    valid = "".join(path.read_text(encoding="ascii") for _, path, case in CASES if case["exit"] == 0)
    for kind in ("sign", "row", "split", "leaf", "tau", "envelope"):
        assert f"\n{kind}" in valid
    assert sum(case["exit"] == 1 for *_, case in CASES) >= 20
