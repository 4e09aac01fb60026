"""A condition that is taken away."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """A condition taken away.

    Attributes:
        condition: in words.
        place: a text that occurs once in the theory, with the condition in <<double angles>>.
        instead: what is there without it.
        purpose: what a condition is there for that is not needed for soundness; empty for the others.
    """

    condition: str
    place: str
    instead: str = "true"
    purpose: str = ""

    def applied(self, text: str) -> str:
        """Return the text of the theory without the condition."""
        before, rest = self.place.split("<<")
        condition, after = rest.split(">>")
        old = before + condition + after
        if text.count(old) != 1:
            raise RuntimeError(f"{self.condition}: its text occurs {text.count(old)} times")
        return text.replace(old, before + self.instead + after)


# The mutants of each theory, as `Mutant` takes them.
Theories = dict[str, tuple[tuple[str, ...], ...]]
