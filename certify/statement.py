"""What a certificate proves, in words; standard library only, for the checker speaks with it."""

from __future__ import annotations

from fractions import Fraction

from certify.exact import decimal_down
from certify.preprocessing import Preprocessing
from certify.problem import TrainingProblem

TRUST = {
    "exact": "exact (rational arithmetic only)",
    "rigorous": "rigorous (floating point with proven error bounds)",
}


def formula(problem: TrainingProblem) -> str:
    """Write the objective with this problem's gamma."""
    decay = "sum_j (|u_j|^2 + |v_j|^2)"
    if problem.output_bias == "decayed":
        decay = f"({decay} + |b|^2)"
    return f"1/2 |f(X) - Y|^2 + {plain(problem.gamma)}/2 * {decay}"


def theorem(problem: TrainingProblem, bound: Fraction, preprocessing: Preprocessing | None) -> str:
    """State the proved lower bound with all that it depends on."""
    return (
        f"For every number of neurons m and all weights, the network "
        f"f(x) = sum_j relu(u_j . x) v_j{' + b' * (problem.output_bias != 'none')} on these "
        f"{problem.n} sample{'s' * (problem.n != 1)} ({_features(problem, preprocessing)}; "
        f"{_targets(problem, preprocessing)}) has\n"
        f"    {formula(problem)}  >=  {decimal_down(bound, 12)}"
    )


def plain(value: Fraction) -> str:
    """Write a decimal as a decimal, any other rational as a fraction in parentheses."""
    for digits in range(30):
        if (value * 10**digits).denominator == 1:
            sign, number = ("-", -value) if value < 0 else ("", value)
            whole, rest = divmod(int(number * 10**digits), 10**digits)
            return f"{sign}{whole}.{rest:0{digits}}" if digits else f"{sign}{whole}"
    return f"({value})"


def _features(problem: TrainingProblem, preprocessing: Preprocessing | None) -> str:
    if preprocessing is None:
        return f"{problem.d} features"
    d = problem.d - preprocessing.bias
    words = f"{d} feature{'s' * (d > 1)}"
    if preprocessing.standardize is not None:
        words += ", standardised to mean 0 and variance 1"
    return words + (", with a regularised hidden bias" if preprocessing.bias else ", no bias")


def _targets(problem: TrainingProblem, preprocessing: Preprocessing | None) -> str:
    if preprocessing is None:
        return f"{problem.c} target{'s' * (problem.c > 1)}"
    # A column's name is the file's own text and may hold anything.
    names = ", ".join(name if name.isprintable() else repr(name) for name in preprocessing.targets)
    if preprocessing.task == "classification":
        return f"target {names}: {problem.c} classes, one-hot"
    return f"target{'s' * (problem.c > 1)} {names}: regression"
