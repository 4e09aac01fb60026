"""The plots of a study: points with their sentence of what they say, and of how many cells that rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from certify.checker.text.names import counted
from certify.study.accept import EXACT
from certify.study.bench import VALUE
from certify.study.report.analysis import WITHIN, Problem, Study
from certify.study.report.tables import LOCAL, local_runs
from certify.study.scores import ACCURACY
from certify.study.store import Result

_FLOOR = 1e-5  # of a relative distance that is drawn on a logarithmic axis
# Relative, above the best value of the relaxation that is known: settled runs miss it by up to half of that.
_SPURIOUS = 0.01
_KNOWN = (
    "They are of problems whose optimum is certified within 1 %, and where a solver came to SDP-NN's value."
)
_FACTORISED = "burer-monteiro"


@dataclass(frozen=True)
class Series:
    """Points of one kind: (x, y), sorted by x."""

    label: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Plot:
    """A plot.

    Attributes:
        name: unique among the plots.
        title: of it.
        x: what the horizontal axis has.
        y: what the vertical one has.
        series: what is drawn.
        words: what it says.
        sure: how many cells that rests on.
        log_x: whether that axis is logarithmic.
        log_y: likewise.
        joined: whether points of a series are joined by lines.
    """

    name: str
    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    words: str
    sure: str
    log_x: bool = True
    log_y: bool = False
    joined: bool = True


def plots(study: Study) -> Iterator[Plot]:
    """Yield the plots that have points."""
    made: list[Callable[[Study], Plot]] = [_gap_and_gamma, _gap_and_size, _rounding]
    made += [partial(_local, method=method) for method in LOCAL]
    made += [_local_minima, _accuracy, _runtime]
    for make in made:
        plot = make(study)
        if any(series.points for series in plot.series):
            yield plot


def _joined(points: dict[str, dict[float, list[float]]]) -> tuple[Series, ...]:
    """Return series of medians."""
    return tuple(
        Series(label, tuple((x, median(ys)) for x, ys in sorted(of_label.items())))
        for label, of_label in points.items()
    )


def _gap(problem: Problem) -> float | None:
    """Return what SDP-NN's value lacks to the optimum, relative to that; None where either is not known."""
    factor = problem.factor(problem.relaxation) if problem.is_known else None
    return None if factor is None else max(1 - factor, 0.0)


def _label(problem: Problem, *parts: str) -> str:
    facts = problem.facts
    loss = [facts.loss] * (facts.loss != "squared")
    return ", ".join([*parts, *loss, *(["bias"] * facts.bias)])


def _number(gamma: str) -> float:
    top, _, bottom = gamma.partition("/")
    return float(top) / float(bottom or 1)


def _gap_and_gamma(study: Study) -> Plot:
    points: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for problem in study.problems:
        gap = _gap(problem)
        if gap is not None:
            points[_label(problem, problem.facts.data)][_number(problem.facts.gamma)].append(100 * gap)
    series = _joined(points)
    falls = [line for line in series if len(line.points) > 1]
    rising = sum(line.points[0][1] > line.points[-1][1] for line in falls)
    words = (
        f"In {rising} of {len(falls)} data sets SDP-NN is looser at the least weight decay than at the "
        "largest."
        if falls
        else "There is one weight decay only, which says nothing of how the gap depends on it."
    )
    return Plot(
        "gap-gamma",
        "The relaxation's gap against the weight decay",
        "gamma",
        "gap of SDP-NN, %",
        series,
        words,
        f"{_count(study, points)} {_KNOWN}",
    )


def _gap_and_size(study: Study) -> Plot:
    points: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for problem in study.problems:
        gap, facts = _gap(problem), problem.facts
        if gap is not None:
            points[_label(problem, facts.data, f"gamma {facts.gamma}")][facts.n].append(100 * gap)
    several = {label: of_label for label, of_label in points.items() if len(of_label) > 1}
    series = _joined(several)
    grown = sum(line.points[-1][1] > line.points[0][1] for line in series)
    words = (
        f"In {grown} of {counted(len(series), 'series')} the gap is larger for the most samples than for the "
        "fewest, with the same generator."
    )
    return Plot(
        "gap-size",
        "The relaxation's gap against the number of samples",
        "n",
        "gap of SDP-NN, %",
        series,
        words.replace("seriess", "series"),
        f"{_count(study, several)} {_KNOWN}",
        log_x=False,
    )


def _rounding(study: Study) -> Plot:
    points: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for problem in study.problems:
        for result, row in problem.rows("rounding"):
            factor = problem.factor(row.value)
            if row.kind == EXACT and row.quantity in ("rounded", "slid") and factor is not None:
                step = result.facts.settings["step"]
                label = f"{problem.facts.data}: {row.quantity}, {step} step"
                points[label][row.width].append(max(factor - 1, _FLOOR))
    series = _joined(points)
    last = {line.label: line.points[-1] for line in series if "slid" in line.label}
    words = "; ".join(
        f"{label} {1 + excess:.4g} times the lower bound at width {width:.0f}"
        for label, (width, excess) in last.items()
    )
    return Plot(
        "rounding-width",
        "Rounding against the width",
        "neurons that the matrix is rounded to",
        "loss / certified lower bound - 1",
        series,
        f"In the median over the problems and weight decays, at the largest width: {words}.",
        _count(study, points),
        log_y=True,
    )


def _local(study: Study, method: str) -> Plot:
    shares: dict[str, list[tuple[float, float]]] = {}
    runs = 0
    for (data, gamma, bias, loss), problems in study.groups.items():
        of_width = local_runs(problems, method)
        runs += sum(map(len, of_width.values()))
        parts = [data, f"gamma {gamma}", *[loss] * (loss != "squared"), *["bias"] * bias]
        shares[", ".join(parts)] = [
            (width, 100 * sum(factor <= 1 + WITHIN for factor in factors) / len(factors))
            for width, factors in of_width.items()
        ]
    series = tuple(Series(label, tuple(points)) for label, points in shares.items() if points)
    full = sum(line.points[-1][1] == 100 for line in series)
    return Plot(
        f"{method}-width",
        f"{LOCAL[method]} against the width",
        "neurons",
        "runs certified within 1 % of the optimum, %",
        series,
        f"At the largest width all runs are certified global within 1 % in {full} of {len(series)} settings; "
        "a run that is not may be stuck, or just not at its end.",
        f"{counted(runs, 'run')} in all; {study.sureness}.",
    )


@dataclass(frozen=True)
class _Factorised:
    """A settled run of the factorised relaxation: its rank and value, and two bounds on the rank."""

    rank: float
    value: float
    barvinok: float
    active: float

    @classmethod
    def of(cls, result: Result) -> _Factorised | None:
        said = {row.quantity: row.value for row in result.rows}
        rank, value = said.get("rank"), said.get(VALUE)
        if result.facts.method != _FACTORISED or rank is None or value is None or not said.get("settled"):
            return None
        return cls(rank, value, said.get("barvinok") or 0.0, said.get("active") or 0.0)


def _local_minima(study: Study) -> Plot:
    points: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    bounds: dict[str, set[float]] = {"all": set(), "active": set()}
    above, stuck, beyond, above_beyond = 0, 0, 0, 0
    for problem in study.problems:
        runs = [run for run in map(_Factorised.of, problem.results) if run is not None]
        known = [run.value for run in runs] + [
            row.value for _, row in problem.rows("bound", VALUE, method="sdp") if row.value is not None
        ]
        of_rank = {run.rank: min(each.value for each in runs if each.rank == run.rank) for run in runs}
        for run in runs:
            is_above = run.value > (1 + _SPURIOUS) * min(known)
            label = _label(problem, problem.facts.data, f"gamma {problem.facts.gamma}")
            points[label][run.rank].append(100 * is_above)
            bounds["all"].add(run.barvinok)
            bounds["active"].add(run.active)
            above += is_above
            stuck += run.value > (1 + _SPURIOUS) * of_rank[run.rank]
            beyond += run.rank >= run.active
            above_beyond += is_above and run.rank >= run.active
    series = tuple(
        Series(label, tuple((rank, sum(all_) / len(all_)) for rank, all_ in sorted(of_label.items())))
        for label, of_label in points.items()
    )
    free = {rank for line in series for rank, share in line.points} - {
        rank for line in series for rank, share in line.points if share
    }
    words = (
        f"Of {counted(above, 'settled run')} that ended more than 1 % above the best value known, {stuck} "
        "ended above another run of their rank as well, and are local minima; the others ended at the least "
        "value that their rank was seen to have. "
    )
    words += (
        f"The least rank without a run above is {min(free):.0f}. "
        if free
        else "At each rank with settled runs some are above. "
    )
    words += (
        "The rank of Pataki and Barvinok, beyond which a solution of less rank exists, is "
        f"{_span(bounds['all'])} by all constraints and {_span(bounds['active'])} by those that are active "
        f"where the runs ended; of {counted(beyond, 'run')} with the latter or more {above_beyond} ended "
        "above."
    )
    return Plot(
        "factorised-rank",
        "Spurious minima of the factorised relaxation against its rank",
        "rank of the factor",
        "settled runs above the best value, %",
        series,
        words,
        _count(study, points),
    )


def _span(values: set[float]) -> str:
    low, high = min(values, default=0.0), max(values, default=0.0)
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _accuracy(study: Study) -> Plot:
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    differences = []
    for problem in study.problems:
        good = []
        for _, row in problem.networks():
            factor = problem.factor(row.value)
            if factor is None or ACCURACY not in row.scores:
                continue
            points[problem.facts.data].append((max(factor - 1, _FLOOR), 100 * row.scores[ACCURACY]))
            if factor <= 1 + WITHIN:
                good.append(100 * row.scores[ACCURACY])
        if len(good) > 1:
            differences.append(max(good) - min(good))
    words = (
        "Among networks certified within 1 % of the global optimum the accuracies of one problem differ by "
        f"up to {max(differences):.1f} points, {median(differences):.1f} in the median of "
        f"{counted(len(differences), 'problem')}."
        if differences
        else "No problem has two networks that are certified within 1 % of the global optimum."
    )
    series = tuple(Series(label, tuple(sorted(found))) for label, found in points.items())
    return Plot(
        "accuracy-loss",
        "Test accuracy against the certified loss",
        "loss / certified lower bound - 1",
        "test accuracy (largest output), %",
        series,
        words,
        f"{counted(sum(len(line.points) for line in series), 'network')} in all; {study.sureness}.",
        joined=False,
    )


def _runtime(study: Study) -> Plot:
    points: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for problem in study.problems:
        for result in problem.results:
            method = str(result.facts.settings.get("method", ""))
            label = f"{result.facts.method} {method}".strip()
            points[label][problem.facts.n].append(max(result.seconds, 1e-3))
    series = _joined(points)
    grown = [
        f"{line.label} {line.points[-1][1] / line.points[0][1]:.2g} times as long"
        for line in series
        if len(line.points) > 1
    ]
    words = f"From the fewest samples to the most: {'; '.join(grown)}. " if grown else ""
    words += "Other things than n change as well, and a time limit ends what would take longer."
    return Plot(
        "seconds-size",
        "Seconds against the number of samples",
        "n",
        "seconds of a cell, median",
        series,
        words,
        f"{_count(study, points)} Of cells that ran beside others: {'; '.join(study.made)}.",
        log_y=True,
    )


def _count(study: Study, points: dict[str, dict[float, list[float]]]) -> str:
    values: Sequence[int] = [len(ys) for of_label in points.values() for ys in of_label.values()]
    return f"{counted(sum(values), 'value')} in all; {study.sureness}."
