"""From a framework's training objective to the project's, exactly.

A framework minimises, over all weights theta of a network f with n samples and c outputs,

    k sum_i w_i l(f(x_i), y_i) + w/2 |theta|^2,

where l is one of the project's losses, w_i are the weights of the samples (1 unless given), w is the weight
decay, and k depends on how the framework writes the loss and how it reduces it. Multiplied by 1/k this is

    sum_i w_i l(f(x_i), y_i) + gamma/2 sum_j (|u_j|^2 + |v_j|^2)    with    gamma = w / k.

w is the `weight_decay` of PyTorch's SGD (also of Adam, RMSprop, ...): it adds w theta to the gradient, which
is the gradient of w/2 |theta|^2. A penalty written out as w |theta|^2 has the weight decay 2w. The decay of
AdamW is decoupled: it shrinks the weights beside the steps of the gradient, which adaptive step sizes
rescale, so it minimises no such objective and no gamma belongs to it. The same k holds for minibatches of
one size, whose losses average to that of all samples; not if each divides by the weights of its own samples.

The bias of the hidden layer counts as an entry of u_j. A bias b of the output layer is one of the weights
theta as well, which adds |b|^2 to the sum, unless it is left out of the decay.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from certify.checker.data.dataset import parse_gamma
from certify.checker.errors import DataError
from certify.checker.numbers.rounding import plain
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted
from certify.checker.training.words import decayed_terms
from certify.networks.link import Link

MEAN, SAMPLES, SUM = "mean", "mean over samples", "sum"
REDUCTIONS = (MEAN, SAMPLES, SUM)

_JOINT = ("cross-entropy", "multiclass-hinge")  # losses of a sample that are no sums over its outputs
_HALF = "1/2 "


@dataclass(frozen=True)
class FrameworkLoss:
    """A loss as a framework has it: a multiple of one of the project's, and how samples are put together.

    Attributes:
        name: what the framework calls it, for messages.
        loss: the project's loss, by its canonical text.
        factor: the framework's loss of a sample over the project's, positive.
        reduction: "mean", over the samples and, where the loss is a sum over the outputs, over these as well;
            "mean over samples", of what the outputs of each sum to; or "sum".
        class_weights: one for each class, in the order of the classes; None for none.
        mean_of_weights: whether "mean" divides by the sum of the samples' weights, as the mean of PyTorch's
            CrossEntropyLoss does, instead of by their number.
        takes: the function of the outputs that the framework's loss is of; `Link.NONE` for the outputs
            themselves, None where that is open because the loss goes by the project's name.
        ignored: a label whose samples the framework leaves out; None for none.
        per_output: whether "mean over samples" and "sum" take the mean over the outputs as well.
    """

    name: str
    loss: str
    factor: Fraction = Fraction(1)
    reduction: str = MEAN
    class_weights: tuple[Fraction, ...] | None = None
    mean_of_weights: bool = True
    takes: Link | None = Link.NONE
    ignored: int | None = None
    per_output: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no loss.

        Raises:
            DataError: if the reduction is unknown or a weight is not positive.
        """
        if self.reduction not in REDUCTIONS:
            raise DataError(f"the reduction {self.reduction!r} is unknown: use {', '.join(REDUCTIONS)}")
        for weight in self.class_weights or ():
            if weight <= 0:
                raise DataError(
                    f"a class has the weight {weight}: give positive weights, and leave out the rows of what "
                    "should not count"
                )

    def divisor(self, n: int, c: int, weight: Fraction) -> Fraction:
        """Return what the sum of the framework's losses of all samples is divided by.

        Args:
            n: the number of samples.
            c: of outputs.
            weight: the sum of the samples' weights.
        """
        by_output = not self.loss.startswith(_JOINT) and (self.reduction == MEAN or self.per_output)
        samples = {
            MEAN: weight if self.mean_of_weights else Fraction(n),
            SAMPLES: Fraction(n),
            SUM: Fraction(1),
        }
        return samples[self.reduction] * (c if by_output else 1)


SQUARES = FrameworkLoss("MSELoss", "squared", Fraction(2))


@dataclass(frozen=True)
class FrameworkObjective:
    """The objective of a framework's training, for n samples and c outputs.

    Attributes:
        weight_decay: w, positive; a float is taken as the shortest decimal that prints it.
        n: the number of samples.
        c: the number of outputs.
        loss: `SQUARES` is `torch.nn.MSELoss()`.
        weight: the sum of the samples' weights; None if all are 1.
    """

    weight_decay: Fraction | int | str | float
    n: int
    c: int
    loss: FrameworkLoss = SQUARES
    weight: Fraction | None = None

    def __post_init__(self) -> None:
        """Refuse what is no objective.

        Raises:
            DataError: if a size, the weight decay or the weight is not positive.
        """
        if self.n < 1 or self.c < 1:
            raise DataError(f"{self.n} samples and {self.c} outputs make no loss: give at least one of each")
        if self._decay <= 0:
            raise DataError(f"the weight decay is {self._decay}: give a positive number such as 0.001")
        if self.weight is not None and self.weight <= 0:
            raise DataError(f"{counted(self.n, 'sample')} weigh {self.weight}: give positive weights")

    @property
    def scale(self) -> Fraction:
        """1/k: the factor by which the objective must be multiplied to be the project's."""
        return 1 / self._coefficient

    @property
    def gamma(self) -> Fraction:
        """The gamma of the project's objective that is that multiple; for MSELoss and SGD it is w n c / 2."""
        return self._decay * self.scale

    def formula(self, problem: TrainingProblem) -> str:
        """Write the objective with its numbers.

        Args:
            problem: the project's, with this gamma.
        """
        fit = _multiple(self._coefficient, problem.loss_formula)
        return f"{fit} + {plain(self._decay)}/2 * {decayed_terms(problem.output_bias)}"

    @property
    def _decay(self) -> Fraction:
        return parse_gamma(self.weight_decay, "the weight decay")

    @property
    def _coefficient(self) -> Fraction:
        """The k of the module's head."""
        weight = Fraction(self.n) if self.weight is None else self.weight
        return self.loss.factor / self.loss.divisor(self.n, self.c, weight)


def _multiple(k: Fraction, formula: str) -> str:
    """Write k times a loss's formula, its sign and its factor 1/2 in one number with k."""
    sign, formula = ("-", formula[1:]) if formula.startswith("-") else ("", formula)
    if formula.startswith(_HALF):
        k, formula = k / 2, formula.removeprefix(_HALF)
    return f"{sign}{'' if k == 1 else f'{k} '}{formula}"
