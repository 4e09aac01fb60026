"""cvxpy, in which the relaxations are written for solvers of others, loaded when it is first used.

It is optional, and slow to load: nothing that a solver of this project computes needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import cvxpy as cvxpy
else:

    class _LoadedLater:
        def __getattr__(self, name: str) -> Any:
            try:
                import cvxpy
            except ImportError:
                raise ValueError(
                    "cvxpy is not installed; install it with: pip install 'certify[cvxpy]'"
                ) from None
            return getattr(cvxpy, name)

    cvxpy = _LoadedLater()
