"""Cones of the proof tree against direct evaluation and brute force."""

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.certificate.nodes import (
    Leaf,
    Node,
    RowSign,
    Sign,
    Split,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.numbers.integers import dot
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import Level
from certify.checker.tree.walk import children as walk_children
from tests.certify.checker.oracles import certificate_of
from tests.certify.checker.strategies import problems

F = Fraction


@st.composite
def cones(draw: st.DrawFn) -> tuple[Certificate, TrainingProblem, list[Cone]]:
    """A random path of cones down a tree, from the root of a random frame on."""
    problem = draw(problems())
    d = problem.d
    entry = st.integers(-3, 3)
    rows = draw(
        st.lists(st.tuples(*[entry] * d), min_size=d, max_size=d).filter(
            lambda rows: int(fmpq_mat(d, d, [fmpq(e) for row in rows for e in row]).det()) != 0
        )
    )
    dual_point = draw(
        st.lists(st.tuples(*[entry] * problem.c), min_size=problem.n, max_size=problem.n).map(tuple)
    )
    certificate = certificate_of(problem, dual_point, [Leaf(1, 1)], frame=Frame(tuple(rows), tuple(rows), 1))
    path = [Cone.root(certificate, problem)]
    for _ in range(draw(st.integers(0, 7))):
        path.append(draw(children(path[-1]).flatmap(st.sampled_from)))
    return certificate, problem, path


@st.composite
def children(draw: st.DrawFn, cone: Cone) -> tuple[Cone, ...]:
    """The two children by a node that fits the cone."""
    free = [k for k, signed in enumerate(cone.signed) if not signed]
    signed = [k for k, signed in enumerate(cone.signed) if signed]
    if cone.mixed and draw(st.integers(0, 3)) == 0:
        row = draw(st.sampled_from(cone.mixed))
        return walk_children(RowSign(row.number), cone, Level(1, 1))
    if len(signed) >= 2 and (not free or draw(st.booleans())):
        k, l = draw(st.permutations(signed))[:2]
        node: Node = Split(k, l, draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    elif free:
        node = Sign(draw(st.sampled_from(free)))
    else:
        return cone, cone
    return walk_children(node, cone, Level(1, 1))


def coordinates(cone: Cone, u: Sequence[Fraction | int]) -> list[Fraction]:
    """The t with u = sum_k t_k w_k."""
    d = len(u)
    matrix = fmpq_mat(d, d, [fmpq(w[i]) for i in range(d) for w in cone.generators])
    right = fmpq_mat(d, 1, [fmpq(F(e).numerator, F(e).denominator) for e in u])
    return [F(int(e.p), int(e.q)) for e in matrix.solve(right).entries()]


def contains(cone: Cone, u: Sequence[Fraction | int]) -> bool:
    t = coordinates(cone, u)
    inside = all(at >= 0 or not signed for at, signed in zip(t, cone.signed, strict=True))
    return inside and fits(cone, t)


def fits(cone: Cone, t: Sequence[Fraction | int]) -> bool:
    """Whether the forms of a cone allow these coordinates."""
    return all(sum(f * at for f, at in zip(form, t, strict=True)) >= 0 for form in cone.forms)


def direct(certificate: Certificate, problem: TrainingProblem, u: Sequence[int]) -> list[int]:
    """N^T relu(Xu)."""
    activations = [max(dot(x, u), 0) for x in problem.inputs]
    return [
        sum(row[j] * a for row, a in zip(certificate.dual_point, activations, strict=True))
        for j in range(problem.c)
    ]


class TestCones:
    @given(cones(), st.data())
    def test_what_a_cone_knows_is_true_on_all_of_it(
        self, case: tuple[Certificate, TrainingProblem, list[Cone]], data: st.DataObject
    ) -> None:
        certificate, problem, path = case
        for cone in path:
            t = [data.draw(st.integers(0 if signed else -9, 9)) for signed in cone.signed]
            u = [dot(t, column) for column in zip(*cone.generators, strict=True)]
            known = [dot(row, t) for row in zip(*cone.linear, strict=True)]
            for row in cone.mixed:
                assert row.x == problem.inputs[row.number]
                assert dot(row.values, t) == dot(row.x, u)
                activation = max(dot(row.x, u), 0)
                known = [k + weight * activation for k, weight in zip(known, row.weight, strict=True)]
            if fits(cone, t):
                assert known == direct(certificate, problem, u)
            assert list(cone.lengths) == [max(map(abs, w)).bit_length() for w in cone.generators]
            products = [dot(w, v) for k, w in enumerate(cone.generators) for v in cone.generators[k:]]
            assert list(cone.gram) == products

            # The mixed rows are those that take both signs on the rays, and whose sign no node has told.
            rays = list(cone.generators)
            rays += [tuple(-e for e in w) for w, s in zip(rays, cone.signed, strict=True) if not s]
            values = [[dot(x, w) for w in rays] for x in problem.inputs]
            both = [x for x, p in zip(problem.inputs, values, strict=True) if min(p) < 0 < max(p)]
            told = {f for form in cone.forms for f in (form, tuple(-value for value in form))}
            told_of = {x: tuple(dot(x, w) for w in cone.generators) in told for x in both}
            assert [row.x for row in cone.mixed] == [x for x in both if not told_of[x]]

    @given(cones(), st.data())
    def test_children_cover_their_parent(
        self, case: tuple[Certificate, TrainingProblem, list[Cone]], data: st.DataObject
    ) -> None:
        _, _, path = case
        parent = path[-1]
        both = data.draw(children(parent))
        t = [data.draw(st.integers(0 if signed else -9, 9)) for signed in parent.signed]
        u = [dot(t, column) for column in zip(*parent.generators, strict=True)]
        assert any(contains(child, u) for child in both) or not fits(parent, t)
        for child in both:
            s = [data.draw(st.integers(0 if signed else -9, 9)) for signed in child.signed]
            below = [dot(s, column) for column in zip(*child.generators, strict=True)]
            assert contains(parent, below) or not fits(child, s)
