"""Walk large proof trees in several processes: trees, and the subtrees below the top of one, are independent.

Every process runs the same walk on its subtrees (`certify.trust.subtrees`) as one process would run on the
tree.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

from certify.checker.certificate.nodes import Node
from certify.checker.limits.deadline import look
from certify.checker.training.cone import Cone
from certify.checker.tree.walk import C, Premise, Walk, walk, walk_trees
from certify.checker.work import Meter
from certify.runtime.children import Child, answers
from certify.trust.packed_cone import packed
from certify.trust.subtrees import WALKER, Answer, Subtree, Top, divide_tree, undivided

_LEAST_WORK = 2 * 10**7  # of small trees, before processes are started for those that are left
_AHEAD = 4  # parts that wait for each process
_POLL = 0.1  # seconds between two looks at the deadline
_LONGEST_ANSWER = 200  # bytes


def in_processes(count: int) -> Walk:
    """Return a way to walk that shares the work on large trees, or many, between so many processes.

    Cones that have a faster form are walked in that (`trust.packed_cone`), in one process as well.
    """

    def shared(
        trees: Iterable[tuple[Sequence[Node], C]],
        premise: Premise[C],
        *,
        on_leaf: Callable[[int], None] | None = None,
    ) -> int:
        fast = ((nodes, _fast(root)) for nodes, root in trees)
        if count == 1:
            return walk_trees(fast, premise, on_leaf=on_leaf)
        return walk_in_parts(fast, premise, count, on_leaf or (lambda done: None))

    return shared


def _fast(root: Any) -> Any:
    return packed(root) if isinstance(root, Cone) else root


def walk_in_parts(
    trees: Iterable[tuple[Sequence[Node], C]],
    premise: Premise[C],
    processes: int,
    on_part: Callable[[int], None],
) -> int:
    """Do what `walk_trees` does, in several processes where a tree is large and whole, or trees are many.

    Args:
        trees: the nodes of each, and its cone.
        premise: what their leaves prove.
        processes: how many.
        on_part: called with the number of nodes done after each part.

    Returns:
        The number of leaves.

    Raises:
        Rejection: as `walk_trees` does, for the first node that fails.
        TimeIsUpError: as `walk_trees` does.
        ChildError: if a process ended early.
        RuntimeError: if it did for a fault of certify.
    """
    leaves = done = 0
    meter = Meter(premise.max_work)

    def tell(of_tree: int) -> None:
        on_part(done + of_tree)

    left = iter(trees)
    for nodes, root in left:
        top = divide_tree(nodes, root, premise, processes, done)
        if top is None and meter.spent > _LEAST_WORK:
            top = undivided(nodes, root, premise, done)
        if top is not None:
            return leaves + _walk_tops(
                _tops(top, left, premise, processes, done), processes, meter, done, on_part
            )
        leaves += walk(nodes, root, premise, first=done, meter=meter, on_leaf=tell)
        done += len(nodes)
    return leaves


def _tops(
    top: Top,
    left: Iterable[tuple[Sequence[Node], C]],
    premise: Premise[C],
    processes: int,
    first: int,
) -> Iterator[Top]:
    """Yield a tree that is divided, whose first node has a number, and then those that are left."""
    while True:
        yield top
        first += top.size
        following = next(iter(left), None)
        if following is None:
            return
        top = divide_tree(*following, premise, processes, first) or undivided(*following, premise, first)


def _walk_tops(
    tops: Iterable[Top], processes: int, meter: Meter, done: int, on_part: Callable[[int], None]
) -> int:
    """Have the parts of divided trees walked; return the number of leaves."""
    leaves, above, current = 0, 0, None
    # The parts are in the trees' order, and all of them are before the node where a top fails.
    with _answers(tops, processes) as answered:
        for top, part, answer in answered:
            if top is not current:
                current, above = top, 0
                done += top.nodes
            if part is None or answer is None:
                meter.spend(top.work - above)
                if top.rejection is not None:
                    raise top.rejection
                continue
            meter.spend(part.above - above + answer.work)
            above = part.above
            if answer.failure is not None:
                raise answer.failure
            leaves += answer.leaves
            done += len(part.nodes)
            on_part(done)
    return leaves


class _Walker(Child):
    """A process that walks one part after another."""

    def __init__(self) -> None:
        super().__init__("certify.trust.parallel", WALKER)

    def ask(self, part: Subtree) -> Answer:
        """Have a part walked.

        Raises:
            ChildError: if the process ended before it said what came of it.
            RuntimeError: if the reason is a fault of certify.
        """
        self.send(pickle.dumps(part))
        line = self.line(_LONGEST_ANSWER)
        if line:
            return part.answer(line)
        raise self.failure()


_Answered = tuple[Top, Subtree | None, Answer | None]


@contextmanager
def _answers(tops: Iterable[Top], processes: int) -> Iterator[Iterator[_Answered]]:
    """Have the parts of divided trees walked, a few at a time.

    Yields:
        What comes of them, in order: each part with its answer, and after the last one of a tree None.
    """
    crew: list[_Walker] = []
    idle: SimpleQueue[_Walker] = SimpleQueue()

    def ask(part: Subtree) -> Answer:
        walker = idle.get()
        try:
            return walker.ask(part)
        finally:
            idle.put(walker)  # a dead one too, or the parts that are left would wait for it for ever

    with ThreadPoolExecutor(processes) as pool:

        def submitted(part: Subtree) -> Future[Answer]:
            if len(crew) < processes:
                crew.append(_Walker())
                idle.put(crew[-1])
            return pool.submit(ask, part)

        def answered() -> Iterator[_Answered]:
            waiting: deque[tuple[Top, Subtree | None, Future[Answer] | None]] = deque()

            def settled() -> _Answered:
                top, part, future = waiting.popleft()
                return top, part, None if future is None else _in_time(future)

            for top in tops:
                for part in top.parts:
                    waiting.append((top, part, submitted(part)))
                    # Trees that wait hold their cones.
                    while len(waiting) > _AHEAD * processes:
                        yield settled()
                waiting.append((top, None, None))
            while waiting:
                yield settled()

        try:
            yield answered()
        finally:
            # In this order, as a thread that waits for an answer cannot be ended otherwise.
            for walker in crew:
                walker.end()
            pool.shutdown(cancel_futures=True)
            for walker in crew:
                walker.close()


def _in_time(future: Future[Answer]) -> Answer:
    """Wait for an answer, and look at the deadline meanwhile."""
    while True:
        look()
        with suppress(FutureTimeout):
            return future.result(timeout=_POLL)


def serve() -> None:
    """Walk the parts that come on standard input until it ends, as it does when the parent has died."""
    channel = answers()
    parts: SimpleQueue[Subtree | Exception] = SimpleQueue()
    Thread(target=_receive, args=(parts,), daemon=True).start()
    while True:
        part = parts.get()
        if isinstance(part, Exception):
            raise part
        channel.write(part.walk().encode())
        channel.flush()


def _receive(parts: SimpleQueue[Subtree | Exception]) -> None:
    """Pass parts on; where they end, end this process, in the middle of one that nobody waits for."""
    try:
        while True:
            # A pickle can have anything done, and here it comes from the process that chose this program.
            parts.put(pickle.load(sys.stdin.buffer))
    except EOFError:
        os._exit(0)
    except Exception as error:  # the last words of the process
        parts.put(error)
