"""Draw the picture of the start page: python docs/theme/interval.py.

Iris with gamma = 0.1, squared loss, losses on a logarithmic axis. The numbers are those of docs/guide.md
and, of SDP-NN, of docs/solvers.md.
"""

from __future__ import annotations

import math
from pathlib import Path

LOWER, UPPER = 3.467582246, 3.470705882
NETWORKS = ((3.601, "trained"), (25.66, "stuck"), (45.93, "hardly trained"))
RELAXATION = 2.006
WIDTH, HEIGHT, AXIS = 600, 250, 178
FIRST, LAST = 0.6, 62.0
THEMES = {
    "light": {"text": "#1f2933", "soft": "#5f6c7b", "proved": "#00796b", "network": "#c2410c"},
    "dark": {"text": "#e5e7eb", "soft": "#9aa5b1", "proved": "#4db6ac", "network": "#fb923c"},
}


def main() -> None:
    """Write docs/interval-light.svg and docs/interval-dark.svg."""
    for name, colours in THEMES.items():
        path = Path(__file__).parents[1] / f"interval-{name}.svg"
        path.write_text(picture(**colours), encoding="utf-8")


def picture(text: str, soft: str, proved: str, network: str) -> str:
    """Return the picture in some colours."""
    optimum = at(LOWER)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="system-ui, sans-serif" font-size="17" role="img">',
        "<title>Iris: no network of any width has a loss below 3.46758, and one has 3.47071</title>",
        f'<rect x="10" y="66" width="{optimum - 10:.1f}" height="{AXIS - 66}" fill="{proved}" '
        'fill-opacity="0.16"/>',
        words((optimum + 10) / 2, 106, "no network,", proved, bold=True),
        words((optimum + 10) / 2, 128, "of any width: proved", proved, bold=True),
        f'<path d="M10 {AXIS}H{WIDTH - 10}" stroke="{soft}" stroke-width="2"/>',
        f'<path d="M{optimum:.1f} 40V{AXIS + 10}" stroke="{proved}" stroke-width="4"/>',
        words(
            10, 26, f"{LOWER:.5f} ≤ global optimum ≤ {UPPER:.5f}", text, anchor="start", size=21, bold=True
        ),
        words(at(RELAXATION), AXIS - 14, "SDP-NN: 2.006", soft, size=15),
        f'<path d="M{at(RELAXATION):.1f} {AXIS - 9}V{AXIS + 9}" stroke="{soft}" stroke-width="2"/>',
    ]
    for value in (1, 2, 5, 10, 20, 50):
        parts += [
            f'<path d="M{at(value):.1f} {AXIS}v7" stroke="{soft}" stroke-width="2"/>',
            words(at(value), AXIS + 28, str(value), soft, size=15),
        ]
    for (value, name), row in zip(NETWORKS, (2, 1, 0), strict=True):
        above = f"+{100 * (value / LOWER - 1):.0f} %"
        x, y = at(value), 78 + 31 * row
        anchor = "start" if value < 10 else "end"
        shift = 12 if value < 10 else -12
        parts += [
            f'<path d="M{x:.1f} {y}V{AXIS}" stroke="{network}" stroke-width="1.5" stroke-dasharray="3 4"/>',
            f'<circle cx="{x:.1f}" cy="{AXIS}" r="7" fill="{network}"/>',
            words(x + shift, y + 6, f"{name}, {above}", network, anchor=anchor),
        ]
    parts += [words(WIDTH - 10, HEIGHT - 8, "training loss of networks on Iris", soft, anchor="end", size=15)]
    return "\n".join([*parts, "</svg>", ""])


def at(value: float) -> float:
    """Return where a loss is on the axis."""
    return 10 + (WIDTH - 20) * math.log(value / FIRST) / math.log(LAST / FIRST)


def words(
    x: float, y: float, text: str, colour: str, *, anchor: str = "middle", size: int = 17, bold: bool = False
) -> str:
    """Return a line of text."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y}" fill="{colour}" font-size="{size}" text-anchor="{anchor}"{weight}>'
        f"{text}</text>"
    )


if __name__ == "__main__":
    main()
