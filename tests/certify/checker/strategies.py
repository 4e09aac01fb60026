"""Hypothesis strategies shared by the tests: small exact problems, and certificates of every shape."""

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import strategies as st

from certify.checker.certificate.copositivity import COPOSITIVITY, CopositivityCertificate
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    FacesLeaf,
    Leaf,
    Node,
    Part,
    RowSign,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.recipe import Preprocessing
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem

INTEGERS = st.integers(-20, 20) | st.integers(-(10**60), 10**60)
GAMMAS = st.fractions(min_value=Fraction(1, 50), max_value=10, max_denominator=50)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


def rational_rows(rows: int, columns: int, bound: int = 5) -> st.SearchStrategy[list[list[Fraction]]]:
    """Matrices of small rationals, with zeros and repetitions."""
    entry = st.integers(-bound, bound).map(Fraction) | st.fractions(-bound, bound, max_denominator=7)
    return st.lists(st.lists(entry, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


@st.composite
def problems(
    draw: st.DrawFn,
    max_n: int = 5,
    d: int | None = None,
    max_c: int = 3,
    output_biases: Sequence[str] = ("none",),
) -> TrainingProblem:
    """Training problems of up to three features, n < d and c > n included."""
    n, c = draw(st.integers(1, max_n)), draw(st.integers(1, max_c))
    features = draw(st.integers(1, 3)) if d is None else d
    return TrainingProblem.from_rationals(
        draw(rational_rows(n, features)),
        draw(rational_rows(n, c)),
        draw(GAMMAS),
        output_bias=draw(st.sampled_from(output_biases)),
    )


def integer_rows(rows: int, columns: int) -> st.SearchStrategy[IntegerRows]:
    """Integer matrices, some entries of them long."""
    row = st.lists(INTEGERS, min_size=columns, max_size=columns).map(tuple)
    return st.lists(row, min_size=rows, max_size=rows).map(tuple)


def products() -> st.SearchStrategy[tuple[tuple[int, int, int], ...]]:
    """Multipliers as a file holds them, those of one first index together."""
    entries = st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 6)), INTEGERS, max_size=5)
    return entries.map(lambda table: tuple((i, j, table[i, j]) for i, j in sorted(table)))


INDEX = st.integers(-1, 5)


def faces() -> st.SearchStrategy[tuple[tuple[tuple[int, int, int], ...], ...]]:
    """Rows as a file holds them."""
    triple = st.tuples(INDEX, INTEGERS, st.integers(-2, 4))
    row = st.lists(triple, min_size=1, max_size=4).map(tuple)
    return st.lists(row, min_size=1, max_size=4).map(tuple)


def _common_nodes() -> st.SearchStrategy[Node]:
    return (
        st.builds(Split, INDEX, INDEX, INTEGERS, INTEGERS)
        | st.builds(Leaf, INTEGERS, INTEGERS, products())
        | st.builds(EnvelopeLeaf)
    )


def training_nodes() -> st.SearchStrategy[Node]:
    """Single nodes of trees of training, meaningless ones included."""
    tau = st.builds(TauLeaf, INTEGERS, INTEGERS, INTEGERS, products())
    return _common_nodes() | st.builds(Sign, INDEX) | st.builds(RowSign, INDEX) | tau


def matrix_nodes() -> st.SearchStrategy[Node]:
    """Single nodes of trees of a matrix, meaningless ones included."""
    part = st.builds(Part, st.lists(INDEX, min_size=1, max_size=4).map(tuple))
    return _common_nodes() | st.builds(FacesLeaf, faces()) | part


@st.composite
def preprocessings(draw: st.DrawFn) -> Preprocessing:
    """Recipes of both tasks, with weights and without."""
    pair = st.tuples(st.fractions(), st.fractions(min_value=Fraction(1, 1000)))
    standardize = draw(st.none() | st.lists(pair, min_size=1, max_size=4).map(tuple))
    bias, weight = draw(st.booleans()), draw(st.none() | st.text(max_size=5))
    if draw(st.booleans()):
        targets = draw(st.lists(st.text(max_size=5), min_size=1, max_size=3, unique=True))
        return Preprocessing(tuple(targets), "regression", (), bias, standardize, weight)
    classes = tuple(draw(st.lists(st.text(max_size=5), min_size=2, max_size=4, unique=True)))
    weights: tuple[Fraction, ...] = ()
    if draw(st.booleans()):
        positive = st.fractions(min_value=Fraction(1, 1000))
        weights = tuple(draw(st.lists(positive, min_size=len(classes), max_size=len(classes))))
    target = (draw(st.text(max_size=5)),)
    return Preprocessing(target, "classification", classes, bias, standardize, weight, weights)


@st.composite
def certificates(draw: st.DrawFn) -> Certificate:
    """Certificates that a file can hold; that one proves anything would be a miracle."""
    n, c, d = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return Certificate(
        problem_sha256=draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
        gamma=draw(st.fractions()),
        loss=draw(PRINTABLE),
        output_bias=draw(PRINTABLE),
        preprocessing=draw(st.none() | preprocessings()),
        bound=draw(st.fractions()),
        dual_point=draw(integer_rows(n, c)),
        dual_exponent=draw(st.integers(0, 10_000)),
        frame=Frame(draw(integer_rows(d, d)), draw(integer_rows(d, d)), draw(INTEGERS)),
        tree=tuple(draw(st.lists(training_nodes(), max_size=6))),
        method=draw(PRINTABLE),
    )


def copositivity_certificates() -> st.SearchStrategy[CopositivityCertificate]:
    """Certificates that a file can hold, of every statement of a matrix."""
    return st.builds(
        CopositivityCertificate,
        statement=st.sampled_from(COPOSITIVITY),
        matrix_sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
        tree=st.lists(matrix_nodes(), max_size=6).map(tuple),
        witness=st.lists(INTEGERS, max_size=4).map(tuple),
        method=PRINTABLE,
    )


@st.composite
def symmetric_integers(draw: st.DrawFn, max_order: int = 5) -> list[list[int]]:
    """Symmetric integer matrices with many ties; half of them sums of squares and a few other entries."""
    p, size = draw(st.integers(1, max_order)), draw(st.sampled_from((1, 2, 3, 10)))
    entry = st.integers(-size, size)
    matrix = [[0] * p for _ in range(p)]
    if draw(st.booleans()):
        rank = draw(st.integers(1, p))
        rows = [[draw(st.integers(-2, 2)) for _ in range(rank)] for _ in range(p)]
        matrix = [[sum(a * b for a, b in zip(x, y, strict=True)) for y in rows] for x in rows]
        entry = st.sampled_from((0, 0, 0, 1, -1))
    for i in range(p):
        for j in range(i + 1):
            matrix[i][j] += abs(draw(entry)) if i == j else draw(entry)
            matrix[j][i] = matrix[i][j]
    return matrix
