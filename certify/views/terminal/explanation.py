"""The words on the terminal for an explanation, some forty lines at most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice

from rich.console import Console
from rich.text import Text

from certify.checker.numbers.rounding import decimal_down, decimal_up
from certify.checker.problems.losses.table import SQUARED
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted, listed, shown
from certify.checker.verdict import TRUST
from certify.explain.explanation import LOOSE, TIGHT, Explanation
from certify.explain.gap_split import GapSplit
from certify.explain.leaf_statistics import LeafStatistics

_ROWS = 5
_REGIONS = 3
_LOOSEST = 3
_WIDEST_DIRECTION = 6  # features, up to which a direction is printed
_WIDEST_TARGET = 24
_VISIBLE = Fraction(1, 10**12)  # of the bound
_MOST_OF_THE_BOUND = Fraction(9, 10)


def print_explanation(console: Console, explanation: Explanation) -> None:
    """Print what is proved, what carries it, and where it was lost."""
    console.print(Text(f"VALID   trust: {TRUST[explanation.verdict.trust]}", style="bold green"))
    for line in _statement(explanation):
        console.print(Text(line), soft_wrap=True)
    for title, lines in sections(explanation):
        console.print(Text(title, style="bold"), soft_wrap=True)
        for line in lines:
            console.print(Text(line), soft_wrap=True)
    if not explanation.complete:
        console.print(Text(INTERRUPTED, style="bold red"))


INTERRUPTED = "Interrupted: not all leaves and directions were looked at."


def sections(explanation: Explanation) -> Iterator[tuple[str, list[str]]]:
    """Yield what carries a bound and where it was lost: titles, each with its lines."""
    for part in (_samples, _blocks, _cells, _directions, _error_budget):
        lines = list(part(explanation))
        if lines:
            yield lines[0], lines[1:]


def _statement(explanation: Explanation) -> Iterator[str]:
    certificate = explanation.certificate
    yield explanation.verdict.statement or ""
    yield f"Problem: {explanation.subject.line()}"
    yield (
        f"Method: {shown(certificate.method)}. N has {len(certificate.dual_point)} x "
        f"{len(certificate.dual_point[0])} entries over 2^{certificate.dual_exponent}."
    )


def _samples(explanation: Explanation) -> Iterator[str]:
    samples = explanation.samples
    idle = [sample.row for sample in samples.samples if sample.is_idle]
    formula = explanation.subject.problem.bound_formula
    yield f"Which samples carry the bound (their {formula} add up to it{_unclaimed(explanation)})"
    if samples.bound == 0:
        yield "  none: the bound is 0, which no loss is below"
        return
    carriers = samples.carriers(_MOST_OF_THE_BOUND)
    yield (
        f"  {carriers} of {len(samples.samples)} samples carry 90 % of the bound; "
        + (f"it holds without {len(idle)} that have N_i = 0: rows {listed(map(str, idle))}" if idle else "")
        + ("" if idle else "none has N_i = 0")
    )
    yield f"  {'row':>6}  {'line':>6}  {'contribution':>13}  {'share':>7}  target"
    for sample in samples.largest[:_ROWS]:
        line = "" if sample.line is None else str(sample.line)
        yield (
            f"  {sample.row:>6}  {line:>6}  {float(sample.contribution):>13.6g}  "
            f"{_percent(samples.share(sample.contribution)):>7}  {_short(sample.target)}"
        )
    if samples.classes:
        shares = (f"{_short(name)} {_percent(samples.share(part))}" for name, part in samples.classes.items())
        yield f"  by class: {listed(shares)}"
    if samples.output_bias:
        yield f"  the output bias takes off {decimal_up(-samples.output_bias, 6)}"


def _unclaimed(explanation: Explanation) -> str:
    """Say how far the parts do not add up to the bound."""
    samples, loss = explanation.samples, explanation.subject.problem.loss
    if samples.unclaimed > _VISIBLE * abs(samples.bound):
        return f" and {decimal_up(samples.unclaimed, 4)}, which the certificate does not claim"
    return "" if loss.is_exact and not samples.unclaimed else ", up to rounding"


def _blocks(explanation: Explanation) -> Iterator[str]:
    blocks, samples = explanation.blocks, explanation.samples
    if not blocks:
        return
    count = counted(len(blocks), "block")
    yield f"The proof is in {count} of samples, each with its share of the weight decay"
    if crossed := sum(block.has_cross_terms for block in blocks):
        yield (
            f"  {crossed} of them take products of u and v besides, which are in no part of |u|^2 and |v|^2 "
            "(cross terms)"
        )
    # The bound of a loss with logarithms has no term <N, Y>.
    linear = explanation.subject.problem.loss.is_exact
    yield (
        f"  {'rows':>6}  {'of |u|^2':>8}  {'of |v|^2':>8}  {'of both':>8}  "
        + f"{'<N, Y>':>12}  " * linear
        + f"{'contribution':>13}  {'share':>7}  {'products':>8}  the rows"
    )
    for block in sorted(blocks, key=lambda block: -block.contribution)[:_ROWS]:
        parts = "".join(
            f"{_percent(part):>8}  " for part in (block.of_inputs, block.of_outputs, block.of_both)
        )
        fit = f"{float(block.fit):>12.6g}  " * linear
        yield (
            f"  {len(block.rows):>6}  {parts}{fit}{float(block.contribution):>13.6g}  "
            f"{_percent(samples.share(block.contribution)):>7}  {block.products:>8}  "
            f"{listed(map(str, block.rows))}"
        )


def _cells(explanation: Explanation) -> Iterator[str]:
    cells = explanation.cells
    if explanation.subject.problem.output_bias.frees_hidden:
        yield "Which neurons u, a carry the proof that |N^T relu(Xu + a 1)| <= gamma |u|, tree by tree"
    else:
        yield "Which directions carry the proof that |N^T relu(Xu)| <= gamma |u|"
    kinds = ", ".join(f"{count} {kind}" for kind, count in cells.kinds.items())
    if cells.leaves == 1:
        mixed = sum(count > 0 for count in cells.mixed)
        yield f"  one leaf for all directions, on which the signs of {counted(mixed, 'row')} are open"
    else:
        depths = list(cells.depths)
        yield (
            f"  {cells.looked_at} leaves ({kinds}) at depths {depths[0]} to {depths[-1]}, in the median "
            f"{cells.median_depth}"
        )
        coordinates = listed(map(_short, cells.coordinates))
        if len(cells.regions) < cells.looked_at:
            yield f"  most leaves by the signs of ({coordinates}): {_regions(cells)}"
        else:
            yield f"  a leaf for each of {len(cells.regions)} combinations of the signs of ({coordinates})"
        if cells.most_divided:
            yield (
                f"  cells are divided by the signs of {counted(len(cells.most_divided), 'row')} as well, "
                f"most often of {_shares(cells.most_divided, cells)} of the leaves"
            )
        if cells.most_mixed:
            rows = _shares(cells.most_mixed, cells)
            yield f"  rows most often of unknown sign at a leaf: {rows} of the leaves"
    if cells.multipliers:
        yield "  multipliers: " + ", ".join(f"{count} of {name}" for name, count in cells.multipliers.items())
    if not cells.deepest:
        return
    yield "  deepest cells; estimates of the gauge / gamma at their middle u"
    for cell in cells.deepest:
        yield f"    depth {cell.depth:>3}  {cell.ratio:.6f}{_direction(cell.direction, explanation)}"


def _directions(explanation: Explanation) -> Iterator[str]:
    gauge, gap = explanation.gauge, explanation.gap
    maxima = f"{len(gauge.maxima)} local maxim{'um' if len(gauge.maxima) == 1 else 'a'}"
    yield (
        f"Where the gauge is large (estimates): the largest found is {gauge.ratio:.6g} gamma, with "
        f"{maxima} within 1 % of it"
    )
    if gap is None:
        for maximum in gauge.maxima[:_ROWS]:
            yield f"    {maximum.ratio:.6f}{_direction(maximum.direction, explanation)}"
        return
    tight, loose = len(explanation.tight), explanation.loose
    yield (
        f"  the network has {counted(len(gap.neurons), 'neuron')}: {tight} tight (from {TIGHT} of the "
        f"largest), {len(loose)} loose (below {LOOSE} of it)"
    )
    for neuron in sorted(loose, key=lambda neuron: neuron.ratio)[:_LOOSEST]:
        yield (
            f"    loose: neuron {neuron.index}, gauge {neuron.ratio:.4f} gamma, |u||v| = {neuron.weight:.3g} "
            f"(at most {neuron.weight_at_most:.3g} along u in any network as good)"
        )
    yield f"  {_split(gap, explanation.subject.problem)}"


def _split(gap: GapSplit, problem: TrainingProblem) -> str:
    """Say how the gap splits into the mismatch of N and what neurons pay too much."""
    neurons = sum((neuron.excess for neuron in gap.neurons), Fraction(0))
    loss, mismatch = problem.loss, _percent(gap.share(gap.mismatch))
    exactly, on_samples = "exactly " * loss.is_exact, loss.mismatch_formula
    if loss == SQUARED and problem.weights is not None:
        on_samples = "sum_i 1/(2 w_i) |N_i - w_i residual_i|^2"
    words = (
        f"the gap {decimal_up(gap.gap, 4)} is {exactly}{on_samples} ({mismatch}) + the neurons' "
        f"gamma/2 (|u|^2 + |v|^2) - v.N^T relu(Xu) ({_percent(gap.share(neurons))}"
    )
    largest = sorted(gap.neurons, key=lambda neuron: -neuron.excess)[:_LOOSEST]
    if largest and neurons:
        shares = ", ".join(f"{n.index}: {_percent(gap.share(n.excess))}" for n in largest)
        words += f"; most of it: {shares}"
    words += ")"
    if gap.output_bias:
        words += f" + gamma/2 |b - N^T 1 / gamma|^2 ({_percent(gap.share(gap.output_bias))})"
    if gap.unclaimed > _VISIBLE * gap.gap:
        words += f" + what N proves and the certificate does not claim ({_percent(gap.share(gap.unclaimed))})"
    return words if loss.is_exact else f"{words}, up to the rounding of logarithms"


def _error_budget(explanation: Explanation) -> Iterator[str]:
    budget, gap = explanation.error_budget, explanation.gap
    yield "Where the bound was lost"
    for step in budget.steps:
        if not step.is_exact:
            value = f"{step.value + 0.0:.8g}"  # no -0
        elif gap is not None and step is budget.steps[0]:
            value = decimal_up(gap.loss, 8)
        else:
            value = decimal_down(explanation.certificate.bound, 8)
        yield f"  {value:>14}  {step.name} ({'exact' if step.is_exact else 'an estimate'})"
        if step.reason:
            drop = "-" * (step.drop > 0) + f"{step.drop + 0.0:.3g}"
            yield f"  {drop:>14}    {_percent(budget.share(step))}: {step.reason}"
    cost = f"at most {budget.rounding_at_most:.1e}" if budget.rounding_at_most else "less than floats tell"
    exponent = explanation.certificate.dual_exponent
    words = f"  in the last step, rounding N to multiples of 2^-{exponent} cost {cost}"
    if explanation.cells.kinds.keys() == {"multipliers"}:
        words += "; the value that the solver had for its relaxation is not on record"
    yield words
    if gap is None:
        yield "  what is left above: give a trained network, --network NET"


def _shares(rows: Sequence[tuple[int, int]], cells: LeafStatistics) -> str:
    """List the first rows, each with its share of the leaves."""
    return ", ".join(f"{row} ({_percent(count / cells.looked_at)})" for row, count in rows[:_ROWS])


def _regions(cells: LeafStatistics) -> str:
    return ", ".join(
        f"{''.join('+' if sign > 0 else '-' if sign else '.' for sign in signs)} "
        f"{_percent(count / cells.looked_at)}"
        for signs, count in islice(cells.regions.items(), _REGIONS)
    )


def _direction(u: Iterable[float], explanation: Explanation) -> str:
    entries = [f"{entry:.4f}" for entry in u]
    if len(entries) > _WIDEST_DIRECTION:
        return ""
    d = explanation.subject.problem.d
    bias = "".join(f", a = {entry}" for entry in entries[d:])
    return f"  u = ({', '.join(entries[:d])}){bias}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _short(name: str) -> str:
    return shown(name, _WIDEST_TARGET)
