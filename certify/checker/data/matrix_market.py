"""Read a Matrix Market file into a table of exact numbers.

A decimal stays the decimal it is: scipy would make a float of it, and the checker does without scipy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import repeat

from certify.checker.data.cells import exact_text
from certify.checker.data.table import Table
from certify.checker.data.text_file import MATRIX_AS_TEXT, read_text
from certify.checker.errors import DataError
from certify.checker.problems.matrix import MAX_ORDER
from certify.checker.text.letters import ascii_lower

_HEADER = re.compile(r"%%matrixmarket matrix (coordinate|array) (real|integer|pattern) (general|symmetric)")
_FORTRAN = str.maketrans("dD", "eE")  # which writes exponents of double precision so
_COUNT = re.compile(r"[0-9]{1,9}")


def market_table(source: str) -> Table:
    """Read a real, integer or pattern file, general or symmetric.

    Raises:
        DataError: if the file cannot be read, is not such a file or is cut short.
    """
    first, *others = read_text(source, remedy=MATRIX_AS_TEXT).splitlines() or [""]
    header = _HEADER.fullmatch(" ".join(ascii_lower(first).split()))
    if header is None or not first.startswith("%"):
        raise DataError(
            f"{source}, line 1 does not begin a real, integer or pattern Matrix Market file, general or "
            "symmetric: write it anew, or use CSV"
        )
    layout, field, symmetry = header.groups()
    lines = (
        (number, line.split())
        for number, line in enumerate(others, start=2)
        if line.strip() and not line.split()[0].startswith("%")
    )
    number, size = next(lines, (2, []))
    if len(size) != (3 if layout == "coordinate" else 2) or not all(map(_COUNT.fullmatch, size)):
        raise DataError(f"{source}, line {number} does not give the size of the matrix: write the file anew")
    height, width, *counts = map(int, size)
    if not 0 < height == width <= MAX_ORDER:
        raise DataError(
            f"{source} promises a matrix of {height} x {width}: give a symmetric one, of order at most "
            f"{MAX_ORDER}"
        )
    places = [(i, j) for j in range(width) for i in range(j if symmetry == "symmetric" else 0, height)]
    rows = [[Fraction(0)] * width for _ in range(height)]
    seen: set[tuple[int, int]] = set()
    count = 0
    by_columns: Iterator[tuple[int, int] | None] = iter(places) if layout == "array" else repeat(None)
    for number, words in lines:
        where = f"{source}, line {number}"
        i, j = next(by_columns, None) or _coordinates(words, height, width, where)
        value = ["1"] if field == "pattern" else words[-1:]
        if len(words) != (3 if layout == "coordinate" else 1) - (field == "pattern"):
            raise DataError(f"{where} has {len(words)} words: write the file anew")
        if (i, j) in seen:
            raise DataError(f"{where} gives row {i + 1}, column {j + 1} a second time: write the file anew")
        seen.add((i, j))
        rows[i][j] = _number(value[0], where)
        if symmetry == "symmetric":
            seen.add((j, i))
            rows[j][i] = rows[i][j]
        count += 1
    promised = counts[0] if counts else len(places)
    if count != promised:
        raise DataError(
            f"{source} has {count} of the {promised} entries that it promises: write the file anew"
        )
    names = tuple(str(k + 1) for k in range(width))
    return Table(source, names, tuple(map(tuple, rows)), has_header=False)


def _coordinates(words: list[str], height: int, width: int, where: str) -> tuple[int, int]:
    if len(words) >= 2 and all(map(_COUNT.fullmatch, words[:2])):
        i, j = int(words[0]), int(words[1])
        if 0 < i <= height and 0 < j <= width:
            return i - 1, j - 1
    raise DataError(f"{where} names no entry of the matrix: write the file anew")


def _number(word: str, where: str) -> Fraction:
    try:
        value = exact_text(word.translate(_FORTRAN))
    except ValueError as reason:
        raise DataError(f"{where}: {reason}") from None
    if not isinstance(value, Fraction):
        raise DataError(f"{where}: {word[:40]!r} is no number; write the file anew")
    return value
