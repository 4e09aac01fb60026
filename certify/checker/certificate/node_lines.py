"""The lines of a tree in a certificate file, taken one after another by the nodes that they belong to.

Reading trusts nothing: a file that ends too early, a line that is malformed and more multipliers than the
format allows are refused with the number of the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from certify.checker.certificate.tokens import read_integers
from certify.checker.errors import CertificateError

Products = tuple[tuple[int, int, int], ...]


class NodeLines:
    """The lines that are left."""

    def __init__(self, lines: Iterator[str], first: int, multipliers: int) -> None:
        """Take them over.

        Args:
            lines: of the file, from the first node on.
            first: the number of the first of them in the file.
            multipliers: how many integers of leaves and parts are read at most.
        """
        self._numbered = enumerate(lines, start=first)
        self._most = self._left = multipliers

    def next(self) -> tuple[int, str]:
        """Take the next line with its number.

        Raises:
            CertificateError: if there is none.
        """
        entry = self.following()
        if entry is None:
            raise CertificateError("the file ends before its last node: the certificate is cut short")
        return entry

    def following(self) -> tuple[int, str] | None:
        """Take the next line with its number; None at the end of the file."""
        return next(self._numbered, None)

    def spend(self, count: int) -> None:
        """Count multipliers.

        Raises:
            CertificateError: if they are now more than are read.
        """
        self._left -= count
        if self._left < 0:
            raise CertificateError(
                f"the leaves have more than {self._most} multipliers, the most that are read"
            )

    def products(self, rows: int) -> Products:
        """Take so many lines "i j multiplier j multiplier ..."; return all (i, j, multiplier).

        Raises:
            CertificateError: if one of them is malformed.
        """
        products: list[tuple[int, int, int]] = []
        for _ in range(rows):
            number, line = self.next()
            self.spend(line.count(" ") // 2)
            i, *entries = read_integers(line, number)
            if len(entries) % 2:
                raise CertificateError(f"line {number}: an index has no multiplier")
            products.extend((i, entries[e], entries[e + 1]) for e in range(0, len(entries), 2))
        return tuple(products)

    def triples(self) -> Products:
        """Take a line of three integers for each index.

        Raises:
            CertificateError: if it is malformed.
        """
        number, line = self.next()
        self.spend(line.count(" ") // 3 + 1)
        entries = read_integers(line, number)
        if len(entries) % 3:
            raise CertificateError(f"line {number}: a row of faces has three integers for each index")
        return tuple(zip(*[iter(entries)] * 3, strict=True))
