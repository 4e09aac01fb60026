"""One self-contained HTML page about a report: no script, nothing loaded from elsewhere."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from certify.certificate import Certificate, Sign, Split
from certify.errors import CertifyError
from certify.exact import decimal_down, decimal_up
from certify.report import Report
from certify.statement import TRUST, formula, theorem

_BLUE, _BLACK, _RED = "#2563a8", "#1b1f24", "#b3541e"


def save_page(report: Report, path: str | Path) -> None:
    """Write the page.

    Raises:
        CertifyError: if the file cannot be written.
    """
    try:
        Path(path).write_text(render_page(report), encoding="utf-8")
    except OSError as error:
        raise CertifyError(
            f"{path}: the report cannot be written ({error.strerror}); choose another path"
        ) from error


def render_page(report: Report) -> str:
    """Return the page's HTML."""
    environment = Environment(
        loader=PackageLoader("certify"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    interval, problem = report.interval, report.problem
    zero_loss = problem.loss_at_zero()
    return environment.get_template("report.html.j2").render(
        source=report.dataset.source,
        lower=decimal_down(interval.lower, 8),
        upper=decimal_up(interval.upper, 8),
        gap=decimal_up(100 * interval.relative_gap, 4),
        status=report.status.meaning,
        left=_percentage(interval.lower, zero_loss),
        width=_percentage(interval.upper - interval.lower, zero_loss),
        zero_loss=decimal_up(zero_loss, 6),
        theorem=theorem(problem, interval.lower, report.dataset.preprocessing),
        trust=TRUST[report.verdict.trust],
        verdict=report.verdict.reason.capitalize(),
        neurons=report.network.width,
        sha256=problem.sha256(),
        lower_exact=str(interval.lower),
        upper_exact=str(interval.upper),
        description=report.dataset.describe(),
        facts=_facts(report),
        # Made by matplotlib from numbers alone.
        curve=Markup(_curve(report)),
        convergence=Markup(_convergence(report)) if report.gap_curve else None,
        gauge=Markup(_gauge(report)) if problem.d == 2 and report.gap_curve else None,
        stages=report.stages,
        method=f"Method: {report.method} ({report.solver}); {report.seconds:.1f} s in all.",
    )


def _percentage(part: Fraction, whole: Fraction) -> float:
    return round(float(100 * part / whole), 3) if whole else 0.0


def _facts(report: Report) -> list[tuple[str, str]]:
    problem = report.problem
    facts = [
        ("samples n", str(problem.n)),
        ("features d", f"{problem.d}" + (" (bias included)" if report.dataset.preprocessing.bias else "")),
        ("targets c", str(problem.c)),
        ("weight decay gamma", str(problem.gamma)),
        ("objective", formula(problem)),
    ]
    if report.estimate is not None:
        facts.append(("value of the relaxation", f"{report.estimate:.8g} (the solver's estimate, no bound)"))
    return facts


def _curve(report: Report) -> str:
    """Draw the loss of the best run and, below it, the certified lower bound."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.add_subplot()
    losses = report.training.descent
    axes.plot(range(1, len(losses) + 1), losses, label="loss of the best run", color=_BLUE)
    axes.axhline(float(report.interval.upper), label="upper bound", color=_BLACK, linewidth=0.8)
    axes.axhline(float(report.interval.lower), label="certified lower bound", color=_RED, linestyle="--")
    axes.set_xlabel("iteration of L-BFGS")
    axes.set_ylabel("loss")
    if losses and min(losses) > 0:
        axes.set_xscale("log")
    axes.legend()
    return _svg(figure)


def _convergence(report: Report) -> str:
    """Draw both bounds over time."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.add_subplot()
    seconds = [point.seconds for point in report.gap_curve]
    for name, color, bounds in (
        ("upper bound", _BLACK, [point.upper for point in report.gap_curve]),
        ("lower bound, as far as it had been proved", _RED, [point.lower for point in report.gap_curve]),
    ):
        axes.step(seconds, bounds, where="post", label=name, color=color, marker=".")
    axes.set_xlabel("seconds")
    axes.set_ylabel("loss")
    axes.legend()
    return _svg(figure)


def _gauge(report: Report) -> str:
    """Draw the gauge of the certificate's dual point over the circle of directions, relative to gamma."""
    problem, certificate = report.problem, report.certificate
    X = np.array([[float(Fraction(e, problem.input_denominator)) for e in row] for row in problem.inputs])
    unit = 1 << certificate.dual_exponent
    N = np.array([[float(Fraction(e, unit)) for e in row] for row in certificate.dual_point])
    angles = np.linspace(0, 2 * np.pi, 2001)
    values = np.linalg.norm(N.T @ np.maximum(X @ np.vstack([np.cos(angles), np.sin(angles)]), 0), axis=0)
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(np.degrees(angles), values / float(problem.gamma), color=_BLUE, label="|N^T relu(Xu)| / gamma")
    axes.axhline(1, color=_RED, linestyle="--", label="proved: nowhere above 1")
    axes.vlines(
        _rays(certificate), 0, 0.04, transform=axes.get_xaxis_transform(), color=_BLACK, linewidth=0.6
    )
    axes.set_xlabel("direction u, degrees; ticks at the bottom: the cells of the proof")
    axes.set_ylim(bottom=0)
    axes.legend()
    return _svg(figure)


def _rays(certificate: Certificate) -> list[float]:
    """Return the angles, in degrees, between which the cells of a tree in the plane lie."""
    rays: set[tuple[int, ...]] = set()
    pending = [certificate.frame.generators]
    for node in certificate.tree:
        w = pending.pop()
        match node:
            case Sign(k):
                flipped = tuple(tuple(-e for e in v) if i == k else v for i, v in enumerate(w))
                pending += [flipped, w]
            case Split(k, l, a, b):
                new = tuple(a * p + b * q for p, q in zip(w[k], w[l], strict=True))
                pending += [(*w[:l], new, *w[l + 1 :]), (*w[:k], new, *w[k + 1 :])]
            case _:
                rays.update(w)
    return sorted(math.degrees(math.atan2(_scaled(v)[1], _scaled(v)[0])) % 360 for v in rays)


def _scaled(vector: tuple[int, ...]) -> tuple[float, ...]:
    """Return an integer vector, of any length, in floats."""
    largest = max(map(abs, vector))
    return tuple(float(Fraction(entry, largest)) for entry in vector)


def _svg(figure: Figure) -> str:
    picture = io.StringIO()
    # Without a date the same report gives the same page.
    figure.savefig(picture, format="svg", metadata={"Date": None})
    text = picture.getvalue()
    return text[text.index("<svg") :]
