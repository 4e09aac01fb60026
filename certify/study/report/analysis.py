"""What a study says: its tables and plots, made of the result files alone.

Losses of networks and bounds are put over the certified lower bound of their problem's optimum, so that
problems can be compared: 1 is optimal, and what a bound lacks to 1 is its looseness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from certify.study.accept import CERTIFIED, EXACT, PROVED
from certify.study.bench import VALUE
from certify.study.cells import Cell, Facts
from certify.study.plan import Plan
from certify.study.store import Kept, Result, Row, Store

WITHIN = 0.01  # of the optimum: a network that nobody would train on for


@dataclass(frozen=True)
class Problem:
    """One problem with all of its results.

    Attributes:
        facts: of one of its cells; method and seed mean nothing here.
        results: those that are done.
        lower: the largest bound that the checker accepted (a loss); None without any.
        upper: the least exact loss of a network; None without any.
    """

    facts: Facts
    results: tuple[Result, ...]
    lower: float | None
    upper: float | None

    def factor(self, value: float | None) -> float | None:
        """Return a loss over the certified lower bound; None where that means nothing."""
        return value / self.lower if value is not None and self.lower and self.lower > 0 else None

    @property
    def is_known(self) -> bool:
        """Whether the optimum is certified within 1 %, so that what is over its lower end is over it."""
        factor = self.factor(self.upper)
        return factor is not None and factor <= 1 + WITHIN

    @property
    def relaxation(self) -> float | None:
        """SDP-NN's value, a solver's word: of a solver that came to its end, else None."""
        for found in (self.rows("bound", VALUE, method="sdp"), self.rows("rounding", VALUE)):
            for _, row in found:
                if row.value is not None:
                    return row.value
        return None

    def rows(self, method: str, quantity: str = "", /, **settings: object) -> list[tuple[Result, Row]]:
        """Return the rows of a method with these settings, of one quantity or of all."""
        return [
            (result, row)
            for result in self.results
            if result.facts.method == method
            and all(result.facts.settings.get(key) == value for key, value in settings.items())
            for row in result.rows
            if not quantity or row.quantity == quantity
        ]

    def networks(self) -> list[tuple[Result, Row]]:
        """Return all rows that are networks."""
        return [(result, row) for result in self.results for row in result.rows if row.kind == EXACT]

    def best_bound(self, method: str) -> float | None:
        """Return the largest bound of `certify bound` by a method of its own."""
        values = [row.value for _, row in self.rows("bound", CERTIFIED, method=method)]
        return max((value for value in values if value is not None), default=None)


@dataclass(frozen=True)
class Study:
    """All that is there.

    Attributes:
        title: of the study.
        problems: in the order of the plan.
        counts: of cells, by the value of their state.
        missing: a sentence about each data set that is left out.
        reasons: why cells are left out, with how many there are.
        made: what is known of the machines, each once.
        published: seconds that others report of SDP-NN, by data set and gamma.
    """

    title: str
    problems: tuple[Problem, ...]
    counts: dict[str, int]
    missing: tuple[str, ...]
    reasons: tuple[tuple[str, int], ...]
    made: tuple[str, ...]
    published: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @property
    def groups(self) -> dict[tuple[str, str, bool, str], list[Problem]]:
        """The problems of each data set, gamma, bias and loss."""
        found: defaultdict[tuple[str, str, bool, str], list[Problem]] = defaultdict(list)
        for problem in self.problems:
            facts = problem.facts
            found[facts.data, facts.gamma, facts.bias, facts.loss].append(problem)
        return dict(found)

    @property
    def sureness(self) -> str:
        """How many cells there are and are not, for the end of a sentence."""
        done = self.counts.get(Kept.DONE.value, 0)
        rest = [f"{number} {state}" for state, number in self.counts.items() if state != Kept.DONE.value]
        return f"{done} cells done" + "".join(f", {words}" for words in rest)


def analyse(plan: Plan, cells: Sequence[Cell], store: Store, missing: Iterable[str]) -> Study:
    """Read all results of a study.

    Args:
        plan: of it.
        cells: of it.
        store: of its results.
        missing: a sentence about each data set that is left out.

    Raises:
        AssertionError: if a certified bound is above the loss of a network.
    """
    counts: defaultdict[str, int] = defaultdict(int)
    reasons: defaultdict[str, int] = defaultdict(int)
    made: dict[str, None] = {}
    by_problem: dict[tuple[str, str], tuple[Facts, list[Result]]] = {}
    for cell in cells:
        result = store.read(cell)
        state = (
            store.state(cell) if result is None else Kept.DONE if result.state == "done" else Kept.LEFT_OUT
        )
        counts[state.value] += 1
        _, results = by_problem.setdefault((cell.facts.problem, cell.problem_sha256), (cell.facts, []))
        if result is None:
            continue
        made[", ".join(f"{name} {value}" for name, value in result.made.items())] = None
        if result.state == "done":
            results.append(result)
        else:
            reasons[f"{cell.facts.method}: {result.words or result.state}"] += 1
    problems = tuple(_problem(facts, results) for facts, results in by_problem.values())
    published = {
        (choice.name, gamma): seconds
        for choice in plan.data
        for gamma in choice.gammas
        if (seconds := choice.seconds_elsewhere(gamma)) is not None
    }
    return Study(
        plan.title,
        problems,
        dict(counts),
        tuple(missing),
        tuple(sorted(reasons.items())),
        tuple(made),
        published,
    )


def _problem(facts: Facts, results: Sequence[Result]) -> Problem:
    rows = [row for result in results for row in result.rows if row.value is not None]
    lower = max((row.value for row in rows if row.kind == PROVED and row.value is not None), default=None)
    upper = min((row.value for row in rows if row.kind == EXACT and row.value is not None), default=None)
    if lower is not None and upper is not None and lower > upper:
        raise AssertionError("a certified bound exceeds the loss of a network: please report this as a bug")
    return Problem(facts, tuple(results), lower, upper)


def over(problems: Iterable[Problem], values: Callable[[Problem], Iterable[float | None]]) -> list[float]:
    """Return what is known of some problems, one list of all."""
    return [value for problem in problems for value in values(problem) if value is not None]


def spread(values: Sequence[float], form: str = ".4f") -> str:
    """Write a median with the least and the largest in brackets; "" for none."""
    if not values:
        return ""
    middle, low, high = (f"{value:{form}}" for value in (median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"{middle} [{low}, {high}]"
