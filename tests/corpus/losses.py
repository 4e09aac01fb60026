"""Certificates of every loss on four samples, by hand: true ones, and some that are too much by a digit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from certify.checker.certificate.nodes import EnvelopeLeaf, Node, Sign
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.dual_bound import dual_bound, dual_bounds
from certify.checker.problems.losses.table import read_loss

TEXTS = (
    "squared",
    "huber 1/2",
    "absolute",
    "quantile 9/10",
    "epsilon-insensitive 1/3",
    "hinge",
    "squared-hinge",
    "multiclass-hinge",
    "logistic",
    "cross-entropy",
    "cross-entropy 1/10",
    "poisson",
)
LIMITED = TEXTS[1:]
IN_THE_KERNEL = ("absolute", "hinge", "cross-entropy")
EXPONENT = 10
_UNIT = 1 << EXPONENT
_GAMMA = Fraction(40)  # above the gauge of every dual point that is made here
_BY_LABEL = b"""\
a,b,kind,weight
1,0.5,x,1
-0.25,1,y,2.5
0.5,-1,z,0.75
-1,-0.5,x,1
"""
_BY_NUMBER = b"""\
a,b,count,weight
1,0.5,3,1
-0.25,1,0,2.5
0.5,-1,1.5,0.75
-1,-0.5,7,1
"""
_LEAF = EnvelopeLeaf()
_TREE: tuple[Node, ...] = (Sign(0), Sign(1), _LEAF, _LEAF, Sign(1), _LEAF, _LEAF)


def short(loss: str) -> str:
    """Return a loss as a part of a file's name."""
    return loss.replace(" ", "-").replace("/", "-")


def data_of(loss: str, weighted: bool) -> bytes:
    """Return the file that a loss is trained on, with a column of weights or without."""
    data = _BY_LABEL if read_loss(loss).task == "classification" else _BY_NUMBER
    return data if weighted else b"".join(line.rpartition(b",")[0] + b"\n" for line in data.splitlines())


def honest(loss: str, weighted: bool) -> Certificate:
    """Return a certificate of the best claim, at half of the way to the ends of the domain."""
    dataset = _dataset(loss, weighted)
    rows = _rows(dataset, loss, Fraction(1, 2))
    return _certificate(dataset, loss, rows, dual_bound(dataset.problem(_GAMMA, loss), rows, EXPONENT))


def outside(loss: str) -> Certificate:
    """Return one with an entry, or a sum of entries, that is a unit beyond the end of the domain."""
    dataset = _dataset(loss, True)
    rows = [list(row) for row in _rows(dataset, loss, Fraction(1))]
    rows[0][0] += 1 if rows[0][0] >= 0 else -1
    if loss in ("squared-hinge",):  # whose ends are 0
        rows[0] = [-entry for entry in rows[0]]
    return _certificate(dataset, loss, tuple(map(tuple, rows)), Fraction(-1000))


def too_high(loss: str) -> Certificate:
    """Return one whose claim is above what its dual point proves, by less than any float could tell."""
    dataset = _dataset(loss, False)
    rows = _rows(dataset, loss, Fraction(1, 2))
    _, high = dual_bounds(dataset.problem(_GAMMA, loss), rows, EXPONENT, 256)
    return _certificate(dataset, loss, rows, high + Fraction(1, 1 << 200))


def _dataset(loss: str, weighted: bool) -> Dataset:
    is_labelled = read_loss(loss).task == "classification"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        path.write_bytes(data_of(loss, weighted))
        return read_dataset(
            path,
            targets=("kind",) if is_labelled else ("count",),
            task="classification" if is_labelled else "regression",
            sample_weight="weight" if weighted else None,
            class_weight={"x": 2, "z": Fraction(1, 3)} if weighted and is_labelled else None,
        )


def _rows(dataset: Dataset, loss: str, share: Fraction) -> IntegerRows:
    """Return a dual point with rows that are a share of the way from 0 to an end of their domain."""
    problem = dataset.problem(_GAMMA, loss)
    rows = []
    for i in range(problem.n):
        target, row = problem.target(i), []
        for y, (low, high) in zip(target, problem.loss.box(target, problem.weight(i)), strict=True):
            end = low if high is None or (y < 0 and low is not None and low < 0) else high
            row.append(int(share * (y if end is None or end == 0 else end) * _UNIT))
        if problem.loss.zero_sum:
            first = max(range(len(row)), key=row.__getitem__)
            others = [k for k in range(len(row)) if k != first]
            for k in others:
                row[k] = -(row[first] // len(others))
            row[others[0]] -= sum(row)
        rows.append(tuple(row))
    return tuple(rows)


def _certificate(dataset: Dataset, loss: str, rows: IntegerRows, bound: Fraction) -> Certificate:
    problem = dataset.problem(_GAMMA, loss)
    return Certificate(
        problem_sha256=problem.sha256(),
        gamma=problem.gamma,
        loss=problem.loss.text,
        output_bias=problem.output_bias,
        preprocessing=dataset.preprocessing,
        bound=bound,
        dual_point=rows,
        dual_exponent=EXPONENT,
        frame=Frame.identity(problem.d),
        tree=_TREE,
        method="by hand",
    )
