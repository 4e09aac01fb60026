"""Approximate proofs of blocks of samples: what each takes of the weight decay, and its multipliers.

Multipliers of products inside blocks alone leave a proof that falls apart into one for each block, if each
has its share of gamma (|u|^2 + |v|^2) (docs/method.md, section 3d). Nothing is as large as the number of
samples squared.
"""

from __future__ import annotations

from dataclasses import dataclass

from formulations.arrays import Matrix
from formulations.sdp.multipliers import Multipliers


@dataclass(frozen=True)
class BlockProof:
    """An approximate proof of a block: share(u, v) - 2 alpha^T N v - [...] is nearly semidefinite.

    Attributes:
        rows: numbers of the samples.
        share: symmetric, of order d + c: the block's share of gamma (|u|^2 + |v|^2), in (u, v).
        dual_rows: N, one row of c for each sample.
        multipliers: of the products of the samples' alpha and beta, in units of gamma.
    """

    rows: tuple[int, ...]
    share: Matrix
    dual_rows: Matrix
    multipliers: Multipliers
