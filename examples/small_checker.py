"""A checker in 120 lines of code: python small_checker.py iris.cert iris.txt, of `certify problem`.

For training bounds with the squared loss, no weights and no output bias, proved in one tree by enclosures.
What it accepts is proved (docs/certificate-format.md). It needs nothing but Python, and limits no memory.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

Row = list[int]
Rows = list[Row]


def require(holds: bool, what: str) -> None:
    """Raise ValueError where something does not hold."""
    if not holds:
        raise ValueError(what)


def dot(a: Row, b: Row) -> int:
    """Return the inner product."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def columns(rows: Rows) -> Rows:
    """Return the transpose."""
    return [list(column) for column in zip(*rows, strict=True)]


def form(*terms: tuple[int, Rows]) -> Rows:
    """Return T with t^T T t = the sum of factor * (r . t)^2 over the rows r of each term."""
    parts = [[[factor * dot(a, b) for b in columns(rows)] for a in columns(rows)] for factor, rows in terms]
    return [[sum(entries) for entries in zip(*rows, strict=True)] for rows in zip(*parts, strict=True)]


def semidefinite(T: Rows) -> bool:
    """Eliminate in integers: each pivot is a principal minor of T."""
    last = 1
    while T:
        (pivot, *row), *rest = T
        if pivot < 0 or (pivot == 0 and any(row)):
            return False
        T = [r[1:] for r in rest]
        if pivot:
            T = [[(pivot * x - r[0] * y) // last for x, y in zip(r[1:], row, strict=True)] for r in rest]
            last = pivot
    return True


def nonnegative_on_orthant(T: Rows) -> bool:
    """Say whether one of the format's four reasons shows that t^T T t >= 0 for all t >= 0."""

    def less(k: int) -> Rows:
        return [[2 * x - k * max(x, 0) * (i != j) for j, x in enumerate(row)] for i, row in enumerate(T)]

    return min(map(min, T)) >= 0 or any(semidefinite(less(k)) for k in (0, 1, 2))


class Premise(NamedTuple):
    """That lam |u|^2 >= mu |N^T relu(Xu)|^2, in integers, on a cone of u = sum_k t_k W_k with t >= 0."""

    X: Rows
    N: Rows
    lam: int
    mu: int

    def enclosure(self, W: Rows) -> tuple[Rows, Rows]:
        """Return twice the middle and the width of each output, as vectors to be multiplied by t."""
        bits = [max(map(abs, w)).bit_length() for w in W]
        inner = [sum(x << max(bits) - b for x, b in zip(xs, bits, strict=True)) for xs in columns(W)]
        at = [(dot(x, inner) >= 0, [dot(x, w) for w in W]) for x in self.X]
        middle = columns([[max(v, 0) + v * ahead for v in values] for ahead, values in at])
        width = columns([[max(-v if ahead else v, 0) for v in values] for ahead, values in at])
        sizes = [list(map(abs, n)) for n in columns(self.N)]
        return [[dot(n, m) for m in middle] for n in columns(self.N)], [
            [dot(s, w) for w in width] for s in sizes
        ]

    def is_proved_by(self, kind: str, numbers: Row, W: Rows) -> bool:
        """Bound each output by |centre| + radius, or all by (1 + a/b) |centre|^2 + (1 + b/a) |radius|^2."""
        centre, radius = self.enclosure(W)
        if kind == "envelope":
            bounds = [
                [abs(c) + r for c, r in zip(*at, strict=True)] for at in zip(centre, radius, strict=True)
            ]
            return nonnegative_on_orthant(form((4 * self.lam, columns(W)), (-self.mu, bounds)))
        a, b, unit, products = numbers
        require(kind == "tau" and a > 0 < b and unit > 0 == products, "this node is not known here")
        p, q, r = (a * b, a * (a + b), b * (a + b)) if any(map(any, radius)) else (1, 1, 0)
        terms = (4 * p * self.lam, columns(W)), (-q * self.mu, centre), (-r * self.mu, radius)
        return nonnegative_on_orthant(form(*terms))

    def walk(self, lines: Iterator[list[str]], W: Rows, known: list[bool]) -> int:
        """Check the next node on its cone, t_k >= 0 where `known`, and all below it; return their number."""
        kind, *words = next(lines, ["is missing and"])
        numbers = [int(digits) << int(power or 0) for digits, _, power in (w.partition("p") for w in words)]
        if kind == "sign":
            (k,) = numbers
            require(k >= 0 and not known[k], "the sign is known")
            known, sides = [*known[:k], True, *known[k + 1 :]], [(k, W[k]), (k, [-x for x in W[k]])]
        elif kind == "split":
            k, l, a, b = numbers
            require(k >= 0 <= l != k and known[k] and known[l] and a > 0 < b, "this is no split of the cone")
            sides = [(i, [a * x + b * y for x, y in zip(W[k], W[l], strict=True)]) for i in (k, l)]
        else:
            require(all(known) and self.is_proved_by(kind, numbers, W), f"a leaf {kind} proves nothing")
            sides = []
        return 1 + sum(self.walk(lines, [*W[:i], w, *W[i + 1 :]], known) for i, w in sides)


def check(certificate: str, problem: str) -> Fraction:
    """Return the bound that a certificate proves of a problem; raise an exception if it proves none."""
    first, *nodes = certificate.splitlines()
    header, lines = json.loads(first), iter(line.split() for line in nodes)
    digest = hashlib.sha256(problem.encode()).hexdigest()
    require(header["problem_sha256"] == digest, "it is of another problem")
    _, loss, output_bias, gamma, _, denominators, *samples = problem.splitlines()
    plain = loss == "loss squared" and output_bias == "output_bias none" and denominators.count(" ") == 2
    require(plain and header["statement"] == "training" and "blocks" not in header, "this is not known here")
    p, q = map(int, gamma.removeprefix("gamma ").split("/"))
    a, b = map(int, denominators.split()[1:])

    def matrix(rows: list[str]) -> Rows:
        return [[int(word) for word in row.split()] for row in rows]

    X, Y = (matrix([sample.split(";")[half] for sample in samples]) for half in (0, 1))
    N, unit = matrix(header["dual_point"]), 1 << int(header["dual_exponent"])
    bound = Fraction(header["bound"])
    proved = Fraction(sum(map(dot, N, Y)), unit * b) - Fraction(sum(map(dot, N, N)), 2 * unit**2)
    require(len(N) == len(Y) and bound <= proved, "N does not prove the bound")

    W, inverse = (matrix(header["frame"][key]) for key in ("generators", "inverse"))
    scale = int(header["frame"]["scale"])
    units = [[scale * (i == j) for j in range(len(W))] for i in range(len(W))]
    require(scale > 0 and [[dot(row, w) for w in columns(W)] for row in inverse] == units, "this is no frame")
    count = Premise(X, N, (p * a * unit) ** 2, q**2).walk(lines, W, [False] * len(W))
    require(count == header["nodes"] and next(lines, None) is None, "nodes are left over")
    return bound


if __name__ == "__main__":
    certificate, problem = (Path(name).read_text(encoding="ascii") for name in sys.argv[1:])
    print("proved: no network has a loss below", float(check(certificate, problem)))
