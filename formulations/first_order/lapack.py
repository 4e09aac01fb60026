"""Cholesky factors by LAPACK, without the lock that lets one thread of Python run at a time.

SciPy's own functions hold the lock for as long as they compute; the same routines called by their address, as
SciPy exports them to compiled code (`scipy.linalg.cython_lapack`), do not.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from ctypes import POINTER, byref, c_char, c_int, c_void_p
from typing import Any

import numpy as np
from scipy.linalg import cython_lapack

from formulations.arrays import Matrix

_name_of = ctypes.pythonapi.PyCapsule_GetName
_name_of.restype, _name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
_address_of = ctypes.pythonapi.PyCapsule_GetPointer
_address_of.restype, _address_of.argtypes = c_void_p, [ctypes.py_object, ctypes.c_char_p]


def _routine(name: str, *arguments: Any) -> Any:
    capsules: Mapping[str, Any] = cython_lapack.__pyx_capi__
    capsule = capsules[name]
    return ctypes.CFUNCTYPE(None, *arguments)(_address_of(capsule, _name_of(capsule)))


_CHARACTER, _INTEGER = POINTER(c_char), POINTER(c_int)
_dpotrf = _routine("dpotrf", _CHARACTER, _INTEGER, c_void_p, _INTEGER, _INTEGER)
_dpotri = _routine("dpotri", _CHARACTER, _INTEGER, c_void_p, _INTEGER, _INTEGER)
_dtrtrs = _routine(
    "dtrtrs", *[_CHARACTER] * 3, *[_INTEGER] * 2, c_void_p, _INTEGER, c_void_p, _INTEGER, _INTEGER
)
_LOWER, _PLAIN, _TRANSPOSED = c_char(b"L"), c_char(b"N"), c_char(b"T")


def cholesky(matrix: Matrix) -> Matrix | None:
    """Return the lower factor of a symmetric matrix, in columns; None if it is not positive definite.

    Args:
        matrix: overwritten where its columns lie one after the other.
    """
    factor = np.asfortranarray(matrix)
    order, failed = c_int(len(factor)), c_int()
    _dpotrf(byref(_LOWER), byref(order), factor.ctypes.data, byref(order), byref(failed))
    return None if failed.value else factor


def solve_triangular(factor: Matrix, right: Matrix, transposed: bool = False) -> Matrix:
    """Return L^-1 R, or L^-T R, for the factor L of `cholesky`, whose upper part does not count."""
    solution = np.array(right, order="F")
    order, columns, failed = c_int(len(factor)), c_int(solution.shape[1]), c_int()
    _dtrtrs(
        byref(_LOWER),
        byref(_TRANSPOSED if transposed else _PLAIN),
        byref(_PLAIN),
        byref(order),
        byref(columns),
        factor.ctypes.data,
        byref(order),
        solution.ctypes.data,
        byref(order),
        byref(failed),
    )
    return solution


def inverse(factor: Matrix) -> Matrix:
    """Return the lower triangle of the inverse of the matrix with this factor; above it is anything."""
    result = factor.copy(order="F")
    order, failed = c_int(len(result)), c_int()
    _dpotri(byref(_LOWER), byref(order), result.ctypes.data, byref(order), byref(failed))
    return result
