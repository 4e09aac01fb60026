"""Ways to forge a proof in blocks of samples: each changes one thing in the blocks at random.

Those that change the dual point as well leave its claim to the caller. A forgery that has nothing to change
returns the certificate as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate, pairwise
from random import Random

from certify.attack.tree_forgeries import TreeForgery, another_integer, rearranged
from certify.checker.certificate.blocks import Block, Blocks
from certify.checker.certificate.nodes import Leaf, Node
from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem

Tree = tuple[Node, ...]
BlockForgery = Callable[[Certificate, Blocks, TrainingProblem, Random], Certificate]


def tree_of_block_forged(
    certificate: Certificate, blocks: Blocks, forgery: TreeForgery, random: Random
) -> Certificate:
    """Forge the tree of one block, which keeps its count of nodes honest."""
    trees = _trees(certificate.tree, blocks)
    place = random.randrange(len(trees))
    trees[place] = forgery(trees[place], random)
    return _with_trees(certificate, blocks, list(blocks.parts), trees)


def _trees(tree: Tree, blocks: Blocks) -> list[Tree]:
    ends = [0, *accumulate(block.nodes for block in blocks.parts)]
    return [tree[first:last] for first, last in pairwise(ends)]


def _with_trees(
    certificate: Certificate, blocks: Blocks, parts: list[Block], trees: list[Tree]
) -> Certificate:
    counted = [replace(block, nodes=len(tree)) for block, tree in zip(parts, trees, strict=True)]
    return replace(
        certificate,
        tree=tuple(node for tree in trees for node in tree),
        blocks=replace(blocks, parts=tuple(counted)),
    )


def _with_block(
    certificate: Certificate, blocks: Blocks, change: Callable[[Block], Block], random: Random
) -> Certificate:
    place = random.randrange(len(blocks.parts))
    parts = (*blocks.parts[:place], change(blocks.parts[place]), *blocks.parts[place + 1 :])
    return replace(certificate, blocks=replace(blocks, parts=parts))


def _row_numbers_changed(
    certificate: Certificate, blocks: Blocks, problem: TrainingProblem, random: Random
) -> Certificate:
    def change(block: Block) -> Block:
        changed = {random.randrange(problem.n + 1), *random.sample(block.rows, random.randint(0, 1))}
        return replace(block, rows=tuple(sorted(set(block.rows) ^ changed)) or block.rows)

    return _with_block(certificate, blocks, change, random)


def _share_changed(
    certificate: Certificate, blocks: Blocks, problem: TrainingProblem, random: Random
) -> Certificate:
    def change(block: Block) -> Block:
        match random.randrange(3):
            case 0:
                return replace(block, inputs=_entry_changed(block.inputs, random))
            case 1:
                return replace(block, outputs=_entry_changed(block.outputs, random))
        return replace(block, cross=_entry_changed(block.cross, random))

    return _with_block(certificate, blocks, change, random)


def _output_frame_changed(
    certificate: Certificate, blocks: Blocks, problem: TrainingProblem, random: Random
) -> Certificate:
    def change(block: Block) -> Block:
        frame = random.choice(
            (_entry_changed(block.output_frame, random), rearranged(block.output_frame, random))
        )
        return replace(block, output_frame=frame)

    return _with_block(certificate, blocks, change, random)


def _blocks_rearranged(
    certificate: Certificate, blocks: Blocks, problem: TrainingProblem, random: Random
) -> Certificate:
    """Drop, double or exchange blocks with their trees."""
    pairs = rearranged(list(zip(blocks.parts, _trees(certificate.tree, blocks), strict=True)), random)
    if not pairs:
        return certificate
    return _with_trees(certificate, blocks, [block for block, _ in pairs], [tree for _, tree in pairs])


def _block_dropped(
    certificate: Certificate, blocks: Blocks, problem: TrainingProblem, random: Random
) -> Certificate:
    """Drop a block, and take for its rows of the dual point what claims most: the targets."""
    if len(blocks.parts) < 2:
        return certificate
    parts, trees = list(blocks.parts), _trees(certificate.tree, blocks)
    place = random.randrange(len(parts))
    dropped = parts.pop(place)
    trees.pop(place)
    rows = list(certificate.dual_point)
    for i in dropped.rows:
        if i < min(problem.n, len(rows)):
            unit = 1 << max(certificate.dual_exponent, 0)
            rows[i] = tuple(unit * y // problem.target_denominator for y in problem.targets[i])
    return _with_trees(replace(certificate, dual_point=tuple(rows)), blocks, parts, trees)


def _shares_scaled_up(
    certificate: Certificate, blocks: Blocks, problem: TrainingProblem, random: Random
) -> Certificate:
    """Take four times all shares and twice the dual point: with scaled leaves no tree notices."""
    if blocks.share_exponent < 2 or certificate.dual_exponent < 1:
        return certificate
    tree = tuple(replace(n, scale=4 * n.scale) if isinstance(n, Leaf) else n for n in certificate.tree)
    return replace(
        certificate,
        dual_exponent=certificate.dual_exponent - 1,
        tree=tree,
        blocks=replace(blocks, share_exponent=blocks.share_exponent - 2),
    )


def _output_frames_scaled_down(
    certificate: Certificate, blocks: Blocks, problem: TrainingProblem, random: Random
) -> Certificate:
    """Take half of all output frames and twice the dual point: no tree notices."""
    if certificate.dual_exponent < 1:
        return certificate
    return replace(
        certificate,
        dual_exponent=certificate.dual_exponent - 1,
        blocks=replace(blocks, frame_exponent=blocks.frame_exponent + 1),
    )


def _blocks_left_out(
    certificate: Certificate, blocks: Blocks, problem: TrainingProblem, random: Random
) -> Certificate:
    """Say that the trees are one for all samples."""
    return replace(certificate, blocks=None)


def _entry_changed(rows: IntegerRows, random: Random) -> IntegerRows:
    if not rows:
        return rows
    table = [list(row) for row in rows]
    row = random.choice(table)
    place = random.randrange(len(row))
    row[place] = another_integer(row[place], random)
    return tuple(map(tuple, table))


BLOCK_FORGERIES: dict[str, BlockForgery] = {
    "row numbers of a block changed": _row_numbers_changed,
    "share of a block changed": _share_changed,
    "output frame of a block changed": _output_frame_changed,
    "blocks rearranged": _blocks_rearranged,
    "block dropped, its rows moved to the targets": _block_dropped,
    "shares and dual point scaled up": _shares_scaled_up,
    "output frames scaled down, dual point up": _output_frames_scaled_down,
    "blocks left out": _blocks_left_out,
}
