"""Make a proof tree smaller: whole subtrees become one leaf each, closed by the strongest rule.

The search closes leaves by rules that cost it nothing, and cuts cones until they do. A leaf with multipliers
for the products of the rows that are still mixed closes larger cones (docs/method.md, section 3b), but each
needs a semidefinite program. Here the tree is walked from the top. The first cone on the way down that such a
leaf closes is left to it, if the subtree is longer in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate

from certify.checker.certificate.node_text import node_text
from certify.checker.certificate.nodes import AnyLeaf, Node
from certify.checker.certificate.training import Certificate
from certify.checker.errors import CertificateError
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.cone import Cone, TrainingCone
from certify.checker.training.leaf_rules import Level
from certify.checker.tree.walk import children
from certify.shrink.lifted_leaf import lifted_leaf
from certify.trust.packed_cone import packed
from certify.trust.parallel import ends_of_subtrees

MAX_MIXED = 12
# About the least length of a leaf with multipliers in the file, in characters: for shorter subtrees none is
# looked for.
_LEAST, _LEAST_OF_ROW = 100, 30


@dataclass(frozen=True)
class Shrunk:
    """A smaller certificate of the same bound.

    Attributes:
        certificate: whose tree is the old one with some subtrees replaced by leaves.
        replaced: how many were.
        complete: whether the whole tree was looked at.
    """

    certificate: Certificate
    replaced: int
    complete: bool


def shrink(
    certificate: Certificate,
    problem: TrainingProblem,
    *,
    max_mixed: int = MAX_MIXED,
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int, int], None] = lambda done, total, saved: None,
) -> Shrunk:
    """Replace subtrees of a certificate by single leaves where that makes its file shorter.

    Nothing is said of the leaves that stay: a certificate that was not valid is not valid afterwards.

    Args:
        certificate: a valid one.
        problem: the problem that it is for.
        max_mixed: the most mixed rows of a cone for which a leaf is looked for. The time that one takes grows
            about with their sixth power: 10 ms for 8 of them, 0.4 s for 24.
        should_stop: asked before each cone; once true, the rest of the tree stays as it is.
        on_progress: called with the nodes done, the nodes in all and the nodes saved so far.

    Raises:
        CertificateError: if the proof is in blocks of samples, whose trees are not shrunk.
        Rejection: if the tree has missing nodes or an inner one that does not fit its cone.
    """
    if certificate.blocks is not None:
        raise CertificateError("the proof is in blocks of samples: shrink takes one tree on all samples")
    nodes = certificate.tree
    ends = ends_of_subtrees(nodes)
    if not ends:
        raise Rejection(Obligation.COVER)
    level = Level.of(certificate, problem)
    lengths = [0, *accumulate(len(node_text(node)) for node in nodes)]
    kept: list[Node] = []
    pending: list[tuple[TrainingCone, int]] = [(packed(Cone.root(certificate, problem)), 0)]
    replaced = saved = 0
    complete = True
    while pending:
        cone, number = pending.pop()
        end = ends[number]
        length = lengths[end] - lengths[number]
        on_progress(number, len(nodes), saved)
        complete = complete and not should_stop()
        mixed = cone.mixed_count
        if not complete or length < _LEAST + _LEAST_OF_ROW * mixed:
            kept.extend(nodes[number:end])
            continue
        leaf = lifted_leaf(cone, level) if mixed <= max_mixed else None
        if leaf is not None:
            # Where a leaf is no shorter than what it stands for, those below it are not either.
            shorter = len(node_text(leaf)) < length
            kept.extend([leaf] if shorter else nodes[number:end])
            replaced += shorter
            saved += shorter * (end - number - 1)
            continue
        kept.append(nodes[number])
        if not isinstance(nodes[number], AnyLeaf):
            first, second = children(nodes[number], cone, level, number)
            pending.append((second, ends[number + 1]))
            pending.append((first, number + 1))
    return Shrunk(replace(certificate, tree=tuple(kept)), replaced, complete)
