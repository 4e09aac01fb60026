"""The proved parser of canonical texts against Python's printer: one text for each problem, and back."""

import hashlib
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker.errors import DataError
from certify.checker.problems.losses.table import recorded_loss
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.problems.output_bias import OUTPUT_BIASES, OutputBias
from certify.checker.problems.training import TrainingProblem
from tests.certify.checker.problems.losses.examples import LOSSES, WEIGHTS, numbers, targets
from tests.certify.checker.strategies import problems, symmetric_integers
from tests.certify.trust.extracted.readers import DRIVER, REFUSED

pytestmark = pytest.mark.skipif(not DRIVER.exists(), reason="the proved checker is not built: make proofs")

F = Fraction
SMALL = TrainingProblem.from_rationals(
    [[F(1, 2), -10], [0, 3]], [[1], [F(-12, 5)]], F(1, 10), "squared", "free"
)
WEIGHTED = TrainingProblem.from_rationals(
    [[1], [2]], [[F(1, 2)], [3]], 1, "huber 1/12", "none", [F(1, 3), F(2)]
)
INSENSITIVE = TrainingProblem.from_rationals([[1]], [[2]], 1, "epsilon-insensitive 0", "decayed")
MATRIX = SymmetricMatrix.from_rationals([[2, F(-1, 3)], [F(-1, 3), 10]])
LARGE = st.builds(
    lambda sign, e, k: sign * (10**e + k), st.sampled_from((1, -1)), st.integers(0, 4200), st.integers(-2, 2)
)


def hashes(kind: str, texts: Sequence[str]) -> list[str]:
    """Return the hash of what the proved parser makes of each text, printed again, or that it is refused."""
    cases = [text.encode("latin-1") for text in texts]
    given = b"".join(b"%s %d 0\n%s" % (kind.encode(), len(case), case) for case in cases)
    run = subprocess.run([str(DRIVER)], input=given, capture_output=True, timeout=60, check=True)
    answers = run.stdout.decode().split()
    assert len(answers) == len(texts)
    return answers


def read_problem(text: str) -> TrainingProblem | None:
    """Read a text loosely and print it again: an oracle."""
    lines = [re.findall(r"-?\d+", line) for line in text.split("\n")]
    try:
        (p, q), (a, b, *of_weights), *samples = (list(map(int, line)) for line in (lines[3], *lines[5:-1]))
        widths = [int(n) for n in lines[4]]
        end = widths[1] + widths[2]
        problem = TrainingProblem(
            tuple(tuple(row[: widths[1]]) for row in samples),
            tuple(tuple(row[widths[1] : end] if of_weights else row[widths[1] :]) for row in samples),
            F(p, q),
            a,
            b,
            recorded_loss(text.split("\n")[1].removeprefix("loss ")),
            next(kind for kind in OutputBias if f"output_bias {kind}\n" in text),
            tuple(row[end] for row in samples) if of_weights else None,
            of_weights[0] if of_weights else 1,
        )
    except (ValueError, IndexError, ZeroDivisionError, StopIteration, DataError):
        return None
    return problem if "".join(problem.canonical_text()) == text else None


def read_matrix(text: str) -> SymmetricMatrix | None:
    lines = [list(map(int, re.findall(r"-?\d+", line))) for line in text.split("\n")]
    try:
        (denominator,), *rows = lines[2:-1]
        matrix = SymmetricMatrix.from_rationals([[F(entry, denominator) for entry in row] for row in rows])
    except (ValueError, IndexError, ZeroDivisionError, DataError):
        return None
    return matrix if matrix.canonical_text() == text else None


def mutations(text: str) -> Iterator[str]:
    """Change, remove and add each byte, and cut the text short."""
    for place in range(len(text)):
        before, byte, after = text[:place], text[place], text[place + 1 :]
        yield before
        yield before + after
        for other in "0123456789 -;/\n\r+.a\x00\xff":
            yield before + other + after
            yield before + other + byte + after


@settings(max_examples=10)
@given(
    drawn=st.lists(
        st.tuples(
            problems(output_biases=OUTPUT_BIASES), st.fractions(min_value=F(1, 10**9), max_value=10**9), LARGE
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_python_prints_is_read_and_printed_alike(
    drawn: list[tuple[TrainingProblem, Fraction, int]],
) -> None:
    cases = []
    for problem, gamma, large in drawn:
        inputs = [[F(entry, problem.input_denominator) for entry in row] for row in problem.inputs]
        targets = [
            [F(large), *(F(y, problem.target_denominator) for y in row[1:])] for row in problem.targets
        ]
        cases.append(TrainingProblem.from_rationals(inputs, targets, gamma, "squared", problem.output_bias))
    texts = ["".join(case.canonical_text()) for case in cases]
    assert hashes("problem", texts) == [case.sha256() for case in cases]


@settings(max_examples=30)
@given(data=st.data())
def test_every_loss_and_weight_is_read_and_printed_alike(data: st.DataObject) -> None:
    cases = []
    for loss in LOSSES:
        n, c = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
        y = [data.draw(targets(loss, c)) for _ in range(n)]
        weights = data.draw(st.none() | st.lists(WEIGHTS, min_size=n, max_size=n))
        x = [data.draw(numbers(2)) for _ in range(n)]
        cases.append(TrainingProblem.from_rationals(x, y, F(1, 3), loss, "none", weights))
    texts = ["".join(case.canonical_text()) for case in cases]
    assert [read_problem(text) for text in texts] == cases
    assert hashes("problem", texts) == [case.sha256() for case in cases]


@settings(max_examples=20)
@given(
    drawn=st.lists(st.tuples(symmetric_integers(), st.integers(1, 10**30)), min_size=1, max_size=8),
)
def test_matrices_that_python_prints_are_read_and_printed_alike(
    drawn: list[tuple[list[list[int]], int]],
) -> None:
    matrices = [
        SymmetricMatrix.from_rationals([[F(entry, q) for entry in row] for row in rows]) for rows, q in drawn
    ]
    texts = [matrix.canonical_text() for matrix in matrices]
    assert hashes("matrix", texts) == [matrix.sha256() for matrix in matrices]


@pytest.mark.parametrize(
    ("kind", "text", "read"),
    [
        ("problem", "".join(SMALL.canonical_text()), read_problem),
        ("problem", "".join(WEIGHTED.canonical_text()), read_problem),
        ("problem", "".join(INSENSITIVE.canonical_text()), read_problem),
        ("matrix", MATRIX.canonical_text(), read_matrix),
    ],
)
def test_another_text_is_refused_or_that_of_another_one(
    kind: str, text: str, read: Callable[[str], TrainingProblem | SymmetricMatrix | None]
) -> None:
    others = sorted(set(mutations(text)) - {text})
    known = [read(other) for other in others]
    expected = [REFUSED if subject is None else subject.sha256() for subject in known]
    assert hashes(kind, others) == expected
    assert len(set(expected)) > 50  # the texts of others are tried as well
    own = hashlib.sha256(text.encode()).hexdigest()
    assert hashes(kind, [text]) == [own]
    assert own not in expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("denominators 2 5\n1 -20 ; 5\n0 6 ; -12", "denominators 4 5\n2 -40 ; 5\n0 12 ; -12"),
        ("denominators 2 5\n1 -20 ; 5\n0 6 ; -12", "denominators -2 5\n-1 20 ; 5\n0 -6 ; -12"),
        ("1 -20 ; 5\n0 6 ; -12", "1 -20 5 ; 5\n0 6 ; -12"),
        ("1 -20 ; 5\n0 6 ; -12", "1 -20\n0 6"),
        ("1 -20 ; 5", "1 ; -20 ; 5"),
        ("size 2 2 1", "size 2 1 2"),
        ("size 2 2 1", f"size {10**30} 2 1"),
        ("size 2 2 1\ndenominators 2 5\n1 -20 ; 5\n0 6 ; -12\n", "size 0 2 1\ndenominators 1 1\n"),
        ("gamma 1/10", "gamma 2/20"),
        ("gamma 1/10", "gamma 0/1"),
        ("gamma 1/10", "gamma -1/10"),
        ("gamma 1/10", "gamma -1/-10"),
        ("gamma 1/10", "gamma 0.1"),
        ("loss squared", "loss absolut"),
        ("output_bias free", "output_bias both"),
        ("-12\n", "-12\n\n"),
        ("-12\n", "-12\x00\n"),
        ("-12\n", f"-12\n{'9' * 300_000}"),  # would take long to read as a number
        ("-12\n", f"-12{'9' * 4400}\n"),
        ("-20", "-\xb20"),
    ],
)
def test_near_misses_are_refused(old: str, new: str) -> None:
    text = "".join(SMALL.canonical_text())
    assert old in text
    assert hashes("problem", [text.replace(old, new)]) == [REFUSED]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("huber 1/12", "huber 2/24"),
        ("huber 1/12", "huber -1/12"),
        ("huber 1/12", "huber 0"),
        ("huber 1/12", "huber 1/1"),
        ("huber 1/12", "huber"),
        ("huber 1/12", "huber  1/12"),
        ("huber 1/12", "huber 1/12 3"),
        ("huber 1/12", "quantile 1"),
        ("huber 1/12", "quantile 0"),
        ("huber 1/12", "cross-entropy 0"),
        ("huber 1/12", "cross-entropy 3/2"),
        ("huber 1/12", "epsilon-insensitive -1"),
        ("huber 1/12", "squared 1"),
        ("huber 1/12", f"huber {'9' * 4400}"),
        ("denominators 1 2 3\n1 ; 1 ; 1\n2 ; 6 ; 6", "denominators 1 2 6\n1 ; 1 ; 2\n2 ; 6 ; 12"),
        ("denominators 1 2 3\n1 ; 1 ; 1\n2 ; 6 ; 6", "denominators 1 2 1\n1 ; 1 ; 1\n2 ; 6 ; 1"),
        ("denominators 1 2 3\n1 ; 1 ; 1\n2 ; 6 ; 6", "denominators 1 2 3\n1 ; 1 1\n2 ; 6 6"),
        ("denominators 1 2 3", "denominators 1 2"),
        ("2 ; 6 ; 6", "2 ; 6 ; 0"),
        ("2 ; 6 ; 6", "2 ; 6 ; -6"),
        ("2 ; 6 ; 6", "2 ; 6"),
        ("2 ; 6 ; 6", "2 ; 6 ; 6 ; 6"),
    ],
)
def test_near_misses_of_losses_and_weights_are_refused(old: str, new: str) -> None:
    text = "".join(WEIGHTED.canonical_text())
    assert old in text
    assert hashes("problem", [text]) == [WEIGHTED.sha256()]
    assert hashes("problem", [text.replace(old, new)]) == [REFUSED]


def test_what_is_no_matrix_is_refused() -> None:
    heads = ("order 2\ndenominator 1\n", "order 2\ndenominator 2\n", "order 0\ndenominator 1\n")
    texts = [
        heads[0] + "1 2\n3 1\n",  # not symmetric
        heads[1] + "2 4\n4 2\n",  # not the least denominator
        heads[0] + "1 2\n2\n",
        heads[0] + "1 2 0\n2 1 0\n",
        heads[2],
        "order 1\ndenominator 1\n1 ; 1\n",
        "order 1\ndenominator 0\n0\n",
        "order 1\ndenominator 1\n-0\n",
    ]
    assert hashes("matrix", [f"certify matrix 1\n{text}" for text in texts]) == [REFUSED] * len(texts)
    assert hashes("matrix", ["certify matrix 1\n" + heads[0] + "1 2\n2 1\n"]) != [REFUSED]
