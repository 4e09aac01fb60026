"""How long it takes to write a proof exactly and to have it checked, so that a time limit is kept.

Estimates from sizes: both are dominated by eliminations of integer matrices, one for each leaf, that take
time as the cube of its order. The constants were measured on one machine; another one's speed is measured
by a small elimination of the same kind. None of it decides what is proved.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from functools import cache

from flint import fmpz_mat

_LEAF = 2e-7  # seconds for an order of one: written with one check or two, and checked again; an output too
_REGION = 5e-7  # likewise, of a leaf on a region: larger entries, and the first certificate may be refused
_ROWS_REGION = 1.2e-8  # likewise, where nodes tell the signs of rows: cores share these
_ACTIVATION, _PRODUCT = 5e-7, 8e-9  # seconds for a neuron's activation in an exact loss, and for a product
_ALWAYS = 1.0  # seconds, of what does not grow
_MARGIN = 1.4
_PROBE_ORDER, _PROBE_SECONDS = 60, 0.018


def leaves_seconds(orders: Iterable[int]) -> float:
    """Return the seconds for leaves whose forms have such orders."""
    return _seconds(_LEAF * sum(order**3 for order in orders))


def blocks_seconds(rows: Iterable[int], d: int, c: int) -> float:
    """Return the seconds for blocks of so many rows, each a leaf and its shares of d inputs and c outputs.

    A single block of all rows, which needs no shares, is one leaf.
    """
    blocks = list(rows)
    shares = [c] * len(blocks) if len(blocks) > 1 else []
    return leaves_seconds([*(size + d for size in blocks), *shares])


def regions_seconds(regions: int, order: int, *, in_frame: bool = True) -> float:
    """Return the seconds for so many regions whose forms have this order.

    Args:
        regions: how many.
        order: of their forms.
        in_frame: whether their signs are those of coordinates, not of rows.
    """
    if in_frame:
        return _seconds(_REGION * regions * order**3)
    return _seconds(_ROWS_REGION * regions * order**3 / min(regions, os.cpu_count() or 1))


def loss_seconds(n: int, d: int, c: int, neurons: int) -> float:
    """Return the seconds for the exact loss of a network on n samples."""
    return _MARGIN * slowness() * n * neurons * (_ACTIVATION + _PRODUCT * (d + c))


def _seconds(measured: float) -> float:
    return _ALWAYS + _MARGIN * slowness() * measured


@cache
def slowness() -> float:
    """Return how much longer than where the constants were measured an elimination takes."""
    numbers = range(_PROBE_ORDER)
    matrix = fmpz_mat(
        [
            [(i * j * j + 7 * i + 1) * 2**60 // (i + j + 1) + (i == j) * 2**70 for j in numbers]
            for i in numbers
        ]
    )
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        matrix.det()
        seconds.append(time.perf_counter() - begun)
    return min(seconds) / _PROBE_SECONDS
