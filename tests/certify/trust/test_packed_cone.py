"""The packed cone against the plain one, which is what the checker takes by itself."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.attack.tree_forgeries import TREE_FORGERIES
from certify.checker.certificate.nodes import Node, RowSign, Sign, Split
from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import dot
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import Level
from certify.checker.tree.walk import children
from certify.trust.packed_cone import PackedCone, packed
from certify.trust.parallel import in_processes
from tests.certify.attack.test_attack import CORNER, CORNER_CERTIFICATES
from tests.certify.checker.training.test_cone import cones

Pair = tuple[Cone, PackedCone | Cone]


def assert_same(plain: Cone, fast: PackedCone | Cone) -> None:
    """What the leaf rules and the walk ask of a cone is the same of both."""
    assert plain.generators == fast.generators
    assert list(plain.lengths) == list(fast.lengths)
    assert plain.signed == fast.signed
    assert list(plain.gram) == list(fast.gram)
    assert list(plain.mixed) == list(fast.mixed)
    assert list(plain.forms) == list(fast.forms)
    assert plain.mixed_count == fast.mixed_count
    assert list(map(list, plain.linear)) == list(map(list, fast.linear))
    assert plain.output_count == fast.output_count
    assert (plain.entry_bits, plain.vectors) == (fast.entry_bits, fast.vectors)
    level = Level(3, 5)
    assert level.work(Sign(0), plain) == level.work(Sign(0), fast)
    if all(plain.signed):
        same = zip(plain.enclosures(), fast.enclosures(), strict=True)
        assert all(list(map(list, one)) == list(map(list, other)) for one, other in same)


@given(cones(), st.data())
def test_same_on_every_cone_of_a_tree(
    case: tuple[Certificate, TrainingProblem, list[Cone]], data: st.DataObject
) -> None:
    # From the root, or from any plain cone below it.
    plain = data.draw(st.sampled_from(case[2]))
    pair: Pair = plain, packed(plain)
    for _ in range(data.draw(st.integers(0, 8))):
        assert_same(*pair)
        one, other = pair
        free = [k for k, signed in enumerate(one.signed) if not signed]
        signed = [k for k, signed in enumerate(one.signed) if signed]
        if one.mixed and data.draw(st.integers(0, 3)) == 0:
            node: Node = RowSign(data.draw(st.sampled_from(one.mixed)).number)
        elif free and (len(signed) < 2 or data.draw(st.booleans())):
            node = Sign(data.draw(st.sampled_from(free)))
        elif len(signed) >= 2:
            k, l = data.draw(st.permutations(signed))[:2]
            node = Split(k, l, data.draw(st.integers(1, 4)), 1 << data.draw(st.sampled_from([0, 1, 60, 200])))
        else:
            break
        level = Level(1, 1)
        both = zip(children(node, one, level), children(node, other, level), strict=True)
        pair = data.draw(st.sampled_from(list(both)))
    assert_same(*pair)


@given(cones(), st.data())
def test_with_an_offset(case: tuple[Certificate, TrainingProblem, list[Cone]], data: st.DataObject) -> None:
    # What is linear on the whole space is what it is at the generators.
    plain = Cone.root(case[0], case[1])
    entries = st.tuples(*[st.integers(-9, 9)] * plain.output_count)
    plain = plain._replace(linear=data.draw(st.tuples(*[entries] * len(plain.generators))))
    pair: Pair = plain, packed(plain)
    for k in range(len(plain.generators)):
        assert_same(*pair)
        half = data.draw(st.integers(0, 1))
        pair = pair[0].halves(k)[half], pair[1].halves(k)[half]
    assert_same(*pair)


@given(cones(), st.integers(0, 200), st.data())
def test_signs_inside_a_cone(
    case: tuple[Certificate, TrainingProblem, list[Cone]], bits: int, data: st.DataObject
) -> None:
    cone = case[2][-1]
    if len(cone.generators) > 1 and all(cone.signed):
        k, l = data.draw(st.permutations(range(len(cone.generators))))[:2]
        cone = data.draw(st.sampled_from(children(Split(k, l, 1, 1 << bits), cone, Level(1, 1))))
    fast = packed(cone)
    if not isinstance(fast, PackedCone):
        return
    lengths = fast.lengths
    u = [
        sum(e << max(lengths) - length for e, length in zip(column, lengths, strict=True))
        for column in zip(*fast.generators, strict=True)
    ]
    rising = fast.rising(max(lengths)).to_bytes(len(fast.samples), "little")
    expected = [dot(fast.samples.matrices.inputs[i], u) >= 0 for i in fast.samples.indices]
    assert list(map(bool, rising)) == expected


@pytest.mark.parametrize("name", CORNER_CERTIFICATES)
def test_same_verdict(name: str) -> None:
    certificate, chance = CORNER_CERTIFICATES[name], Random(5)
    trees = [certificate.tree, *(forge(certificate.tree, chance) for forge in TREE_FORGERIES.values())]
    for tree in trees:
        forged = replace(certificate, tree=tree)
        assert check_certificate(forged, CORNER) == check_certificate(forged, CORNER, walk=in_processes(1))
