"""The checker of copositivity certificates: each obligation is needed, forgeries fail, hostile files end."""

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings

from benchmarks.matrices.copositive_matrices import HORN, clique_matrix, cycle
from certify import check, copositive
from certify.attack.tree_forgeries import TREE_FORGERIES
from certify.checker.certificate.copositivity import (
    COPOSITIVE,
    NOT_COPOSITIVE,
    NOT_STRICTLY_COPOSITIVE,
    STRICTLY_COPOSITIVE,
    CopositivityCertificate,
)
from certify.checker.certificate.file import (
    any_from_text,
    from_text,
    load_certificate,
    save_certificate,
    to_text,
)
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    FacesLeaf,
    Leaf,
    Node,
    Part,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.errors import CertificateError, DataError
from certify.checker.matrix.copositivity import check_copositivity
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.training.check import check_certificate
from certify.trust.parallel import in_processes
from certify.trust.rigorous import check_rigorously
from tests.certify.checker.copositive_oracle import simplex_minimum
from tests.certify.checker.faces import (
    HORN_FACES,
    forged_faces,
    whole,
    without_faces,
)
from tests.certify.checker.matrix.test_complete_positivity import FORGERIES as OF_FACTORISATIONS
from tests.certify.checker.oracles import replace_require
from tests.certify.checker.strategies import copositivity_certificates, symmetric_integers
from tests.certify.checker.test_obligations import FORGERIES as OF_TRAINING
from tests.certify.checker.test_obligations import HONEST as TRAINING
from tests.certify.checker.test_obligations import PROBLEM

F = Fraction
Rows = Sequence[Sequence[int | Fraction]]

# (1, 1) shows that the first is not copositive; the second is, and zero there; the third is strictly.
NEGATIVE, EDGE, POSITIVE = (((1, b), (b, 1)) for b in (-2, -1, 0))
ENVELOPE, FACES = EnvelopeLeaf(), whole(2)


def stated(
    matrix: Rows, *tree: Node, statement: str = COPOSITIVE, witness: tuple[int, ...] = ()
) -> tuple[CopositivityCertificate, SymmetricMatrix]:
    exact = SymmetricMatrix.from_rationals(matrix)
    return CopositivityCertificate(statement, exact.sha256(), tree, witness, "by hand"), exact


def obligation_of(certificate: CopositivityCertificate, matrix: SymmetricMatrix) -> Obligation | None:
    verdict = check_copositivity(certificate, matrix)
    assert verdict.valid is (verdict.obligation is None)
    assert verdict.bound is None
    return verdict.obligation


HONEST, MATRIX = stated(EDGE, ENVELOPE)

# What only one obligation stands in the way of; all but those of `HARMLESS` are lies.
FORGERIES = {
    Obligation.MATRIX: (replace(HONEST, matrix_sha256="0" * 64), MATRIX),
    Obligation.WITNESS: stated(EDGE, statement=NOT_COPOSITIVE, witness=(1, 1)),
    Obligation.PART_INDEX: stated(POSITIVE, Part((1, 0)), ENVELOPE, ENVELOPE),
    Obligation.PART_POSITIVE: stated(NEGATIVE, Part((0,)), ENVELOPE, ENVELOPE),
    Obligation.FACE_INDEX: stated(NEGATIVE, FacesLeaf((((0, 0, 0),),))),
    Obligation.FACE_ROW: stated(
        ((1, 1, -2), (1, 1, 0), (-2, 0, 1)), FacesLeaf((((0, 1, 1), (1, -1, 1), (2, 0, 0)),))
    ),
    Obligation.FACE_FORM: stated(NEGATIVE, FACES),
    Obligation.LEAF_FORM: stated(NEGATIVE, ENVELOPE),
    Obligation.LEAF_SCALE: stated(NEGATIVE, Leaf(0, 1)),
    Obligation.PRODUCT_SIGN: stated(NEGATIVE, Leaf(1, 1, ((0, 1, -6),))),
}
HARMLESS = {Obligation.MATRIX, Obligation.PART_INDEX}


@pytest.mark.parametrize("obligation", FORGERIES)
class TestForgeries:
    def test_is_caught(self, obligation: Obligation) -> None:
        assert obligation_of(*FORGERIES[obligation]) is obligation

    def test_is_caught_by_nothing_else(self, obligation: Obligation, monkeypatch: pytest.MonkeyPatch) -> None:
        def require(condition: bool, asked: Obligation, node: int | None = None) -> None:
            if not condition and asked is not obligation:
                raise Rejection(asked, node)

        replace_require(monkeypatch, require)
        certificate, matrix = FORGERIES[obligation]
        assert obligation_of(certificate, matrix) is None
        least = simplex_minimum(matrix.entries)
        true = least >= 0 if certificate.statement == COPOSITIVE else least < 0
        assert true is (obligation in HARMLESS)


def test_every_obligation_has_its_forgery() -> None:
    of_factorisations = {obligation for _, _, obligation in OF_FACTORISATIONS}
    of_no_checker = {Obligation.NODE_KIND, Obligation.EXPECTATION}
    assert {*OF_TRAINING, *FORGERIES, *of_factorisations, *of_no_checker} == set(Obligation)


@pytest.mark.parametrize(
    ("obligation", "tree"),
    [
        (Obligation.NODE_KIND, (Sign(0), ENVELOPE, ENVELOPE)),
        (Obligation.NODE_KIND, (TauLeaf(1, 1),)),
        (Obligation.SPLIT_INDEX, (Split(0, 0, 1, 1), ENVELOPE, ENVELOPE)),
        (Obligation.SPLIT_INDEX, (Split(0, 2, 1, 1), ENVELOPE, ENVELOPE)),
        (Obligation.SPLIT_INDEX, (Split(-1, 0, 1, 1), ENVELOPE, ENVELOPE)),
        (Obligation.SPLIT_POSITIVE, (Split(0, 1, 1, 0), ENVELOPE, ENVELOPE)),
        (Obligation.SPLIT_POSITIVE, (Split(0, 1, 1, -1), ENVELOPE, ENVELOPE)),
        (Obligation.PART_INDEX, (Part(()), ENVELOPE, ENVELOPE)),
        (Obligation.PART_INDEX, (Part((0, 1)), ENVELOPE, ENVELOPE)),
        (Obligation.PART_INDEX, (Part((0, 0)), ENVELOPE, ENVELOPE)),
        (Obligation.PART_INDEX, (Part((-1,)), ENVELOPE, ENVELOPE)),
        (Obligation.PART_INDEX, (Part((2,)), ENVELOPE, ENVELOPE)),
        (Obligation.LEAF_SCALE, (Leaf(1, 0),)),
        (Obligation.LEAF_SCALE, (Leaf(-1, 1),)),
        (Obligation.PRODUCT_INDEX, (Leaf(1, 1, ((0, 2, 1),)),)),
        (Obligation.PRODUCT_INDEX, (Leaf(1, 1, ((1, 0, 1),)),)),
        (Obligation.PRODUCT_SIGN, (Leaf(1, 1, ((0, 1, -1),)),)),
        (Obligation.LEAF_FORM, (Leaf(1, 1, ((0, 0, 1),)),)),
        (Obligation.COVER, ()),
        (Obligation.COVER, (ENVELOPE, ENVELOPE)),
        (Obligation.COVER, (Split(0, 1, 1, 1), ENVELOPE)),
        (Obligation.LIMITS, (Split(0, 1, 1 << 5000, 1), ENVELOPE, ENVELOPE)),
    ],
)
def test_is_refused(obligation: Obligation, tree: tuple[Node, ...]) -> None:
    assert obligation_of(replace(HONEST, tree=tree), MATRIX) is obligation


def test_training_certificates_have_no_such_nodes() -> None:
    for tree in ((FACES,), (Part((0,)), ENVELOPE, ENVELOPE), (Part((0,)),)):
        forged = replace(TRAINING, tree=tree)
        assert check_certificate(forged, PROBLEM).obligation is Obligation.NODE_KIND
        if isinstance(tree[0], Part):
            assert check_rigorously(forged, PROBLEM).obligation is Obligation.NODE_KIND


@pytest.mark.parametrize(
    ("matrix", "node", "proved", "strictly"),
    [
        (EDGE, ENVELOPE, True, False),
        (EDGE, FACES, True, False),
        (EDGE, Leaf(1, 1), True, False),
        (POSITIVE, ENVELOPE, True, True),
        (POSITIVE, Leaf(1, 1), True, True),
        (POSITIVE, FACES, True, True),
        (((0, 1), (1, 1)), ENVELOPE, True, False),
        (((0, 1), (1, 1)), FACES, True, False),
        (((1, 3), (3, 1)), ENVELOPE, True, True),
        (((1, 3), (3, 1)), Leaf(1, 1), False, False),
        # Of 6 t_0 t_1 the multipliers take 4, and 5: with what remains the form is singular, and definite.
        (((1, 3), (3, 1)), Leaf(1, 1, ((0, 1, 4),)), True, False),
        (((1, 3), (3, 1)), Leaf(1, 1, ((0, 1, 5),)), True, True),
        (HORN, HORN_FACES, True, False),
        (HORN, ENVELOPE, False, False),
    ],
)
def test_leaf_rules_by_hand(matrix: Rows, node: Node, proved: bool, strictly: bool) -> None:
    for statement, expected in ((COPOSITIVE, proved), (STRICTLY_COPOSITIVE, strictly)):
        certificate, exact = stated(matrix, node, statement=statement)
        assert (obligation_of(certificate, exact) is None) is expected


def test_witnesses_by_hand() -> None:
    for matrix, witness, negative, zero in [
        (NEGATIVE, (1, 1), True, True),
        (NEGATIVE, (1, 2), True, True),
        (NEGATIVE, (1, 4), False, False),
        (EDGE, (1, 1), False, True),
        (EDGE, (2, 1), False, False),
        (NEGATIVE, (0, 0), False, False),
        (NEGATIVE, (1, -1), False, False),
        (((1, 2), (2, 1)), (1, -1), False, False),
        (NEGATIVE, (1,), False, False),
        (NEGATIVE, (1, 1, 1), False, False),
        (NEGATIVE, (), False, False),
    ]:
        for statement, expected in ((NOT_COPOSITIVE, negative), (NOT_STRICTLY_COPOSITIVE, zero)):
            certificate, exact = stated(matrix, statement=statement, witness=witness)
            assert obligation_of(certificate, exact) is (None if expected else Obligation.WITNESS)
    certificate, exact = stated(NEGATIVE, ENVELOPE, statement=NOT_COPOSITIVE, witness=(1, 1))
    assert obligation_of(certificate, exact) is Obligation.COVER
    certificate, exact = stated(POSITIVE, ENVELOPE, witness=(1, 1))
    assert obligation_of(certificate, exact) is Obligation.WITNESS
    assert obligation_of(replace(HONEST, statement="training"), MATRIX) is Obligation.STATEMENT


@settings(max_examples=200, deadline=None)
@given(symmetric_integers())
def test_no_mutated_certificate_proves_what_is_false(matrix: list[list[int]]) -> None:
    least = simplex_minimum(matrix)
    exact = SymmetricMatrix.from_rationals(matrix)
    truth = {
        COPOSITIVE: least >= 0,
        STRICTLY_COPOSITIVE: least > 0,
        NOT_COPOSITIVE: least < 0,
        NOT_STRICTLY_COPOSITIVE: least <= 0,
    }
    chance = random.Random(repr(matrix))
    p = len(matrix)
    for _ in range(12):
        tree: tuple[Node, ...] = chance.choice(
            ((whole(p),), (whole(p - 1 or 1),), (ENVELOPE,), (Leaf(1, 1, ((0, 0, 1),)),))
        )
        if p > 1:
            k, l = chance.sample(range(p), 2)
            cut = (Split(k, l, chance.randint(1, 3), chance.randint(1, 3)), *tree, *tree)
            tree = chance.choice((tree, cut, (Part((k,)), *tree, *tree)))
        forged = TREE_FORGERIES[chance.choice(tuple(TREE_FORGERIES))](tree, chance)
        forged = tuple(forged_faces(n, chance) if isinstance(n, FacesLeaf) else n for n in forged)
        witness = tuple(chance.randint(-1, 3) for _ in range(p))
        for statement, true in truth.items():
            refuting = statement in (NOT_COPOSITIVE, NOT_STRICTLY_COPOSITIVE)
            certificate = CopositivityCertificate(
                statement, exact.sha256(), () if refuting else forged, witness if refuting else (), "forged"
            )
            assert true or not check_copositivity(certificate, exact).valid


def test_mutations_of_a_tree_that_needs_every_node(monkeypatch: pytest.MonkeyPatch) -> None:
    without_faces(monkeypatch)
    # At 2 - 1/100 and with the claim of 2, so that only the matrix is other than that of the tree.
    below = clique_matrix(7, cycle(7), F(199, 100))
    report = copositive(clique_matrix(7, cycle(7), F(21, 10)), strict=True)
    assert report.certificate is not None
    assert len(report.certificate.tree) > 1
    chance = random.Random(1)
    exact = SymmetricMatrix.from_rationals(below)
    for trial in range(200):
        kind = tuple(TREE_FORGERIES)[trial % len(TREE_FORGERIES)]
        tree = TREE_FORGERIES[kind](report.certificate.tree, chance)
        forged = replace(report.certificate, tree=tree, matrix_sha256=exact.sha256())
        assert not check_copositivity(forged, exact).valid
    for place in range(len(report.certificate.tree)):
        cut = report.certificate.tree[:place] + report.certificate.tree[place + 1 :]
        assert not check_copositivity(replace(report.certificate, tree=cut), report.matrix).valid


class TestFile:
    @given(copositivity_certificates())
    def test_round_trip(self, certificate: CopositivityCertificate) -> None:
        text = to_text(certificate)
        assert any_from_text(text) == certificate
        assert to_text(any_from_text(text)) == text

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"copositive"', '"true"'),
            ('"copositive"', "1"),
            ('"witness":[]', '"witness":[1]'),
            ('"witness":[]', '"witness":["01"]'),
            ('"witness":[]', '"witness":""'),
            ('"witness":[],', ""),
            ('"nodes":1', '"nodes":2'),
            ('"nodes":1', '"nodes":0'),
            ('"nodes":1', '"nodes":-1'),
            ('"nodes":1', '"nodes":1,"bound":"1/2"'),
            ("faces 7\n", "criterion\n"),
            ("faces 7\n", "faces\n"),
            ("faces 7\n", "faces 0\n"),
            ("faces 7\n", "faces -1\n"),
            ("faces 7\n", "faces 6\n"),
            ("faces 7\n", "faces 8\n"),
            ("faces 7\n", "faces 7 \n"),
            ("faces 7\n", "faces 7 7\n"),
            ("faces 7\n", "part\n"),
            ("faces 7\n", "part x\n"),
            ("faces 7\n", "part 0  1\n"),
            ("2 0 0 3 0 0 4 0 0\n", "2 0 0 3 0 0 4 0\n"),
            ("2 0 0 3 0 0 4 0 0\n", "2 0 0 3 0 0 4 0 x\n"),
            ("2 0 0 3 0 0 4 0 0\n", "2 0 0 3 0 0 4 0 0 \n"),
            ("2 0 0 3 0 0 4 0 0\n", "\n"),
            ("3 0 0 4 0 0\n", "3 0 0 4 0 0"),
        ],
    )
    def test_malformed(self, old: str, new: str) -> None:
        text = to_text(stated(HORN, HORN_FACES)[0])
        assert old in text
        with pytest.raises(CertificateError):
            any_from_text(text.replace(old, new))

    def test_other_commands_refuse_it(self, tmp_path: object) -> None:
        text = to_text(HONEST)
        with pytest.raises(CertificateError, match="states 'copositive' of a matrix"):
            from_text(text)
        path = f"{tmp_path}/c.cert"
        save_certificate(HONEST, path)
        with pytest.raises(CertificateError, match=r"c\.cert: .* of a matrix"):
            load_certificate(path)


class TestCheck:
    def test_the_verdict_says_what_was_proved(self) -> None:
        for matrix, strict, words in [
            (HORN, False, "is copositive: z^T M z >= 0"),
            (((2, -1), (-1, 2)), True, "is strictly copositive: z^T M z > 0"),
            (NEGATIVE, False, "is not copositive: z^T M z <= -2 for the witness z = (1, 1)"),
            (EDGE, True, "is not strictly copositive: z^T M z <= 0 for the witness z = (1, 1)"),
        ]:
            report = copositive(matrix, strict=strict)
            assert report.certificate is not None
            verdict = check(report.certificate, matrix=matrix)
            assert verdict.valid
            assert verdict.statement is not None
            assert words in verdict.statement

    def test_another_matrix_is_rejected(self) -> None:
        other = [list(row) for row in EDGE]
        other[0][0] = 2
        verdict = check(HONEST, matrix=other)
        assert (verdict.valid, verdict.obligation, verdict.statement) == (False, Obligation.MATRIX, None)

    def test_what_does_not_suit(self) -> None:
        for arguments in (
            {"X": [[1.0]], "y": [1.0]},
            {"problem": PROBLEM},
            {"matrix": EDGE, "gamma": 1},
            {"matrix": EDGE, "trust": "rigorous"},
            {},
        ):
            with pytest.raises(DataError):
                check(HONEST, **arguments)
        with pytest.raises(DataError, match="training problem"):
            check(TRAINING, matrix=EDGE)


class TestLimits:
    def test_rows_of_faces_count_as_multipliers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        text = to_text(stated(HORN, HORN_FACES)[0])
        endless = text.replace("faces 7", "faces 99999999999999999999")
        with pytest.raises(CertificateError, match="cut short"):
            any_from_text(endless)
        triples = sum(map(len, HORN_FACES.rows))
        monkeypatch.setattr("certify.checker.certificate.node_text.MAX_MULTIPLIERS", triples)
        assert any_from_text(text)
        monkeypatch.setattr("certify.checker.certificate.node_text.MAX_MULTIPLIERS", triples - 1)
        with pytest.raises(CertificateError, match="multipliers"):
            any_from_text(text)

    def test_deep_trees_end(self) -> None:
        certificate, matrix = stated(HORN, *(Split(0, 1, 1, 1),) * 200_000)
        assert obligation_of(certificate, matrix) is Obligation.LIMITS

    def test_large_trees_are_shared(self) -> None:
        tree: list[Node] = [FACES]
        for _ in range(2500):
            tree = [Split(0, 1, 1, 1), FACES, *tree]
        certificate, matrix = stated(EDGE, *tree)
        alone = check_copositivity(certificate, matrix)
        assert alone.valid
        assert check_copositivity(certificate, matrix, walk=in_processes(2)) == alone
        tree[1] = whole(1)
        forged = replace(certificate, tree=tuple(tree))
        assert check_copositivity(forged, matrix, walk=in_processes(2)) == check_copositivity(forged, matrix)
