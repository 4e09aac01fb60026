"""One self-contained HTML page about a tightness study, with a picture for each problem."""

from __future__ import annotations

from pathlib import Path

from matplotlib.ticker import LogFormatter

from certify.checker.errors import CertifyError
from certify.checker.numbers.rounding import decimal_down, decimal_up, plain
from certify.checker.training.words import formula
from certify.tightness.looseness import Looseness
from certify.tightness.quantities import Kind
from certify.tightness.study import Outcome, Study, Tightness
from certify.views.page.bound import template
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
from certify.views.terminal.tightness import (
    HEADINGS,
    NUMBERS,
    PART_HEADINGS,
    cells,
    part_cells,
)

_MARKS = {
    Kind.BOUND: ("proved lower bound", ">", WARM),
    Kind.ESTIMATE: ("solver's estimate", "x", SOFT),
    Kind.LOSS: ("exact loss of a network", "o", BLUE),
}


def save_tightness_page(study: Study, path: str | Path) -> None:
    """Write the page.

    Raises:
        CertifyError: if the file cannot be written.
    """
    try:
        Path(path).write_text(render_tightness_page(study), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CertifyError(
            f"{path}: the page cannot be written ({error.strerror}); choose another path"
        ) from error


def render_tightness_page(study: Study) -> str:
    """Return the page's HTML."""
    shown = [
        {
            "name": f"{found.name}, gamma {plain(found.problem.gamma)}",
            "lower": decimal_down(found.lower, 8),
            "upper": decimal_up(found.upper, 8),
            "objective": formula(found.problem),
            "description": found.dataset.describe(found.problem.loss.encoding),
            "picture": comparison(found, f"problem{k}"),
            "rows": [(*cells(found, row), row.note) for row in found.rows],
            "looseness": None if found.looseness is None else _looseness(found.looseness, f"matrix{k}"),
        }
        for k, found in enumerate(study.problems)
    ]
    return template("tightness.html.j2").render(
        problems=shown,
        headings=(*HEADINGS, ""),
        numbers=NUMBERS,
        outcomes=[(outcome.value, outcome.meaning) for outcome in Outcome],
        complete=study.complete,
        settings=study.settings,
        part_headings=PART_HEADINGS,
    )


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
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.2, 0.5)))
        axes.set_yticks(range(len(quantities)), quantities)
        axes.invert_yaxis()
        axes.set_xlabel("value / certified lower bound of the optimum")
        legend_above(axes)
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
