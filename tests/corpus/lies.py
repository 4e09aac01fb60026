"""The invalid cases: for each obligation a forgery that nothing else catches, and lies once believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from certify.bounds.proofs.writing import trivial_certificate
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Leaf,
    Node,
    Sign,
    Split,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.dataset import reread_dataset
from certify.checker.data.recipe import Preprocessing
from certify.checker.obligations import Obligation
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.training import TrainingProblem
from tests.certify.checker import blocks, row_signs
from tests.certify.checker.matrix.test_complete_positivity import FORGERIES as OF_FACTORISATIONS
from tests.certify.checker.matrix.test_copositivity import FORGERIES as OF_COPOSITIVITY
from tests.certify.checker.matrix.test_copositivity import HARMLESS as HARMLESS_OF_MATRICES
from tests.certify.checker.oracles import certificate_of
from tests.certify.checker.test_obligations import (
    AT_KINKS,
    FORGERIES,
    HARMLESS,
    HONEST,
    TAUS,
)
from tests.corpus import losses
from tests.corpus.case import Case, case
from tests.corpus.proofs import CORNER_DATA, of_corner

# What no file can fail: of files with such nodes or statements a reader makes no certificate, and gamma, loss
# and output bias are hashed with the problem.
OF_NO_FILE = {Obligation.NODE_KIND, Obligation.STATEMENT}


def _named(obligation: Obligation) -> str:
    return obligation.name.lower().replace("_", "-")


def of_training() -> Iterator[Case]:
    """Yield a forgery for each obligation of a bound, for X = I, Y = (3, 4), gamma = 5/4."""
    for obligation, certificate in FORGERIES.items():
        if obligation in OF_NO_FILE:
            continue
        what = "is of no use" if obligation in HARMLESS else "would prove more than the optimum"
        yield case(
            _named(obligation),
            f"by hand: without the obligation it {what}",
            of_corner(certificate),
            CORNER_DATA,
            obligation=obligation,
            kernel=obligation not in (Obligation.PROBLEM, Obligation.LIMITS),
        )
    yield from of_losses()
    yield from of_row_signs()
    divided = blocks.WITH_TREES.blocks
    assert divided is not None
    parts = [replace(block, nodes=n) for block, n in zip(divided.parts, (4, 2), strict=True)]
    yield case(
        "blocks-leaf-form",
        "by hand: in the second block's tree a leaf has no multipliers",
        of_corner(replace(blocks.WITH_TREES, tree=(*blocks.WITH_TREES.tree[:-1], Leaf(1, 1)))),
        CORNER_DATA,
        obligation=Obligation.LEAF_FORM,
        kernel=True,
    )
    yield case(
        "blocks-cover",
        "by hand: the first block has a node of the second one's tree",
        of_corner(replace(blocks.WITH_TREES, blocks=replace(divided, parts=tuple(parts)))),
        CORNER_DATA,
        obligation=Obligation.COVER,
        kernel=True,
    )
    yield case(
        "blocks-shares-crossed",
        "by hand: shares that add up but for their cross terms, which would prove more than the optimum",
        of_corner(blocks.TOO_MUCH_CROSSED),
        CORNER_DATA,
        obligation=Obligation.SHARES,
        kernel=True,
    )
    yield case(
        "kinks-cover",
        "by hand: free biases, without a tree at the kink of the second sample",
        of_corner(replace(AT_KINKS, tree=AT_KINKS.tree[:7])),
        CORNER_DATA,
        obligation=Obligation.COVER,
        kernel=True,
    )
    yield case(
        "other-data",
        "the optimum's certificate, for other data",
        of_corner(HONEST),
        b"1,0,3\n0,1,5\n",
        obligation=Obligation.PROBLEM,
    )
    yield case(
        "other-columns",
        "the optimum's certificate, for more data",
        of_corner(HONEST),
        b"1,0,3,7\n0,1,4,7\n",
        obligation=Obligation.PROBLEM,
    )
    yield case(
        "other-gamma",
        "the optimum's certificate with another gamma",
        of_corner(replace(HONEST, gamma=Fraction(2))),
        CORNER_DATA,
        obligation=Obligation.PROBLEM,
    )
    negative = replace(HONEST, tree=(Sign(-1), *TAUS[:2]))
    yield case(
        "sign-index-negative",
        "by hand: an index below zero",
        of_corner(negative),
        CORNER_DATA,
        obligation=Obligation.SIGN_INDEX,
    )
    left_over = replace(HONEST, tree=(*HONEST.tree, TAUS[0]))
    yield case(
        "left-over",
        "the optimum's certificate with one leaf more",
        of_corner(left_over),
        CORNER_DATA,
        obligation=Obligation.COVER,
    )


def of_row_signs() -> Iterator[Case]:
    """Yield forgeries of a proof that divides by the signs of samples."""
    for name, words, certificate, obligation in (
        ("swapped", "the leaves of a sample's two sides exchanged", row_signs.SWAPPED, Obligation.LEAF_FORM),
        ("missing", "a sample's last side without a leaf", row_signs.MISSING, Obligation.COVER),
        (
            "twice",
            "a sample's sign twice, one below the other",
            row_signs.TWICE_THE_SAME,
            Obligation.ROW_INDEX,
        ),
        ("beyond", "the sign of a sample that does not exist", row_signs.BEYOND, Obligation.ROW_INDEX),
        (
            "form-missing",
            "a leaf without the form that its proof needs",
            row_signs.WITHOUT_FORM,
            Obligation.LEAF_FORM,
        ),
        (
            "another-form",
            "a form of a sample that was not divided by",
            row_signs.ANOTHER_FORM,
            Obligation.PRODUCT_INDEX,
        ),
        (
            "free-form",
            "a negative multiplier of a form's square",
            row_signs.FREE_FORM,
            Obligation.PRODUCT_SIGN,
        ),
    ):
        yield case(
            f"rows-{name}",
            f"by hand: {words}",
            of_corner(certificate),
            row_signs.DATA,
            obligation=obligation,
            kernel=True,
        )


def of_losses() -> Iterator[Case]:
    """Yield for each loss but the squared one a row out of its domain, and a claim that is too high."""
    for loss in losses.LIMITED:
        for what, certificate, obligation in (
            ("domain", losses.outside(loss), Obligation.DUAL_DOMAIN),
            ("claim", losses.too_high(loss), Obligation.CLAIM),
        ):
            yield case(
                f"loss-{losses.short(loss)}-{what}",
                f"by hand: {loss}, with a unit in the last place too much",
                certificate,
                losses.data_of(loss, what == "domain"),
                obligation=obligation,
                kernel=loss in losses.IN_THE_KERNEL,
            )


def of_matrices() -> Iterator[Case]:
    """Yield forgeries for the obligations of a statement of a matrix."""
    for obligation, (certificate, matrix) in OF_COPOSITIVITY.items():
        what = "is of no use" if obligation in HARMLESS_OF_MATRICES else "would prove what is false"
        yield case(
            f"matrix-{_named(obligation)}",
            f"by hand: without the obligation it {what}",
            certificate,
            matrix,
            obligation=obligation,
            kernel=obligation is not Obligation.MATRIX,
        )
    counts: dict[Obligation, int] = {}
    for forged, matrix, obligation in OF_FACTORISATIONS:
        if obligation in OF_NO_FILE or forged.free < 0:
            continue
        counts[obligation] = counts.get(obligation, 0) + 1
        number = f"-{counts[obligation]}" if counts[obligation] > 1 else ""
        yield case(
            f"factorisation-{_named(obligation)}{number}",
            "by hand: what is not true, or not shown",
            forged,
            matrix,
            obligation=obligation,
            kernel=obligation is not Obligation.MATRIX and not number,
        )


def of_floating_point() -> Iterator[Case]:
    """Yield false bounds that a checker in floating point has believed."""
    problem, recipe, data = _problem(b"a,y\n2e160,1e160\n1e160,-1e160\n", ("y",))
    large = [[10**160], [-(10**160)]]
    yield case(
        "overflow",
        "by hand: forms of numbers that overflow, which makes NaN of their difference",
        _with(problem, recipe, large, (Sign(0), EnvelopeLeaf(), EnvelopeLeaf())),
        data,
        obligation=Obligation.LEAF_FORM,
    )
    problem, recipe, data = _problem(
        b"a,b,c,y1,y2\n0,0,1,1,0.1\n0,1,0,1,0.2\n0,1,1,-1,0.1\n1,0,0,0,0.3\n", ("y1", "y2")
    )
    b = 2**600
    frame = Frame(((b, 1, 0), (-b, 1, 0), (0, -b, 1)), ((1, -1, 0), (b, b, 0), (b * b, b * b, 2 * b)), 2 * b)
    leaf = EnvelopeLeaf()
    # Two splits drive the errors of the generators to infinity, and a column of zeros makes NaN of them.
    orthant: tuple[Node, ...] = (
        Split(0, 1, 1, 1),
        Split(0, 2, b // 2, 1),
        Split(1, 2, 2, 3),
        leaf,
        leaf,
        leaf,
        Split(1, 2, b // 2, 1),
        Split(0, 2, 2, 3),
        leaf,
        leaf,
        leaf,
    )
    tree = (
        Sign(0),
        Sign(1),
        Sign(2),
        *orthant,
        leaf,
        Sign(2),
        leaf,
        leaf,
        Sign(1),
        Sign(2),
        leaf,
        leaf,
        Sign(2),
        leaf,
        *orthant,
    )
    yield case(
        "infinite-errors",
        "by hand: errors of generators that become infinite, and NaN times zero",
        _with(problem, recipe, [[1, 0], [1, 0], [-1, 0], [0, 0]], tree, frame),
        data,
        obligation=Obligation.LEAF_FORM,
    )


def of_recipes() -> Iterator[Case]:
    """Yield proofs of problems that recipes make which are not for the data, and nothing else is wrong."""
    data = b"kind,x,y\na,1,2\nb,2,4\na,3,9\n"
    recipe = Preprocessing(("y",), "regression", categorical=(("kind", ("a", "b")),))
    inputs = [(kind == "a", kind == "b", x) for kind, x in (("a", 1), ("b", 2), ("a", 3))]
    another = {
        "recipe-target-scale": replace(recipe, standardize_targets=((Fraction(0), Fraction(100)),)),
        "recipe-level-missing": replace(recipe, categorical=(("kind", ("a", "b", "c")),)),
        "recipe-categorical-target": replace(recipe, categorical=(("y", ("2", "4", "9")),)),
    }
    for name, forged in another.items():
        scale = 100 if forged.standardize_targets else 1
        problem = TrainingProblem.from_rationals(
            [[*map(Fraction, row), *[Fraction(0)] * (name == "recipe-level-missing")] for row in inputs],
            [[Fraction(scale * y)] for y in (2, 4, 9)],
            Fraction(1, 10),
        )
        yield case(
            name,
            "by hand: a recipe that makes another problem than its words mean",
            trivial_certificate(problem, preprocessing=forged),
            data,
            obligation=Obligation.PROBLEM,
        )


def _problem(data: bytes, targets: tuple[str, ...]) -> tuple[TrainingProblem, Preprocessing, bytes]:
    recipe = Preprocessing(targets, "regression")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        path.write_bytes(data)
        return reread_dataset(path, recipe).problem("0.1"), recipe, data


def _with(
    problem: TrainingProblem,
    recipe: Preprocessing,
    dual_point: list[list[int]],
    tree: tuple[Node, ...],
    frame: Frame | None = None,
) -> Certificate:
    certificate = certificate_of(problem, dual_point, tree, frame=frame)
    bound = dual_bound(problem, certificate.dual_point, 0)
    return replace(certificate, preprocessing=recipe, bound=bound)


def invalid() -> Iterator[Case]:
    """Yield all."""
    yield from of_training()
    yield from of_recipes()
    yield from of_matrices()
    yield from of_floating_point()
