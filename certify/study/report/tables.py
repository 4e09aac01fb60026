"""The tables of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from certify.study.accept import EXACT
from certify.study.bench import VALUE
from certify.study.methods import BOUND_SECONDS
from certify.study.prediction import PAPER, VALIDATED
from certify.study.report.analysis import WITHIN, Problem, Study, over, spread
from certify.study.scores import ACCURACY, F1, PAPER_ACCURACY, PAPER_F1, R2
from certify.tightness.baselines.table import BASELINES

STAGES = ("rounded", "rescaled", "refit", "slid")
_SCORES = (ACCURACY, F1, PAPER_ACCURACY, PAPER_F1, R2)


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: of it.
        words: what its numbers are.
        headings: of its columns; the first ones are names, the others numbers.
        rows: with a cell for each heading.
    """

    title: str
    words: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_GROUP = ("data", "gamma", "bias")
LOCAL = {"sgd": "SGD", "lbfgs": "L-BFGS"}


def tables(study: Study) -> Iterator[Table]:
    """Yield the tables that have rows."""
    made = (_optimum, _rounding, _local, _baselines, _scores, _left_out)
    for table in (make(study) for make in made):
        if table.rows:
            yield table


def _names(data: str, gamma: str, bias: bool, loss: str) -> tuple[str, str, str]:
    return data if loss == "squared" else f"{data}, {loss}", gamma, "yes" if bias else "no"


# What is put over the certified lower bound of the optimum.
_OVER: tuple[Callable[[Problem], float | None], ...] = (
    lambda p: p.upper,
    lambda p: p.relaxation,
    lambda p: p.best_bound("sdp"),
    lambda p: p.best_bound("shor"),
)


def _optimum(study: Study) -> Table:
    rows = []
    for key, problems in study.groups.items():
        sizes = sorted({(p.facts.n, p.facts.d, p.facts.c) for p in problems})
        known = [p for p in problems if p.lower is not None and p.upper is not None]
        values = [[p.factor(value) for p in known if (value := get(p)) is not None] for get in _OVER]
        seconds = over(
            problems, lambda p: (row.value for _, row in p.rows("bound", BOUND_SECONDS, method="sdp"))
        )
        interval = f"{known[0].lower:.7g} to {known[0].upper:.7g}" if len(known) == len(problems) == 1 else ""
        rows.append(
            (
                *_names(*key),
                f"{len(known)} of {len(problems)}",
                "; ".join(", ".join(map(str, size)) for size in sizes[:3]) + "; ..." * (len(sizes) > 3),
                interval,
                *(spread([value for value in each if value is not None]) for each in values),
                spread(seconds, ".2f"),
                "" if (elsewhere := study.published.get(key[:2])) is None else f"{elsewhere:.2f}",
            )
        )
    return Table(
        "The optimum, and SDP-NN next to it",
        "Over the certified lower bound of the optimum: the best network, SDP-NN's value (a solver's word), "
        "what is certified of SDP-NN and of Shor's relaxation, and the seconds of SDP-NN without training, "
        "next to those that its authors published, of other solvers on another machine. A cell is the median "
        "over the problems, with the least and the largest in brackets. Where the best "
        "network is far above 1 the optimum is not known, and a bound near 1 says nothing of the relaxation.",
        (
            *_GROUP,
            "problems",
            "n, d, c",
            "optimum",
            "best network",
            "SDP-NN",
            "certified",
            "Shor",
            "seconds",
            "published",
        ),
        tuple(rows),
    )


def _rounding(study: Study) -> Table:
    rows = []
    for key, problems in study.groups.items():
        asked = {
            (str(result.facts.settings["step"]), row.width)
            for p in problems
            for result, row in p.rows("rounding")
            if row.kind == EXACT
        }
        for step, width in sorted(asked):
            cells = [
                spread(
                    over(
                        problems,
                        lambda p, stage=stage, step=step, width=width: (  # type: ignore[misc]
                            p.factor(row.value)
                            for _, row in p.rows("rounding", stage, step=step)
                            if row.width == width
                        ),
                    )
                )
                for stage in STAGES
            ]
            rows.append((*_names(*key), step, str(width), *cells))
    return Table(
        "SDP-NN's matrix rounded to a network",
        "The network's exact loss over the certified lower bound of the optimum, before (rounded) and after "
        "each stage of the repair, with the step of the paper's code and with one that does not overshoot.",
        (*_GROUP, "step", "width", *STAGES),
        tuple(rows),
    )


def local_runs(problems: Sequence[Problem], method: str) -> dict[int, list[float]]:
    """Return the factors over the lower bound of the optimum of all runs of a local method, by width."""
    found: dict[int, list[float]] = {}
    for problem in problems:
        for _, row in problem.rows(method):
            if (factor := problem.factor(row.value)) is not None:
                found.setdefault(row.width, []).append(factor)
    return dict(sorted(found.items()))


def _local(study: Study) -> Table:
    rows = [
        (
            *_names(*key),
            words,
            str(width),
            str(len(factors)),
            spread(factors),
            f"{sum(factor <= 1 + WITHIN for factor in factors)} of {len(factors)}",
        )
        for key, problems in study.groups.items()
        for method, words in LOCAL.items()
        for width, factors in local_runs(problems, method).items()
    ]
    return Table(
        "Local training",
        "The exact losses over the certified lower bound of the optimum, and how many runs are certified to "
        "be within 1 % of the global optimum, which is that of all widths.",
        (*_GROUP, "method", "width", "runs", "loss", "within 1 %"),
        tuple(rows),
    )


def _baselines(study: Study) -> Table:
    rows = []
    for key, problems in study.groups.items():
        found: dict[tuple[str, str], list[float]] = {}
        for problem in problems:
            for result in problem.results:
                for row in result.rows:
                    if result.facts.method in BASELINES and (row.kind == EXACT or row.quantity == VALUE):
                        factor = problem.factor(row.value)
                        if factor is not None:
                            what = "exact loss of its network" if row.kind == EXACT else row.quantity
                            found.setdefault((result.facts.label, what), []).append(factor)
        rows += [
            (*_names(*key), label, quantity, str(len(factors)), spread(factors))
            for (label, quantity), factors in found.items()
        ]
    return Table(
        "Baselines",
        "The exact losses of their networks, and what the relaxations among them say of themselves, over the "
        "certified lower bound of the optimum.",
        (*_GROUP, "method", "what", "runs", "value"),
        tuple(rows),
    )


def _scores(study: Study) -> Table:
    rows = []
    for key, problems in study.groups.items():
        by_name: dict[str, list[dict[str, float]]] = {}
        for problem in problems:
            for result, row in [
                pair for each in problem.results for pair in ((each, row) for row in each.rows)
            ]:
                if row.scores:
                    name = (
                        row.quantity
                        if row.quantity in (PAPER, VALIDATED)
                        else _who(result.facts.label, row.quantity)
                    )
                    by_name.setdefault(name, []).append(dict(row.scores))
        for name, found in by_name.items():
            cells = [spread([each[score] for each in found if score in each], ".3f") for score in _SCORES]
            rows.append((*_names(*key), name, *cells))
    return Table(
        "On the test sets",
        "Accuracy and F1 by the class of the largest output; by the paper's protocol, which chooses a "
        "threshold on the test set and counts a sample as right if all thresholded outputs are; and R2 of "
        f"regressions. Of the rounding the paper's code reports the {PAPER}; its honest twin is the "
        f"{VALIDATED}.",
        (*_GROUP, "predictor", *_SCORES),
        tuple(rows),
    )


def _who(label: str, quantity: str) -> str:
    return label if quantity in (*LOCAL.values(), label) else f"{label}: {quantity}"


def _left_out(study: Study) -> Table:
    return Table(
        "What is left out",
        "Cells that have no result, and why.",
        ("why", "cells"),
        tuple((words, str(number)) for words, number in study.reasons),
    )
