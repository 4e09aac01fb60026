"""The certificate file: its deterministic writer and its strict reader.

The format is described for strangers in docs/certificate-format.md. Reading trusts nothing: every size is
bounded, so that memory stays within a few gigabytes, nothing recurses, and what has been read is only well
formed.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from certify.certificate import Certificate, EnvelopeLeaf, Frame, Leaf, Node, Sign, Split, TauLeaf
from certify.errors import CertificateError
from certify.preprocessing import Preprocessing
from certify.problem import IntegerRows

FORMAT = "certify-certificate"
VERSION = 1

MAX_FILE_BYTES = 1 << 29
MAX_HEADER_CHARACTERS = 1 << 25
MAX_NODES = 20_000_000
MAX_MULTIPLIERS = 5_000_000  # of all leaves together
MAX_INTEGER_DIGITS = 4000  # below the limit from which Python itself refuses to convert
MAX_DUAL_EXPONENT = 10_000
MAX_POWER = 13_000  # as many bits as the digits may have

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_TREE_INTEGER = re.compile(r"(0|-?[1-9][0-9]*)(?:p([1-9][0-9]{0,4}))?")
_SHORTER_AS_POWER = 14  # trailing zero bits from which on "MpE" is shorter than the digits
_SPLIT = re.compile("split" + 4 * rf" ({_INTEGER.pattern})")


def to_text(certificate: Certificate) -> str:
    """Write the certificate; the same certificate gives the same text."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "statement": "training",
        "problem_sha256": certificate.problem_sha256,
        "gamma": _ratio(certificate.gamma),
        "loss": certificate.loss,
        "output_bias": certificate.output_bias,
        "preprocessing": None if certificate.preprocessing is None else certificate.preprocessing.to_json(),
        "bound": _ratio(certificate.bound),
        "dual_exponent": certificate.dual_exponent,
        "dual_point": _row_texts(certificate.dual_point),
        "frame": {
            "generators": _row_texts(certificate.frame.generators),
            "inverse": _row_texts(certificate.frame.inverse),
            "scale": str(certificate.frame.scale),
        },
        "nodes": len(certificate.tree),
        "method": certificate.method,
    }
    lines = [json.dumps(header, separators=(",", ":"), ensure_ascii=True)]
    for node in certificate.tree:
        lines.extend(_node_lines(node))
    return "\n".join(lines) + "\n"


def save_certificate(certificate: Certificate, path: str | os.PathLike[str]) -> None:
    """Write the certificate to a file.

    Raises:
        CertificateError: if the file cannot be written.
    """
    try:
        Path(path).write_text(to_text(certificate), encoding="ascii", newline="\n")
    except OSError as error:
        raise CertificateError(
            f"{path}: the certificate cannot be written ({error.strerror}); choose another path"
        ) from error


def load_certificate(path: str | os.PathLike[str]) -> Certificate:
    """Read a certificate file.

    Raises:
        CertificateError: if the file cannot be read or is not well formed.
    """
    try:
        text = _read_bounded(Path(path)).decode("ascii")
    except OSError as error:
        raise CertificateError(
            f"{path}: the certificate cannot be read ({error.strerror}); check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise CertificateError(
            f"{path}: byte {error.start + 1} is not ASCII, so this is no certificate; "
            "give a file that certify wrote"
        ) from error
    try:
        return from_text(text)
    except CertificateError as error:
        raise CertificateError(f"{path}: {error}") from error


def _read_bounded(path: Path) -> bytearray:
    """Read a file block by block: a pipe or a device has no size that could be asked for."""
    content = bytearray()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content += block
            if len(content) > MAX_FILE_BYTES:
                raise CertificateError(
                    f"{path}: the file is larger than {MAX_FILE_BYTES >> 20} MiB, the most that is read"
                )
    return content


def from_text(text: str) -> Certificate:
    """Read a certificate from its text.

    Raises:
        CertificateError: if the text is not well formed; the message names the line.
    """
    lines = iter(_lines(text))
    header = _Header(next(lines, ""))
    nodes = header.count("nodes", MAX_NODES)
    certificate = Certificate(
        problem_sha256=header.sha256("problem_sha256"),
        gamma=header.ratio("gamma"),
        loss=header.text("loss"),
        output_bias=header.text("output_bias"),
        preprocessing=header.preprocessing(),
        bound=header.ratio("bound"),
        dual_point=header.rows("dual_point"),
        dual_exponent=header.count("dual_exponent", MAX_DUAL_EXPONENT),
        frame=Frame(
            generators=header.rows("frame", "generators"),
            inverse=header.rows("frame", "inverse"),
            scale=header.integer("frame", "scale"),
        ),
        tree=tuple(_read_nodes(lines, nodes)),
        method=header.text("method"),
    )
    header.finish()
    return certificate


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def _row_texts(rows: IntegerRows) -> list[str]:
    return [" ".join(map(str, row)) for row in rows]


def node_text(node: Node) -> str:
    """Return the lines of a node, as the file has them."""
    return "\n".join(_node_lines(node)) + "\n"


def _node_lines(node: Node) -> Iterator[str]:
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


def _leaf_lines(head: str, products: Iterable[tuple[int, int, int]]) -> Iterator[str]:
    rows: dict[int, list[str]] = {}
    for i, j, multiplier in products:
        rows.setdefault(i, []).append(f"{j} {_digits(multiplier)}")
    yield f"{head} {len(rows)}"
    for i, entries in rows.items():
        yield f"{i} {' '.join(entries)}"


def _lines(text: str) -> Iterator[str]:
    """Cut the text at its newlines without holding a second copy of it."""
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
        return _integer(word, place)
    match = _TREE_INTEGER.fullmatch(word)
    if match is None or len(word) > MAX_INTEGER_DIGITS or int(match[2]) > MAX_POWER:
        raise CertificateError(f"{place}: {_shown(word)} is no integer MpE with E at most {MAX_POWER}")
    return int(match[1]) << int(match[2])


def _digits(value: int) -> str:
    """Write an integer of the tree, as "MpE" where that is shorter."""
    twos = min((value & -value).bit_length() - 1, MAX_POWER)
    return str(value) if twos < _SHORTER_AS_POWER else f"{value >> twos}p{twos}"


def _integer(word: object, place: str) -> int:
    if not isinstance(word, str) or len(word) > MAX_INTEGER_DIGITS or not _INTEGER.fullmatch(word):
        raise CertificateError(
            f"{place}: {_shown(word)} is not an integer of at most {MAX_INTEGER_DIGITS} characters"
        )
    return int(word)


def _shown(word: object) -> str:
    return repr(word) if len(repr(word)) <= 40 else repr(word)[:40] + "..."


def _read_nodes(lines: Iterator[str], nodes: int) -> Iterator[Node]:
    numbered = enumerate(lines, start=2)
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
        match word, _integers(rest, number) if space else []:
            case "sign", [k]:
                yield Sign(k)
            case "split", [k, l, a, b]:
                yield Split(k, l, a, b)
            case "leaf", [scale, unit, rows] if rows >= 0:
                yield Leaf(scale, unit, _read_products(numbered, rows, multipliers))
            case "tau", [a, b, unit, rows] if rows >= 0:
                yield TauLeaf(a, b, unit, _read_products(numbered, rows, multipliers))
            case _:
                raise CertificateError(
                    f"line {number}: {line[:40]!r} is no node; a node is 'sign k', 'split k l a b', "
                    "'leaf S U rows', 'tau a b U rows' or 'envelope'"
                )
    extra = next(numbered, None)
    if extra is not None:
        raise CertificateError(f"line {extra[0]}: the header promises {nodes} nodes and the file goes on")


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


class _Header:
    """Typed access to the header; each value is taken once, and none may be left over."""

    def __init__(self, line: str) -> None:
        if len(line) > MAX_HEADER_CHARACTERS:
            raise CertificateError(f"line 1: the header is longer than {MAX_HEADER_CHARACTERS} characters")
        try:
            values = json.loads(
                line,
                object_pairs_hook=_unique_keys,
                parse_float=_refuse_number,
                parse_constant=_refuse_number,
            )
        except (ValueError, RecursionError) as error:
            raise CertificateError(
                "line 1: the header is not JSON with integers of at most 4300 digits; "
                "give a file that certify wrote"
            ) from error
        if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
            raise CertificateError('line 1: the header does not say "format": "certify-certificate"')
        version = values.pop("version", None)
        if type(version) is not int or version != VERSION:
            raise CertificateError(
                f"the format version is {repr(version)[:40]}; this certify reads version {VERSION}"
            )
        if values.pop("statement", None) != "training":
            raise CertificateError(
                'the header\'s "statement" is not "training", the only one of this version'
            )
        self._values: dict[str, Any] = values

    def _take(self, *path: str) -> object:
        *parents, key = path
        table = self._values
        for parent in parents:
            inner = table.get(parent)
            if not isinstance(inner, dict):
                raise CertificateError(f"the header's {parent!r} is not an object")
            table = inner
        if key not in table:
            raise CertificateError(f"the header has no {'.'.join(path)!r}")
        value: object = table.pop(key)
        if parents and not table:
            self._values.pop(parents[0])
        return value

    def text(self, *path: str) -> str:
        value = self._take(*path)
        if not isinstance(value, str) or len(value) > 1000 or not (value.isascii() and value.isprintable()):
            raise CertificateError(
                f"the header's {'.'.join(path)!r} is not a text of at most 1000 printable ASCII characters"
            )
        return value

    def sha256(self, *path: str) -> str:
        value = self.text(*path)
        if not re.fullmatch(r"[0-9a-f]{64}", value):
            raise CertificateError(f"the header's {'.'.join(path)!r} is not 64 hexadecimal digits")
        return value

    def count(self, name: str, limit: int) -> int:
        value = self._take(name)
        if type(value) is not int or not 0 <= value <= limit:
            raise CertificateError(f"the header's {name!r} is not an integer from 0 to {limit}")
        return value

    def integer(self, *path: str) -> int:
        return _integer(self._take(*path), f"the header's {'.'.join(path)!r}")

    def ratio(self, *path: str) -> Fraction:
        place = f"the header's {'.'.join(path)!r}"
        value = self._take(*path)
        parts = value.split("/") if isinstance(value, str) else []
        if len(parts) != 2:
            raise CertificateError(f'{place} is not a fraction "p/q"')
        p, q = (_integer(part, place) for part in parts)
        if q <= 0 or math.gcd(p, q) != 1:
            raise CertificateError(f"{place} is not a fraction in lowest terms with a positive denominator")
        return Fraction(p, q)

    def rows(self, *path: str) -> IntegerRows:
        place = f"the header's {'.'.join(path)!r}"
        value = self._take(*path)
        if not isinstance(value, list) or not all(isinstance(row, str) for row in value):
            raise CertificateError(f"{place} is not a list of texts")
        return tuple(tuple(_integer(word, place) for word in row.split(" ")) for row in value)

    def preprocessing(self) -> Preprocessing | None:
        value = self._take("preprocessing")
        return None if value is None else Preprocessing.from_json(value)

    def finish(self) -> None:
        if self._values:
            raise CertificateError(f"the header has the unknown entry {min(self._values)[:40]!r}")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise CertificateError("line 1: an entry of the header is given twice")
    return table


def _refuse_number(word: str) -> object:
    raise CertificateError(f"line 1: the header has the number {word[:40]}; only integers are allowed")
