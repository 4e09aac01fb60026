"""The compiled ascent of the gauge from one direction (docs/method.md, section 4).

The gauge |W^T relu(R u) + L u| has unit rows R, no two parallel, and kinks where a row vanishes. See
`training.oracle` for what the ascent does; here each of its steps costs a few passes over the rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from formulations.compiled import kept

_ON_KINK = 1e-12
_STATIONARY = 1e-9
_LEAST_GAIN = 1e-13
_DEPENDENT = 1e-9

_compile = njit(nogil=True, error_model="numpy")  # kept with its callers


@kept
def climb(
    R: Any, W: Any, L: Any, floor: float, start: Any, max_steps: int, wide: bool
) -> tuple[float, Any, Any]:
    """Ascend from a unit direction to a local maximum of the gauge.

    Args:
        R: unit rows, of shape (r, d).
        W: r x c.
        L: c x d.
        floor: gauges up to this are zero up to rounding; there the ascent ends.
        start: unit direction, of length d.
        max_steps: limit of steps.
        wide: follow every great circle half around instead of to the top of the piece ahead.

    Returns:
        The gauge at the end, the unit direction there, and for each row whether it vanishes there.
    """
    on_kink = np.abs(R @ start) <= _ON_KINK
    u = _snap(R, start, on_kink)
    step = 0
    while True:
        z = R @ u
        for i in range(len(z)):
            if on_kink[i]:
                z[i] = 0.0
        image = W.T @ np.maximum(z, 0.0) + L @ u
        value = float(np.linalg.norm(image))
        if value <= floor or step == max_steps:
            break
        direction, held, piece = _steepest_ascent(R, W, L, u, z, on_kink, image / value)
        if np.linalg.norm(direction) <= _STATIONARY * value:
            break
        reached, u, on_kink = _best_step(R, W, L, u, z, value, direction, held, piece, wide)
        if reached <= value * (1 + _LEAST_GAIN):
            break
        step += 1
    return value, u, on_kink


@_compile
def _snap(R: Any, u: Any, on_kink: Any) -> Any:
    """Move u by rounding errors to where the rows of its kinks vanish exactly."""
    projected = _projected(_span(R[on_kink]), u)
    length = np.linalg.norm(projected)
    if length < 0.5:
        return u / np.linalg.norm(u)
    return projected / length


@_compile
def _span(rows: Any) -> Any:
    """Return orthonormal rows with the span of the given unit rows."""
    count, d = rows.shape
    basis = np.empty((min(count, d), d))
    rank = 0
    for i in range(count):
        if rank == len(basis):
            break
        rest = rows[i].copy()
        # A second pass removes what cancellation leaves of the first.
        for _ in range(2):
            for k in range(rank):
                rest -= (basis[k] @ rest) * basis[k]
        length = np.linalg.norm(rest)
        if length > _DEPENDENT:
            basis[rank] = rest / length
            rank += 1
    return basis[:rank]


@_compile
def _projected(basis: Any, vector: Any) -> Any:
    """Return the part of a vector that is orthogonal to orthonormal rows."""
    rest = vector.copy()
    for _ in range(2):
        for k in range(len(basis)):
            rest -= (basis[k] @ rest) * basis[k]
    return rest


@_compile
def _steepest_ascent(R: Any, W: Any, L: Any, u: Any, z: Any, on_kink: Any, unit: Any) -> tuple[Any, Any, Any]:
    """Find a tangent t along which the gauge rises; it vanishes where there is none.

    The one-sided derivative along t is g.t + sum over the kinks of b_i relu(x_i.t). Kinks with b_i >= 0 are
    convex: taking all of them for linear, as if x_i.t > 0 or else as if x_i.t < 0, bounds it from below. The
    others are concave, and with them the best t is g minus the combination of their x_i, with coefficients in
    [b_i, 0], that is closest to g.

    Returns:
        t, for each row whether it stays at zero along t, and the linear map just after leaving u along t.
    """
    piece = L.copy()
    for i in range(len(R)):
        if z[i] > 0:
            _add(piece, W[i], R[i])
    kinks = np.flatnonzero(on_kink)
    bends = W[kinks] @ unit
    concave, convex = kinks[bends < 0], kinks[bends >= 0]
    direction = np.zeros_like(u)
    least = _STATIONARY * np.linalg.norm(piece @ u)
    for attempt in range(2):
        entered = piece.copy()
        if attempt == 0:
            for i in convex:
                _add(entered, W[i], R[i])
        gradient = entered.T @ unit
        gradient -= (gradient @ u) * u
        direction = _away_from_box(R[concave], gradient, -bends[bends < 0])
        if len(convex) == 0 or np.linalg.norm(direction) > least:
            break
    held = np.zeros(len(R), np.bool_)
    flat = 1e-9 * np.linalg.norm(direction)
    for k in range(len(kinks)):
        i = kinks[k]
        slope = R[i] @ direction
        if bends[k] < 0 and abs(slope) <= flat:
            held[i] = True
        elif slope > 0:
            _add(piece, W[i], R[i])
    return direction, held, piece


@_compile
def _add(piece: Any, weight: Any, row: Any) -> None:
    for j in range(len(weight)):
        for k in range(len(row)):
            piece[j, k] += weight[j] * row[k]


@_compile
def _away_from_box(rows: Any, gradient: Any, limits: Any) -> Any:
    """Return gradient - rows^T s for the s in [0, limits] that makes it shortest, by an active-set method."""
    count = len(rows)
    if count == 0:
        return gradient
    s = _least_squares(rows, gradient)
    if np.all(s >= 0) and np.all(s <= limits):
        return gradient - rows.T @ s
    s = np.zeros(count)
    is_free = np.zeros(count, np.bool_)
    rest = gradient.copy()
    tolerance = 1e-15 * np.linalg.norm(gradient)
    for _ in range(10 + 5 * count):
        slopes = rows @ rest
        entering, steepest = -1, tolerance
        for i in range(count):
            gain = slopes[i] if s[i] <= 0 else -slopes[i]
            if not is_free[i] and gain > steepest:
                entering, steepest = i, gain
        if entering < 0:
            break
        is_free[entering] = True
        while np.any(is_free):
            free = np.flatnonzero(is_free)
            target = _least_squares(rows[free], rest + rows[free].T @ s[free])
            share, blocking = 1.0, -1
            for k in range(len(free)):
                i = free[k]
                end = 0.0 if target[k] < 0 else limits[i]
                if target[k] < 0 or target[k] > limits[i]:
                    part = (end - s[i]) / (target[k] - s[i])
                    if part < share:
                        share, blocking = part, i
            before = s.copy()
            for k in range(len(free)):
                i = free[k]
                s[i] = min(max(s[i] + share * (target[k] - s[i]), 0.0), limits[i])
            if blocking >= 0:
                s[blocking] = 0.0 if s[blocking] < 0.5 * limits[blocking] else limits[blocking]
                is_free[blocking] = False
            rest -= rows.T @ (s - before)
            if blocking < 0:
                break
    return gradient - rows.T @ s


@_compile
def _least_squares(rows: Any, vector: Any) -> Any:
    """Return an s that makes vector - rows^T s shortest, zero for rows that depend on earlier ones."""
    count, d = rows.shape
    basis = np.zeros((count, d))
    triangle = np.zeros((count, count))
    inside = np.zeros(count)
    rest = vector.copy()
    for i in range(count):
        column = rows[i].copy()
        for _ in range(2):
            for k in range(i):
                part = basis[k] @ column
                triangle[k, i] += part
                column -= part * basis[k]
        length = np.linalg.norm(column)
        if length > _DEPENDENT:
            triangle[i, i] = length
            basis[i] = column / length
            inside[i] = basis[i] @ rest
            rest -= inside[i] * basis[i]
    s = np.zeros(count)
    for i in range(count - 1, -1, -1):
        if triangle[i, i] > 0:
            s[i] = (inside[i] - triangle[i] @ s) / triangle[i, i]
    return s


@_compile
def _best_step(
    R: Any,
    W: Any,
    L: Any,
    u: Any,
    z: Any,
    value: float,
    direction: Any,
    held: Any,
    piece: Any,
    wide: bool,
) -> tuple[float, Any, Any]:
    """Search towards the top singular vector of the piece ahead, else along the steepest ascent.

    Returns:
        The gauge reached, the unit direction there, and for each row whether it vanishes there.
    """
    basis = _span(R[held])
    ahead = np.empty_like(piece)
    for j in range(len(piece)):
        ahead[j] = _projected(basis, piece[j])
    top = _projected(basis, np.linalg.svd(ahead, False)[2][0])
    if top @ u < 0:
        top = -top
    tangent = top - (top @ u) * u
    length = np.linalg.norm(tangent)
    if length > 1e-12 and tangent @ direction > 0:
        reach = math.pi if wide else math.atan2(length, top @ u)
        reached, moved, on_kink = _search(R, W, L, u, z, tangent / length, held, reach)
        if reached > value * (1 + _LEAST_GAIN):
            return reached, moved, on_kink
    reach = math.pi if wide else math.pi / 2
    return _search(R, W, L, u, z, direction / np.linalg.norm(direction), held, reach)


@_compile
def _search(
    R: Any, W: Any, L: Any, u: Any, z: Any, tangent: Any, held: Any, reach: float
) -> tuple[float, Any, Any]:
    """Find the largest gauge on the great circle cos(t) u + sin(t) tangent for 0 <= t <= reach, at most pi.

    Row i crosses zero where cot t = -p_i / z_i. Between two crossings the square of the gauge is
    a cos^2 t + 2 b cos t sin t + e sin^2 t.
    """
    p = R @ tangent
    end = -math.inf if reach >= math.pi else math.cos(reach) / math.sin(reach)
    origin, slope = L @ u, L @ tangent
    crossing, cotangents = np.empty(len(R), np.int64), np.empty(len(R))
    count = 0
    for i in range(len(R)):
        if held[i]:
            p[i] = 0.0
        if z[i] > 0 or (z[i] == 0 and p[i] > 0):
            _move(origin, slope, z[i], p[i], W[i])
        if z[i] != 0 and -p[i] / z[i] > end:
            crossing[count], cotangents[count] = i, -p[i] / z[i]
            count += 1
    order = np.argsort(-cotangents[:count])
    a, b, e = _form(origin, slope)
    best, angle, last = a, 0.0, math.inf
    for k in range(count + 1):
        is_last = k == count
        stop = end if is_last else cotangents[order[k]]
        a, b, e = _form(origin, slope)
        peak = (a + e) / 2 + math.hypot((a - e) / 2, b)
        if peak > best:
            first = 0.0 if last == math.inf else math.atan2(1.0, last)
            final = reach if is_last else math.atan2(1.0, stop)
            offset = (math.atan2(2 * b, a - e) / 2 - first) % math.pi
            if first + offset < final:
                best, angle = peak, first + offset
            else:
                cosine, sine = math.cos(final), math.sin(final)
                at_stop = a * cosine**2 + 2 * b * cosine * sine + e * sine**2
                if at_stop > best:
                    best, angle = at_stop, final
        if not is_last:
            i = crossing[order[k]]
            sign = -1.0 if z[i] > 0 else 1.0
            _move(origin, slope, sign * z[i], sign * p[i], W[i])
            last = stop
    cosine, sine = math.cos(angle), math.sin(angle)
    moved = cosine * u + sine * tangent
    on_kink = np.abs(R @ moved) <= _ON_KINK
    on_kink |= held
    for k in range(count):
        if abs(cosine - cotangents[k] * sine) <= _ON_KINK * math.sqrt(1 + cotangents[k] ** 2):
            on_kink[crossing[k]] = True
    return math.sqrt(best), _snap(R, moved, on_kink), on_kink


@_compile
def _move(origin: Any, slope: Any, z: float, p: float, weight: Any) -> None:
    for j in range(len(weight)):
        origin[j] += z * weight[j]
        slope[j] += p * weight[j]


@_compile
def _form(origin: Any, slope: Any) -> tuple[float, float, float]:
    """Return the inner products of the two with themselves and each other."""
    a, b, e = 0.0, 0.0, 0.0
    for j in range(len(origin)):
        a += origin[j] * origin[j]
        b += origin[j] * slope[j]
        e += slope[j] * slope[j]
    return a, b, e
