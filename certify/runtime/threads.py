"""How many threads the numerical libraries take: one, for the matrices of a small network are small.

A product of two matrices of order 100 takes less time than waking a second thread, and on a machine with
other work a woken thread may wait for a core a thousand times as long. What takes long is shared between
processes instead, which need no waking.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

_P = ParamSpec("_P")
_T = TypeVar("_T")


def single_threaded(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let a function's linear algebra take one thread, and restore the caller's numbers after it."""

    @wraps(function)
    def limited(*arguments: _P.args, **options: _P.kwargs) -> _T:
        with threadpool_limits(limits=1):
            return function(*arguments, **options)

    return limited
