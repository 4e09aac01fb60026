"""From a framework's training objective to the project's, exactly.

A framework minimises, over all weights theta of a network f with n samples and c outputs,

    k |f(X) - Y|_F^2 + w/2 |theta|^2,

where w is its weight decay and k depends on how its loss is reduced. Multiplied by 1/(2k) this is

    1/2 |f(X) - Y|_F^2 + gamma/2 sum_j (|u_j|^2 + |v_j|^2)    with    gamma = w / (2k).

w is the `weight_decay` of PyTorch's SGD (also of Adam, RMSprop, ...): it adds w theta to the gradient, which
is the gradient of w/2 |theta|^2. A penalty written out as w |theta|^2 has the weight decay 2w. The decay of
AdamW is decoupled: it shrinks the weights beside the steps of the gradient, which adaptive step sizes
rescale, so it minimises no such objective and no gamma belongs to it. The same k holds for minibatches of
one size, whose losses average to that of all samples.

The bias of the hidden layer counts as an entry of u_j. A bias of the output layer has no place in the
objective.
"""

from __future__ import annotations

from fractions import Fraction

from certify.data import parse_gamma
from certify.errors import DataError
from certify.statement import plain

REDUCTIONS = ("mean", "mean over samples", "sum")

_DECAYED = "sum_j (|u_j|^2 + |v_j|^2)"


def scale_of(n: int, c: int, reduction: str = "mean", halved: bool = False) -> Fraction:
    """The factor by which a framework's objective must be multiplied to be the project's.

    Args:
        n: the number of samples.
        c: the number of outputs.
        reduction: "mean" over the n c entries, as `torch.nn.MSELoss` has it by default; "mean over samples",
            of the squared errors summed over the outputs; or "sum".
        halved: whether the loss of an entry is 1/2 (z - y)^2 instead of (z - y)^2.

    Raises:
        DataError: if n or c is not positive or the reduction is unknown.
    """
    return 1 / (2 * _coefficient(n, c, reduction, halved))


def gamma_of(
    weight_decay: Fraction | int | str | float, n: int, c: int, reduction: str = "mean", halved: bool = False
) -> Fraction:
    """The gamma that makes the project's objective a multiple of a framework's.

    For MSELoss and SGD it is w n c / 2.

    Args:
        weight_decay: w, positive; a float is taken as the shortest decimal that prints it.
        n: see `scale_of`, as for the others.
        c: see `scale_of`.
        reduction: see `scale_of`.
        halved: see `scale_of`.

    Raises:
        DataError: if the weight decay is not a positive number, or by `scale_of`.
    """
    return _positive(weight_decay) * scale_of(n, c, reduction, halved)


def formulas(
    weight_decay: Fraction | int | str | float, n: int, c: int, reduction: str = "mean", halved: bool = False
) -> tuple[str, str]:
    """Write the framework's objective and the project's, which is `scale_of` times it; see `gamma_of`.

    Raises:
        DataError: if the weight decay is not a positive number, or by `scale_of`.
    """
    decay, gamma = _positive(weight_decay), gamma_of(weight_decay, n, c, reduction, halved)
    coefficient = _coefficient(n, c, reduction, halved)
    return (
        f"{'' if coefficient == 1 else f'{coefficient} '}|f(X) - Y|^2 + {plain(decay)}/2 * {_DECAYED}",
        f"1/2 |f(X) - Y|^2 + {plain(gamma)}/2 * {_DECAYED}",
    )


def _coefficient(n: int, c: int, reduction: str, halved: bool) -> Fraction:
    """The k of the module's head."""
    if n < 1 or c < 1:
        raise DataError(f"{n} samples and {c} outputs make no loss: give at least one of each")
    if reduction not in REDUCTIONS:
        raise DataError(f"the reduction {reduction!r} is unknown: use {', '.join(REDUCTIONS)}")
    terms = {"mean": n * c, "mean over samples": n, "sum": 1}[reduction]
    return Fraction(1, 2 * terms if halved else terms)


def _positive(weight_decay: Fraction | int | str | float) -> Fraction:
    decay = parse_gamma(weight_decay, "the weight decay")
    if decay <= 0:
        raise DataError(f"the weight decay is {decay}: give a positive number such as 0.001")
    return decay
