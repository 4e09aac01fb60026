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

The bias of the hidden layer counts as an entry of u_j. A bias b of the output layer is one of the weights
theta as well, which adds |b|^2 to the sum, unless it is left out of the decay.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from certify.checker.data.dataset import parse_gamma
from certify.checker.errors import DataError
from certify.checker.numbers.rounding import plain
from certify.checker.training.words import decayed_terms

REDUCTIONS = ("mean", "mean over samples", "sum")


@dataclass(frozen=True)
class FrameworkObjective:
    """The objective of a framework's training, for n samples and c outputs.

    Attributes:
        weight_decay: w, positive; a float is taken as the shortest decimal that prints it.
        n: the number of samples.
        c: the number of outputs.
        reduction: "mean" over the n c entries, as `torch.nn.MSELoss` has it by default; "mean over samples",
            of the squared errors summed over the outputs; or "sum".
        halved: whether the loss of an entry is 1/2 (z - y)^2 instead of (z - y)^2.
    """

    weight_decay: Fraction | int | str | float
    n: int
    c: int
    reduction: str = "mean"
    halved: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no objective.

        Raises:
            DataError: if a size or the weight decay is not positive or the reduction is unknown.
        """
        if self.n < 1 or self.c < 1:
            raise DataError(f"{self.n} samples and {self.c} outputs make no loss: give at least one of each")
        if self.reduction not in REDUCTIONS:
            raise DataError(f"the reduction {self.reduction!r} is unknown: use {', '.join(REDUCTIONS)}")
        if self._decay <= 0:
            raise DataError(f"the weight decay is {self._decay}: give a positive number such as 0.001")

    @property
    def scale(self) -> Fraction:
        """1/(2k): the factor by which the objective must be multiplied to be the project's."""
        return 1 / (2 * self._coefficient)

    @property
    def gamma(self) -> Fraction:
        """The gamma of the project's objective that is that multiple; for MSELoss and SGD it is w n c / 2."""
        return self._decay * self.scale

    def formula(self, output_bias: str = "none") -> str:
        """Write the objective.

        Args:
            output_bias: a name of `certify.checker.problems.output_bias.OUTPUT_BIASES`.
        """
        k = self._coefficient
        fit = "|f(X) - Y|^2" if k == 1 else f"{k} |f(X) - Y|^2"
        return f"{fit} + {plain(self._decay)}/2 * {decayed_terms(output_bias)}"

    @property
    def _decay(self) -> Fraction:
        return parse_gamma(self.weight_decay, "the weight decay")

    @property
    def _coefficient(self) -> Fraction:
        """The k of the module's head."""
        terms = {"mean": self.n * self.c, "mean over samples": self.n, "sum": 1}[self.reduction]
        return Fraction(1, 2 * terms if self.halved else terms)
