"""All checkers on changed proofs that divide by the signs of samples: does any accept what another refuses?

    python -m benchmarks.checkers.row_signs [--cases 5000] [--seed 0]

Valid proofs of small problems are grown at random, with multipliers for the samples' forms, and their trees
and dual points are changed. It needs `make proofs`. Exit code 1 if two checkers disagree, or if one accepts a
dual point whose gauge floating point finds too large.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np

from certify.attack.tree_forgeries import TREE_FORGERIES
from certify.bounds.proofs.writing import certificate_of
from certify.checker.certificate.nodes import Leaf, Node, RowSign, Sign, Split
from certify.checker.certificate.training import Certificate
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.training import TrainingProblem
from certify.checker.subject import Training
from certify.checker.training.check import check_certificate
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import NODES, Level, check_leaf
from certify.checker.tree.walk import children
from certify.checker.verdict import Verdict
from certify.floats.gauge import dual_point, relative_gauge
from certify.floats.problem import Arrays
from certify.shrink.lifted_leaf import lifted_leaf
from certify.trust.extracted import check_proved
from certify.trust.parallel import in_processes
from certify.trust.rigorous import check_rigorously

_DEEPEST = 5
_OF_A_BASE = 50
_EXPONENT = 8
_DIRECTIONS = 2000
_ROUNDING = 1e-9
# Of a leaf with two wrong products either may be named.
_ALIKE = {Obligation.PRODUCT_INDEX: Obligation.PRODUCT_SIGN}


def problem_of(random: Random) -> TrainingProblem:
    """Return a problem with more samples than features, some of them twice or opposite to another."""
    n, d, c = random.randint(3, 7), random.randint(1, 3), random.randint(1, 2)
    inputs = [[random.randint(-3, 3) for _ in range(d)] for _ in range(n)]
    for i in range(1, n):
        if random.random() < 0.2:
            inputs[i] = [random.choice((1, -1)) * entry for entry in inputs[i - 1]]
    targets = [[random.randint(-5, 5) for _ in range(c)] for _ in range(n)]
    return TrainingProblem.from_rationals(
        inputs, targets, Fraction(random.randint(1, 9), random.randint(1, 3))
    )


def proof_of(problem: TrainingProblem, random: Random) -> Certificate | None:
    """Return a valid proof with a tree that is grown at random; None where a leaf was not found."""
    directions = np.random.default_rng(random.randrange(1 << 30)).normal(size=(problem.d, _DIRECTIONS))
    N = np.array([[random.gauss(0, 1) for _ in range(problem.c)] for _ in range(problem.n)])
    largest = float(relative_gauge(Arrays.of(problem).X, N, float(problem.gamma), directions).max())
    share = random.uniform(0.2, 0.95) / max(largest, 1e-6)
    rows = tuple(tuple(round(share * entry * 2**_EXPONENT) for entry in row) for row in N.tolist())
    certificate = certificate_of(problem, rows, _EXPONENT, (), None, "grown")
    tree = _grown(Cone.root(certificate, problem), Level.of(certificate, problem), random, 0)
    return None if tree is None else replace(certificate, tree=tuple(tree))


def _grown(cone: Cone, level: Level, random: Random, depth: int) -> list[Node] | None:
    """Return a tree that proves the premise on a cone."""
    leaf = _leaf(cone, level, random) if depth and random.random() < depth / _DEEPEST else None
    if leaf is not None:
        return [leaf]
    free = [k for k, signed in enumerate(cone.signed) if not signed]
    signed = [k for k, signed in enumerate(cone.signed) if signed]
    nodes: list[Node] = [RowSign(row.number) for row in cone.mixed] + [Sign(k) for k in free]
    if len(signed) > 1:
        k, l = random.sample(signed, 2)
        nodes.append(Split(k, l, random.randint(1, 3), random.randint(1, 3)))
    if depth == _DEEPEST or not nodes:
        leaf = _leaf(cone, level, random)
        return None if leaf is None else [leaf]
    node = random.choice(nodes)
    below = [_grown(child, level, random, depth + 1) for child in children(node, cone, level)]
    return None if None in below else [node, *(each for tree in below for each in tree or ())]


def _leaf(cone: Cone, level: Level, random: Random) -> Leaf | None:
    """Return a leaf with multipliers, also of the cone's forms as far as there is room."""
    leaf = lifted_leaf(cone, level)
    known = sum(cone.signed) + len(cone.forms)
    forms = range(sum(cone.signed), known)
    if leaf is None or not forms:
        return leaf
    size = level.u * leaf.scale // leaf.unit
    while size := size >> random.randint(1, 3):
        pairs = [(random.choice(forms), random.randrange(known + 2 * len(cone.mixed))) for _ in range(3)]
        more = [(min(pair), max(pair), random.randint(0, size)) for pair in pairs]
        richer = replace(leaf, products=(*leaf.products, *more))
        try:
            check_leaf(richer, cone, level)
        except Rejection:
            continue
        return richer
    return leaf


def changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    """Return a certificate with some changes, and the claim that its dual point makes."""
    tree = certificate.tree
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        tree = TREE_FORGERIES[random.choice(tuple(TREE_FORGERIES))](tree, random)
    factor = random.choice((Fraction(1), Fraction(1), Fraction(5, 4), Fraction(2), Fraction(-1)))
    rows = tuple(tuple(round(factor * entry) for entry in row) for row in certificate.dual_point)
    claim = dual_bound(problem, rows, _EXPONENT)
    return replace(certificate, tree=tree, dual_point=rows, bound=claim)


def cases(seed: int, count: int) -> Iterator[tuple[Certificate, TrainingProblem]]:
    """Yield changed proofs."""
    random = Random(seed)
    while count > 0:
        problem = problem_of(random)
        base = proof_of(problem, random)
        if base is None or not any(isinstance(node, RowSign) for node in base.tree):
            continue
        for _ in range(_OF_A_BASE):
            certificate = changed(base, problem, random)
            # A file with other nodes is no certificate.
            if count > 0 and all(type(node) in NODES for node in certificate.tree):
                yield certificate, problem
                count -= 1


def said(verdict: Verdict) -> tuple[object, ...]:
    """Return what all checkers must say alike: the bound and the leaves, or what is owed."""
    obligation = verdict.obligation
    return (
        verdict.valid,
        verdict.bound,
        verdict.leaves,
        _ALIKE.get(obligation, obligation) if obligation else None,
    )


def is_too_large(certificate: Certificate, problem: TrainingProblem) -> bool:
    """Say whether some direction shows that the premise is false."""
    directions = np.random.default_rng(0).normal(size=(problem.d, _DIRECTIONS))
    X, N = Arrays.of(problem).X, dual_point(certificate)
    return bool(relative_gauge(X, N, float(problem.gamma), directions).max() > 1 + _ROUNDING)


def main() -> int:
    """Compare, and print the counts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = time.perf_counter()
    owed: Counter[str] = Counter()
    wrong = 0
    for certificate, problem in cases(options.seed, options.cases):
        verdicts = {
            "plain": check_certificate(certificate, problem),
            "packed": check_certificate(certificate, problem, walk=in_processes(1)),
            "proved": check_proved(certificate, Training(problem, None)),
        }
        # It leaves such trees to the exact check; of others it may name another obligation.
        if any(isinstance(node, RowSign) for node in certificate.tree):
            verdicts["rigorous"] = check_rigorously(certificate, problem)
        exactly = verdicts["plain"]
        owed["valid" if exactly.obligation is None else exactly.obligation.name] += 1
        false = exactly.valid and is_too_large(certificate, problem)
        if false or len({said(verdict) for verdict in verdicts.values()}) > 1:
            wrong += 1
            print(f"{'false' if false else 'different'}: {problem} {certificate} {verdicts}")
    counts = ", ".join(f"{count} {name}" for name, count in owed.most_common())
    print(f"{options.cases} certificates ({counts}): {wrong} differ ({time.perf_counter() - start:.0f} s)")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
