"""The tree as a certificate file has it, the last part of the file: one node after another, in preorder.

Which nodes may occur is up to the statement, and how each is written up to the node (`certificate.nodes`).
Reading trusts nothing: every size is bounded and nothing recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from certify.checker.certificate.node_lines import NodeLines
from certify.checker.certificate.nodes import EnvelopeLeaf, Node, Split
from certify.checker.certificate.tokens import INTEGER, MAX_INTEGER_DIGITS, read_integers
from certify.checker.errors import CertificateError

MAX_NODES = 20_000_000
MAX_MULTIPLIERS = 5_000_000  # of all leaves together

_SPLIT = re.compile("split" + 4 * rf" ({INTEGER.pattern})")


def node_text(node: Node) -> str:
    """Return the lines of a node, as the file has them."""
    return "\n".join(node.lines()) + "\n"


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


def read_nodes(
    lines: Iterator[str], nodes: int, kinds: Iterable[type[Node]], first: int = 2
) -> Iterator[Node]:
    """Yield the nodes of a tree, the last part of a file.

    Args:
        lines: of the file from the first node on, all of them.
        nodes: how many there must be.
        kinds: the nodes that this statement's trees may have.
        first: the number of the first line in the file.

    Raises:
        CertificateError: if a line is no node, or there are too few or too many.
    """
    left = NodeLines(lines, first, MAX_MULTIPLIERS)
    by_word = {kind.word: kind for kind in kinds}
    envelope = EnvelopeLeaf()
    # Nearly all lines are an envelope or a split.
    envelopes, splits = EnvelopeLeaf.word in by_word, Split.word in by_word
    for _ in range(nodes):
        number, line = left.next()
        if envelopes and line == "envelope":
            yield envelope
            continue
        if splits and len(line) <= MAX_INTEGER_DIGITS and (split := _SPLIT.fullmatch(line)):
            yield Split(*map(int, split.groups()))
            continue
        word, space, rest = line.partition(" ")
        numbers = read_integers(rest, number) if space else []
        node = by_word[word].read(numbers, left) if word in by_word else None
        if node is None:
            raise CertificateError(
                f"line {number}: {line[:40]!r} is no node; here a node begins with "
                f"{', '.join(map(repr, by_word))}, and has as many integers as the format says"
            )
        yield node
    extra = left.following()
    if extra is not None:
        raise CertificateError(f"line {extra[0]}: the header promises {nodes} nodes and the file goes on")
