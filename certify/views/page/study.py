"""The page of a study: its tables, and its plots each with what it says and how sure that is."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from certify.study.report.analysis import Study
from certify.study.report.plots import Plot, plots
from certify.study.report.tables import tables
from certify.views.page.canvas import BLUE, INK, SOFT, WARM, Picture, canvas, legend_above, svg
from certify.views.page.writing import Made, save, template

_COLORS = (BLUE, WARM, INK, SOFT)
_MARKS = ("o", "s", "^", "D", "v", "x")
_LINES = ("-", "--", ":", "-.")
_FEW = 10  # values of an axis that are labelled one by one


def save_study_page(study: Study, path: str | Path, made: Made | None = None) -> None:
    """Write the page; see `certify.views.page.writing.save`.

    Raises:
        CertifyError: if the file cannot be written.
    """
    save(render_study_page(study, made), path)


def render_study_page(study: Study, made: Made | None = None) -> str:
    """Return the page's HTML, the same for the same study and the same `made`."""
    return template("study.html.j2").render(
        title=study.title,
        sureness=study.sureness,
        missing=study.missing,
        machines=study.made,
        tables=list(tables(study)),
        plots=[_picture(plot) for plot in plots(study)],
        names=3,
        made=(made or Made()).facts(),
    )


def _picture(plot: Plot) -> Picture:
    with canvas(3.0 + 0.2 * (len(plot.series) // 2)) as figure:
        axes = figure.add_subplot()
        for k, series in enumerate(plot.series):
            axes.plot(
                *zip(*series.points, strict=True),
                marker=_MARKS[k % len(_MARKS)],
                linestyle=_LINES[k // len(_COLORS) % len(_LINES)] if plot.joined else "none",
                color=_COLORS[k % len(_COLORS)],
                markersize=4,
                linewidth=1.1,
                alpha=0.85,
                label=series.label,
            )
        _set_axes(axes, plot)
        legend_above(figure, axes)
        points = [point for series in plot.series for point in series.points]
        alternative = (
            f"{plot.title}: {len(points)} points of {len(plot.series)} kinds; {plot.y} from "
            f"{min(y for _, y in points):.3g} to {max(y for _, y in points):.3g} over {plot.x} from "
            f"{min(x for x, _ in points):.3g} to {max(x for x, _ in points):.3g}."
        )
        element = svg(figure, plot.name, alternative)
    return Picture(plot.title, element, f"{plot.words} {plot.sure}")


def _set_axes(axes: Axes, plot: Plot) -> None:
    axes.set_xlabel(plot.x)
    axes.set_ylabel(plot.y)
    if plot.log_x:
        axes.set_xscale("log")
        xs = sorted({x for series in plot.series for x, _ in series.points})
        if len(xs) <= _FEW and plot.joined:
            axes.set_xticks(xs, [f"{x:g}" for x in xs])
            axes.xaxis.set_minor_formatter(NullFormatter())
    if plot.log_y:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
