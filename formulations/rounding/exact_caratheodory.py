"""Caratheodory's argument in rationals: exactly the same outputs (docs/method.md, section 6).

As in `rounding.caratheodory`, but with rational weights. The weight w_j = |u_j| |v_j| of a neuron is
irrational in general, and so are the scalings that would make |u_j| = |v_j|. Therefore the points are
a_j = relu(X u_j) v_j^T themselves, and a reduction replaces v_j by s_j v_j, s_j >= 0 rational, with
sum_j s_j a_j = sum_j a_j exactly. What is proved not to rise is the penalty gamma sum_j |u_j| |s_j v_j|: half
of gamma sum_j (|u_j|^2 + |s_j v_j|^2) is this or more, and comes as close to it as one likes by rational
scalings. A step along z changes it by -t sum_j z_j |u_j| |v_j|, whose sign is decided exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import fmpq, fmpq_mat

from formulations.rounding.root_sums import sign_of_root_sum


@dataclass(frozen=True)
class ExactReduction:
    """A network with few neurons, none of them zero.

    Attributes:
        hidden: u_j as columns, d x m.
        output: v_j as rows, m x c.
        scales: of length m, positive; what the v_j of the given network were multiplied by.
        kept: of length m, ascending; which neurons of the given network these are.
    """

    hidden: fmpq_mat
    output: fmpq_mat
    scales: tuple[fmpq, ...]
    kept: tuple[int, ...]


def reduce_width_exactly(hidden: fmpq_mat, output: fmpq_mat, inputs: fmpq_mat) -> ExactReduction:
    """Return at most n c of the neurons, with exactly the same outputs and no larger sum_j |u_j| |v_j|.

    Meant for tens of neurons: entries grow with every one that goes.

    Args:
        hidden: u_j as columns, d x m.
        output: v_j as rows, m x c.
        inputs: X, n x d.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if inputs.ncols() != hidden.nrows() or hidden.ncols() != output.nrows():
        raise ValueError(
            f"inputs are {inputs.nrows()} x {inputs.ncols()}, hidden weights {hidden.nrows()} x "
            f"{hidden.ncols()} and output weights {output.nrows()} x {output.ncols()}; "
            "give n x d, d x m and m x c"
        )
    units, outputs = hidden.transpose().tolist(), output.tolist()
    squares = [_square(u) * _square(v) for u, v in zip(units, outputs, strict=True)]
    kept = [j for j, square in enumerate(squares) if square > 0]
    scales = [fmpq(1)] * len(kept)
    kernel = _kernel(_points(inputs * hidden, outputs, kept))
    while kernel:
        z = kernel.pop()
        if sign_of_root_sum(z, [squares[j] for j in kept]) < 0:
            z = [-entry for entry in z]
        step, gone = min(
            (scale / entry, i) for i, (scale, entry) in enumerate(zip(scales, z, strict=True)) if entry > 0
        )
        scales = [scale - step * entry for scale, entry in zip(scales, z, strict=True)]
        kernel = [_eliminated(vector, z, gone) for vector in kernel]
        del kept[gone], scales[gone]
    left = [(j, scale) for j, scale in zip(kept, scales, strict=True) if scale > 0]
    return ExactReduction(
        hidden=_matrix([units[j] for j, _ in left], hidden.nrows()).transpose(),
        output=_matrix([[scale * entry for entry in outputs[j]] for j, scale in left], output.ncols()),
        scales=tuple(scale for _, scale in left),
        kept=tuple(j for j, _ in left),
    )


def _square(vector: list[fmpq]) -> fmpq:
    return sum((entry**2 for entry in vector), fmpq(0))


def _matrix(rows: list[list[fmpq]], columns: int) -> fmpq_mat:
    return fmpq_mat(rows) if rows else fmpq_mat(0, columns)


def _points(before: fmpq_mat, outputs: list[list[fmpq]], kept: list[int]) -> fmpq_mat:
    """Return relu(X u_j) v_j^T of the neurons as columns, n c x m, from X u_j as columns."""
    rows = [[max(row[j], fmpq(0)) for j in kept] for row in before.tolist()]
    return _matrix(
        [
            [activation * outputs[j][k] for activation, j in zip(row, kept, strict=True)]
            for row in rows
            for k in range(len(outputs[0]) if outputs else 0)
        ],
        len(kept),
    )


def _kernel(points: fmpq_mat) -> list[list[fmpq]]:
    """Return a basis of the z with P z = 0."""
    echelon, rank = points.rref()
    rows = echelon.tolist()[:rank]
    pivots = [next(j for j, entry in enumerate(row) if entry != 0) for row in rows]
    basis = []
    for free in sorted(set(range(points.ncols())) - set(pivots)):
        vector = [fmpq(0)] * points.ncols()
        vector[free] = fmpq(1)
        for row, pivot in zip(rows, pivots, strict=True):
            vector[pivot] = -row[free]
        basis.append(vector)
    return basis


def _eliminated(vector: list[fmpq], z: list[fmpq], row: int) -> list[fmpq]:
    """Return the vector less the multiple of z that makes it vanish in a row, without that row."""
    ratio = vector[row] / z[row]
    return [a - ratio * b for i, (a, b) in enumerate(zip(vector, z, strict=True)) if i != row]
