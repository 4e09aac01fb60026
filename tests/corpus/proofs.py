"""The valid cases: every statement, every kind of node, every step of a leaf `faces`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.matrices.copositive_matrices import HORN
from certify.bounds.blocks.writing import blocks_certificate
from certify.bounds.bound import Settings, bound_dataset
from certify.checker.certificate.copositivity import COPOSITIVE, STRICTLY_COPOSITIVE
from certify.checker.certificate.nodes import EnvelopeLeaf, FacesLeaf
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import read_dataset
from certify.checker.data.reading import Reading
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.floats.problem import Arrays
from certify.runtime.progress import Observer
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multiplier_generation import solve_dual
from tests.certify.attack.test_attack import CORNER, CORNER_CERTIFICATES
from tests.certify.checker import blocks, row_signs
from tests.certify.checker.matrix.test_copositivity import stated
from tests.certify.checker.matrix.test_faces import TestExchange, TestMerge, TestParts
from tests.certify.checker.oracles import certificate_of
from tests.certify.checker.test_obligations import (
    AT_KINKS,
    HONEST,
    TAUS,
    WITH_BIAS,
    orthants,
)
from tests.certify.trust.extracted.test_matrices import VALID
from tests.corpus import losses
from tests.corpus.case import Case, case

# The problem of `CORNER` and its relatives, and the recipe that makes it of this file.
CORNER_DATA = b"1,0,3\n0,1,4\n"
CORNER_RECIPE = Preprocessing(("3",), "regression")

FLOWERS = b"""\
sepal,petal,kind
5.1,1.4,setosa
4.9,1.3,setosa
7.0,4.7,versicolor
6.4,4.5,versicolor
5.0,1.6,setosa
6.9,4.9,versicolor
"""
GARDEN = '''\
"l\u00e4nge in ""cm""";breite;h\u00f6he;gewicht
1.5;-0.25;2e0;.5
+0.5;1.25;1;-1
-1;0.5;0;0.75
2;1;-1.5;1e-1
0.25;-1;0.5;1.0
'''.encode()
PEOPLES = b"""\
id;colour;size;ok;yield
u1;red;1,5;True;10,5
u2;blue;2;False;20
u3;red;NA;True;30
u4;blue;-1;True;12,25
u5;blue;0,5;false;17
"""
NUMBERS = b"1.5\t-1\t0\n-0.5\t0.25\t1.0\n\n0.75\t2\t1\n1\t1\t0\n-2\t0.5\t1\n0.5\t-0.75\t0\n"


def found(name: str, how: str, data: bytes, settings: Settings, **options: object) -> Case:
    """Make a case of what the search finds."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        path.write_bytes(data)
        dataset = read_dataset(path, **options)  # type: ignore[arg-type]
    report = bound_dataset(dataset, settings, Observer())
    return case(name, f"certify bound {how}", report.certificate, data)


def by_search() -> Iterator[Case]:
    """Yield what `certify bound` writes, for files of many kinds."""
    tree = Settings("0.1", method="tree", gap=0.05)
    yield found("classes", "of two classes", FLOWERS, tree)
    yield found(
        "classes-standardized-bias", "--standardize --bias", FLOWERS, tree, standardize=True, bias=True
    )
    yield found(
        "two-targets-free",
        "--target höhe --target gewicht --output-bias free, of a file with semicolons",
        GARDEN,
        replace(tree, output_bias="free"),
        targets=("höhe", "gewicht"),
    )
    yield found(
        "no-header-decayed",
        "--output-bias decayed, of a file without header, with tabs and a blank line, of the classes 0 and 1",
        NUMBERS,
        replace(tree, output_bias="decayed"),
        task="classification",
    )
    yield found(
        "as-people-have-it",
        "--decimal , --ignore id --drop-missing --categorical colour --standardize-target",
        PEOPLES,
        tree,
        reading=Reading(decimal=",", ignore=("id",), drop_missing=True),
        categorical=("colour",),
        standardize_target=True,
    )
    yield in_blocks()
    yield found("sdp", "--method sdp", GARDEN, Settings("0.1", method="sdp"))
    yield found("shor", "--method shor", GARDEN, Settings("0.1", method="shor"))
    yield found("partition", "--method partition", GARDEN, Settings("0.1", method="partition"))


def in_blocks() -> Case:
    """Make a case of SDP-NN on each of two blocks of samples, with two targets."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        path.write_bytes(GARDEN)
        dataset = read_dataset(path, targets=("h\u00f6he", "gewicht"))
    problem = dataset.problem(Fraction(1, 10))
    arrays, proofs = Arrays.of(problem), []
    for rows in ([0, 3], [1, 2, 4]):
        gamma = arrays.gamma / 2
        solution = solve_dual(arrays.X[rows], arrays.Y[rows], gamma)
        share = gamma * np.eye(problem.d + problem.c)
        multipliers = solution.multipliers.scaled(1 / gamma)
        proofs.append(BlockProof(tuple(rows), share, solution.dual_point, multipliers))
    certificate = blocks_certificate(problem, proofs, preprocessing=dataset.preprocessing)
    how = "SDP-NN on each of two blocks of samples, with half of gamma each"
    return case("blocks-two-targets", how, certificate, GARDEN, kernel=True)


def of_corner(certificate: Certificate) -> Certificate:
    """Add the recipe for `CORNER_DATA`."""
    return replace(certificate, preprocessing=CORNER_RECIPE)


def by_hand() -> Iterator[Case]:
    """Yield proofs of the optimum 175/32 for X = I, Y = (3, 4), gamma = 5/4, and of what is near it."""
    yield case(
        "optimum",
        "by hand: the optimum, with tau = 1 on each orthant",
        of_corner(HONEST),
        CORNER_DATA,
        kernel=True,
        tight=True,
    )
    for name, certificate in CORNER_CERTIFICATES.items():
        yield case(
            name.replace(" ", "-"),
            f"by hand: nearly the optimum, by {name}",
            of_corner(certificate),
            CORNER_DATA,
            kernel=True,
            tight=True,
        )
    yield case(
        "blocks",
        "by hand: each of the two samples is a block of its own",
        of_corner(blocks.HONEST),
        CORNER_DATA,
        kernel=True,
    )
    yield case(
        "blocks-trees",
        "by hand: two blocks of samples, each with a tree of two leaves",
        of_corner(blocks.WITH_TREES),
        CORNER_DATA,
        kernel=True,
    )
    yield case(
        "blocks-crossed",
        "by hand: two blocks of samples, with cross terms in their shares",
        of_corner(blocks.CROSSED),
        CORNER_DATA,
        kernel=True,
    )
    envelopes = replace(HONEST, tree=orthants(*(EnvelopeLeaf(),) * 4))
    yield case(
        "envelopes", "by hand: the optimum, with envelopes", of_corner(envelopes), CORNER_DATA, tight=True
    )
    free = certificate_of(WITH_BIAS, [[-1], [1]], orthants(*TAUS), exponent=1)
    yield case(
        "free", "by hand: the optimum 1/4 with a free output bias", of_corner(free), CORNER_DATA, kernel=True
    )
    yield case(
        "all-free",
        "by hand: the optimum 1/4 with free biases, and a tree at the kink of each sample",
        of_corner(AT_KINKS),
        CORNER_DATA,
        kernel=True,
    )
    decayed = replace(CORNER, output_bias=OutputBias.DECAYED)
    small = with_toll(decayed, [[1], [1]], 1)
    yield case(
        "decayed", "by hand: a decayed output bias takes its toll", of_corner(small), CORNER_DATA, kernel=True
    )


def of_row_signs() -> Iterator[Case]:
    """Yield proofs of 18 and more, gamma = 3, that divide by the signs of samples."""
    data = row_signs.DATA
    files = {
        "a sample twice": data + b"1,-1,-4\n",
        "in a block": b"5,5,0\n" + data,
        "at kinks": b"0,0,-4\n" + data,
    }
    for name, (certificate, _) in row_signs.VALID.items():
        words = f"by hand: cones divided by the signs of samples, {name}"
        found = of_corner(certificate)
        yield case(f"rows-{name.replace(' ', '-')}", words, found, files.get(name, data), kernel=True)


def of_losses() -> Iterator[Case]:
    """Yield for each loss a proof in two dimensions, and with weights of samples and of classes."""
    for loss in losses.TEXTS:
        for weighted in (False, True):
            yield case(
                f"loss-{losses.short(loss)}{'-weighted' * weighted}",
                f"by hand: {loss}{', with weights' * weighted}",
                losses.honest(loss, weighted),
                losses.data_of(loss, weighted),
                kernel=loss in losses.IN_THE_KERNEL,
                tight=True,
            )


def with_toll(problem: TrainingProblem, dual_point: Sequence[Sequence[int]], exponent: int) -> Certificate:
    """Return a certificate by envelopes, with the claim that a decayed output bias leaves."""
    certificate = certificate_of(problem, dual_point, orthants(*TAUS), exponent=exponent)
    return replace(certificate, bound=dual_bound(problem, certificate.dual_point, exponent))


def of_matrices() -> Iterator[Case]:
    """Yield proofs of each statement of a matrix, and a leaf `faces` for each of its steps."""
    for name, (certificate, matrix) in VALID.items():
        words = f"by hand: {certificate.statement.replace('_', ' ')}, by {name}"
        short = name.replace(",", "").replace(" ", "-")
        yield case(f"matrix-{short}", words, certificate, matrix, kernel=True)
    steps = {
        "parts": (TestParts.BLOCKS, TestParts.ROWS),
        "exchange": (TestExchange.FORM, TestExchange.ROWS),
        "merge": (TestMerge.FORM, (TestMerge.ROW,)),
    }
    for step, (form, rows) in steps.items():
        certificate, matrix = stated(form, FacesLeaf(rows), statement=COPOSITIVE)
        yield case(f"faces-{step}", f"by hand: the step of {step}", certificate, matrix, kernel=True)
    entries, matrix = stated(
        ((2, 1), (1, 2)), FacesLeaf((((0, 0, 0), (1, 0, 0)),)), statement=STRICTLY_COPOSITIVE
    )
    yield case("faces-entries-strict", "by hand: the step of entries, strictly", entries, matrix)
    horn, matrix = VALID["faces"]
    lower = "".join(f"{i + 1} {j + 1} {HORN[i][j]}\n" for i in range(5) for j in range(i + 1))
    market = f"%%MatrixMarket matrix coordinate integer symmetric\n% Horn's\n5 5 15\n{lower}".encode()
    words = "by hand: Horn's matrix, in Matrix Market's format"
    yield case("matrix-market", words, horn, market, ending=".mtx")


def valid() -> Iterator[Case]:
    """Yield all."""
    yield from by_hand()
    yield from of_row_signs()
    yield from of_losses()
    yield from of_matrices()
    yield from by_search()
