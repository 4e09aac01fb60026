"""One self-contained HTML page about what a certificate proves, what carries it, and where it was lost."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

from certify.checker.numbers.rounding import decimal_down
from certify.checker.verdict import TRUST
from certify.explain.explanation import Explanation
from certify.views.page.bound import problem_facts
from certify.views.page.canvas import BLUE, LINE, WARM, Picture, canvas, svg
from certify.views.page.writing import Made, save, template
from certify.views.terminal.explanation import INTERRUPTED, sections


def save_explanation_page(explanation: Explanation, path: str | Path, made: Made | None = None) -> None:
    """Write the page; see `certify.views.page.bound.save_page`.

    Raises:
        CertifyError: if the file cannot be written.
    """
    save(render_explanation_page(explanation, made), path)


def render_explanation_page(explanation: Explanation, made: Made | None = None) -> str:
    """Return the page's HTML, the same for the same explanation and the same `made`."""
    made, problem, dataset = made or Made(), explanation.subject.problem, explanation.subject.dataset
    source = "arrays" if dataset is None else dataset.source
    pictures = (carriers(explanation), ladder(explanation))
    return template("explanation.html.j2").render(
        name=Path(source).name,
        bound=decimal_down(explanation.certificate.bound, 8),
        theorem=explanation.verdict.statement,
        trust=TRUST[explanation.verdict.trust],
        verdict=explanation.verdict.reason.capitalize(),
        check_command=made.check_command(source),
        sha256=problem.sha256(),
        remarks=[] if explanation.complete else [INTERRUPTED],
        pictures=[picture for picture in pictures if picture is not None],
        sections=[(title, "\n".join(lines)) for title, lines in sections(explanation)],
        description="" if dataset is None else dataset.describe(problem.loss.encoding),
        facts=problem_facts(problem, has_bias=dataset is not None and dataset.preprocessing.bias),
        made=made.facts(),
    )


def carriers(explanation: Explanation) -> Picture | None:
    """Draw how much of the bound its largest samples carry; None if it is not positive."""
    samples = explanation.samples
    if samples.bound <= 0:
        return None
    shares = [100 * samples.share(sample.contribution) for sample in samples.largest]
    sums = [0.0, *accumulate(shares)]
    with canvas(2.6) as figure:
        axes = figure.add_subplot()
        axes.axhline(90, color=LINE, linewidth=1)
        axes.plot(range(len(sums)), sums, color=BLUE, linewidth=1.4)
        axes.set_xlim(0, len(sums) - 1)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter("{x:g} %")
        axes.set_xlabel("samples, the largest contribution first")
        axes.set_ylabel("of the bound")
        element = svg(
            figure,
            "carriers",
            f"Line chart: the largest of {len(shares)} samples carries {shares[0]:.3g} % of the bound; all "
            f"together {sums[-1]:.4g} %.",
        )
    return Picture(
        "How many samples carry the bound",
        element,
        "What the samples add to the bound, summed up from the largest on: a curve that rises at once and "
        "then lies flat says that a few samples decide. Where it falls, samples take something off.",
    )


def ladder(explanation: Explanation) -> Picture | None:
    """Draw how much of the gap each step of the error budget lost; None if there was nothing to lose."""
    budget = explanation.error_budget
    lost = [(step.reason, 100 * budget.share(step)) for step in budget.steps if step.reason]
    if not any(share > 0 for _, share in lost):
        return None
    with canvas(0.9 + 0.3 * len(lost)) as figure:
        axes = figure.add_subplot()
        axes.barh(range(len(lost)), [share for _, share in lost], color=WARM, height=0.6)
        axes.set_yticks(range(len(lost)), [f"step {k + 1}" for k in range(len(lost))])
        axes.invert_yaxis()
        axes.set_xlabel("percent of what was lost")
        words = "; ".join(f"step {k + 1}, {share:.3g} %: {reason}" for k, (reason, share) in enumerate(lost))
        element = svg(figure, "ladder", f"Bar chart of where the bound was lost. {words}.")
    return Picture("Where the bound was lost, step by step", element, f"{words[:1].upper()}{words[1:]}.")
