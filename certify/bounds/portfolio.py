"""Searches beside each other, each in a process of its own that has a core and all the time that there is.

What a search has so far comes over now and then, and all of it at its end: when the gap that is wanted is
reached, at the time limit, at Ctrl-C. A process that dies loses the others nothing.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from certify.bounds.method import Work
from certify.bounds.saved_bounds import AnyBound, SavedBounds
from certify.bounds.searching import Board, Bound, Found, Search, Task, in_order, is_enough
from certify.checker.errors import SolverError
from certify.runtime.worker import Answer, Calls, asked_to_stop

_TICK = 0.1  # seconds between two looks at the clock
_SEND = 1.5  # seconds, of those that are left, for what a search has to come over
_COLLECT = 0.5  # seconds, likewise, after which those are ended that have not said all
_GRACE = 3.0  # seconds for that at Ctrl-C
_WORDS_EVERY = 0.25  # seconds between two news in words
_BOUND_EVERY = 2.0  # seconds between two bounds with all that proves them
_BOUND_COST = 20.0  # of the seconds that the last one took to send, until the next


@dataclass(frozen=True)
class News:
    """What a search has so far.

    Attributes:
        value: of its bound (a loss), before it is checked; None where only the words are new.
        words: where the search is.
        bound: with all that proves it; None where it has not come over.
        proof_seconds: that its proof will take.
    """

    value: float | None
    words: str
    bound: AnyBound | None
    proof_seconds: float


@dataclass(frozen=True)
class Result:
    """The best that a search found.

    Attributes:
        bound: with all that proves it; None for nothing.
        proof_seconds: that its proof will take.
    """

    bound: AnyBound | None
    proof_seconds: float


def beside(searches: Sequence[Search], work: Work) -> tuple[Bound, ...]:
    """Run as many searches at a time as there are cores, until one has the gap that is wanted.

    On one core two share it.

    Returns:
        What they found, the largest lower bound first; nothing if Ctrl-C or the time limit came before.

    Raises:
        SolverError: if no search takes the problem.
    """
    with work.clock.stage("relax") as result, Calls() as calls:
        run = _Run(searches, work, calls)
        run.go()
        outcomes = run.outcomes()
        result.extend(run.board.summary(outcomes))
        if not outcomes and len(run.refusals) == len(searches):
            raise SolverError(run.refusals[0])
    return outcomes


class _Run:
    """Searches on their way, each with the number of its call.

    Attributes:
        board: what they have so far, in words.
        refusals: of those that do not take the problem.
    """

    def __init__(self, searches: Sequence[Search], work: Work, calls: Calls) -> None:
        self._work, self._calls = work, calls
        self._waiting = deque(searches)
        self._running: dict[int, Search] = {}
        self._bounds: dict[int, AnyBound] = {}
        self._searches: dict[int, Search] = {}
        cores = os.cpu_count() or 1
        self._places = max(2, cores)
        self.board = Board(work)
        self._kept = SavedBounds(work)
        self._task = Task.of(work, max(1, cores // min(self._places, len(searches))), self._kept)
        self._resumed = self.board.resume(self._kept)
        self._asked: set[int] = set()
        # Of the best bound that has come over.
        self._proof_seconds = max((saved.proof_seconds for saved in self._kept.read), default=0.0)
        self.refusals: list[str] = []

    def go(self) -> None:
        """Run until all have ended, the gap is as wanted, or time is up."""
        ended: Search | None = None
        while not (self._work.is_over or self._work.seconds_left() <= self._proof_seconds + 2 * _COLLECT):
            if is_enough(ended, self._proved, self._task):
                return
            self._start()
            if not self._running:
                return
            ended = self._take(self._calls.next(_TICK))
            self._end_laggards()
        self._collect()

    @property
    def _proved(self) -> float:
        """The largest bound that has come over."""
        return max((bound.value for bound in [*self._resumed, *self._bounds.values()]), default=-math.inf)

    def _start(self) -> None:
        while self._waiting and len(self._running) < self._places:
            search = self._waiting[0]
            # Whether it is needed is known when what its method does before it has ended.
            if search.promising < 1 and any(each.method == search.method for each in self._running.values()):
                return
            self._waiting.popleft()
            if self.board.proved >= self._task.share(search.promising):
                continue
            left = self._work.seconds_left()
            deadline = None if math.isinf(left) else time.monotonic() + left - _SEND
            number = self._calls.start(search_in_child, search, self._task, deadline)
            self._running[number] = self._searches[number] = search
            self.board.say(search.label, "starting")

    def _end_laggards(self) -> None:
        """Ask those for what they have that would not come to what is proved: others can use their cores."""
        left = self._work.seconds_left()
        if len(self._running) < 2 or math.isinf(left):
            return
        for number, search in self._running.items():
            if not search.steady or number in self._asked:
                continue
            if self.board.expected(search.label, left) < self.board.proved:
                self._asked.add(number)
                self._calls.interrupt(number)

    def _take(self, answer: Answer | None) -> Search | None:
        """Take what a call says; return its search if that was the last of it."""
        if answer is None:
            return None
        search = self._running[answer.call]
        if answer.kind == "told":
            news: News = answer.value
            self._keep(answer.call, news.bound, news.proof_seconds, at_once=False)
            if news.value is not None:
                self.board.found(search.label, news.value, news.words)
            else:
                self.board.say(search.label, news.words)
            return None
        del self._running[answer.call]
        if answer.kind == "result":
            result: Result = answer.value
            self._keep(answer.call, result.bound, result.proof_seconds, at_once=True)
            if result.bound is not None:
                self.board.found(search.label, result.bound.value, "done")
                return search
        if answer.kind == "error":
            self.refusals.append(answer.words)
        kept = self._bounds.get(answer.call)
        self.board.lost(search.label, 0.0 if kept is None else kept.value, answer.words or "found nothing")
        return search

    def _keep(self, call: int, bound: AnyBound | None, proof_seconds: float, at_once: bool) -> None:
        if bound is None:
            return
        if bound.value >= self._proved:
            self._proof_seconds = proof_seconds
        self._bounds[call] = bound
        self._kept.keep(self._searches[call].label, bound, at_once=at_once)

    def _collect(self) -> None:
        """Ask all that run for what they have, and wait a little for it."""
        for number in self._running:
            self._calls.interrupt(number)
        end = time.monotonic() + (_GRACE if self._work.interrupts.came else _COLLECT)
        while self._running and (left := end - time.monotonic()) > 0:
            self._take(self._calls.next(left))

    def outcomes(self) -> tuple[Bound, ...]:
        """Return what all have, the largest lower bound first."""
        return in_order(
            [
                *self._resumed,
                *(
                    self._bounds[number].with_curve(self.board.curve(search.label))
                    for number, search in self._searches.items()
                    if number in self._bounds
                ),
            ]
        )


def search_in_child(
    tell: Callable[[News], None], search: Search, task: Task, deadline: float | None
) -> Result:
    """Run a search; return the best that it finds.

    Args:
        tell: what there is so far.
        search: to run.
        task: what to bound.
        deadline: by `time.monotonic`, which all processes of a machine share; None for none.
    """
    said, sent, cost = -math.inf, time.monotonic(), 0.0

    def seconds_left() -> float:
        if asked_to_stop():
            return 0.0
        return math.inf if deadline is None else deadline - time.monotonic()

    def say(words: str) -> None:
        nonlocal said
        if time.monotonic() > said + _WORDS_EVERY:
            said = time.monotonic()
            tell(News(None, words, None, 0.0))

    found: Found | None = None
    value = -math.inf
    for found in search.improve(task, seconds_left, say):
        begun = time.monotonic()
        if found.value <= value:
            say(found.words)
        elif begun > sent + max(_BOUND_EVERY, _BOUND_COST * cost):
            tell(News(found.value, found.words, _bound(found), found.proof_seconds))
            sent = time.monotonic()
            cost = sent - begun
        else:
            tell(News(found.value, found.words, None, 0.0))
        value = max(value, found.value)
    return Result(None, 0.0) if found is None else Result(_bound(found), found.proof_seconds)


def _bound(found: Found) -> AnyBound:
    bound = found.outcome()
    assert isinstance(bound, AnyBound)
    return bound
