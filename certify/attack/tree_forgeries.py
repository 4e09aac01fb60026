"""Ways to forge the tree of a certificate: each changes one thing in it at random.

A forgery that has nothing to change returns the tree as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from random import Random
from typing import Any, TypeVar

from certify.checker.certificate.nodes import (
    AnyLeaf,
    EnvelopeLeaf,
    FacesLeaf,
    Leaf,
    Node,
    RowSign,
    Sign,
    Split,
    TauLeaf,
)

Tree = tuple[Node, ...]
TreeForgery = Callable[[Tree, Random], Tree]
Product = tuple[int, int, int]
WithProducts = Leaf | TauLeaf

# A split with them leaves its cone uncovered, a tau makes the form vanish.
DEGENERATE_PAIRS = ((-1, 0), (0, -1), (-1, -1), (0, 0))

_TRIVIAL_FACES = FacesLeaf((((0, 0, 0),),))

_T = TypeVar("_T")
_N = TypeVar("_N", bound=Node)


def another_integer(value: int, random: Random) -> int:
    """Return an integer to put in the place of `value`: a near one, a degenerate one or a vast one."""
    far = 1 << random.randrange(80)
    return random.choice(
        (0, 1, -1, -value, value + 1, value - 1, 2 * value, value // 2, value + far, value - far, 10**400)
    )


def rearranged(items: Sequence[_T], random: Random) -> tuple[_T, ...]:
    """Drop or double an item, or exchange two."""
    if not items:
        return ()
    i, j = random.randrange(len(items)), random.randrange(len(items))
    dropped, doubled, exchanged = list(items), list(items), list(items)
    del dropped[i]
    doubled.insert(i, items[i])
    exchanged[i], exchanged[j] = items[j], items[i]
    return tuple(random.choice((dropped, doubled, exchanged)))


def scaled_multipliers(tree: Tree, factor: float) -> Tree:
    """Multiply every multiplier by a factor close to 1, and round."""
    numerator, denominator = factor.as_integer_ratio()
    return tuple(
        replace(node, products=tuple((i, j, m * numerator // denominator) for i, j, m in node.products))
        if isinstance(node, WithProducts)
        else node
        for node in tree
    )


def _with_node(tree: Tree, kind: type[_N], change: Callable[[_N], Node], random: Random) -> Tree:
    """Change a random node of one kind."""
    places = [(i, node) for i, node in enumerate(tree) if isinstance(node, kind)]
    if not places:
        return tree
    place, node = random.choice(places)
    return (*tree[:place], change(node), *tree[place + 1 :])


def _with_leaves(tree: Tree, change: Callable[[AnyLeaf], Node], random: Random) -> Tree:
    """Change a random leaf or, as whoever needs all of them to pass, every leaf."""
    places = [i for i, node in enumerate(tree) if isinstance(node, AnyLeaf)]
    chosen = set(places if random.random() < 0.5 else random.sample(places, min(len(places), 1)))
    return tuple(
        change(node) if i in chosen and isinstance(node, AnyLeaf) else node for i, node in enumerate(tree)
    )


def _with_products(tree: Tree, change: Callable[[WithProducts], Node], random: Random) -> Tree:
    """Do the same to leaves that may have multipliers."""
    return _with_leaves(tree, lambda node: change(node) if isinstance(node, WithProducts) else node, random)


def _random_subtree(tree: Tree, random: Random) -> tuple[int, int]:
    """Return the range of nodes of a random subtree."""
    return _subtree(tree, random.randrange(len(tree)) if tree else 0)


def _subtree(tree: Tree, start: int) -> tuple[int, int]:
    """Return the range of nodes of the subtree that begins at a node."""
    end, owed = start, 1
    while owed and end < len(tree):
        owed += -1 if isinstance(tree[end], AnyLeaf) else 1
        end += 1
    return start, end


def _sign_changed(tree: Tree, random: Random) -> Tree:
    return _with_node(tree, Sign, lambda node: Sign(another_integer(node.k, random)), random)


def _row_changed(tree: Tree, random: Random) -> Tree:
    return _with_node(tree, RowSign, lambda node: RowSign(another_integer(node.number, random)), random)


def _row_sides_exchanged(tree: Tree, random: Random) -> Tree:
    """Exchange what is proved on the two sides of a sample's sign."""
    places = [i for i, node in enumerate(tree) if isinstance(node, RowSign)]
    if not places:
        return tree
    place = random.choice(places)
    _, middle = _subtree(tree, place + 1)
    _, end = _subtree(tree, middle)
    return (*tree[: place + 1], *tree[middle:end], *tree[place + 1 : middle], *tree[end:])


def _split_index_changed(tree: Tree, random: Random) -> Tree:
    def change(node: Split) -> Split:
        k, l = another_integer(node.k, random), another_integer(node.l, random)
        return random.choice((replace(node, k=k), replace(node, l=l), replace(node, k=node.l, l=node.k)))

    return _with_node(tree, Split, change, random)


def _split_weight_changed(tree: Tree, random: Random) -> Tree:
    def change(node: Split) -> Split:
        a, b = _other_pair(node.a, node.b, random)
        return replace(node, a=a, b=b)

    return _with_node(tree, Split, change, random)


def _other_pair(a: int, b: int, random: Random) -> tuple[int, int]:
    """Change one of two positive integers or both, also into pairs that would be of use."""
    other = another_integer(a, random), another_integer(b, random)
    return random.choice(((other[0], b), (a, other[1]), other, *DEGENERATE_PAIRS))


def _subtree_dropped(tree: Tree, random: Random) -> Tree:
    start, end = _random_subtree(tree, random)
    return (*tree[:start], *tree[end:])


def _subtree_replaced(tree: Tree, random: Random) -> Tree:
    """Close the cone of a whole subtree, or of the whole tree, by one leaf."""
    start, end = random.choice((_random_subtree(tree, random), (0, len(tree))))
    return (*tree[:start], _some_leaf(tree, random), *tree[end:])


def _leaves_replaced(tree: Tree, random: Random) -> Tree:
    leaf = _some_leaf(tree, random)
    return _with_leaves(tree, lambda node: leaf, random)


def _some_leaf(tree: Tree, random: Random) -> AnyLeaf:
    """Return a leaf that states nothing of its own: a trivial one, or one from elsewhere in the tree."""
    leaves = [node for node in tree if isinstance(node, AnyLeaf)]
    trivial: list[AnyLeaf] = [
        Leaf(1, 1),
        TauLeaf(1, 1),
        EnvelopeLeaf(),
        Leaf(0, 1),
        Leaf(-1, 1),
        TauLeaf(0, 0),
    ]
    return random.choice(trivial + leaves[:1] + leaves[-1:])


def _node_inserted(tree: Tree, random: Random) -> Tree:
    """Cut a cone in two and close one half by a leaf from elsewhere."""
    start, end = _random_subtree(tree, random)
    halves = [tree[start:end], (_some_leaf(tree, random),)]
    random.shuffle(halves)
    weights = _other_pair(1, 1, random)
    node = random.choice(
        (
            *(Sign(random.randrange(4)), RowSign(random.randrange(6))),
            *(Split(0, 1, *weights), Split(1, 0, *weights)),
        )
    )
    return (*tree[:start], node, *halves[0], *halves[1], *tree[end:])


def _leaf_scale_changed(tree: Tree, random: Random) -> Tree:
    return _with_node(
        tree, Leaf, lambda node: replace(node, scale=another_integer(node.scale, random)), random
    )


def _leaf_unit_changed(tree: Tree, random: Random) -> Tree:
    return _with_products(tree, lambda node: replace(node, unit=another_integer(node.unit, random)), random)


def _tau_changed(tree: Tree, random: Random) -> Tree:
    pair = _other_pair(1, 1, random)

    def change(node: AnyLeaf) -> AnyLeaf:
        return replace(node, a=pair[0], b=pair[1]) if isinstance(node, TauLeaf) else node

    return _with_leaves(tree, change, random)


# What else a leaf might claim to be, by its class.
EXCHANGES: dict[type[AnyLeaf], Callable[[Any, Random], tuple[AnyLeaf, ...]]] = {
    Leaf: lambda leaf, random: (EnvelopeLeaf(), TauLeaf(1, 1, leaf.unit, leaf.products)),
    TauLeaf: lambda leaf, random: (EnvelopeLeaf(), Leaf(1, leaf.unit, leaf.products)),
    EnvelopeLeaf: lambda leaf, random: (TauLeaf(1, random.randint(1, 100)), Leaf(1, 1), _TRIVIAL_FACES),
    FacesLeaf: lambda leaf, random: (EnvelopeLeaf(), Leaf(1, 1)),
}


def _rule_exchanged(tree: Tree, random: Random) -> Tree:
    return _with_leaves(tree, lambda leaf: random.choice(EXCHANGES[type(leaf)](leaf, random)), random)


def _product_forgery(change: Callable[[Product, Random], tuple[Product, ...]]) -> TreeForgery:
    """Return the forgery that changes one multiplier of one leaf."""

    def forge(tree: Tree, random: Random) -> Tree:
        def changed(node: WithProducts) -> AnyLeaf:
            if not node.products:
                return node
            place = random.randrange(len(node.products))
            others = node.products[:place], node.products[place + 1 :]
            return replace(node, products=(*others[0], *change(node.products[place], random), *others[1]))

        return _with_products(tree, changed, random)

    return forge


def _reindexed(product: Product, random: Random) -> tuple[Product, ...]:
    i, j, multiplier = product
    first, second = another_integer(i, random), another_integer(j, random)
    pair = random.choice(((first, j), (i, second), (j, i), (i + 1, j + 1), (i, i)))
    return ((*pair, multiplier),)


def _negative_multiplier_added(tree: Tree, random: Random) -> Tree:
    """Add what would pay for anything if it were allowed: less of a product, or of the first squares."""
    last = random.randrange(12)
    j = random.choice((last, random.randrange(last, 2 * last + 4)))
    pairs = random.choice(([(last, j)], [(i, i) for i in range(last)]))
    size = random.choice((1, 1 << 10, 1 << 100))

    def change(node: WithProducts) -> AnyLeaf:
        weight = size * max((abs(m) for _, _, m in node.products), default=1)
        return replace(node, products=(*node.products, *((i, j, -weight) for i, j in pairs)))

    return _with_products(tree, change, random)


def _trees_rearranged(tree: Tree, random: Random) -> Tree:
    """Drop, double or exchange whole trees, where there is one for each kink."""
    trees: list[list[Node]] = [[]]
    owed = 1
    for node in tree:
        if not owed:
            trees.append([])
            owed = 1
        trees[-1].append(node)
        owed += -1 if isinstance(node, AnyLeaf) else 1
    return tuple(chain.from_iterable(rearranged(trees, random)))


TREE_FORGERIES: dict[str, TreeForgery] = {
    "sign index changed": _sign_changed,
    "row changed": _row_changed,
    "sides of a row exchanged": _row_sides_exchanged,
    "split index changed": _split_index_changed,
    "split weight changed": _split_weight_changed,
    "nodes rearranged": rearranged,
    "node inserted": _node_inserted,
    "subtree dropped": _subtree_dropped,
    "subtree replaced by a leaf": _subtree_replaced,
    "leaves replaced": _leaves_replaced,
    "leaf scale changed": _leaf_scale_changed,
    "leaf unit changed": _leaf_unit_changed,
    "tau changed": _tau_changed,
    "leaf rule exchanged": _rule_exchanged,
    "multiplier changed": _product_forgery(lambda p, random: ((p[0], p[1], another_integer(p[2], random)),)),
    "multiplier negated": _product_forgery(lambda p, random: ((p[0], p[1], -p[2]),)),
    "multiplier doubled": _product_forgery(lambda p, random: (p, p)),
    "multiplier dropped": _product_forgery(lambda p, random: ()),
    "multiplier reindexed": _product_forgery(_reindexed),
    "negative multiplier added": _negative_multiplier_added,
    "trees rearranged": _trees_rearranged,
}
