"""Multipliers that prove a gauge bound on one cone: the rows it leaves mixed are lifted as in SDP-NN.

On the cone {W t : t_k >= 0 where signed} let F be the mixed rows, alpha_i = relu(p_i . t) and
beta_i = alpha_i - p_i . t for i in F (docs/method.md, section 3b). Wanted are multipliers M, nonnegative but
for those of alpha_i beta_i, such that

    |W t|^2 - |G t + N_F^T alpha|^2 - sum M_IJ q_I q_J - margin (|t|^2 + |alpha|^2)

is a positive semidefinite form in (t, alpha), the q_I being the signed t_k, the alpha_i and the beta_i. Taken
are the ones of the smallest sum: few of those are positive. Products of two different rows are left out: by
far the most, they close few cones more (of 41 from a tree on Iris, 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import clarabel
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from formulations.arrays import Indices, Matrix, Vector

_SOLVED = ("Solved", "AlmostSolved")


@dataclass(frozen=True)
class LiftedCone:
    """A cone in floating point, scaled so that the level is 1 and all quantities are of the order of 1.

    Attributes:
        gram: W^T W of the generators, d x d.
        signed: of length d; whether t_k >= 0 is known.
        linear: G, c x d.
        values: p_i of the mixed rows, m x d.
        weights: N_i of the mixed rows, m x c.
    """

    gram: Matrix
    signed: NDArray[np.bool_]
    linear: Matrix
    values: Matrix
    weights: Matrix

    @property
    def quantities(self) -> Matrix:
        """The signed t_k, the alpha_i and the beta_i, as forms in (t, alpha): rows, of order d + m."""
        m, d = self.values.shape
        unit = np.eye(d + m)
        beta = np.hstack([-self.values, np.eye(m)])
        return np.vstack([unit[:d][self.signed], unit[d:], beta])

    @property
    def form(self) -> Matrix:
        """|W t|^2 - |G t + N_F^T alpha|^2, of order d + m."""
        d = len(self.gram)
        gauge = np.hstack([self.linear, self.weights.T])
        form = -gauge.T @ gauge
        form[:d, :d] += self.gram
        return np.asarray(form)


def cone_multipliers(cone: LiftedCone, margin: float) -> tuple[Indices, Indices, Vector] | None:
    """Find multipliers that close a cone.

    Args:
        cone: whose gauge is to be bounded by the level.
        margin: left over of the form, for whoever rounds the multipliers.

    Returns:
        The indices I <= J of quantities and the multipliers of their products q_I q_J; None where the
        solver found none.
    """
    forms, constant = cone.quantities, cone.form
    order, m = len(constant), len(cone.values)
    constant[np.diag_indices(order)] -= margin
    signed = len(forms) - 2 * m
    # A signed t_k times any quantity, then alpha_i beta_i.
    first, second = np.triu_indices(signed, m=len(forms))
    count = len(first)
    rows = np.arange(signed, signed + m)
    first, second = np.concatenate([first, rows]), np.concatenate([second, rows + m])
    # The upper triangle by columns, its off-diagonal entries times the root of 2: the solver's convention.
    columns, lines = np.tril_indices(order)
    weight = np.where(lines == columns, 1.0, np.sqrt(2.0))
    f, g = forms[first], forms[second]
    products = weight * (f[:, lines] * g[:, columns] + f[:, columns] * g[:, lines]) / 2
    nonnegative = sparse.hstack([-sparse.eye_array(count), sparse.csc_array((count, m))])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    solution = clarabel.DefaultSolver(
        sparse.csc_matrix((count + m, count + m)),
        np.concatenate([np.ones(count), np.zeros(m)]),
        sparse.csc_matrix(sparse.vstack([sparse.csc_array(products.T), nonnegative])),
        np.concatenate([weight * constant[lines, columns], np.zeros(count)]),
        [clarabel.PSDTriangleConeT(order), clarabel.NonnegativeConeT(count)],
        settings,
    ).solve()
    if str(solution.status) not in _SOLVED:
        return None
    multipliers = np.array(solution.x)
    multipliers[:count] = np.maximum(multipliers[:count], 0.0)
    return first, second, multipliers
