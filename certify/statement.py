"""What a certificate proves, in words; standard library only, for the checker speaks with it."""

from __future__ import annotations

from fractions import Fraction

from certify.exact import decimal_down
from certify.preprocessing import Preprocessing
from certify.problem import TrainingProblem

TRUST = {
    "proved": "proved (a checker whose soundness is proved in Coq)",
    "exact": "exact (rational arithmetic only)",
    "rigorous": "rigorous (floating point with error bounds derived by hand)",
    "kernel": "kernel (a theorem that Coq's kernel has checked)",
}


def formula(problem: TrainingProblem) -> str:
    """Write the objective with this problem's gamma."""
    return f"1/2 |f(X) - Y|^2 + {plain(problem.gamma)}/2 * {decayed_terms(problem.output_bias)}"


def decayed_terms(output_bias: str) -> str:
    """Write the sum of squares that the weight decay multiplies."""
    weights = "sum_j (|u_j|^2 + |v_j|^2)"
    return f"({weights} + |b|^2)" if output_bias == "decayed" else weights


def model(problem: TrainingProblem) -> str:
    """Write the networks that the problem is about."""
    return f"f(x) = sum_j relu(u_j . x) v_j{' + b' * (problem.output_bias != 'none')}"


def theorem(problem: TrainingProblem, bound: Fraction, preprocessing: Preprocessing | None) -> str:
    """State the proved lower bound with all that it depends on."""
    weights = " and all weights" if problem.output_bias == "none" else ", all weights and every b"
    samples = "this sample" if problem.n == 1 else f"these {problem.n} samples"
    return (
        f"For every number of neurons m{weights}, the network {model(problem)} on {samples} "
        f"({_features(problem, preprocessing)}; {_targets(problem, preprocessing)}) has\n"
        f"    {formula(problem)}  >=  {decimal_down(bound, 12)}"
    )


def leaves_in_words(leaves: int) -> str:
    """Count leaves."""
    return f"{leaves} {'leaf' if leaves == 1 else 'leaves'}"


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
    if preprocessing.bias:
        return words + ", with a regularised hidden bias"
    return words + (", no bias" if problem.output_bias == "none" else ", no hidden bias")


def _targets(problem: TrainingProblem, preprocessing: Preprocessing | None) -> str:
    if preprocessing is None:
        return f"{problem.c} target{'s' * (problem.c > 1)}"
    # A column's name is the file's own text and may hold anything.
    names = ", ".join(name if name.isprintable() else repr(name) for name in preprocessing.targets)
    if preprocessing.task == "classification":
        return f"target {names}: {problem.c} classes, one-hot"
    return f"target{'s' * (problem.c > 1)} {names}: regression"
