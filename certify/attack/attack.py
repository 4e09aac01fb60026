"""Try to fool the checker: forge one certificate many times over, and see whether a lie is accepted.

Every forgery goes the way of a hostile file: it is written as text, read and checked. An accepted forgery is
no breach as long as what it proves is true: a smaller claim or another multiplier may well be proved by the
same tree. It is a breach if it proves a bound above a loss that some network has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random

from certify.attack.forgeries import (
    ALONE,
    FORGERIES,
    OF_BLOCKS,
    RAISING,
)
from certify.attack.loss_forgeries import (
    OF_BALANCE,
    OF_DOMAINS,
    OF_RECIPES,
    Remake,
    formal_claim,
    has_ends,
    into_domain,
    remade,
)
from certify.attack.tree_forgeries import another_integer, rearranged
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.training import Certificate
from certify.checker.errors import CertificateError
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate

UNREADABLE = "unreadable"
OTHER_DATA = "not for this data"
MIXTURE = "several at once"
TEXT_BYTES = "bytes of the file changed"
TEXT_TOKENS = "integers of the file changed"
TEXT_LINES = "lines of the file rearranged"


@dataclass
class Tally:
    """What became of the forgeries of one kind.

    Attributes:
        rejected: how often for which obligation, by its name in lower case, or "unreadable", or "not for this
            data", which the recipe does not fit.
        accepted: how many passed the checker.
        largest_accepted: the largest bound that one of them proved (a loss); None if none passed.
    """

    rejected: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    largest_accepted: Fraction | None = None

    @property
    def tried(self) -> int:
        """The number of forgeries of this kind."""
        return self.accepted + self.rejected.total()


@dataclass(frozen=True)
class AttackReport:
    """The outcome of an attack.

    Attributes:
        upper: a loss that some network has, above which no bound can be true.
        tallies: by the kind of forgery.
        breaches: texts of the certificates that were accepted with a bound above `upper`, or by a recipe that
            makes another problem.
    """

    upper: Fraction
    tallies: dict[str, Tally]
    breaches: tuple[str, ...]

    @property
    def tried(self) -> int:
        """The number of all forgeries."""
        return sum(tally.tried for tally in self.tallies.values())

    @property
    def accepted(self) -> int:
        """The number of those that passed the checker."""
        return sum(tally.accepted for tally in self.tallies.values())

    @property
    def largest_accepted(self) -> Fraction | None:
        """The largest bound that a forgery proved (a loss)."""
        bounds = (tally.largest_accepted for tally in self.tallies.values())
        return max((bound for bound in bounds if bound is not None), default=None)


def attack(
    certificate: Certificate,
    problem: TrainingProblem,
    *,
    trials: int,
    seed: int,
    upper: Fraction | None = None,
    remake: Remake | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> AttackReport:
    """Forge a certificate in every known way and see what the checker says.

    The kinds take turns: each forgery of `forgeries`, alone or on top of a raised claim, several of
    them at once, and changes of the file's text. Those of blocks of samples are only for a proof in blocks,
    and those of the ends of a loss's domain for a loss that has some.

    Args:
        certificate: preferably a valid one, for a forgery is a small change of the truth.
        problem: the problem it is for.
        trials: number of forgeries; those that happen to change nothing are left out.
        seed: the same seed gives the same forgeries.
        upper: the exact loss of a network, the best one known; by default that of no neurons. Anything
            proved above it is a breach.
        remake: what a checker makes of the user's data by a forgery's recipe, raising a DataError where it
            does not fit; by default recipes are neither forged nor followed.
        on_progress: called with (forgeries done, forgeries in all).
    """
    upper = problem.loss_at_zero() if upper is None else upper
    tallies: dict[str, Tally] = {}
    kinds = kinds_for(certificate, problem, with_recipe=remake is not None)
    breaches = []
    random, original = Random(seed), to_text(certificate)
    for trial in range(trials):
        kind = kinds[trial % len(kinds)]
        text = _forged(kind, certificate, original, problem, random)
        if text != original and _is_breach(
            text, certificate, problem, upper, remake, tallies.setdefault(kind, Tally())
        ):
            breaches.append(text)
        if on_progress is not None:
            on_progress(trial + 1, trials)
    return AttackReport(upper, tallies, tuple(breaches))


def kinds_for(
    certificate: Certificate, problem: TrainingProblem, *, with_recipe: bool = False
) -> tuple[str, ...]:
    """Return the kinds of forgeries that there are for a certificate.

    Args:
        certificate: the true one.
        problem: the problem it is for.
        with_recipe: whether recipes are followed.
    """
    kinds = KINDS if certificate.blocks is None else KINDS_OF_BLOCKS
    if has_ends(problem):
        kinds = (*OF_DOMAINS, *kinds)
    if problem.loss.zero_sum:
        kinds = (*OF_BALANCE, *kinds)
    if with_recipe and certificate.preprocessing is not None:
        kinds = (*OF_RECIPES, *kinds)
    return kinds


def _is_breach(
    text: str,
    original: Certificate,
    problem: TrainingProblem,
    upper: Fraction,
    remake: Remake | None,
    tally: Tally,
) -> bool:
    """Read and check a forgery as a checker does, count it, and say whether it proves what is not true."""
    try:
        forgery = from_text(text)
    except CertificateError:
        tally.rejected[UNREADABLE] += 1
        return False
    found: TrainingProblem | None = problem
    if remake is not None and forgery.preprocessing != original.preprocessing:
        found = remade(remake, forgery)
    if found is None:
        tally.rejected[OTHER_DATA] += 1
        return False
    verdict = check_certificate(forgery, found)
    if verdict.obligation is not None:
        tally.rejected[verdict.obligation.name.lower()] += 1
        return False
    tally.accepted += 1
    if verdict.bound is None:
        return False
    if tally.largest_accepted is None or verdict.bound > tally.largest_accepted:
        tally.largest_accepted = verdict.bound
    return verdict.bound > upper or found != problem


def _forged(
    kind: str, certificate: Certificate, original: str, problem: TrainingProblem, random: Random
) -> str:
    """Return the text of a random forgery of one kind."""
    if kind in _TEXT_FORGERIES:
        return _TEXT_FORGERIES[kind](original, random)
    raised = kind not in (*ALONE, *RAISING, *OF_RECIPES) and random.random() < 0.7
    if raised:
        certificate = FORGERIES[random.choice(RAISING)](certificate, problem, random)
        certificate = _often_in_domain(certificate, problem, random)
    forgery = (
        _mixture(certificate, problem, random)
        if kind == MIXTURE
        else _ALL[kind](certificate, problem, random)
    )
    if forgery == certificate:
        return original
    if kind in _OF_DUAL_POINTS:
        forgery = _often_in_domain(forgery, problem, random)
    return to_text(formal_claim(forgery, problem) if raised else forgery)


def _often_in_domain(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    """Move most dual points back into the loss's domain, for else nothing behind it would be tried."""
    is_moved = has_ends(problem) and random.random() < _IN_DOMAIN
    return into_domain(certificate, problem) if is_moved else certificate


def _mixture(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    forgeries = FORGERIES if certificate.blocks is None else {**FORGERIES, **OF_BLOCKS}
    if has_ends(problem):
        forgeries = {**forgeries, **OF_DOMAINS}
    names = [name for name in forgeries if name not in ALONE]
    for name in random.choices(names, k=random.choice((1, 2, 2, 3))):
        certificate = forgeries[name](certificate, problem, random)
    return certificate


def _bytes_changed(text: str, random: Random) -> str:
    start = random.randrange(len(text))
    end = min(len(text), start + random.choice((1, 1, 1, 8, 64)))
    replacement = random.choice((chr(random.randrange(128)), "", text[start:end] * 2, text[start:end][::-1]))
    return random.choice((text[:start] + replacement + text[end:], text[:start]))


def _integers_changed(text: str, random: Random) -> str:
    words = list(re.finditer("-?[0-9]+", text))
    for _ in range(random.randint(1, 3)):
        # Those behind the header are most of the proof, and no hash or claim protects them.
        word = random.choice(random.choice((words, words[-len(words) // 2 :])))
        other = random.choice((str(another_integer(int(word[0]), random)), random.choice(words)[0]))
        text = text[: word.start()] + other + text[word.end() :]
        words = list(re.finditer("-?[0-9]+", text))
    return text


def _lines_rearranged(text: str, random: Random) -> str:
    return "".join(rearranged(text.splitlines(keepends=True), random))


_TEXT_FORGERIES = {
    TEXT_BYTES: _bytes_changed,
    TEXT_TOKENS: _integers_changed,
    TEXT_LINES: _lines_rearranged,
}

_ALL = {**FORGERIES, **OF_BLOCKS, **OF_DOMAINS, **OF_BALANCE, **OF_RECIPES}

_IN_DOMAIN = 0.8
_OF_DUAL_POINTS = (*RAISING, "dual entry changed", "dual exponent changed", MIXTURE)

# A mixture has more ways to go than any single forgery.
KINDS = (*FORGERIES, *_TEXT_FORGERIES, *(MIXTURE,) * len(FORGERIES))
KINDS_OF_BLOCKS = (*OF_BLOCKS, *KINDS)
