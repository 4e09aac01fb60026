"""A checker in two hundred lines: python small_checker.py iris.cert iris.txt, of `certify problem`.

For training bounds with the squared loss, no weights and no output bias, proved in one tree. What it accepts
is proved (docs/certificate-format.md). It needs nothing but Python, and limits neither time nor memory.
"""

import hashlib
import json
import sys
from fractions import Fraction
from pathlib import Path

Row = list[int]
Rows = list[Row]
Products = list[tuple[int, int, int]]


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


def combine(*terms: tuple[int, Rows]) -> Rows:
    """Return the sum of factors times square matrices of one order."""
    order = range(len(terms[0][1]))
    return [[sum(factor * matrix[i][j] for factor, matrix in terms) for j in order] for i in order]


def squares(rows: Rows) -> Rows:
    """Return the T with z^T T z = sum of (r . z)^2 over the rows r."""
    return [[dot(a, b) for b in columns(rows)] for a in columns(rows)]


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
    off = [[0 if i == j else max(x, 0) for j, x in enumerate(row)] for i, row in enumerate(T)]
    return min(map(min, T)) >= 0 or any(semidefinite(combine((2, T), (-k, off))) for k in (0, 1, 2))


class Tree:
    """A tree of cones of u = sum_k t_k W_k, t_k >= 0 where `known`, on which leaves prove the premise.

    In integers it is lam |u|^2 >= mu |N^T relu(Xu)|^2. On a cone x_i . u has the sign that `told` has of i.
    """

    def __init__(self, X: Rows, N: Rows, lam: int, mu: int, lines: list[str]) -> None:
        """Take integer matrices, and the lines that follow the header."""
        self.X, self.N, self.lam, self.mu = X, N, lam, mu
        self.lines = iter(line.split() for line in lines)
        self.nodes = 0

    def walk(self, W: Rows, known: list[bool], told: dict[int, int]) -> None:
        """Check the next node on its cone, and all below it."""
        self.nodes += 1
        kind, *words = next(self.lines)
        numbers = [integer(word) for word in words]
        if kind == "sign":
            (k,) = numbers
            require(k >= 0 and not known[k], "the sign is known")
            for side in (W[k], [-x for x in W[k]]):
                self.walk([*W[:k], side, *W[k + 1 :]], [*known[:k], True, *known[k + 1 :]], told)
        elif kind == "row":
            (i,) = numbers
            require(i in self.outputs(W, known, told)[1], "the sample is not mixed")
            for sign in (1, -1):
                self.walk(W, known, {**told, i: sign})
        elif kind == "split":
            k, l, a, b = numbers
            require(k >= 0 <= l != k and known[k] and known[l] and a > 0 < b, "this is no split of the cone")
            between = [a * x + b * y for x, y in zip(W[k], W[l], strict=True)]
            self.walk([*W[:k], between, *W[k + 1 :]], known, told)
            self.walk([*W[:l], between, *W[l + 1 :]], known, told)
        else:
            rows = [[integer(word) for word in next(self.lines)] for _ in range((numbers or [0])[-1])]
            products = [(row[0], row[k], row[k + 1]) for row in rows for k in range(1, len(row), 2)]
            if kind == "leaf":
                holds = self.leaf(W, known, told, products, *numbers[:-1])
            elif kind == "tau":
                holds = self.tau(W, known, told, products, *numbers[:-1])
            else:
                holds = kind == "envelope" and self.envelope(W, known, told)
            require(holds, f"a leaf {kind} proves nothing")

    def outputs(self, W: Rows, known: list[bool], told: dict[int, int]) -> tuple[Rows, Row, Rows]:
        """Return x_i . W_k, the mixed rows, and G: N^T relu(Xu) = G t + the sum over them of N_i alpha_i."""
        P = [[dot(x, w) for w in W] for x in self.X]

        signs = {tuple(self.X[i]): sign for i, sign in told.items()}

        def one_sided(i: int, sign: int) -> bool:
            if tuple(self.X[i]) in signs:
                return signs[tuple(self.X[i])] == sign
            return all(sign * v >= 0 if k else v == 0 for v, k in zip(P[i], known, strict=True))

        active = [i for i in range(len(P)) if one_sided(i, 1)]
        mixed = [i for i in range(len(P)) if not one_sided(i, 1) and not one_sided(i, -1)]
        G = [[sum(n[i] * P[i][k] for i in active) for k in range(len(W))] for n in columns(self.N)]
        return P, mixed, G

    def leaf(
        self, W: Rows, known: list[bool], told: dict[int, int], products: Products, scale: int, unit: int
    ) -> bool:
        """Take products of t, |x_i . u|, alpha = relu(p . t) and beta = alpha - p . t off the form."""
        P, mixed, G = self.outputs(W, known, told)
        d, r = len(W), len(mixed)
        variables = [[int(i == j) for j in range(d + r)] for i in range(d + r)]
        betas = [[*(-v for v in P[i]), *alpha[d:]] for i, alpha in zip(mixed, variables[d:], strict=True)]
        signed = [variables[k] for k in range(d) if known[k]]
        signed += [[*(sign * v for v in P[i]), *[0] * r] for i, sign in told.items()]
        norm = squares([[*w, *[0] * r] for w in columns(W)])
        gauge = squares([[*g, *(n[i] for i in mixed)] for g, n in zip(G, columns(self.N), strict=True)])
        zero = {(i, i + r) for i in range(len(signed), len(signed) + r)}  # alpha_i beta_i = 0
        taken = product_form(products, [*signed, *variables[d:], *betas], zero)
        require(scale > 0 < unit, "the factors are not positive")
        return semidefinite(
            combine((2 * scale * self.lam, norm), (-2 * scale * self.mu, gauge), (-unit, taken))
        )

    def tau(
        self, W: Rows, known: list[bool], told: dict[int, int], products: Products, a: int, b: int, unit: int
    ) -> bool:
        """Bound |c + e|^2 by (1 + a/b) |c|^2 + (1 + b/a) |e|^2 for the centre c and what is around it."""
        centre, radius = self.enclosure(W, known, told)
        variables = [[int(i == j) for j in range(len(W))] for i in range(len(W))]
        taken = product_form(products, variables, set())
        require(a > 0 < b and unit > 0, "the factors are not positive")
        spread = any(map(any, radius))
        on_norm, on_centre, on_radius = (a * b, a * (a + b), b * (a + b)) if spread else (1, 1, 0)
        norm, at_centre, around = squares(columns(W)), squares(centre), squares(radius)
        minus = (
            (-2 * on_centre * self.mu, at_centre),
            (-2 * on_radius * self.mu, around),
            (-4 * unit, taken),
        )
        return nonnegative_on_orthant(combine((8 * on_norm * self.lam, norm), *minus))

    def envelope(self, W: Rows, known: list[bool], told: dict[int, int]) -> bool:
        """Bound each output by |centre| + radius."""
        centre, radius = self.enclosure(W, known, told)
        size = [[abs(c) for c in row] for row in centre]
        bounds = [[c + r for c, r in zip(*rows, strict=True)] for rows in zip(size, radius, strict=True)]
        return nonnegative_on_orthant(
            combine((4 * self.lam, squares(columns(W))), (-self.mu, squares(bounds)))
        )

    def enclosure(self, W: Rows, known: list[bool], told: dict[int, int]) -> tuple[Rows, Rows]:
        """Return twice the middle and the width of each output, as vectors to be multiplied by t >= 0."""
        require(all(known), "a sign is unknown")
        P, mixed, G = self.outputs(W, known, told)
        bits = [max(map(abs, w)).bit_length() for w in W]
        inner = [sum(w[k] << (max(bits) - b) for w, b in zip(W, bits, strict=True)) for k in range(len(W))]
        ahead = {i: dot(self.X[i], inner) >= 0 for i in mixed}
        middle = {i: [max(v, 0) + (v if ahead[i] else 0) for v in P[i]] for i in mixed}
        width = {i: [max(-v if ahead[i] else v, 0) for v in P[i]] for i in mixed}
        centre, radius = [], []
        for g, n in zip(G, columns(self.N), strict=True):
            centre.append([2 * g[k] + sum(n[i] * middle[i][k] for i in mixed) for k in range(len(W))])
            radius.append([sum(abs(n[i]) * width[i][k] for i in mixed) for k in range(len(W))])
        return centre, radius


def product_form(products: Products, quantities: list[list[int]], zero: set[tuple[int, int]]) -> Rows:
    """Return T with z^T T z = twice the sum of M times quantity_I(z) times quantity_J(z)."""
    T = [[0] * len(quantities[0]) for _ in quantities[0]]
    for I, J, M in products:
        require(0 <= I <= J and (M >= 0 or (I, J) in zero), "a product may be negative")
        for i, x in enumerate(quantities[I]):
            for j, y in enumerate(quantities[J]):
                T[i][j] += M * x * y
                T[j][i] += M * x * y
    return T


def integer(word: str) -> int:
    """Read an integer of the tree, of which 5p3 is 5 times 2^3."""
    digits, _, exponent = word.partition("p")
    return int(digits) << int(exponent or 0)


def matrix(rows: list[str]) -> Rows:
    """Read a matrix."""
    return [[int(word) for word in row.split()] for row in rows]


def check(certificate: str, problem: str) -> Fraction:
    """Return the bound that a certificate proves of a problem; raise an exception if it proves none."""
    first, *lines = certificate.splitlines()
    header = json.loads(first)
    require(
        header["problem_sha256"] == hashlib.sha256(problem.encode()).hexdigest(), "it is of another problem"
    )
    _, loss, output_bias, gamma, _, denominators, *samples = problem.splitlines()
    known = loss == "loss squared" and output_bias == "output_bias none" and denominators.count(" ") == 2
    require(known, "this loss, weights or an output bias are not known here")
    require(header["statement"] == "training" and "blocks" not in header, "this statement is not known here")
    p, q = map(int, gamma.removeprefix("gamma ").split("/"))
    a, b = map(int, denominators.split()[1:])
    X, Y = (matrix([sample.split(";")[half] for sample in samples]) for half in (0, 1))
    N, unit = matrix(header["dual_point"]), 1 << int(header["dual_exponent"])

    bound = Fraction(header["bound"])
    proved = Fraction(sum(map(dot, N, Y)), unit * b) - Fraction(sum(map(dot, N, N)), 2 * unit**2)
    require(len(N) == len(Y) and bound <= proved, "N does not prove the bound")

    W, inverse = (matrix(header["frame"][key]) for key in ("generators", "inverse"))
    scale = int(header["frame"]["scale"])
    units = [[scale * (i == j) for j in range(len(W))] for i in range(len(W))]
    require(scale > 0 and [[dot(row, w) for w in columns(W)] for row in inverse] == units, "this is no frame")
    tree = Tree(X, N, (p * a * unit) ** 2, q**2, lines)
    tree.walk(W, [False] * len(W), {})
    require(next(tree.lines, None) is None and tree.nodes == header["nodes"], "nodes are left over")
    return bound


if __name__ == "__main__":
    certificate, problem = (Path(name).read_text(encoding="ascii") for name in sys.argv[1:])
    print("proved: no network has a loss below", float(check(certificate, problem)))
