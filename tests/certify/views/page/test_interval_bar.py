"""The bars of an interval, worked out by hand."""

from fractions import Fraction

import pytest

from certify.bounds.report import Interval
from certify.checker.problems.training import TrainingProblem
from certify.views.page.interval_bar import Bar, Enlarged

F = Fraction
# The network that is 0 everywhere has the loss 8.
PROBLEM = TrainingProblem(((1,),), ((4,),), F(1))


@pytest.mark.parametrize(("network", "place"), [(None, None), (F(6), 75.0), (F(8), 100.0), (F(9), None)])
def test_a_wide_interval(network: Fraction | None, place: float | None) -> None:
    bar = Bar.of(PROBLEM, Interval(F(2), F(4)), network)
    assert bar == Bar("0", "8", 25.0, 25.0, place, None)


@pytest.mark.parametrize(
    ("network", "place"), [(None, None), (F(4), 66.667), (F(409, 100), None), (F(404, 100), 83.333)]
)
def test_a_narrow_interval_is_enlarged(network: Fraction | None, place: float | None) -> None:
    bar = Bar.of(PROBLEM, Interval(F(392, 100), F(4)), network)
    assert (bar.left, bar.width) == (49.0, 1.0)
    assert bar.enlarged == Enlarged("33", "3.92", "4", place)


def test_a_point_is_not() -> None:
    assert Bar.of(PROBLEM, Interval(F(4), F(4))).enlarged is None
