"""Walk large proof trees in several processes: trees, and the subtrees below the top of one, are independent.

Every process runs the same walk on its subtrees as one process would run on the tree, and says what came of
each in a line of text, which cannot do more than be read.
"""

from __future__ import annotations

import os
import pickle
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from certify.checker.certificate.nodes import AnyLeaf, Node, Split
from certify.checker.errors import ChildError
from certify.checker.limits.deadline import look
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.training.cone import Cone
from certify.checker.tree.walk import (
    MAX_PENDING_VECTORS,
    C,
    Premise,
    Walk,
    children,
    walk,
    walk_trees,
)
from certify.checker.work import Meter
from certify.runtime.children import Child, answers
from certify.trust.packed_cone import packed

_LEAST_NODES = 4000  # a smaller tree is walked before a process has started
_LEAST_WORK = 2 * 10**7  # of small trees, before processes are started for those that are left
_AHEAD = 4  # parts that wait for each process
_PARTS = 16  # for each process, as parts take unequal time
_POLL = 0.1  # seconds between two looks at the deadline
_MOST_PARTS = 64 * _PARTS  # for each process; a tree that is all depth falls into one for each leaf
_WHAT = "a process that checks a part of the tree"
_LONGEST_ANSWER = 200  # bytes
_ANSWER = re.compile(
    rb"(?:([0-9]{1,18}) leaves|([A-Z_]{1,40}) at ([0-9]{1,18}|no node)) after ([0-9]{1,30})\n"
)


@dataclass(frozen=True)
class _Subtree:
    """A subtree.

    Attributes:
        cone: of the same kind as the premise's, whichever that is.
        nodes: of it, and nothing else.
        first: the number of its first node.
        waiting: as `walk` has it.
        premise: what its leaves prove.
        above: the work of all nodes before it that belong to no part.
    """

    cone: Any
    nodes: Sequence[Node]
    first: int
    waiting: int
    premise: Premise[Any]
    above: int

    def __reduce__(self) -> tuple[Callable[..., _Subtree], tuple[object, ...]]:
        # Plain tuples are sent several times faster than nodes, and nearly all nodes are splits or envelopes.
        table = [(n.k, n.l, n.a, n.b) if isinstance(n, Split) else n for n in self.nodes]
        return _subtree_of, (self.cone, table, self.first, self.waiting, self.premise, self.above)

    def walk(self) -> str:
        """Return how many leaves there are, or which obligation fails and where, after which work: a line."""
        meter = Meter(self.premise.max_work)
        try:
            leaves = walk(
                self.nodes, self.cone, self.premise, first=self.first, waiting=self.waiting, meter=meter
            )
            return f"{leaves} leaves after {meter.spent}\n"
        except Rejection as rejection:
            place = "no node" if rejection.node is None else rejection.node
            return f"{rejection.obligation.name} at {place} after {meter.spent}\n"

    def answer(self, line: bytes) -> _Answer:
        """Return what `walk` said: the number of leaves, or what a part of this kind may be rejected for.

        Raises:
            ChildError: if it is no answer for this part.
        """
        said = _ANSWER.fullmatch(line)
        if said and said[1] and int(said[1]) == sum(isinstance(node, AnyLeaf) for node in self.nodes):
            return _Answer(int(said[1]), int(said[4]), None)
        name = said[2].decode() if said and said[2] else ""
        if said and name in Obligation.__members__:
            node = None if said[3] == b"no node" else int(said[3])
            if node is None or 0 <= node - self.first < len(self.nodes):
                return _Answer(0, int(said[4]), Rejection(Obligation[name], node))
        raise ChildError(f"{_WHAT} gave an answer that is none: {line[:50]!r}")


class _Answer(NamedTuple):
    """What a process says of a part.

    Attributes:
        leaves: their number, if none fails.
        work: of the part, up to the node that fails.
        failure: what it is rejected for.
    """

    leaves: int
    work: int
    failure: Rejection | None


def _subtree_of(
    cone: Any,
    table: list[Node | tuple[int, int, int, int]],
    first: int,
    waiting: int,
    premise: Premise[Any],
    above: int,
) -> _Subtree:
    nodes = [Split(*entry) if isinstance(entry, tuple) else entry for entry in table]
    return _Subtree(cone, nodes, first, waiting, premise, above)


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
        top = _divide(nodes, root, premise, processes, done)
        if top is None and meter.spent > _LEAST_WORK:
            top = _whole(nodes, root, premise, done)
        if top is not None:
            return leaves + _walk_tops(
                _tops(top, left, premise, processes, done), processes, meter, done, on_part
            )
        leaves += walk(nodes, root, premise, first=done, meter=meter, on_leaf=tell)
        done += len(nodes)
    return leaves


def _tops(
    top: _Top,
    left: Iterable[tuple[Sequence[Node], C]],
    premise: Premise[C],
    processes: int,
    first: int,
) -> Iterator[_Top]:
    """Yield a tree that is divided, whose first node has a number, and then those that are left."""
    while True:
        yield top
        first += top.size
        following = next(iter(left), None)
        if following is None:
            return
        top = _divide(*following, premise, processes, first) or _whole(*following, premise, first)


def _walk_tops(
    tops: Iterable[_Top], processes: int, meter: Meter, done: int, on_part: Callable[[int], None]
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


def ends_of_subtrees(nodes: Sequence[Node]) -> list[int]:
    """Return for each node the end of its subtree; an empty list where the nodes are not one whole tree."""
    ends: list[int] = []
    pending: list[int] = []  # the ends of the subtrees to the right, the nearest last
    for number in range(len(nodes) - 1, -1, -1):
        end = number + 1
        if not isinstance(nodes[number], AnyLeaf):
            if len(pending) < 2:
                return []
            pending.pop()
            end = pending.pop()
        pending.append(end)
        ends.append(end)
    ends.reverse()
    return ends if len(pending) == 1 else []


@dataclass(frozen=True)
class _Top:
    """The top of a tree, and what is left below it.

    Attributes:
        size: the number of all nodes of the tree.
        parts: in the order of the tree.
        nodes: how many nodes of the top were checked; none of them is a leaf.
        work: of these, and of the one that fails.
        rejection: for the node where the top fails; the parts after it are left out then.
    """

    size: int
    parts: list[_Subtree]
    nodes: int
    work: int
    rejection: Rejection | None


def _whole(nodes: Sequence[Node], root: C, premise: Premise[C], first: int) -> _Top:
    """Leave a tree in one part."""
    return _Top(len(nodes), [_Subtree(root, nodes, first, 0, premise, 0)], 0, 0, None)


def _divide(nodes: Sequence[Node], root: C, premise: Premise[C], processes: int, before: int) -> _Top | None:
    """Walk the top of a large, whole tree down to subtrees that are small enough.

    Args:
        nodes: the tree.
        root: its cone.
        premise: what its leaves prove.
        processes: how many there are to share the work.
        before: the number of nodes of the trees before this one.

    Returns:
        The top; None if the tree is small or not whole, or has too many such subtrees.
    """
    ends = ends_of_subtrees(nodes) if len(nodes) >= _LEAST_NODES else []
    if not ends:
        return None
    size = max(len(nodes) // (_PARTS * processes), 1)
    parts: list[_Subtree] = []
    pending = [(root, 0)]
    vectors = root.vectors
    checked, meter = 0, Meter(premise.max_work)
    while pending:
        cone, number = pending.pop()
        vectors -= cone.vectors
        end = ends[number]
        if end - number <= size:
            parts.append(_Subtree(cone, nodes[number:end], before + number, vectors, premise, meter.spent))
            continue
        look()
        try:
            meter.spend(premise.work(nodes[number], cone))
            first, second = children(nodes[number], cone, premise, before + number)
            vectors += first.vectors + second.vectors
            require(vectors <= MAX_PENDING_VECTORS, Obligation.LIMITS, before + number)
        except Rejection as rejection:
            return _Top(len(nodes), parts, checked, meter.spent, rejection)
        checked += 1
        pending += [(second, ends[number + 1]), (first, number + 1)]
        if len(parts) + len(pending) > _MOST_PARTS * processes:
            return None
    return _Top(len(nodes), parts, checked, meter.spent, None)


class _Walker(Child):
    """A process that walks one part after another."""

    def __init__(self) -> None:
        super().__init__("certify.trust.parallel", _WHAT)

    def ask(self, part: _Subtree) -> _Answer:
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


_Answered = tuple[_Top, _Subtree | None, _Answer | None]


@contextmanager
def _answers(tops: Iterable[_Top], processes: int) -> Iterator[Iterator[_Answered]]:
    """Have the parts of divided trees walked, a few at a time.

    Yields:
        What comes of them, in order: each part with its answer, and after the last one of a tree None.
    """
    crew: list[_Walker] = []
    idle: SimpleQueue[_Walker] = SimpleQueue()

    def ask(part: _Subtree) -> _Answer:
        walker = idle.get()
        try:
            return walker.ask(part)
        finally:
            idle.put(walker)  # a dead one too, or the parts that are left would wait for it for ever

    with ThreadPoolExecutor(processes) as pool:

        def submitted(part: _Subtree) -> Future[_Answer]:
            if len(crew) < processes:
                crew.append(_Walker())
                idle.put(crew[-1])
            return pool.submit(ask, part)

        def answered() -> Iterator[_Answered]:
            waiting: deque[tuple[_Top, _Subtree | None, Future[_Answer] | None]] = deque()

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


def _in_time(future: Future[_Answer]) -> _Answer:
    """Wait for an answer, and look at the deadline meanwhile."""
    while True:
        look()
        with suppress(FutureTimeout):
            return future.result(timeout=_POLL)


def serve() -> None:
    """Walk the parts that come on standard input until it ends, as it does when the parent has died."""
    channel = answers()
    parts: SimpleQueue[_Subtree | Exception] = SimpleQueue()
    Thread(target=_receive, args=(parts,), daemon=True).start()
    while True:
        part = parts.get()
        if isinstance(part, Exception):
            raise part
        channel.write(part.walk().encode())
        channel.flush()


def _receive(parts: SimpleQueue[_Subtree | Exception]) -> None:
    """Pass parts on; where they end, end this process, in the middle of one that nobody waits for."""
    try:
        while True:
            # A pickle can have anything done, and here it comes from the process that chose this program.
            parts.put(pickle.load(sys.stdin.buffer))
    except EOFError:
        os._exit(0)
    except Exception as error:  # the last words of the process
        parts.put(error)
