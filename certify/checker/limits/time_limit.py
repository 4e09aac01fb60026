"""The time limit of a check: what takes longer is neither proved nor refuted, and raises its own error."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any, TypeVar

from certify.checker.errors import DataError, TimeLimitError
from certify.checker.limits.deadline import Deadline, TimeIsUpError, watched_deadline

F = TypeVar("F", bound=Callable[..., Any])


def within_time_limit(check: F) -> F:
    """Let a check with the keywords `time_limit` and `on_progress` end in time, or by a watched deadline.

    Raises:
        DataError: if the time limit is no positive number of seconds.
        TimeLimitError: if it is over before there is a verdict.
    """

    @wraps(check)
    def limited(
        *arguments: Any,
        time_limit: float | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        **more: Any,
    ) -> Any:
        if time_limit is not None and not time_limit > 0:
            raise DataError(f"the time limit is {time_limit}: give a positive number of seconds")
        nodes = (0, 0)

        def tell(done: int, total: int) -> None:
            nonlocal nodes
            nodes = done, total
            if on_progress is not None:
                on_progress(done, total)

        try:
            with nullcontext() if time_limit is None else Deadline(time_limit).watched():
                seconds = watched_deadline().seconds
                return check(*arguments, time_limit=time_limit, on_progress=tell, **more)
        except TimeIsUpError:
            done, total = nodes
            reached = f"{done} of {total} nodes were checked" if total else "no node was checked to its end"
            raise TimeLimitError(
                f"nothing is decided: {reached} when the time limit of {seconds:g} s was over; raise it"
            ) from None

    return limited  # type: ignore[return-value]
