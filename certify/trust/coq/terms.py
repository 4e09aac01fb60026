"""Write integers, lists and trees as terms that Coq reads quickly.

Only numbers are written: no text of the certificate gets into the file of Coq.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any

from certify.checker.certificate.nodes import Node
from certify.checker.obligations import Obligation, Rejection

_PIECE = 8192  # the bits of the longest literal: Coq's reader overflows its stack at twice as many
_CHUNK = 100  # the longest list literal: Coq reads long ones slowly, and very long ones not at all

# Yields the definitions that a term needs, and returns it.
Term = Generator[str, None, str]
# Of a node, the beginning of the definitions' names, and the first index that does not exist.
TermOfNode = Callable[[Any, str, int], Term]


def integer(value: int) -> str:
    """Write an integer as an argument; Coq reads hexadecimal digits in linear time, not so decimal ones."""
    if abs(value).bit_length() > _PIECE:
        high, low = divmod(value, 1 << _PIECE)
        return f"(Z.add (Z.shiftl {integer(high)} {_PIECE}) {integer(low)})"
    digits = str(abs(value)) if abs(value) < 1000 else hex(abs(value))
    return digits if value >= 0 else f"(-{digits})"


def vector(entries: Iterable[int]) -> str:
    """Write a list of integers."""
    return list_of(map(integer, entries))


def list_of(items: Iterable[str]) -> str:
    """Write a list of terms, a short one; a term may begin with a new line."""
    return f"[{'; '.join(items)}]".replace("; \n", ";\n")


def index(k: int, missing: int) -> int:
    """Return an index, or the first one that does not exist in the place of any other."""
    return k if 0 <= k < missing else missing


def chunked(name: str, kind: str, items: Iterable[str]) -> Generator[str, None, str]:
    """Yield definitions of the parts of a long list, and return a term for the whole.

    Args:
        name: what the names of the parts begin with.
        kind: the type of an item.
        items: terms.
    """
    items = list(items)
    if len(items) <= _CHUNK:
        return list_of(items)
    names: list[str] = []
    for start in range(0, len(items), _CHUNK):
        names.append(f"{name}_{len(names)}")
        yield f"Definition {names[-1]} : list ({kind}) := {list_of(items[start : start + _CHUNK])}."
    lists = yield from chunked(f"{name}_lists", f"list ({kind})", names)
    return f"(concat {lists})"


def tree_of(
    nodes: Sequence[Node],
    kind: str,
    terms_of: Mapping[type[Node], TermOfNode],
    missing: int,
    first: int = 0,
) -> Generator[str, None, str]:
    """Yield definitions for the nodes of a tree, and return a term for their list.

    Args:
        nodes: in preorder.
        kind: the type of a node.
        terms_of: how the nodes that trees of this kind may have are written, by their classes.
        missing: the first index that does not exist.
        first: the number of the first node, where there are trees before this one.

    Raises:
        Rejection: that of the first node for which there is no term, with its place.
    """
    terms = []
    for number, node in enumerate(nodes, start=first):
        if type(node) not in terms_of:
            raise Rejection(Obligation.NODE_KIND, number)
        terms.append((yield from terms_of[type(node)](node, f"node_{number}", missing)))
    return (yield from chunked(f"nodes_{first}", kind, terms))


def multipliers(
    products: Iterable[tuple[int, int, int]], name: str, missing: int
) -> Generator[str, None, str]:
    """Yield definitions for the many multipliers of a leaf, and return a term for their rows.

    Args:
        products: (i, j, multiplier).
        name: what the names of the definitions begin with.
        missing: the first index that does not exist.
    """
    pairs: dict[int, list[str]] = {}
    for i, j, multiplier in products:
        pairs.setdefault(index(i, missing), []).append(f"({index(j, missing)}%nat, {integer(multiplier)})")
    rows = []
    for i, entries in pairs.items():
        row = yield from chunked(f"{name}_row_{i}", "nat * Z", entries)
        rows.append(f"({i}%nat, {row})")
    return (yield from chunked(f"{name}_rows", "nat * list (nat * Z)", rows))
