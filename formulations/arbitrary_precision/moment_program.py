"""SDP-NN in its moments, as a linear conic program in python-flint's arithmetic of any precision.

The moments M of w = (u, alpha) and a bound Z on the fit are its variables:

    minimise  gamma^2 (tr M_uu + tr Z)      (2 gamma times the loss, so that multipliers are levels)
    with  M  and  [K + gamma I, Y; Y^T, Z]  positive semidefinite,  K = lift M lift^T,
    <alpha_i alpha_j>, <alpha_i beta_j>, <beta_i beta_j> >= 0 for i != j  and  <alpha_i beta_i> = 0,

where beta = alpha - Xu and <.> reads a product off M. The equations give the squares of the alphas, so
that the other entries of M are free. The upper right block of the second matrix's multiplier is
-gamma N for a dual point N (docs/method.md, section 3a).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, arb_mat, fmpq, fmpq_mat

from formulations.arbitrary_precision.ball_matrix import (
    dot,
    identity,
    inverted,
    symmetric,
)

Sparse = dict[int, arb]


@dataclass(frozen=True)
class Product:
    """A product of alphas and betas that is nonnegative, named as its multiplier in `Multipliers`.

    Attributes:
        name: alpha_alpha, alpha_beta or beta_beta.
        first: the row of the first factor.
        second: the row of the second factor.
        coefficients: the product as a linear form in the variables.
    """

    name: str
    first: int
    second: int
    coefficients: Sparse


@dataclass(frozen=True)
class Cone:
    """A matrix that must be semidefinite: constant + lift V lift^T, linear in the variable matrix V."""

    constant: arb_mat
    lift: arb_mat

    def linear(self, matrix: arb_mat) -> arb_mat:
        """Return lift V lift^T."""
        return symmetric(self.lift * matrix * self.lift.transpose()).mid()

    def back(self, form: arb_mat) -> arb_mat:
        """Return lift^T form lift, a form in the space of V."""
        return (self.lift.transpose() * form * self.lift).mid()


class MomentProgram:
    """The program above in its free variables, in the working precision of its making.

    They are entries of V = diag(M, Z), and `pairs` the places of these in its upper triangle; the squares
    of the alphas, which the equations give, come last.

    Args:
        inputs: rows of X that are nonzero and pairwise not parallel, r x d.
        lift: n x (d + r), the alphas of all samples as linear forms in w.
        targets: Y, n x c.
        gamma: the weight-decay strength.
    """

    def __init__(
        self, inputs: Sequence[Sequence[fmpq]], lift: fmpq_mat, targets: fmpq_mat, gamma: fmpq
    ) -> None:
        self.order, self.d = lift.ncols(), lift.ncols() - len(inputs)
        self.x = [[arb(entry).mid() for entry in row] for row in inputs]
        self.targets, self.gamma = arb_mat(targets).mid(), arb(gamma).mid()
        size = self.order + targets.ncols()
        moments = [(a, b) for a in range(self.order) for b in range(a, self.order)]
        self.moments = [(a, b) for a, b in moments if a < b or b < self.d]
        free = self.moments + [(a, b) for a in range(self.order, size) for b in range(a, size)]
        self.pairs = free + [(a, a) for a in range(self.d, self.order)]
        self.size = len(free)
        self._position = {pair: j for j, pair in enumerate(self.pairs)}
        self.cones = self._cones(arb_mat(lift).tolist(), size)
        self.objective = [self.gamma**2 * int(a == b) for a, b in free]
        rows = range(len(inputs))
        self.products = [self._product("alpha_beta", i, j) for i in rows for j in rows if i != j]
        self.products += [
            self._product(name, i, j) for name in ("alpha_alpha", "beta_beta") for j in rows for i in range(j)
        ]
        self.degree = sum(cone.constant.nrows() for cone in self.cones) + len(self.products)

    def _cones(self, lift: list[list[arb]], size: int) -> tuple[Cone, Cone]:
        n, c, unit = len(lift), size - self.order, identity(size).tolist()
        padded = [row + [arb(0)] * c for row in lift]
        constant = arb_mat(n + c, n + c)
        for i in range(n):
            constant[i, i] = self.gamma
            for k in range(c):
                constant[i, n + k] = constant[n + k, i] = self.targets[i, k]
        return (
            Cone(arb_mat(self.order, self.order), arb_mat(unit[: self.order])),
            Cone(constant, arb_mat(padded + unit[self.order :]).mid()),
        )

    def _product(self, name: str, i: int, j: int) -> Product:
        d, at = self.d, self._at
        form = {at(d + i, d + j): arb(1)}
        if name != "alpha_alpha":
            form |= {at(k, d + i): -self.x[j][k] for k in range(d)}
        if name == "beta_beta":
            form |= {at(k, d + j): -self.x[i][k] for k in range(d)}
            for k in range(d):
                for m in range(d):
                    form[at(k, m)] = form.get(at(k, m), arb(0)) + self.x[i][k] * self.x[j][m]
        return Product(name, i, j, form)

    def _at(self, a: int, b: int) -> int:
        return self._position[min(a, b), max(a, b)]

    def dual_point(self, forms: Sequence[arb_mat]) -> arb_mat:
        """Return N, n x c, from the multipliers of both matrices."""
        n = self.targets.nrows()
        return arb_mat([row[n:] for row in forms[1].tolist()[:n]]) / -self.gamma

    def square(self, forms: Sequence[arb_mat], line: int) -> arb:
        """Return what the multipliers of both matrices give to the square of the alpha of a line."""
        at = self.d + line
        pairs = zip(self.cones, forms, strict=True)
        return sum((cone.back(form)[at, at] for cone, form in pairs), arb(0)).mid()

    def value(self, variables: Sequence[arb]) -> arb:
        """Return the objective."""
        return dot(self.objective, variables)

    def evaluate(self, variables: Sequence[arb]) -> list[arb]:
        """Return the values of the products."""
        return [
            sum((v * variables[j] for j, v in p.coefficients.items()), arb(0)).mid() for p in self.products
        ]

    def matrices(self, variables: Sequence[arb]) -> list[arb_mat]:
        """Return the two matrices without their constants."""
        size = self.cones[0].lift.ncols()
        matrix = arb_mat(size, size)
        for (a, b), entry in zip(self.pairs, variables, strict=False):
            matrix[a, b] = matrix[b, a] = entry
        for i, x in enumerate(self.x, start=self.d):
            matrix[i, i] = sum((x[k] * matrix[k, i] for k in range(self.d)), arb(0))
        return [cone.linear(matrix) for cone in self.cones]

    def adjoint(self, forms: Sequence[arb_mat], multipliers: Sequence[arb]) -> list[arb]:
        """Return the gradient of the inner product with the matrices and the products."""
        first, second = (cone.back(form) for cone, form in zip(self.cones, forms, strict=True))
        total = (first + second).tolist()
        gradient = self._folded([total[a][b] * (1 if a == b else 2) for a, b in self.pairs])
        for product, multiplier in zip(self.products, multipliers, strict=True):
            for j, v in product.coefficients.items():
                gradient[j] += v * multiplier
        return gradient

    def _folded(self, row: list[arb]) -> list[arb]:
        """Replace the coefficients of squares of alphas by their parts in the free variables."""
        for i, x in enumerate(self.x, start=self.d):
            square = row[self._position[i, i]]
            for k in range(self.d):
                row[self._position[k, i]] += x[k] * square
        return row[: self.size]

    def curvature(self, first: Sequence[arb_mat], second: Sequence[arb_mat]) -> list[list[arb]]:
        """Return the matrix of the sum over the cones of <dV, first dV second> in the variables."""
        p, q, s, t = (
            cone.back(matrix).tolist()
            for cone, *pair in zip(self.cones, first, second, strict=True)
            for matrix in pair
        )
        weights = [0.5 if a == b else 1.0 for a, b in self.pairs]
        upper = []
        for j, (a, b) in enumerate(self.pairs):
            pa, pb, qa, qb, sa, sb, ta, tb = p[a], p[b], q[a], q[b], s[a], s[b], t[a], t[b]
            row = [
                pa[k] * qb[m] + pa[m] * qb[k] + pb[k] * qa[m] + pb[m] * qa[k]
                + sa[k] * tb[m] + sa[m] * tb[k] + sb[k] * ta[m] + sb[m] * ta[k]
                for k, m in self.pairs[j:]
            ]  # fmt: skip
            upper.append([weights[j] * w * v for w, v in zip(weights[j:], row, strict=True)])
        table = _mirrored(upper)
        columns = [list(column) for column in zip(*map(self._folded, table), strict=True)]
        return [self._folded(column) for column in columns]

    def start(self) -> list[arb]:
        """Return strictly feasible variables: the moments of a Gaussian u, and a loose bound on the fit."""
        moments = self._gaussian_moments()
        n, c = self.targets.nrows(), self.targets.ncols()
        shape = self.matrices(moments)[1].tolist()
        kernel = arb_mat([row[:n] for row in shape[:n]])

        def fit(scale: arb) -> arb_mat:
            inverse = inverted(scale * kernel + self.gamma * identity(n))
            return self.targets.transpose() * inverse * self.targets

        scale = min(self._scales(kernel.trace()), key=lambda t: (t * self.d + fit(t).trace()).mid())
        above = (fit(scale) + fit(scale).trace() / c * identity(c)).mid()
        bound = [above[a, b] for a in range(c) for b in range(a, c)]
        return [(scale * v).mid() for v in moments] + bound

    def _gaussian_moments(self) -> list[arb]:
        """Return the moments with u standard normal (the arc-cosine kernel of Cho and Saul, 2009)."""
        norms = [dot(row, row).sqrt() for row in self.x]
        moments: list[arb] = []
        for a, b in self.moments:
            if b < self.d:
                moments.append(arb(int(a == b)))
            elif a < self.d:
                moments.append(self.x[b - self.d][a] / 2)
            else:
                p, q = a - self.d, b - self.d
                size, inner = norms[p] * norms[q], dot(self.x[p], self.x[q])
                angle = (inner / size).mid().acos()
                moments.append((size * angle.sin() + (arb.pi() - angle) * inner) / (2 * arb.pi()))
        return [moment.mid() for moment in moments]

    def _scales(self, kernel: arb) -> list[arb]:
        """Return factors of the moments, from a decay of |Y|^2 / gamma to a kernel as small as gamma."""
        largest = (self.targets.transpose() * self.targets).trace() / (self.gamma * self.d)
        smallest = self.gamma / (4 * kernel) if kernel > 0 else largest
        scales = [max(largest, smallest).mid()]
        while scales[-1] > 4 * smallest:
            scales.append(scales[-1] / 4)
        return scales


def _mirrored(upper: Sequence[Sequence[arb]]) -> list[list[arb]]:
    """Return the rows of a symmetric matrix from those of its upper triangle."""
    order = range(len(upper))
    return [[upper[min(j, k)][abs(j - k)] for k in order] for j in order]
