"""Walking a large proof tree in several processes: the parts below its top are independent of each other.

A part is a cone with the nodes below it; every process runs the same walk as one process would. They are this
module run as a program, so that (unlike with `multiprocessing`) the caller's script is not run again.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import IO, Any, NamedTuple

from certify.certificate import AnyLeaf, Node, Split
from certify.deadline import look
from certify.obligations import Obligation, Rejection
from certify.tree_walk import C, Premise, children, walk
from certify.work import Meter

_LEAST_NODES = 4000  # a smaller tree is walked before a process has started
_PARTS = 16  # for each process, as parts take unequal time
_POLL = 0.1  # seconds between two looks at the deadline
_MOST_PARTS = 64 * _PARTS  # for each process; a tree that is all depth falls into one for each leaf


@dataclass(frozen=True)
class _Part:
    """A subtree.

    Attributes:
        cone: of the same kind as the premise's, whichever that is.
        nodes: of it, and nothing else.
        first: the number of its first node.
        premise: what its leaves prove.
        above: the work of all nodes before it that belong to no part.
    """

    cone: Any
    nodes: Sequence[Node]
    first: int
    premise: Premise[Any]
    above: int

    def __reduce__(self) -> tuple[Callable[..., _Part], tuple[object, ...]]:
        # Plain tuples are sent several times faster than nodes, and nearly all nodes are splits or envelopes.
        table = [(n.k, n.l, n.a, n.b) if isinstance(n, Split) else n for n in self.nodes]
        return _part_of, (self.cone, table, self.first, self.premise, self.above)

    def walk(self) -> _Answer:
        """Walk the subtree."""
        meter = Meter(self.premise.max_work)
        try:
            leaves = walk(self.nodes, self.cone, self.premise, first=self.first, meter=meter)
        except Rejection as rejection:
            return _Answer(0, meter.spent, (rejection.obligation, rejection.node))
        return _Answer(leaves, meter.spent, None)


class _Answer(NamedTuple):
    """What a process says of a part.

    Attributes:
        leaves: their number, if none fails.
        work: of the part, up to the node that fails.
        failure: the obligation that fails, and at which node.
    """

    leaves: int
    work: int
    failure: tuple[Obligation, int | None] | None


def _part_of(
    cone: Any, table: list[Node | tuple[int, int, int, int]], first: int, premise: Premise[Any], above: int
) -> _Part:
    nodes = [Split(*entry) if isinstance(entry, tuple) else entry for entry in table]
    return _Part(cone, nodes, first, premise, above)


def check_tree(
    nodes: Sequence[Node],
    root: C,
    premise: Premise[C],
    on_progress: Callable[[int, int], None] | None,
    processes: int,
) -> int:
    """Check a tree in one process or several, telling how far it is.

    Args:
        nodes: the tree.
        root: its cone.
        premise: what its leaves prove.
        on_progress: called with (nodes done, nodes in all), after each leaf or each part of the tree.
        processes: how many may share the work on a large tree.

    Returns:
        The number of leaves.

    Raises:
        Rejection: as `walk` does, for the first node in the tree that fails.
        TimeIsUpError: as `walk` does.
    """

    def tell(done: int) -> None:
        if on_progress is not None:
            on_progress(done, len(nodes))

    if processes > 1:
        return walk_in_parts(nodes, root, premise, processes, tell)
    return walk(nodes, root, premise, on_leaf=tell)


def walk_in_parts(
    nodes: Sequence[Node], root: C, premise: Premise[C], processes: int, on_part: Callable[[int], None]
) -> int:
    """Do what `walk` does, in several processes where the tree is large and whole.

    Args:
        nodes: the tree.
        root: its cone.
        premise: what its leaves prove.
        processes: how many.
        on_part: called with the number of nodes done after each part.

    Returns:
        The number of leaves.

    Raises:
        Rejection: as `walk` does, for the first node in the tree that fails.
    """
    ends = ends_of_subtrees(nodes)
    if len(nodes) < _LEAST_NODES or not ends:
        return walk(nodes, root, premise, on_leaf=on_part)
    parts = _divide(nodes, ends, root, premise, processes)
    if parts is None:
        return walk(nodes, root, premise, on_leaf=on_part)
    idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()

    def ask(part: _Part) -> _Answer:
        child = idle.get()
        try:
            _send(child.stdin, part)
            answer: _Answer = pickle.load(_open(child.stdout))
        finally:
            idle.put(child)  # a dead one too, or the parts that are left would wait for it for ever
        return answer

    done, work = len(nodes) - sum(len(part.nodes) for part in parts), 0
    with ThreadPoolExecutor(processes) as pool, _children(processes) as started:
        for child in started:
            idle.put(child)
        asked = {pool.submit(ask, part): part for part in parts}
        pending = set(asked)
        try:
            while pending:
                ended, pending = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED)
                look()
                for future in ended:
                    answer = future.result()
                    work += answer.work
                    done += len(asked[future].nodes)
                    on_part(done)
                    if answer.failure is not None or work > premise.max_work:
                        # Parts are begun in their order: those before this one still count, none after it.
                        pending -= {other for other in pending if other.cancel()}
        finally:
            for future in asked:
                future.cancel()
    answers = [None if future.cancelled() else future.result() for future in asked]
    return _leaves_of(parts, answers, premise)


def _leaves_of(parts: Sequence[_Part], answers: Sequence[_Answer | None], premise: Premise[Any]) -> int:
    """Return the number of leaves of all parts, or raise what one walk of the whole tree would raise."""
    leaves, above, meter = 0, 0, Meter(premise.max_work)
    for part, answer in zip(parts, answers, strict=True):
        # What was not asked comes after what made asking useless, so that this is raised before.
        if answer is None:
            raise Rejection(Obligation.LIMITS)
        meter.spend(part.above - above + answer.work)
        if answer.failure is not None:
            raise Rejection(*answer.failure)
        leaves, above = leaves + answer.leaves, part.above
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


def _divide(
    nodes: Sequence[Node], ends: Sequence[int], root: C, premise: Premise[C], processes: int
) -> list[_Part] | None:
    """Walk the top of the tree down to subtrees that are small enough, in their order.

    Returns:
        The parts; None if they are too many, or a node of the top fails: there may be another before it.
    """
    size = max(len(nodes) // (_PARTS * processes), 1)
    parts: list[_Part] = []
    pending = [(root, 0)]
    meter = Meter(premise.max_work)
    while pending:
        cone, number = pending.pop()
        end = ends[number]
        if end - number <= size:
            parts.append(_Part(cone, nodes[number:end], number, premise, meter.spent))
            continue
        look()
        try:
            meter.spend(premise.work(nodes[number], cone))
            first, second = children(nodes[number], cone, premise, number)
        except Rejection:
            return None
        pending.append((second, ends[number + 1]))
        pending.append((first, number + 1))
        if len(parts) + len(pending) > _MOST_PARTS * processes:
            return None
    return parts


@contextmanager
def _children(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start processes that serve parts, and end them in any case."""
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore::RuntimeWarning:runpy", "-m", "certify.check_parts"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the parent, which then ends its children
        )
        for _ in range(count)
    ]
    try:
        yield started
    finally:
        for child in started:
            child.kill()
            child.wait()
            with suppress(OSError):  # what it has not read any more
                _open(child.stdin).close()
            _open(child.stdout).close()


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _send(stream: IO[bytes] | None, part: object) -> None:
    pickle.dump(part, _open(stream))
    _open(stream).flush()


def _serve() -> None:
    while True:
        try:
            part = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        _send(sys.stdout.buffer, part.walk())


if __name__ == "__main__":
    from certify.check_parts import _serve as serve  # what is unpickled must be this module's by its name

    serve()
