"""What a certificate owes its reader, and how the checker says that it does not deliver."""

from __future__ import annotations

from enum import Enum


class Obligation(Enum):
    """What a certificate owes; the value is what is said when it does not deliver."""

    NODE_KIND = "the tree has a node of a kind that a proof of this statement does not have"
    EXPECTATION = "the certificate is for something else than what is expected"
    PROBLEM = (
        "the certificate is for another problem: its hash is not that of this data and gamma; decimals of a "
        "file and the floats that pandas or Parquet make of them are different numbers"
    )
    STATEMENT = "the certificate states another gamma or loss than the problem's"
    DUAL_SHAPE = "the dual point has not one row per sample and one column per target"
    DUAL_SUMS = "the dual point's columns do not sum to zero, as a free output bias requires"
    DUAL_DOMAIN = "a row of the dual point is outside the domain of the loss, where it proves nothing"
    CLAIM = "the claimed bound is more than the dual point proves"
    FRAME_SHAPE = "the root frame is not d generators of R^d with a d x d inverse and a positive scale"
    FRAME_INVERSE = "the root frame's inverse does not prove its generators to be a basis"
    BLOCK_ROWS = (
        "a block names a sample that does not exist or is in another block, "
        "or a sample of no block has a row of the dual point that is not zero"
    )
    BLOCK_SHAPE = "a block's shares are not triangles of order d and c, or its output frame has not c columns"
    SHARES = "the blocks' shares of the weight decay add up to more than there is"
    BLOCK_OUTPUT = "a block's output frame is too small for its share"
    BLOCK_BIAS = "a proof in blocks of samples does not cover free hidden biases"
    SIGN_INDEX = "a sign node names no generator of unknown sign"
    ROW_INDEX = "a row node names no sample that is mixed on its cone"
    SPLIT_INDEX = "a split node does not name two different generators"
    SPLIT_SIGNED = "a split node uses a coordinate whose sign is not known"
    SPLIT_POSITIVE = "a split node's new generator is not a positive combination"
    LEAF_SCALE = "a leaf's scale or unit is not positive"
    PRODUCT_INDEX = "a multiplier names quantities that do not exist or are not in order"
    PRODUCT_SIGN = "a multiplier of a product that may be positive is negative"
    PART_INDEX = "a part node does not name some but not all of its cone's generators in ascending order"
    PART_POSITIVE = "a part node separates two generators whose product is negative"
    FACE_INDEX = "a faces leaf's row does not name generators in ascending order, or its last one not all"
    FACE_ROW = "a faces leaf's row is none of the steps, or names no earlier row that contains what it must"
    FACE_FORM = "a faces leaf's row does not prove its submatrix copositive"
    MATRIX = "the certificate is for another matrix: its hash is not that of this one"
    WITNESS = (
        "the witness does not refute what it should: it is no nonnegative vector, or its value is too large"
    )
    CONE = "the certificate has more free coordinates than the matrix has rows"
    PROOF = "the certificate does not have exactly the one proof that its statement asks for"
    TERM = "a term has no positive weight, or no vector of the cone"
    SUM = "the terms do not add up to the matrix"
    VECTOR = "the vector does not make the matrix's form negative"
    SEPARATOR_SHAPE = "the separating matrix is not symmetric with one row per nonnegative coordinate"
    SEPARATION = "the separating matrix's product with the matrix is not negative"
    LEAF_FORM = "a leaf's remaining form is not proved nonnegative"
    LEAF_SIGNED = "a tau or envelope leaf lies on a cone with a coordinate of unknown sign"
    TAU_POSITIVE = "a tau leaf's tau is not positive"
    COVER = "the tree's leaves do not cover the space: nodes are missing or left over"
    LIMITS = (
        "the tree is deeper, a leaf has more mixed rows, a generator is longer, or all of it takes more work "
        "than the format allows"
    )


class Rejection(Exception):
    """A certificate fails to deliver one obligation."""

    def __init__(self, obligation: Obligation, node: int | None = None) -> None:
        self.obligation = obligation
        self.node = node
        place = "" if node is None else f" (node {node + 1} of the tree)"
        super().__init__(f"{obligation.value}{place}")


def require(condition: bool, obligation: Obligation, node: int | None = None) -> None:
    """Reject a certificate that does not deliver.

    Args:
        condition: whether it does.
        obligation: what it owes.
        node: where in the tree, counted from 0.
    """
    if not condition:
        raise Rejection(obligation, node)
