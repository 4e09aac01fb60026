"""The pictures of a bound's HTML page, each with the words that go with it."""

from __future__ import annotations

from certify.bounds.report import Report
from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.views.page.canvas import (
    BLUE,
    INK,
    LINE,
    WARM,
    Picture,
    canvas,
    legend_above,
    svg,
)
from certify.views.page.gauge_pictures import gauge_on_circle, gauge_on_sphere

# Of the lower bounds of searches, in the order in which they come.
_LINES = (("-", "."), ("--", "s"), ("-.", "^"), (":", "x"))
_MARKS = 15  # at most, of a line


def pictures(report: Report) -> list[Picture]:
    """Draw all that the report's method and dimension allow."""
    drawn = [training(report), convergence(report)]
    if report.problem.output_bias.frees_hidden:
        pass  # the gauge is a function of a neuron's weights and of its bias
    elif report.problem.d == 2:
        drawn.append(gauge_on_circle(report))
    elif report.problem.d == 3:
        drawn.append(gauge_on_sphere(report))
    return [picture for picture in drawn if picture is not None]


def training(report: Report) -> Picture | None:
    """Draw how far the best run's loss was above the certified lower bound; None if it had no iterations."""
    losses, interval = report.training.descent, report.interval
    lower, width = float(interval.lower), float(interval.upper - interval.lower)
    above = [loss - lower for loss in losses]
    positive = [excess for excess in above if excess > 0]
    if len(losses) < 2 or not positive:
        return None
    # Rounding may put a last loss below the exact bound.
    floor = width or min(positive)
    with canvas(2.8) as figure:
        axes = figure.add_subplot()
        axes.plot(
            range(1, len(losses) + 1),
            [max(excess, floor) for excess in above],
            label="best run",
            color=BLUE,
        )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(1, len(losses))
        if width:
            least = width / 3
            axes.set_ylim(least, 1.5 * max(positive))
            axes.axhspan(
                least, width, color=WARM, alpha=0.25, linewidth=0, label="the global optimum is here"
            )
            axes.axhline(width, label="best network (upper bound)", color=INK, linewidth=0.9)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("iteration of L-BFGS")
        axes.set_ylabel("loss − lower bound")
        legend_above(figure, axes)
        element = svg(
            figure,
            "training",
            f"Line chart with logarithmic axes: in {len(losses)} iterations the loss falls from "
            f"{losses[0]:.6g} to {losses[-1]:.6g}; the certified interval is from {lower:.6g} to "
            f"{float(interval.upper):.6g}.",
        )
    caption = (
        "The best descent from a random network: how far its loss is above the certified lower bound, "
        f"{decimal_down(interval.lower, 6)}, below which no network of any width is. The thin line is "
        "the best network of all, which column generation made from the descents' neurons; there or below is "
        "the global optimum."
    )
    return Picture("Training", element, caption)


def convergence(report: Report) -> Picture | None:
    """Draw how far both bounds were from each other's final value over time, each search's own."""
    lower, upper = report.interval.lower, report.interval.upper
    if not report.gap_curve or lower == upper or not upper:
        return None
    top, size = float(upper), abs(float(upper))
    final = float(report.interval.relative_gap)
    # The network without neurons, which comes first, would take most of the axis.
    curve = report.training.curve[1:] or report.training.curve
    network = [(point.seconds, (point.loss - float(lower)) / size) for point in curve]
    proofs: dict[str, list[tuple[float, float]]] = {}
    for point in report.gap_curve:
        proofs.setdefault(point.search, []).append((point.seconds, (top - point.lower) / size))
    first, end = report.gap_curve[0].seconds, max(report.gap_curve[-1].seconds, network[-1][0])
    with canvas(2.8) as figure:
        axes = figure.add_subplot()
        lines = [("upper bound: network", BLUE, "-", "", network)]
        lines += [
            (f"lower bound: {search}", WARM, line, marker, points)
            for (search, points), (line, marker) in zip(proofs.items(), _LINES, strict=False)
        ]
        for label, color, line, marker, points in lines:
            seconds, gaps = zip(*points, (end, points[-1][1]), strict=True)
            # Rounding may put a last point below the exact gap.
            percent = [100 * max(gap, final) for gap in gaps]
            axes.step(
                seconds,
                percent,
                where="post",
                label=label,
                color=color,
                linewidth=1.4,
                linestyle=line,
                marker=marker,
                markersize=3.5,
                markevery=slice(0, len(points), 1 + len(points) // _MARKS),
            )
        # One that is far away would take most of the axis.
        if report.wanted_gap > final / 10:
            axes.axhline(100 * report.wanted_gap, label="wanted gap", color=INK, linewidth=0.9, linestyle=":")
        axes.axvspan(0, first, color=LINE, alpha=0.45, linewidth=0)
        if first > 0.15 * end:
            axes.text(first / 2, 0.5, "no lower bound yet", transform=axes.get_xaxis_transform(), ha="center")
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g} %")
        axes.set_xlim(0, 1.02 * end)
        axes.set_xlabel("seconds")
        axes.set_ylabel("distance to the\nopposite final bound")
        legend_above(figure, axes)
        element = svg(
            figure,
            "convergence",
            f"Line chart with a logarithmic axis: the first lower bound, "
            f"{(top - report.gap_curve[0].lower) / size:.2%} below the final upper bound, came after "
            f"{first:.1f} s; after {end:.1f} s the gap was {final:.2g}. Lower bounds by {', '.join(proofs)}.",
        )
    caption = (
        "How far the best network was above the final lower bound, and how far the best proof of each search "
        f"was below the final upper bound, both relative to the latter. They end at the certified gap, "
        f"{decimal_up(100 * report.interval.relative_gap, 4)} %. "
        f"The first proof came after {first:.1f} s."
    )
    return Picture("Closing the gap", element, caption)
