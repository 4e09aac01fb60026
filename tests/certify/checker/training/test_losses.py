"""Certificates of every loss: honest ones, and forgeries whose one fault is the domain, claim or a weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from certify.checker.certificate.nodes import EnvelopeLeaf, Sign
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.obligations import Obligation
from certify.checker.problems.dual_bound import dual_bound, dual_bounds
from certify.checker.problems.losses.table import read_loss
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from tests.certify.checker.problems.losses.examples import TEXTS
from tests.certify.checker.test_obligations import disable

F = Fraction
EXPONENT = 20
UNIT = 1 << EXPONENT
GAMMA = 100  # so large that every N of the domain has a gauge below it
TREE = (Sign(0), EnvelopeLeaf(), EnvelopeLeaf())
Table = Sequence[Sequence[int | Fraction]]
SIGNED: Table = [[1, -1], [-1, -1]]
CLASSES: Table = [[1, 0, 0], [0, 1, 0]]
NUMBERS: Table = [[3, F(1, 2)], [-2, 0]]
OTHER_WEIGHTS: list[list[int | Fraction] | None] = [
    [F(1, 3), 2],
    [1, F(15, 2)],
    [F(5, 2), F(1, 3)],
    None,
]
TARGETS: dict[str, Table] = {
    "hinge": SIGNED,
    "squared-hinge": SIGNED,
    "logistic": SIGNED,
    "multiclass-hinge": CLASSES,
    "cross-entropy": [[F(1, 2), F(1, 4), F(1, 4)], [0, 1, 0]],
    "poisson": [[3, F(1, 2)], [2, 0]],
}
WEIGHTS = {"none": None, "thirds": [F(1, 3), F(5, 2)]}
LIMITED = [text for text in TEXTS if text != "squared"]


def problem_of(text: str, weights: str) -> TrainingProblem:
    targets = TARGETS.get(text.split(" ")[0], NUMBERS)
    return TrainingProblem.from_rationals([[1], [-2]], targets, GAMMA, text, weights=WEIGHTS[weights])


def within(problem: TrainingProblem, share: Fraction) -> list[list[int]]:
    """A dual point with each row so far from 0 to an end of its domain, in integers over 2^EXPONENT."""
    rows = []
    for i in range(problem.n):
        box, row = problem.loss.box(problem.target(i), problem.weight(i)), []
        for low, high in box:
            end = high if high is not None and (high or low is None) else low
            end = F(1) if end is None else end
            row.append(int(share * end * UNIT))
        if problem.loss.zero_sum:
            # The largest entry at its end, the others share what it takes.
            first = max(range(len(row)), key=row.__getitem__)
            rest = [k for k in range(len(row)) if k != first]
            for k in rest:
                row[k] = -(row[first] // len(rest))
            row[rest[0]] -= sum(row)
        rows.append(row)
    return rows


def certificate_of(problem: TrainingProblem, rows: Sequence[Sequence[int]], bound: Fraction) -> Certificate:
    return Certificate(
        problem_sha256=problem.sha256(),
        gamma=problem.gamma,
        loss=problem.loss.text,
        output_bias=problem.output_bias,
        preprocessing=None,
        bound=bound,
        dual_point=tuple(map(tuple, rows)),
        dual_exponent=EXPONENT,
        frame=Frame.identity(problem.d),
        tree=TREE,
        method="by hand",
    )


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("text", TEXTS)
class TestHonest:
    @pytest.mark.parametrize("share", [F(0), F(1, 2), F(1)])
    def test_is_accepted(self, text: str, weights: str, share: Fraction) -> None:
        problem = problem_of(text, weights)
        rows = tuple(map(tuple, within(problem, share)))
        claim = dual_bound(problem, rows, EXPONENT)
        _, high = dual_bounds(problem, rows, EXPONENT, 256)
        assert claim <= high
        assert high - claim <= F(1, 1 << 59) * abs(high)
        assert claim == high or not problem.loss.is_exact or problem.weights
        verdict = check_certificate(certificate_of(problem, rows, claim), problem)
        assert (verdict.valid, verdict.bound) == (True, claim)

    def test_a_claim_that_is_a_last_digit_too_high_is_not(self, text: str, weights: str) -> None:
        problem = problem_of(text, weights)
        rows = tuple(map(tuple, within(problem, F(1, 2))))
        low, high = dual_bounds(problem, rows, EXPONENT, 1024)
        assert high - low <= F(1, 1 << 990)
        digit = F(1, 1 << 980)
        below, above = certificate_of(problem, rows, low - digit), certificate_of(problem, rows, high + digit)
        assert check_certificate(below, problem).valid
        verdict = check_certificate(above, problem)
        assert (verdict.valid, verdict.obligation) == (False, Obligation.CLAIM)
        # Between the two no precision decides, and what is not decided is refused.
        undecided = certificate_of(problem, rows, high)
        assert check_certificate(undecided, problem).valid is (low == high)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("text", LIMITED)
class TestTheDomain:
    """A unit in the last place of one entry is what these certificates have too much."""

    def test_is_needed(self, text: str, weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
        problem = problem_of(text, weights)
        claim = F(-1000)  # at most what any formula makes of these
        for i in range(problem.n):
            ends = problem.loss.box(problem.target(i), problem.weight(i))
            for k, (low, high) in enumerate(ends):
                for entry in (
                    None if low is None else -(-low.numerator * UNIT // low.denominator) - 1,
                    None if high is None else high.numerator * UNIT // high.denominator + 1,
                ):
                    if entry is None:
                        continue
                    rows = within(problem, F(0))
                    rows[i][k] = entry
                    if problem.loss.zero_sum:
                        rows[i][k - 1] -= sum(rows[i])
                    forged = certificate_of(problem, rows, claim)
                    verdict = check_certificate(forged, problem)
                    assert (verdict.valid, verdict.obligation) == (False, Obligation.DUAL_DOMAIN)
                    one_less = [list(row) for row in rows]
                    one_less[i][k] += 1 if entry < 0 else -1
                    if problem.loss.zero_sum:
                        one_less[i][k - 1] -= sum(one_less[i])
                    assert check_certificate(certificate_of(problem, one_less, claim), problem).valid
                    with monkeypatch.context() as patch:
                        disable(patch, Obligation.DUAL_DOMAIN)
                        if problem.loss.is_exact:
                            assert check_certificate(forged, problem).valid
                        else:  # a logarithm of a negative number fails closed
                            with pytest.raises(ValueError, match="negative number"):
                                check_certificate(forged, problem)


@pytest.mark.parametrize("text", [text for text in TEXTS if read_loss(text).zero_sum])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_sums_of_zero_are_needed(text: str, weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of(text, weights)
    rows = within(problem, F(0))
    rows[1][0] -= 1
    forged = certificate_of(problem, rows, F(-1000))
    assert check_certificate(forged, problem).obligation is Obligation.DUAL_DOMAIN
    with monkeypatch.context() as patch:
        disable(patch, Obligation.DUAL_DOMAIN)
        assert check_certificate(forged, problem).valid


@pytest.mark.parametrize("text", TEXTS)
def test_a_lie_about_weights_is_another_problem(text: str) -> None:
    problem = problem_of(text, "thirds")
    rows = within(problem, F(1, 4))
    claim = dual_bound(problem, tuple(map(tuple, rows)), EXPONENT)
    certificate = certificate_of(problem, rows, claim)
    assert check_certificate(certificate, problem).valid
    for weights in OTHER_WEIGHTS:
        others = TARGETS.get(text.split(" ")[0], NUMBERS)
        other = TrainingProblem.from_rationals([[1], [-2]], others, GAMMA, text, weights=weights)
        assert check_certificate(certificate, other).obligation is Obligation.PROBLEM


def test_a_weight_scales_the_domain() -> None:
    """N = 1 is in the domain of the absolute loss of weight 1, and of no smaller one."""
    for weight, valid in ((F(1), True), (F(1) - F(1, 10**30), False), (F(1) + F(1, 10**30), True)):
        problem = TrainingProblem.from_rationals([[1]], [[1]], GAMMA, "absolute", weights=[weight])
        verdict = check_certificate(certificate_of(problem, [[UNIT]], F(1)), problem)
        assert verdict.valid is valid
        assert verdict.obligation is (None if valid else Obligation.DUAL_DOMAIN)


def test_one_hot_targets_are_none_of_signs() -> None:
    one_hot = TrainingProblem.from_rationals([[1], [-2]], [[1, 0], [0, 1]], GAMMA, "cross-entropy")
    signs = TrainingProblem.from_rationals([[1], [-2]], [[1, -1], [-1, 1]], GAMMA, "logistic")
    certificate = certificate_of(one_hot, [[0, 0], [0, 0]], F(0))
    assert check_certificate(certificate, one_hot).valid
    assert check_certificate(certificate, signs).obligation is Obligation.STATEMENT
    renamed = replace(certificate, loss="logistic")
    assert check_certificate(renamed, one_hot).obligation is Obligation.STATEMENT
    assert check_certificate(renamed, signs).obligation is Obligation.PROBLEM


def test_another_spelling_is_another_loss() -> None:
    problem = TrainingProblem.from_rationals([[1]], [[1]], GAMMA, read_loss("huber 0.5"))
    certificate = certificate_of(problem, [[0]], F(0))
    assert check_certificate(certificate, problem).valid
    for text in ("huber 0.5", "huber 2/4", "huber", "huber  1/2"):
        verdict = check_certificate(replace(certificate, loss=text), problem)
        assert verdict.obligation is Obligation.STATEMENT


class TestByHand:
    """One sample of x = 1: the optimum over all networks, whose prediction z >= 0 costs gamma z."""

    @pytest.mark.parametrize(
        ("text", "target", "gamma", "nu", "optimum"),
        [
            ("squared", [3], 1, F(1), F(5, 2)),  # 1/2 (3 - z)^2 + z
            ("huber 1/2", [3], F(1, 4), F(1, 4), F(3, 4) - F(1, 32)),
            ("absolute", [3], F(1, 2), F(1, 2), F(3, 2)),  # z = 3
            ("absolute", [3], 2, F(1), F(3)),  # z = 0
            ("quantile 3/4", [4], F(1, 2), F(1, 2), F(2)),
            ("quantile 3/4", [4], 2, F(3, 4), F(3)),
            ("epsilon-insensitive 1/2", [3], F(1, 2), F(1, 2), F(5, 4)),
            ("hinge", [1], F(1, 2), F(1, 2), F(1, 2)),
            ("hinge", [1], 2, F(1), F(1)),
            ("squared-hinge", [1], F(1, 2), F(1, 2), F(3, 8)),
            ("multiclass-hinge", [1], 1, F(0), F(0)),
        ],
    )
    def test_rational(
        self, text: str, target: list[int], gamma: Fraction, nu: Fraction, optimum: Fraction
    ) -> None:
        problem = TrainingProblem.from_rationals([[1]], [target], gamma, text)
        rows = ((int(nu * UNIT),),)
        assert dual_bound(problem, rows, EXPONENT) == optimum
        assert check_certificate(certificate_of(problem, rows, optimum), problem).bound == optimum
        # Twice the weight at twice the weight decay is twice the optimum.
        doubled = TrainingProblem.from_rationals([[1]], [target], 2 * gamma, text, weights=[2])
        rows = ((int(2 * nu * UNIT),),)
        assert dual_bound(doubled, rows, EXPONENT) == 2 * optimum
        assert check_certificate(certificate_of(doubled, rows, 2 * optimum), doubled).valid

    def test_logistic_at_half(self) -> None:
        """H(1/2) = log 2, the loss at zero; with gamma = 1/4 the optimum is H(1/4)."""
        problem = TrainingProblem.from_rationals([[1]], [[1]], 1, "logistic")
        claim = dual_bound(problem, ((UNIT // 2,),), EXPONENT)
        log_two = F("0.69314718055994530941723212145817656807550013436025")
        assert 0 < log_two - claim < F(1, 1 << 59)
        assert 0 < problem.loss_at_zero() - log_two < F(1, 1 << 120)

    def test_poisson_of_a_count_of_one(self) -> None:
        """q - q log q with q = 1 - nu is 1 at nu = 0, where exp z - z is least."""
        problem = TrainingProblem.from_rationals([[1]], [[1]], 1, "poisson")
        assert dual_bound(problem, ((0,),), EXPONENT) == 1 == problem.loss_at_zero()
