"""Every loss and weight: the checker that is extracted from Coq decides as the one in Python does."""

from __future__ import annotations

import decimal
import json
import subprocess
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor, lcm
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from certify.checker.certificate.file import to_text
from certify.checker.certificate.nodes import Leaf, Node, Sign
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.obligations import Obligation
from certify.checker.problems.dual_bound import dual_bound, dual_bounds
from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.losses.table import read_loss
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from tests.certify.checker.oracles import slack_leaf
from tests.certify.checker.problems.losses.examples import LOSSES, WEIGHTS, domain_rows, targets
from tests.certify.trust.extracted.readers import DRIVER
from tests.certify.trust.extracted.test_canonical_text import hashes
from tests.certify.trust.extracted.test_training import PROGRAM, answer, assert_same, needs_program

F = Fraction
EXPONENT = 20
IDS = [loss.text for loss in LOSSES]
needs_driver = pytest.mark.skipif(not DRIVER.exists(), reason="the proved checker is not built: make proofs")
quick = settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])


def certificate_of(
    problem: TrainingProblem, rows: tuple[tuple[int, ...], ...], tree: tuple[Node, ...], claim: Fraction
) -> Certificate:
    return Certificate(
        problem.sha256(),
        problem.gamma,
        problem.loss.text,
        problem.output_bias,
        None,
        claim,
        rows,
        EXPONENT,
        Frame.identity(problem.d),
        tree,
        "by hand",
    )


def one_feature(
    loss: str | Loss,
    y: list[list[Fraction]],
    weights: list[Fraction] | None = None,
    gamma: int = 10**6,
    output_bias: str = "none",
) -> TrainingProblem:
    """The feature k + 1 of the sample k, and a weight decay beyond every gauge."""
    x = [[F(k + 1)] for k in range(len(y))]
    kind = read_loss(loss) if isinstance(loss, str) else loss
    return TrainingProblem.from_rationals(x, y, gamma, kind, output_bias, weights)


# On a line both signs leave no row mixed, so that each leaf is the form itself.
LINE: tuple[Node, ...] = (Sign(0), Leaf(1, 1), Leaf(1, 1))


@st.composite
def cases(draw: st.DrawFn, loss: Loss) -> tuple[Certificate, TrainingProblem]:
    """Draw a problem, and a certificate of it whose dual point lies in the domain, often on its edge."""
    n, c = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    y = [draw(targets(loss, c)) for _ in range(n)]
    weights = draw(st.none() | st.lists(WEIGHTS, min_size=n, max_size=n))
    bias = draw(st.sampled_from(("none", "decayed")))
    problem = one_feature(loss, y, weights, output_bias=bias)
    rows = []
    for i, target in enumerate(y):
        exact = draw(domain_rows(loss, target, problem.weight(i)))
        row = [floor(entry * 2**EXPONENT) if entry > 0 else ceil(entry * 2**EXPONENT) for entry in exact]
        if loss.zero_sum:
            # All but one are rounded away from their upper ends; that one takes the rest.
            row = [floor(entry * 2**EXPONENT) for entry in exact]
            highs = [high or F(0) for _, high in loss.box(target, problem.weight(i))]
            rest = max(
                range(c), key=[high - entry for high, entry in zip(highs, exact, strict=True)].__getitem__
            )
            row[rest] -= sum(row)
        rows.append(tuple(row))
    assume(
        loss.in_domain(
            rows,
            2**EXPONENT,
            problem.targets,
            problem.target_denominator,
            problem.weights,
            problem.weight_denominator,
        )
    )
    claim = dual_bound(problem, tuple(rows), EXPONENT)
    return certificate_of(problem, tuple(rows), LINE, claim), problem


def outside(certificate: Certificate, problem: TrainingProblem) -> list[Certificate]:
    """Change entries by the last digit that takes them out of the domain; the claim stays."""
    loss, found = problem.loss, []
    for i, row in enumerate(certificate.dual_point):
        for k, (low, high) in enumerate(loss.box(problem.target(i), problem.weight(i))):
            ends = [None if low is None else ceil(low * 2**EXPONENT) - 1]
            ends += [None if high is None else floor(high * 2**EXPONENT) + 1]
            for end in (e for e in ends if e is not None):
                changed = [*row[:k], end, *row[k + 1 :]]
                if loss.zero_sum:
                    if len(row) == 1:
                        continue
                    changed[k - 1] -= sum(changed)
                points = list(certificate.dual_point)
                points[i] = tuple(changed)
                found.append(replace(certificate, dual_point=tuple(points)))
    return found


@needs_program
@pytest.mark.parametrize("loss", LOSSES, ids=IDS)
class TestSameVerdict:
    @quick
    @given(data=st.data())
    def test_in_the_domain(self, loss: Loss, data: st.DataObject, tmp_path: Path) -> None:
        certificate, problem = data.draw(cases(loss))
        assert check_certificate(certificate, problem).valid
        assert_same(to_text(certificate), problem, tmp_path)
        lower = replace(certificate, bound=certificate.bound - F(1, 3))
        assert check_certificate(lower, problem).valid
        assert_same(to_text(lower), problem, tmp_path)

    @quick
    @given(data=st.data())
    def test_claims_on_both_sides_of_the_bound(self, loss: Loss, data: st.DataObject, tmp_path: Path) -> None:
        certificate, problem = data.draw(cases(loss))
        low, high = dual_bounds(problem, certificate.dual_point, EXPONENT, 1024)
        for margin in (F(0), F(1, 2**100), F(1, 2**900)) if low == high else (F(1, 2**100), F(1, 2**900)):
            honest, forged = (
                replace(certificate, bound=low - margin),
                replace(certificate, bound=high + margin),
            )
            assert check_certificate(honest, problem).valid
            assert_same(to_text(honest), problem, tmp_path)
            if margin:
                assert check_certificate(forged, problem).obligation is Obligation.CLAIM
                assert_same(to_text(forged), problem, tmp_path)

    @quick
    @given(data=st.data())
    def test_out_of_the_domain(self, loss: Loss, data: st.DataObject, tmp_path: Path) -> None:
        certificate, problem = data.draw(cases(loss))
        for forged in outside(certificate, problem):
            assert check_certificate(forged, problem).obligation is Obligation.DUAL_DOMAIN
            assert_same(to_text(forged), problem, tmp_path)

    @quick
    @given(data=st.data())
    def test_of_another_weight_or_loss(self, loss: Loss, data: st.DataObject, tmp_path: Path) -> None:
        certificate, problem = data.draw(cases(loss))
        w = [problem.weight(i) for i in range(problem.n)]
        y = [problem.target(i) for i in range(problem.n)]
        other = one_feature(loss, y, [*w[:-1], w[-1] + 1], output_bias=problem.output_bias)
        assert other.sha256() != problem.sha256()
        assert_same(to_text(certificate), other, tmp_path)
        for text in ("absolute", "huber 1", "huber 2/2", "cross-entropy 0", "hinge 1", "Squared", "poisson "):
            if text != loss.text:
                assert_same(to_text(replace(certificate, loss=text)), problem, tmp_path)


@needs_program
def test_two_features(tmp_path: Path) -> None:
    # Rows of any sign: alpha_i beta_i = 0, weighted, proves the premise.
    for loss in LOSSES:
        y = {"signs": [[F(1)], [F(-1)], [F(1)]], "one-hot": [[F(1), F(0)], [F(0), F(1)], [F(1), F(0)]]}[
            loss.encoding
        ]
        problem = TrainingProblem.from_rationals(
            [[1, 2], [-1, 1], [2, -3]], y, 100, loss, "none", [F(1), F(1, 2), F(3)]
        )
        rows = []
        for target in y:
            row = [int(entry * 2 ** (EXPONENT - 3)) for entry in target]
            rows.append(
                tuple([row[0], -row[0]] if target[0] else [-row[1], row[1]]) if loss.zero_sum else tuple(row)
            )
        certificate = certificate_of(
            problem, tuple(rows), (slack_leaf(3, 2**37),), dual_bound(problem, tuple(rows), EXPONENT)
        )
        assert check_certificate(certificate, problem).valid, loss.text
        assert certificate.bound > 0
        assert_same(to_text(certificate), problem, tmp_path)


@needs_program
class TestByHand:
    """Of one sample with x = 1, whose bound can be read off."""

    @pytest.mark.parametrize(
        ("loss", "target", "nu", "bound"),
        [
            ("squared", [F(3)], [F(1)], F(5, 2)),
            ("huber 1/2", [F(3)], [F(1, 2)], F(11, 8)),
            ("absolute", [F(3)], [F(1)], F(3)),
            ("quantile 1/4", [F(3)], [F(1, 4)], F(3, 4)),
            ("epsilon-insensitive 1/2", [F(3)], [F(1)], F(5, 2)),
            ("hinge", [F(-1)], [F(-1)], F(1)),
            ("squared-hinge", [F(-1)], [F(-1)], F(1, 2)),
            ("multiclass-hinge", [F(1), F(0)], [F(1), F(-1)], F(1)),
            ("logistic", [F(1)], [F(1)], F(0)),
            ("cross-entropy", [F(0), F(1)], [F(0), F(0)], F(0)),
            ("cross-entropy 1", [F(0), F(1)], [F(1, 2), F(-1, 2)], F(0)),
            ("poisson", [F(2)], [F(1)], F(1)),
        ],
    )
    @pytest.mark.parametrize("weight", [F(1), F(3, 2)])
    def test_bound(
        self,
        loss: str,
        target: list[Fraction],
        nu: list[Fraction],
        bound: Fraction,
        weight: Fraction,
        tmp_path: Path,
    ) -> None:
        problem = one_feature(loss, [target], [weight])
        rows = (tuple(int(weight * entry * 2**EXPONENT) for entry in nu),)
        honest = certificate_of(problem, rows, LINE, weight * bound)
        code, said = answer(to_text(honest).encode(), problem, tmp_path)
        assert (code, said["valid"]) == (0, True)
        code, said = answer(
            to_text(replace(honest, bound=weight * bound + F(1, 10**18))).encode(), problem, tmp_path
        )
        assert (code, said["obligation"]) == (1, "CLAIM")

    def test_half_a_coin(self, tmp_path: Path) -> None:
        # -log 2 for each half: ln 2 = 0.693147180559945309417...
        problem = one_feature("logistic", [[F(1)]])
        rows = ((1 << (EXPONENT - 1),),)
        for claim, valid in (("0.693147180559945309417", True), ("0.693147180559945309418", False)):
            certificate = certificate_of(problem, rows, LINE, F(claim))
            assert answer(to_text(certificate).encode(), problem, tmp_path)[1]["valid"] is valid

    def test_targets_of_another_loss(self, tmp_path: Path) -> None:
        # What Python does not even make a problem of, the program refuses, too.
        squared = one_feature("squared", [[F(1, 2), F(1, 4)]])
        text = "".join(squared.canonical_text())
        data, path = tmp_path / "p.txt", tmp_path / "c.cert"
        for loss in ("hinge", "logistic", "multiclass-hinge", "cross-entropy"):
            data.write_text(text.replace("loss squared", f"loss {loss}"))
            (sha256,) = hashes("problem", [data.read_text()])
            certificate = replace(
                certificate_of(squared, ((0, 0),), LINE, F(0)), loss=loss, problem_sha256=sha256
            )
            path.write_text(to_text(certificate))
            code, said = run_on(path, data)
            assert (code, said["obligation"]) == (1, "PROBLEM")
            assert "as targets" in str(said["reason"])


def run_on(certificate: Path, data: Path) -> tuple[int, dict[str, object]]:
    command = [str(PROGRAM), str(certificate), "--text", str(data), "--json"]
    run = subprocess.run(command, capture_output=True, timeout=600)
    return run.returncode, json.loads(run.stdout)


@needs_program
def test_weights_without_a_common_multiple(tmp_path: Path) -> None:
    # The squares are over the weights, whose common multiple is far too long: each is rounded.
    weights = [F(2**4000 + 2 * k + 1) for k in range(6)]
    problem = one_feature("squared", [[F(k)] for k in range(6)], weights)
    rows = tuple((k << EXPONENT,) for k in range(6))
    assert lcm(*(w.numerator for w in weights)).bit_length() > 14000
    low, high = dual_bounds(problem, rows, EXPONENT, 1024)
    for claim, valid in ((low - F(1, 2**100), True), (high + F(1, 2**100), False)):
        certificate = certificate_of(problem, rows, LINE, claim)
        assert check_certificate(certificate, problem).valid is valid
        assert_same(to_text(certificate), problem, tmp_path)


@needs_driver
@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from((0, 1, 5, 64, 100, 300)), st.integers(1, 10**30), st.integers(1, 10**30))
        | st.tuples(st.just(80), st.integers(1, 40), st.integers(1, 40))
        | st.builds(lambda a, k: (128, a, a + k), st.integers(1, 10**40), st.integers(0, 3)),
        min_size=1,
        max_size=30,
    )
)
def test_logarithms_are_enclosed(drawn: list[tuple[int, int, int]]) -> None:
    texts = [f"{digits} {a} {b}".encode() for digits, a, b in drawn]
    given_ = b"".join(b"logarithm %d 0\n%s" % (len(text), text) for text in texts)
    run = subprocess.run([str(DRIVER)], input=given_, capture_output=True, timeout=60, check=True)
    context = decimal.Context(prec=250)
    for (digits, a, b), line in zip(drawn, run.stdout.decode().splitlines(), strict=True):
        below, above = map(int, line.split())
        # To more than a hundred places after the point.
        exact = (
            F(context.subtract(context.ln(decimal.Decimal(a)), context.ln(decimal.Decimal(b)))) * 2**digits
        )
        assert below - F(1, 10**100) <= exact <= above + F(1, 10**100)
        # Each term of the series and of that of ln 2 is rounded by one at most.
        assert above - below <= 4 * (digits + 5) * (1 + abs(a.bit_length() - b.bit_length()))
