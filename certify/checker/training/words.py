"""What a certificate of training proves, as sentences and formulas for people."""

from __future__ import annotations

from fractions import Fraction

from certify.checker.data.dataset import Dataset
from certify.checker.numbers.rounding import decimal_down, decimal_up, plain
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted

_LONGEST_NUMBER = 60  # characters of a number that stands in a sentence as it is


def formula(problem: TrainingProblem) -> str:
    """Write the objective with this problem's gamma."""
    return f"{problem.loss_formula} + {_gamma(problem.gamma)}/2 * {decayed_terms(problem.output_bias)}"


def decayed_terms(output_bias: str) -> str:
    """Write the sum of squares that the weight decay multiplies."""
    weights = "sum_j (|u_j|^2 + |v_j|^2)"
    return f"({weights} + |b|^2)" if output_bias == OutputBias.DECAYED else weights


def model(problem: TrainingProblem) -> str:
    """Write the networks that the problem is about."""
    bias = problem.output_bias
    return f"f(x) = sum_j relu(u_j . x{' + a_j' * bias.frees_hidden}) v_j{' + b' * bias.exists}"


def theorem(problem: TrainingProblem, bound: Fraction, dataset: Dataset | None) -> str:
    """State the proved lower bound with all that it depends on, in the words of the data that was checked.

    Args:
        problem: the one that the bound is of.
        bound: a loss.
        dataset: what the problem was made of; None where that is not known.
    """
    weights = ", all weights and every b" if problem.output_bias.exists else " and all weights"
    if problem.output_bias.frees_hidden:
        weights = ", all weights and all biases a_j and b"
    samples = "this sample" if problem.n == 1 else f"these {problem.n} samples"
    return (
        f"For every number of neurons m{weights}, the network {model(problem)} on {samples} "
        f"({_data(problem, dataset)}) has\n"
        f"    {formula(problem)}  >=  {decimal_down(bound, 12)}"
    )


def _gamma(gamma: Fraction) -> str:
    """Write a weight decay; a long one rounded up, with which the bound still holds."""
    text = plain(gamma)
    return text if len(text) <= _LONGEST_NUMBER else f"({decimal_up(gamma, 12)}, rounded up)"


def _data(problem: TrainingProblem, dataset: Dataset | None) -> str:
    if dataset is None:
        weights = "" if problem.weights is None else "; weights w_i of the samples"
        return f"{counted(problem.d, 'feature')}; {counted(problem.c, 'target')}{weights}"
    if dataset.preprocessing.bias:
        bias = "with a regularised hidden bias"
    else:
        bias = "no hidden bias" if problem.output_bias.exists else "no bias"
        if problem.output_bias.frees_hidden:
            bias = "free hidden biases"
    targets = dataset.describe_targets(problem.loss.encoding)
    more = (*dataset.describe_weights(), *dataset.describe_reading())
    return "; ".join([f"{dataset.describe_features()}, {bias}", targets, *more])
