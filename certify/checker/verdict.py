"""The answer of a checker: valid or not, why, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from certify.checker.numbers.rounding import decimal_down
from certify.checker.obligations import Obligation


@dataclass(frozen=True)
class Verdict:
    """What the checker says of a certificate.

    Attributes:
        valid: whether what the certificate states is proved.
        bound: the proved lower bound on the optimum for every width (a loss); None if nothing is proved, or
            the statement is no bound.
        trust: how far the verdict can be trusted: "kernel" is a theorem that Coq's kernel has checked,
            "proved" a checker that is verified in Coq, "exact" rational arithmetic only, "rigorous" floating
            point with error bounds derived by hand.
        reason: one sentence.
        obligation: what the certificate failed to deliver; None if it is valid.
        leaves: the number of leaves that were checked.
    """

    valid: bool
    bound: Fraction | None
    trust: str
    reason: str
    obligation: Obligation | None
    leaves: int

    def __repr__(self) -> str:
        bound = "" if self.bound is None else f", p* >= {decimal_down(self.bound)}"
        valid = "valid" if self.valid else "not valid"
        return f"{type(self).__name__}({valid}{bound}, {self.trust}: {self.reason})"


TRUST = {
    "proved": "proved (a checker whose soundness is proved in Coq)",
    "exact": "exact (rational arithmetic only)",
    "rigorous": "rigorous (floating point with error bounds derived by hand)",
    "kernel": "kernel (a theorem that Coq's kernel has checked)",
}


def leaves_in_words(leaves: int) -> str:
    """Count leaves."""
    return f"{leaves} {'leaf' if leaves == 1 else 'leaves'}"
