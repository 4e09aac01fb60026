"""The pictures of a bound's HTML page, each with the words that go with it."""

from __future__ import annotations

from certify.bounds.report import Report
from certify.checker.numbers.rounding import decimal_up
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
    """Draw the loss of the best run and the interval of the global optimum."""
    losses = report.training.descent
    if not losses:
        return None
    lower, upper = float(report.interval.lower), float(report.interval.upper)
    with canvas(2.8) as figure:
        axes = figure.add_subplot()
        axes.plot(range(1, len(losses) + 1), losses, label="loss of the best run", color=BLUE)
        axes.axhspan(lower, upper, color=WARM, alpha=0.25, linewidth=0)
        axes.axhline(upper, label="upper bound: best network", color=INK, linewidth=0.9)
        axes.axhline(lower, label="certified lower bound", color=WARM, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.set_xlabel("iteration of L-BFGS")
        axes.set_ylabel("loss")
        if len(losses) > 1:
            axes.set_xscale("log")
            axes.set_xlim(1, len(losses))
            axes.xaxis.set_major_formatter("{x:g}")
        legend_above(axes)
        element = svg(
            figure,
            "training",
            f"Line chart: in {len(losses)} iterations the loss falls from {losses[0]:.6g} to "
            f"{losses[-1]:.6g}; the certified interval is from {lower:.6g} to {upper:.6g}.",
        )
    caption = (
        "The best descent from a random network, and the interval (shaded) that holds the global optimum. "
        "Its upper end is the loss of the best network of all, which column generation made from the "
        "descents' neurons. No network of any width has a loss below the dashed line."
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
                markevery=slice(0, len(points)),
            )
        if report.wanted_gap > 0:
            axes.axhline(100 * report.wanted_gap, label="wanted gap", color=INK, linewidth=0.9, linestyle=":")
        axes.axvspan(0, first, color=LINE, alpha=0.45, linewidth=0)
        if first > 0.15 * end:
            axes.text(
                first / 2, 0.88, "no lower bound yet", transform=axes.get_xaxis_transform(), ha="center"
            )
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g} %")
        axes.set_xlim(0, 1.02 * end)
        axes.set_xlabel("seconds")
        axes.set_ylabel("distance to the\nopposite final bound")
        legend_above(axes)
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
