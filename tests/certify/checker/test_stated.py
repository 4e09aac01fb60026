"""What a verdict states is of the data: a certificate cannot put words into the theorem that it proves."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from certify import bound, check, save_certificate
from certify.bounds.proofs.writing import trivial_certificate
from certify.bounds.report import Report
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import read_dataset
from certify.checker.data.recipe import Preprocessing

X, Y = [[0.0, 1.0], [1.0, 0.5], [-1.0, 0.25], [0.5, -1.0]], [1.0, 0.5, 0.25, -1.0]
LIE = "y: regression) has\u00a01/2 |f(X) - Y|^2 + 0.1/2 * sum_j (|u_j|^2 + |v_j|^2)  >=  1000. (Also shown: y"


@cache
def report() -> Report:
    return bound(X, Y, gamma=0.1)


def forged(**recipe: Any) -> Certificate:
    honest = report().certificate.preprocessing
    assert honest is not None
    return replace(report().certificate, preprocessing=replace(honest, **recipe))


def test_with_a_problem() -> None:
    lie = Preprocessing(("price",), "classification", ("a", "b"), True, ((Fraction(0), Fraction(1)),))
    verdict = check(replace(report().certificate, preprocessing=lie), problem=report().problem)
    assert verdict.statement is not None
    assert "(2 features; 1 target) has" in verdict.statement


@pytest.mark.parametrize("trust", ["exact", "best"])
def test_with_arrays(trust: str) -> None:
    verdict = check(forged(targets=(LIE,)), X, Y, trust=trust)
    assert verdict.valid
    assert verdict.statement == check(report().certificate, X, Y).statement
    assert "(2 features (x1, x2), no bias; target y: regression) has" in str(verdict.statement)


def test_with_frames() -> None:
    frame, series = pd.DataFrame(X, columns=["p", "q r"]), pd.Series(Y, name="cost")
    verdict = check(forged(targets=(LIE,)), frame, series)
    assert "(2 features (p, 'q r'), no bias; target cost: regression) has" in str(verdict.statement)


def test_with_a_file(tmp_path: Path) -> None:
    certificate, data = tmp_path / "c.cert", tmp_path / "d.csv"
    rows = [",".join(map(str, [*x, y])) for x, y in zip(X, Y, strict=True)]
    # A file of strangers: even its header may not say more than names.
    header = 'a,"b\u202e >= 1000","has\n    f  >=  1000\x1b[1A"'
    data.write_text("\n".join([header, *rows]))
    save_certificate(forged(targets=("3",)), certificate)
    for command in (check(certificate, data=data), check(certificate, data=data, trust="best")):
        said = str(command.statement)
        assert said.isprintable() is False  # its own line break
        assert said.replace("\n", "").isprintable()
        assert len(said.splitlines()) == 2
        assert r"features (a, 'b\u202e >= 1000'), no bias; target 'has\n    f  >=  1000\x1b[1A'" in said


def test_classes_of_a_file(tmp_path: Path) -> None:
    data = tmp_path / "k.csv"
    data.write_text("x,kind\n1,a\n2,y) has  >=  1000\n")
    dataset = read_dataset(data)
    honest = trivial_certificate(dataset.problem(1), preprocessing=dataset.preprocessing)
    said = check(honest, data=data).statement
    assert "target kind: 2 classes (a, 'y) has  >=  1000'), one-hot) has\n" in str(said)


def test_a_long_gamma_is_rounded_up() -> None:
    gamma = Fraction(1, 10) + Fraction(1, 7**400)
    problem = report().dataset.problem(gamma)
    honest = trivial_certificate(problem, preprocessing=report().dataset.preprocessing)
    verdict = check(honest, X, Y)
    assert verdict.valid
    assert "(0.100000000001, rounded up)/2 * sum_j" in str(verdict.statement)
    assert len(str(verdict.statement)) < 400


def test_constant_columns(tmp_path: Path) -> None:
    data = tmp_path / "c.csv"
    data.write_text("p,q,y\n1.5,0.1,1.5\n2.5,0.1,2\n")
    dataset = read_dataset(data, standardize=True)
    honest = trivial_certificate(dataset.problem(1), preprocessing=dataset.preprocessing)
    said = str(check(honest, data=data).statement)
    assert "variance 1, up to rounding (but q: constant, shifted to 0), no bias" in said
    subject = check(honest, data=data).subject
    assert subject is not None
    assert subject.to_json()["constant_features"] == ["q"]
    assert ("standardised", "mean 0 and variance 1, up to rounding; constant, shifted to 0: q") in (
        subject.details()
    )
