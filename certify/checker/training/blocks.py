"""What must hold of blocks of samples, so that their separate proofs together prove the premise of all.

Each block b has a share gamma u^T G u + 2 u^T C v + gamma v^T H v of the weight decay, and a matrix T with
v^T H v + |T w|^2 >= 2 v.w for all v and w. Its tree proves |T (w_b - C^T u)|^2 <= gamma^2 u^T G u for the
outputs w_b = N_b^T relu(X_b u) of its samples. Then, with sums over all blocks,

    2 v.w = sum of 2 v.(w_b - C^T u) + 2 u^T C v
         <= sum of gamma v^T H v + |T (w_b - C^T u)|^2 / gamma + 2 u^T C v
         <= sum of gamma v^T H v + gamma u^T G u + 2 u^T C v <= gamma |v|^2 + gamma |u|^2,

as all shares add up to no more than that; v = w / gamma is |w| <= gamma |u| (docs/method.md, section 3d).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from operator import add

from flint import fmpz_mat

from certify.checker.certificate.blocks import Block, Blocks
from certify.checker.certificate.nodes import Node
from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import IntegerRows
from certify.checker.numbers.semidefinite import integer_rows, is_psd
from certify.checker.obligations import Obligation, require
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.cone import Cone


def check_blocks(blocks: Blocks, certificate: Certificate, problem: TrainingProblem) -> None:
    """Check all but the blocks' trees.

    Args:
        blocks: of the certificate.
        certificate: whose dual point has the problem's shape.
        problem: the one that it is for.

    Raises:
        Rejection: if the premises of the blocks do not imply that of the whole.
    """
    _check_rows(blocks, certificate.dual_point)
    for block in blocks.parts:
        shapes = (
            _is_triangle(block.inputs, problem.d)
            and _is_triangle(block.outputs, problem.c)
            and len(block.cross) == problem.d
            and all(len(row) == problem.c for row in block.cross)
            and len(block.output_frame) >= 1
            and all(len(row) == problem.c for row in block.output_frame)
        )
        require(shapes, Obligation.BLOCK_SHAPE)
    require(_shares_fit(blocks, certificate, problem), Obligation.SHARES)
    for block in blocks.parts:
        require(_covers_its_share(block, blocks), Obligation.BLOCK_OUTPUT)
    require(sum(block.nodes for block in blocks.parts) == len(certificate.tree), Obligation.COVER)


def block_trees(
    blocks: Blocks, certificate: Certificate, problem: TrainingProblem
) -> Iterator[tuple[Sequence[Node], Cone]]:
    """Yield the nodes of each block's tree, and its root: R^d with the block's samples, outputs and form.

    With u in the units of the samples, T (w_b - C^T u) is -T C^T u where no sample is active.
    """
    nodes = iter(certificate.tree)
    for block in blocks.parts:
        weights = fmpz_mat([list(certificate.dual_point[i]) for i in block.rows])
        frame = fmpz_mat([list(row) for row in block.output_frame]).transpose()
        root = Cone.whole_space(
            certificate.frame.generators,
            tuple([problem.inputs[i] for i in block.rows]),
            tuple(map(tuple, integer_rows(weights * frame))),
            fmpz_mat(_symmetric(block.inputs)),
            -(fmpz_mat([list(row) for row in block.cross]) * frame),
        )
        yield tuple(islice(nodes, block.nodes)), root


def _check_rows(blocks: Blocks, dual_point: IntegerRows) -> None:
    rows = list(chain.from_iterable(block.rows for block in blocks.parts))
    named = set(rows)
    fit = all(0 <= i < len(dual_point) for i in rows) and all(block.rows for block in blocks.parts)
    others_are_zero = not any(any(row) for i, row in enumerate(dual_point) if i not in named)
    require(fit and len(named) == len(rows) and others_are_zero, Obligation.BLOCK_ROWS)


def _is_triangle(rows: IntegerRows, order: int) -> bool:
    return len(rows) == order and all(len(row) == k + 1 for k, row in enumerate(rows))


def _shares_fit(blocks: Blocks, certificate: Certificate, problem: TrainingProblem) -> bool:
    """Say whether the shares add up to at most gamma (|u|^2 + |v|^2): a form of order d + c in integers."""
    e = blocks.share_exponent
    gamma = problem.gamma.numerator * problem.input_denominator << certificate.dual_exponent
    on_u = _symmetric(_rest([block.inputs for block in blocks.parts], 1 << e))
    on_v = _symmetric(_rest([block.outputs for block in blocks.parts], 1 << e))
    cross = [[0] * problem.c for _ in range(problem.d)]
    for block in blocks.parts:
        cross = [list(map(add, *rows)) for rows in zip(cross, block.cross, strict=True)]
    unit = -problem.gamma.denominator << e
    cross = [[unit * entry for entry in row] for row in cross]
    upper = [[gamma * entry for entry in row] + other for row, other in zip(on_u, cross, strict=True)]
    lower = [
        list(other) + [gamma * entry for entry in row]
        for other, row in zip(zip(*cross, strict=True), on_v, strict=True)
    ]
    return is_psd(upper + lower)


def _rest(triangles: Sequence[IntegerRows], whole: int) -> list[list[int]]:
    """Return `whole` times the identity less symmetric matrices, as a lower triangle like them."""
    rest = [[whole if l == k else 0 for l in range(k + 1)] for k in range(len(triangles[0]))]
    for triangle in triangles:
        rest = [[r - t for r, t in zip(*rows, strict=True)] for rows in zip(rest, triangle, strict=True)]
    return rest


def _covers_its_share(block: Block, blocks: Blocks) -> bool:
    """Say whether v^T H v + |T w|^2 >= 2 v.w for all v and w: a form of order 2c, here times 2^(e + 2f)."""
    e, f = blocks.share_exponent, blocks.frame_exponent
    frame = fmpz_mat([list(row) for row in block.output_frame])
    square = integer_rows(frame.transpose() * frame)
    cross = [[-(1 << e + 2 * f) if k == l else 0 for l in range(len(square))] for k in range(len(square))]
    upper = [
        [h << 2 * f for h in row] + other for row, other in zip(_symmetric(block.outputs), cross, strict=True)
    ]
    lower = [other + [s << e for s in row] for other, row in zip(cross, square, strict=True)]
    return is_psd(upper + lower)


def _symmetric(triangle: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the symmetric matrix with a lower triangle."""
    order = len(triangle)
    return [[triangle[max(k, l)][min(k, l)] for l in range(order)] for k in range(order)]
