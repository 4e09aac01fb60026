"""What a leaf rule is: a way to prove a premise on the cone of a leaf.

Each statement whose proofs are trees has its rules in a table by the words that their leaves begin with:
`certify.checker.training.leaf_rules.RULES` and `certify.checker.matrix.leaf_rules.RULES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from certify.checker.certificate.nodes import AnyLeaf, Node
from certify.checker.obligations import Obligation, Rejection

L = TypeVar("L", bound=AnyLeaf)
C_contra = TypeVar("C_contra", contravariant=True)
P_contra = TypeVar("P_contra", contravariant=True)


class LeafRule(Protocol[L, C_contra, P_contra]):
    """A rule for leaves L on cones C that proves premises P."""

    @property
    def leaf(self) -> type[L]:
        """The leaf as the certificate has it, with its word and its lines."""

    def work(self, leaf: L, cone: C_contra, premise: P_contra) -> int:
        """Return the work of a leaf on its cone (docs/certificate-format.md, "Work")."""

    def check(self, leaf: L, cone: C_contra, premise: P_contra) -> None:
        """Raise Rejection if the leaf does not prove the premise on its cone."""


Rules = Mapping[str, LeafRule[Any, Any, Any]]


def by_word(rules: Iterable[LeafRule[Any, Any, Any]]) -> Rules:
    """Return a table of rules by the words that their leaves begin with."""
    return {rule.leaf.word: rule for rule in rules}


def nodes_of(inner: Iterable[type[Node]], rules: Rules) -> tuple[type[Node], ...]:
    """Return the nodes that trees with these inner nodes and these leaf rules have."""
    return (*inner, *(rule.leaf for rule in rules.values()))


def rule_of(leaf: AnyLeaf, rules: Rules) -> LeafRule[Any, Any, Any]:
    """Return the rule of a leaf.

    Raises:
        Rejection: if there is none.
    """
    if leaf.word not in rules:
        raise Rejection(Obligation.NODE_KIND)
    return rules[leaf.word]
