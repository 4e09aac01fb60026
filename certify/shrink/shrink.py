"""Make a proof tree smaller: whole subtrees become one leaf each, closed by the strongest rule.

The search closes leaves by rules that cost it nothing, and cuts cones until they do. A leaf with multipliers
for the products of the rows that are still mixed closes larger cones (docs/method.md, section 3b), but each
needs a semidefinite program. Here the tree is walked from the top. The first cone on the way down that such a
leaf closes is left to it, if the subtree is longer in the file. Blocks of samples keep their shares, and each
has a tree that is made smaller by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain

from certify.checker.certificate.node_text import node_text
from certify.checker.certificate.nodes import AnyLeaf, Node
from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import IntegerRows
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.blocks import block_trees, check_blocks
from certify.checker.training.cone import Cone, TrainingCone
from certify.checker.training.leaf_rules import Level
from certify.checker.training.shifts import shifted_trees
from certify.checker.tree.walk import children
from certify.shrink.lifted_leaf import lifted_leaf
from certify.trust.packed_cone import packed
from certify.trust.subtrees import ends_of_subtrees

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
        Rejection: if a tree has missing nodes or an inner one that does not fit its cone, or the blocks of
            samples are not those of the problem.
    """
    level, blocks = Level.of(certificate, problem), certificate.blocks
    search = _Search(level, max_mixed, should_stop, on_progress, len(certificate.tree))
    if problem.output_bias.frees_hidden:
        of_kinks = [search.smaller(nodes, root) for nodes, root in shifted_trees(certificate, problem)]
        smaller = replace(certificate, tree=tuple(chain(*of_kinks)))
        return Shrunk(smaller, search.replaced, search.complete)
    if blocks is None:
        tree = search.smaller(certificate.tree, Cone.root(certificate, problem))
        return Shrunk(replace(certificate, tree=tree), search.replaced, search.complete)
    check_blocks(blocks, certificate, problem)
    # The shares stay, so each tree is one of its own, of the same premise.
    trees = [
        search.smaller(nodes, root, _size_of_share(block.inputs))
        for block, (nodes, root) in zip(blocks.parts, block_trees(blocks, certificate, problem), strict=True)
    ]
    parts = tuple(replace(block, nodes=len(tree)) for block, tree in zip(blocks.parts, trees, strict=True))
    smaller = replace(certificate, tree=tuple(chain(*trees)), blocks=replace(blocks, parts=parts))
    return Shrunk(smaller, search.replaced, search.complete)


def _size_of_share(inputs: IntegerRows) -> int:
    """Return an even exponent of two of the size of a share's form."""
    longest = max((abs(row[-1]).bit_length() for row in inputs), default=0)
    return longest + longest % 2


@dataclass
class _Search:
    """What has become of the trees so far.

    Attributes:
        level: of the certificate.
        max_mixed: as `shrink` has it, like the next two.
        should_stop: likewise.
        on_progress: likewise.
        total: the number of nodes of all trees.
        done: those of the trees before.
        replaced: how many subtrees became leaves.
        saved: how many nodes that saved.
        complete: whether all was looked at.
    """

    level: Level
    max_mixed: int
    should_stop: Callable[[], bool]
    on_progress: Callable[[int, int, int], None]
    total: int
    done: int = 0
    replaced: int = 0
    saved: int = 0
    complete: bool = True

    def smaller(self, nodes: Sequence[Node], root: Cone, size_of_form: int = 0) -> tuple[Node, ...]:
        """Return a tree of the same premise on the root.

        Args:
            nodes: the tree.
            root: its cone.
            size_of_form: an exponent of two of the size of the form in the place of |u|^2.
        """
        ends = ends_of_subtrees(nodes)
        if not ends:
            raise Rejection(Obligation.COVER)
        lengths = [0, *accumulate(len(node_text(node)) for node in nodes)]
        kept: list[Node] = []
        pending: list[tuple[TrainingCone, int]] = [(packed(root), 0)]
        while pending:
            cone, number = pending.pop()
            end = ends[number]
            length = lengths[end] - lengths[number]
            self.on_progress(self.done + number, self.total, self.saved)
            self.complete = self.complete and not self.should_stop()
            mixed = cone.mixed_count
            if not self.complete or length < _LEAST + _LEAST_OF_ROW * mixed:
                kept.extend(nodes[number:end])
                continue
            leaf = lifted_leaf(cone, self.level, size_of_form) if mixed <= self.max_mixed else None
            if leaf is not None:
                # Where a leaf is no shorter than what it stands for, those below it are not either.
                shorter = len(node_text(leaf)) < length
                kept.extend([leaf] if shorter else nodes[number:end])
                self.replaced += shorter
                self.saved += shorter * (end - number - 1)
                continue
            kept.append(nodes[number])
            if not isinstance(nodes[number], AnyLeaf):
                first, second = children(nodes[number], cone, self.level, self.done + number)
                pending.append((second, ends[number + 1]))
                pending.append((first, number + 1))
        self.done += len(nodes)
        return tuple(kept)
