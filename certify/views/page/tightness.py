"""One self-contained HTML page about a tightness study, with a picture for each problem."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from certify.checker.numbers.rounding import decimal_down, decimal_up, plain
from certify.checker.training.words import formula
from certify.tightness.looseness import Looseness
from certify.tightness.names import BASELINE_WORDS
from certify.tightness.quantities import Kind, Row
from certify.tightness.study import Outcome, Study, Tightness
from certify.views.page.canvas import (
    BLUE,
    INK,
    SOFT,
    WARM,
    Picture,
    canvas,
    legend_above,
    svg,
)
from certify.views.page.looseness_picture import heat_maps
from certify.views.page.writing import Made, save, template
from certify.views.terminal.tightness import (
    ACCURACY_MEANING,
    HEADINGS,
    NUMBERS,
    PART_HEADINGS,
    cells,
    columns,
    part_cells,
)

_MARKS = {
    Kind.BOUND: ("proved lower bound", ">", WARM),
    Kind.ESTIMATE: ("solver's estimate", "x", SOFT),
    Kind.LOSS: ("exact loss of a network", "o", BLUE),
}


_GLOSSARY = (
    ("SDP-NN", "the semidefinite relaxation of training: its value bounds the optimum from below"),
    ("SDP-NN, certified", "the bound that was proved from its solution, in exact arithmetic"),
    ("SDP-NN, copositive cuts", "with inequalities that every network satisfies and its solution does not"),
    ("Shor", "Shor's relaxation, weaker and quicker"),
    ("tree", "the bound of a proof tree, branch and bound over directions"),
    ("column generation", "certify's own training, which adds neurons one by one"),
    (
        "rounding",
        "SDP-NN's matrix made a network, with the paper's step or a stable one: rounded as it is, rescaled, "
        "with the output refitted, and with neurons that slid to where the loss is least",
    ),
    ("L-BFGS", "local descent from random networks"),
    ("SGD", "stochastic gradient descent in PyTorch, with all samples at a time or in batches"),
    ("/ optimum", "the value over the best proved lower bound of the optimum"),
    ("proved", "a lower bound, checked in exact arithmetic"),
    ("exact", "the loss of a network, exactly"),
    ("estimate", "a solver's word, no bound"),
    ("predictor", "what makes predictions and is no network of the problem, so that it has no loss"),
    ("accuracy", ACCURACY_MEANING),
    ("ratio", "SDP-NN's value over that of a network, or of the optimum: how tight it is"),
    ("alpha_i, beta_i", "the activations of sample i before the output: those of relu(x u) and relu(-x u)"),
)
_FEW = 10.0  # a ratio of the ends of an axis up to which its ticks are as on a linear one


def save_tightness_page(study: Study, path: str | Path, made: Made | None = None) -> None:
    """Write the page; see `certify.views.page.bound.save_page`.

    Raises:
        CertifyError: if the file cannot be written.
    """
    save(render_tightness_page(study, made), path)


def render_tightness_page(study: Study, made: Made | None = None) -> str:
    """Return the page's HTML, the same for the same study and the same `made`."""
    shown = [
        {
            "name": f"{found.name}, gamma {plain(found.problem.gamma)}",
            "lower": decimal_down(found.lower, 8),
            "upper": decimal_up(found.upper, 8),
            "objective": formula(found.problem),
            "description": found.dataset.describe(found.problem.loss.encoding),
            "picture": comparison(found, f"problem{k}"),
            "headings": [HEADINGS[k] for k in columns(found, time=True)],
            "numbers": [j for j, k in enumerate(columns(found, time=True)) if k in NUMBERS],
            "rows": [_cells(found, row) for row in found.rows],
            "looseness": None if found.looseness is None else _looseness(found.looseness, f"matrix{k}"),
        }
        for k, found in enumerate(study.problems)
    ]
    used = {row.quantity for found in study.problems for row in found.rows}
    baselines = [name for name in BASELINE_WORDS if name in used]
    return template("tightness.html.j2").render(
        problems=shown,
        outcomes=[(outcome.value, outcome.meaning) for outcome in Outcome],
        complete=study.complete,
        settings=study.settings,
        part_headings=PART_HEADINGS,
        glossary=(*_GLOSSARY, *((name, BASELINE_WORDS[name]) for name in baselines)),
        made=(made or Made()).facts(),
    )


def _cells(found: Tightness, row: Row) -> list[str]:
    written = cells(found, row)
    return [*(written[k] for k in columns(found, time=True)), row.note]


def _looseness(found: Looseness, name: str) -> dict[str, object]:
    return {
        "title": found.title,
        "facts": list(found.facts()),
        "picture": heat_maps(found, name),
        "parts": [part_cells(part) for part in found.parts()],
    }


def comparison(found: Tightness, name: str) -> Picture | None:
    """Draw every bound and every network over the optimum; None if no bound is positive.

    Args:
        found: the problem.
        name: of the picture, unique on the page.
    """
    drawn = [row for row in found.rows if row.kind in _MARKS and found.factor(row)]
    if not drawn:
        return None
    quantities = list(dict.fromkeys(row.quantity for row in drawn))
    with canvas(0.8 + 0.24 * len(quantities)) as figure:
        axes = figure.add_subplot()
        for kind, (label, marker, color) in _MARKS.items():
            points = [
                (found.factor(row), quantities.index(row.quantity)) for row in drawn if row.kind is kind
            ]
            if points:
                axes.plot(
                    *zip(*points, strict=True), marker, label=label, color=color, markersize=5, alpha=0.8
                )
        axes.axvline(1, color=INK, linewidth=0.9, linestyle=":")
        axes.set_xscale("log")
        _set_ticks(axes)
        axes.set_yticks(range(len(quantities)), quantities)
        axes.invert_yaxis()
        axes.set_xlabel("value / certified lower bound of the optimum")
        legend_above(figure, axes)
        extremes = sorted(drawn, key=lambda row: found.factor(row) or 0.0)
        element = svg(
            figure,
            name,
            f"Dot chart with a logarithmic axis: {len(drawn)} values from {extremes[0].quantity}, "
            f"{found.factor(extremes[0]):.3g} times the optimum, to {extremes[-1].quantity}, "
            f"{found.factor(extremes[-1]):.3g} times.",
        )
    caption = (
        "Each mark is one bound or one network, over the best proved lower bound. No network can be left of "
        "the dotted line, and no valid bound far right of it. What lies between a network and the line is "
        "what training has left; what lies between a bound and the line is what the relaxation gives away."
    )
    return Picture(found.name, element, caption)


def _set_ticks(axes: Axes) -> None:
    """Label so few places of a logarithmic axis that no two labels overlap, however long or short it is."""
    left, right = axes.get_xlim()
    if right < _FEW * left:
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.xaxis.set_minor_locator(MaxNLocator(1))
    else:
        subs = (1.0, 2.0, 5.0) if right < _FEW**2 * left else (1.0,)
        axes.xaxis.set_major_locator(LogLocator(subs=subs, numticks=6))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
