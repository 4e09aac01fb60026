"""The tree as a certificate file has it: one node a line, leaves with the rows of their multipliers.

The format is described for strangers in docs/certificate-format.md. Reading trusts nothing: every size is
bounded and nothing recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    FacesLeaf,
    Leaf,
    Node,
    Part,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.tokens import (
    _INTEGER,
    MAX_INTEGER_DIGITS,
    _shown,
    read_integer,
)
from certify.checker.errors import CertificateError

MAX_NODES = 20_000_000
MAX_MULTIPLIERS = 5_000_000  # of all leaves together
MAX_POWER = 13_000  # as many bits as the digits may have

_TREE_INTEGER = re.compile(r"(0|-?[1-9][0-9]*)(?:p([1-9][0-9]{0,4}))?")
_SHORTER_AS_POWER = 14  # trailing zero bits from which on "MpE" is shorter than the digits
# What a node may begin with.
TRAINING_NODES = ("sign", "split", "leaf", "tau", "envelope")
MATRIX_NODES = ("split", "part", "leaf", "envelope", "faces")

_SPLIT = re.compile("split" + 4 * rf" ({_INTEGER.pattern})")


def node_text(node: Node) -> str:
    """Return the lines of a node, as the file has them."""
    return "\n".join(node_lines(node)) + "\n"


def node_lines(node: Node) -> Iterator[str]:
    """Yield the lines of a node, without their newlines."""
    match node:
        case Sign(k):
            yield f"sign {k}"
        case Split(k, l, a, b):
            yield f"split {k} {l} {_digits(a)} {_digits(b)}"
        case Leaf(scale, unit, products):
            yield from _leaf_lines(f"leaf {_digits(scale)} {_digits(unit)}", products)
        case TauLeaf(a, b, unit, products):
            yield from _leaf_lines(f"tau {_digits(a)} {_digits(b)} {_digits(unit)}", products)
        case EnvelopeLeaf():
            yield "envelope"
        case FacesLeaf(rows):
            yield f"faces {len(rows)}"
            for row in rows:
                yield " ".join(f"{k} {_digits(x)} {p}" for k, x, p in row)
        case Part(members):
            yield " ".join(["part", *map(str, members)])


def _leaf_lines(head: str, products: Iterable[tuple[int, int, int]]) -> Iterator[str]:
    rows: dict[int, list[str]] = {}
    for i, j, multiplier in products:
        rows.setdefault(i, []).append(f"{j} {_digits(multiplier)}")
    yield f"{head} {len(rows)}"
    for i, entries in rows.items():
        yield f"{i} {' '.join(entries)}"


def lines_of(text: str) -> Iterator[str]:
    """Cut a text at its newlines without holding a second copy of it.

    Raises:
        CertificateError: if its last line does not end.
    """
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    if start < len(text):
        raise CertificateError("the last line does not end: the certificate is cut short")


def _integers(line: str, number: int) -> list[int]:
    """Read the integers of a line of the tree, separated by single spaces; "MpE" is M * 2**E."""
    return [_tree_integer(word, f"line {number}") for word in line.split(" ")]


def _tree_integer(word: str, place: str) -> int:
    if "p" not in word:
        return read_integer(word, place)
    match = _TREE_INTEGER.fullmatch(word)
    if match is None or len(word) > MAX_INTEGER_DIGITS or int(match[2]) > MAX_POWER:
        raise CertificateError(f"{place}: {_shown(word)} is no integer MpE with E at most {MAX_POWER}")
    return int(match[1]) << int(match[2])


def _digits(value: int) -> str:
    """Write an integer of the tree, as "MpE" where that is shorter."""
    twos = min((value & -value).bit_length() - 1, MAX_POWER)
    return str(value) if twos < _SHORTER_AS_POWER else f"{value >> twos}p{twos}"


def read_nodes(lines: Iterator[str], nodes: int, kinds: tuple[str, ...], first: int = 2) -> Iterator[Node]:
    """Yield the nodes of a tree, the last part of a file.

    Args:
        lines: of the file from the first node on, all of them.
        nodes: how many there must be.
        kinds: the words that a node of this statement's trees may begin with.
        first: the number of the first line in the file.

    Raises:
        CertificateError: if a line is no node, or there are too few or too many.
    """
    numbered = enumerate(lines, start=first)
    envelope = EnvelopeLeaf()
    multipliers = _Allowance(MAX_MULTIPLIERS)
    for _ in range(nodes):
        number, line = _next_line(numbered)
        # Nearly all lines are one of these two.
        if line == "envelope":
            yield envelope
            continue
        if len(line) <= MAX_INTEGER_DIGITS and (split := _SPLIT.fullmatch(line)):
            yield Split(*map(int, split.groups()))
            continue
        word, space, rest = line.partition(" ")
        match word if word in kinds else "", _integers(rest, number) if space else []:
            case "sign", [k]:
                yield Sign(k)
            case "split", [k, l, a, b]:
                yield Split(k, l, a, b)
            case "leaf", [scale, unit, rows] if rows >= 0:
                yield Leaf(scale, unit, _read_products(numbered, rows, multipliers))
            case "tau", [a, b, unit, rows] if rows >= 0:
                yield TauLeaf(a, b, unit, _read_products(numbered, rows, multipliers))
            case "faces", [rows] if rows > 0:
                yield FacesLeaf(tuple(_read_faces(numbered, rows, multipliers)))
            case "part", [_, *_] as members:
                multipliers.spend(len(members))
                yield Part(tuple(members))
            case _:
                raise CertificateError(
                    f"line {number}: {line[:40]!r} is no node; here a node begins with "
                    f"{', '.join(map(repr, kinds))}, and has as many integers as the format says"
                )
    extra = next(numbered, None)
    if extra is not None:
        raise CertificateError(f"line {extra[0]}: the header promises {nodes} nodes and the file goes on")


def _read_faces(
    numbered: Iterator[tuple[int, str]], rows: int, allowance: _Allowance
) -> Iterator[tuple[tuple[int, int, int], ...]]:
    for _ in range(rows):
        number, line = _next_line(numbered)
        allowance.spend(line.count(" ") // 3 + 1)
        entries = _integers(line, number)
        if len(entries) % 3:
            raise CertificateError(f"line {number}: a row of faces has three integers for each index")
        yield tuple(zip(*[iter(entries)] * 3, strict=True))


def _next_line(numbered: Iterator[tuple[int, str]]) -> tuple[int, str]:
    entry = next(numbered, None)
    if entry is None:
        raise CertificateError("the file ends before its last node: the certificate is cut short")
    return entry


@dataclass
class _Allowance:
    """How many more multipliers a file may have."""

    left: int

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise CertificateError(
                f"the leaves have more than {MAX_MULTIPLIERS} multipliers, the most that are read"
            )


def _read_products(
    numbered: Iterator[tuple[int, str]], rows: int, allowance: _Allowance
) -> tuple[tuple[int, int, int], ...]:
    products: list[tuple[int, int, int]] = []
    for _ in range(rows):
        number, line = _next_line(numbered)
        allowance.spend(line.count(" ") // 2)
        i, *entries = _integers(line, number)
        if len(entries) % 2:
            raise CertificateError(f"line {number}: an index has no multiplier")
        products.extend((i, entries[e], entries[e + 1]) for e in range(0, len(entries), 2))
    return tuple(products)
