"""The checker of complete positivity: certificates by hand, and forgeries of each kind."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matrices.copositive_matrices import HORN, circulant
from certify import CompletePositivityCertificate, load_certificate, save_certificate
from certify.checker.certificate.complete_positivity import COMPLETE_POSITIVITY, MAX_TERM_INTEGERS, Term
from certify.checker.certificate.copositivity import COPOSITIVE, CopositivityCertificate
from certify.checker.certificate.file import any_from_text, to_text
from certify.checker.certificate.nodes import EnvelopeLeaf, Split
from certify.checker.errors import CertificateError
from certify.checker.matrix.complete_positivity import check_complete_positivity
from certify.checker.matrix.copositivity import check_copositivity
from certify.checker.obligations import Obligation
from certify.checker.problems.matrix import SymmetricMatrix
from certify.matrices.completely_positive.decide import decide_complete_positivity
from tests.certify.checker.cp_oracle import gram
from tests.certify.checker.faces import HORN_FACES
from tests.certify.checker.strategies import (
    INTEGERS,
    PRINTABLE,
    integer_rows,
    matrix_nodes,
)

F = Fraction

# 1/2 (1, 1)(1, 1)^T + 1/3 (0, 3)(0, 3)^T + 2 (1, 0)(1, 0)^T
MATRIX = SymmetricMatrix.from_rationals([[F(5, 2), F(1, 2)], [F(1, 2), F(7, 2)]])
TERMS = (Term(F(1, 2), (1, 1)), Term(F(1, 3), (0, 3)), Term(F(2), (1, 0)))
YES = CompletePositivityCertificate("completely_positive", MATRIX.sha256(), 0, TERMS, (), (), (), "by hand")
OUTSIDE = SymmetricMatrix.from_rationals(circulant([600, 400, 99, 99, 400]))
NO = CompletePositivityCertificate(
    "not_completely_positive",
    OUTSIDE.sha256(),
    0,
    (),
    (),
    tuple(map(tuple, HORN)),
    (HORN_FACES,),
    "by hand",
)
INDEFINITE = SymmetricMatrix.from_rationals([[1, 2], [2, 1]])
VECTOR = replace(NO, matrix_sha256=INDEFINITE.sha256(), vector=(1, -1), separator=(), tree=())


@pytest.mark.parametrize(
    ("certificate", "matrix", "words"),
    [
        (YES, MATRIX, "the sum of 3 terms is the matrix"),
        (NO, OUTSIDE, "(1 leaf)"),
        (VECTOR, INDEFINITE, "the vector's value is negative"),
        # The last coordinate may be negative where it is free.
        (
            replace(YES, free=1, terms=(*TERMS[1:], Term(F(1, 4), (1, 1)), Term(F(1, 4), (1, 1)))),
            MATRIX,
            "4 terms",
        ),
    ],
)
def test_certificates_by_hand(
    certificate: CompletePositivityCertificate, matrix: SymmetricMatrix, words: str
) -> None:
    verdict = check_complete_positivity(certificate, matrix)
    assert verdict.valid
    assert (verdict.trust, verdict.bound) == ("exact", None)
    assert words in verdict.reason


def test_free_coordinates_may_be_negative() -> None:
    matrix = SymmetricMatrix.from_rationals([[1, -1], [-1, 1]])
    term = (Term(F(1), (1, -1)),)
    certificate = replace(YES, matrix_sha256=matrix.sha256(), free=1, terms=term)
    assert check_complete_positivity(certificate, matrix).valid
    assert check_complete_positivity(replace(certificate, free=0), matrix).obligation is Obligation.TERM
    assert check_complete_positivity(replace(certificate, free=2), matrix).valid


# Each stands for a way to claim what is not true, or not shown.
FORGERIES = [
    (replace(YES, statement="positive"), MATRIX, Obligation.STATEMENT),
    (YES, OUTSIDE, Obligation.MATRIX),
    (replace(YES, free=3), MATRIX, Obligation.CONE),
    (replace(YES, free=-1), MATRIX, Obligation.CONE),
    (replace(YES, vector=(1, 1)), MATRIX, Obligation.PROOF),
    (replace(YES, separator=((1, 0), (0, 1))), MATRIX, Obligation.PROOF),
    (replace(YES, tree=(EnvelopeLeaf(),)), MATRIX, Obligation.PROOF),
    (replace(YES, terms=(*TERMS, Term(F(-1), (1, 0)), Term(F(1), (1, 0)))), MATRIX, Obligation.TERM),
    (replace(YES, terms=(*TERMS, Term(F(0), (1, 0)))), MATRIX, Obligation.TERM),
    (replace(YES, terms=(*TERMS, Term(F(1), (1,)))), MATRIX, Obligation.TERM),
    (replace(YES, terms=(*TERMS, Term(F(1), (1, 0, 0)))), MATRIX, Obligation.TERM),
    (replace(YES, terms=TERMS[:2]), MATRIX, Obligation.SUM),
    (replace(YES, terms=()), MATRIX, Obligation.SUM),
    (replace(YES, terms=(*TERMS, Term(F(1, 10**80), (1, 0)))), MATRIX, Obligation.SUM),
    (replace(NO, separator=(), tree=()), OUTSIDE, Obligation.PROOF),
    (replace(NO, vector=(1, 1, 1, 1, 1)), OUTSIDE, Obligation.PROOF),
    (replace(NO, terms=(Term(F(1), (1, 0, 0, 0, 0)),)), OUTSIDE, Obligation.PROOF),
    (replace(NO, separator=NO.separator[:4]), OUTSIDE, Obligation.SEPARATOR_SHAPE),
    (replace(NO, free=1), OUTSIDE, Obligation.SEPARATOR_SHAPE),
    (replace(NO, separator=((1, -2, 1, 1, -1), *NO.separator[1:])), OUTSIDE, Obligation.SEPARATOR_SHAPE),
    (replace(NO, separator=((1,),) * 5), OUTSIDE, Obligation.SEPARATOR_SHAPE),
    (
        replace(NO, matrix_sha256=SymmetricMatrix.from_rationals(circulant([6, 4, 1, 1, 4])).sha256()),
        SymmetricMatrix.from_rationals(circulant([6, 4, 1, 1, 4])),
        Obligation.SEPARATION,
    ),
    # -I has a negative product with everything, and is not copositive.
    (
        replace(NO, separator=tuple(tuple(-int(i == j) for j in range(5)) for i in range(5))),
        OUTSIDE,
        Obligation.FACE_FORM,
    ),
    (replace(NO, tree=(EnvelopeLeaf(),)), OUTSIDE, Obligation.LEAF_FORM),
    (replace(NO, tree=()), OUTSIDE, Obligation.COVER),
    (replace(NO, tree=(Split(0, 1, 1, 1),)), OUTSIDE, Obligation.COVER),
    (replace(NO, tree=(HORN_FACES, HORN_FACES)), OUTSIDE, Obligation.COVER),
    (replace(VECTOR, vector=(1, 1)), INDEFINITE, Obligation.VECTOR),
    (replace(VECTOR, vector=(1, -1, 0)), INDEFINITE, Obligation.VECTOR),
    (replace(VECTOR, tree=(HORN_FACES,)), INDEFINITE, Obligation.PROOF),
    (replace(VECTOR, statement="completely_positive"), INDEFINITE, Obligation.PROOF),
]


@pytest.mark.parametrize(("forged", "matrix", "obligation"), FORGERIES)
def test_forgeries_are_rejected(
    forged: CompletePositivityCertificate, matrix: SymmetricMatrix, obligation: Obligation
) -> None:
    verdict = check_complete_positivity(forged, matrix)
    assert (verdict.valid, verdict.obligation) == (False, obligation)
    assert obligation.value in verdict.reason


def test_denominators_cannot_exhaust_the_checker() -> None:
    terms = tuple(Term(F(1, 2**13_000 + 2 * k + 1), (1, 0)) for k in range(100))
    verdict = check_complete_positivity(replace(YES, terms=terms), MATRIX)
    assert verdict.obligation is Obligation.LIMITS


@settings(max_examples=80, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_changed_number_proves_nothing_false(rng: random.Random) -> None:
    factor = [[F(rng.choice([0, 0, 1, 2, 3])) for _ in range(5)] for _ in range(4)]
    matrix = gram(factor)
    subject = SymmetricMatrix.from_rationals(matrix)
    certificate = decide_complete_positivity(subject).certificate
    assert certificate is not None
    lines = to_text(certificate).splitlines()
    if len(lines) == 1:
        return
    number = rng.randrange(1, len(lines))
    words = lines[number].split(" ")
    place = rng.randrange(1, len(words))
    words[place] = str(int(words[place]) + rng.choice([-2, -1, 1, 2]))
    lines[number] = " ".join(words)
    try:
        forged = any_from_text("\n".join(lines) + "\n")
    except CertificateError:
        return
    assert isinstance(forged, CompletePositivityCertificate)
    # The sum is another one.
    assert not check_complete_positivity(forged, subject).valid


def test_a_separator_counts_as_much_as_its_tree() -> None:
    # What the certificate embeds is what a copositivity certificate of the separator has.
    separator = SymmetricMatrix(NO.separator, 1)
    embedded = CopositivityCertificate(COPOSITIVE, separator.sha256(), NO.tree, (), "by hand")
    assert check_copositivity(embedded, separator).valid


def certificates() -> st.SearchStrategy[CompletePositivityCertificate]:
    """Certificates that a file can hold."""
    vector = st.lists(INTEGERS, min_size=1, max_size=4).map(tuple)
    return st.builds(
        CompletePositivityCertificate,
        statement=st.sampled_from(COMPLETE_POSITIVITY),
        matrix_sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
        free=st.integers(0, 5),
        terms=st.lists(st.builds(Term, st.fractions(), vector), max_size=4).map(tuple),
        vector=st.lists(INTEGERS, max_size=4).map(tuple),
        separator=st.integers(0, 3).flatmap(lambda q: integer_rows(q, max(q, 1))),
        tree=st.lists(matrix_nodes(), max_size=5).map(tuple),
        method=PRINTABLE,
    )


@given(certificates())
def test_what_is_written_is_read(certificate: CompletePositivityCertificate) -> None:
    text = to_text(certificate)
    assert any_from_text(text) == certificate
    assert to_text(certificate) == text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("term 1 2 1 1", "term 2 4 1 1", "line 2: the term's weight p/q is not in lowest terms"),
        ("term 1 2 1 1", "term 1 0 1 1", "line 2: the term's weight"),
        ("term 1 2 1 1", "term 1 2", "line 2: 'term 1 2' is no term"),
        ("term 1 2 1 1", "part 1 2 1 1", "line 2: 'part 1 2 1 1' is no term"),
        ("term 1 2 1 1", "term 1 2 1 x", "line 2: 'x' is not an integer"),
        ("term 1 2 1 1", "term 1  2 1 1", "line 2: '' is not an integer"),
        ('"terms":3', '"terms":4', "ends before its last term"),
        ('"terms":3', '"terms":2', "line 4: the header promises 0 nodes and the file goes on"),
        ('"nodes":0', '"nodes":1', "ends before its last node"),
        ('"terms":3', '"terms":-1', "'terms' is not an integer from 0"),
        ('"free":0', '"free":null', "'free' is not an integer from 0"),
        ('"vector":[]', '"vector":[1]', "'vector'"),
        ('"separator":[]', '"separator":["1 "]', "'separator'"),
        ('"free":0', '"free":0,"more":1', "unknown entry 'more'"),
    ],
)
def test_malformed_files_are_refused(old: str, new: str, words: str) -> None:
    text = to_text(YES)
    assert old in text
    with pytest.raises(CertificateError, match=words.replace("(", r"\(")):
        any_from_text(text.replace(old, new))


def test_terms_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_TERM_INTEGERS < 10**7
    monkeypatch.setattr("certify.checker.certificate.complete_positivity.MAX_TERM_INTEGERS", 11)
    with pytest.raises(CertificateError, match=r"line 4.*more than 11 integers"):
        any_from_text(to_text(YES))


def test_it_is_no_bound_on_training(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("certificates") / "a.cert"
    save_certificate(YES, path)
    with pytest.raises(CertificateError, match="states 'completely_positive' of a matrix"):
        load_certificate(path)
