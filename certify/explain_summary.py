"""The terminal's view of an explanation, at most some forty lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice

from rich.console import Console
from rich.text import Text

from certify.cells import Cells
from certify.data import LISTED
from certify.exact import decimal_down, decimal_up
from certify.explanation import LOOSE, TIGHT, Explanation
from certify.gap_split import GapSplit
from certify.ladder import Step
from certify.statement import TRUST

_ROWS = 5
_REGIONS = 3
_WIDEST_DIRECTION = 6  # features, up to which a direction is printed
_WIDEST_TARGET = 24
_MOST_OF_THE_BOUND = Fraction(9, 10)


def print_explanation(console: Console, explanation: Explanation) -> None:
    """Print what is proved, what carries it, and where it was lost."""
    console.print(Text(f"VALID   trust: {TRUST[explanation.verdict.trust]}", style="bold green"))
    for part in (_statement, _samples, _cells, _directions, _ladder):
        lines = list(part(explanation))
        console.print(Text(lines[0], style="bold" if part is not _statement else ""), soft_wrap=True)
        for line in lines[1:]:
            console.print(Text(line), soft_wrap=True)
    if not explanation.complete:
        console.print(Text("Interrupted: not all leaves and directions were looked at.", style="bold red"))


def _statement(explanation: Explanation) -> Iterator[str]:
    certificate = explanation.certificate
    yield explanation.verdict.statement or ""
    yield f"Data: {explanation.data}"
    bias = {
        "none": "none",
        "free": "b, without a penalty",
        "decayed": "b, with the penalty gamma/2 |b|^2",
    }[certificate.output_bias]
    yield (
        f"Output bias: {bias}. Method: {_printable(certificate.method)}. N has "
        f"{len(certificate.dual_point)} x {len(certificate.dual_point[0])} entries over "
        f"2^{certificate.dual_exponent}."
    )


def _samples(explanation: Explanation) -> Iterator[str]:
    samples = explanation.samples
    idle = [sample.row for sample in samples.samples if sample.is_idle]
    yield "Which samples carry the bound (their <N_i, Y_i> - 1/2 |N_i|^2 add up to it)"
    if samples.bound == 0:
        yield "  none: the bound is 0, which every loss exceeds"
        return
    carriers = samples.carriers(_MOST_OF_THE_BOUND)
    yield (
        f"  {carriers} of {len(samples.samples)} samples carry 90 % of the bound; "
        f"{len(idle)} have N_i = 0, and the bound holds without them"
        + (f": rows {_listed(map(str, idle))}" if idle else "")
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
        yield f"  by class: {_listed(shares)}"
    if samples.output_bias:
        yield f"  the output bias takes off {decimal_up(-samples.output_bias, 6)}"


def _cells(explanation: Explanation) -> Iterator[str]:
    cells = explanation.cells
    yield "Which directions carry the proof that |N^T relu(Xu)| <= gamma |u|"
    kinds = ", ".join(f"{count} {kind}" for kind, count in cells.kinds.items())
    if cells.leaves == 1:
        mixed = sum(count > 0 for count in cells.mixed)
        yield f"  one leaf for all directions, with multipliers; no sign known of {mixed} rows"
    else:
        depths = list(cells.depths)
        yield (
            f"  {cells.looked_at} leaves ({kinds}) at depths {depths[0]} to {depths[-1]}, in the median "
            f"{cells.median_depth}"
        )
        yield f"  most leaves by the signs of ({_listed(map(_short, cells.coordinates))}): {_regions(cells)}"
        rows = [f"{row} ({_percent(count / cells.looked_at)})" for row, count in cells.most_mixed[:_ROWS]]
        if rows:
            yield f"  rows most often of unknown sign at a leaf: {', '.join(rows)} of the leaves"
    if cells.multipliers:
        yield "  multipliers: " + ", ".join(f"{count} of {name}" for name, count in cells.multipliers.items())
    if not cells.deepest:
        return
    yield "  deepest cells; estimates of the gauge / gamma at their middle u"
    for cell in cells.deepest:
        yield f"    depth {cell.depth:>3}  {cell.ratio:.6f}{_direction(cell.direction)}"


def _directions(explanation: Explanation) -> Iterator[str]:
    gauge, gap = explanation.gauge, explanation.gap
    yield (
        f"Where the gauge is large (estimates): at most {explanation.peak:.6g} gamma found, "
        f"{len(gauge.maxima)} local maxima within 1 % of that"
    )
    if gap is None:
        for maximum in gauge.maxima[:_ROWS]:
            yield f"    {maximum.ratio:.6f}{_direction(maximum.direction)}"
        return
    tight, loose = explanation.tight, explanation.loose
    yield (
        f"  the network's {len(gap.neurons)} neurons: {len(tight)} tight (from {TIGHT} of that), {len(loose)} loose "
        f"(below {LOOSE} of that: the proof sees no use in them)"
    )
    if loose:
        shown = (f"{n.index} ({n.ratio:.4f}, |u||v| = {n.weight:.3g})" for n in loose)
        yield f"  loose: {_listed(shown)}"
    yield f"  the gap {_split(gap)}"


def _split(gap: GapSplit) -> str:
    """Say how the gap splits into the mismatch of N and what neurons pay too much."""
    neurons = sum((neuron.excess for neuron in gap.neurons), Fraction(0))
    words = (
        f"{decimal_up(gap.gap, 4)} is exactly 1/2 |N - residual|^2: {_percent(gap.share(gap.mismatch))}, and "
        f"what neurons cost above what N pays for: {_percent(gap.share(neurons))}"
    )
    largest = sorted(gap.neurons, key=lambda neuron: -neuron.excess)[:3]
    if largest:
        shares = ", ".join(f"{n.index}: {_percent(gap.share(n.excess))}" for n in largest)
        words += f" (most: neurons {shares})"
    if gap.output_bias:
        words += f", and the output bias: {_percent(gap.share(gap.output_bias))}"
    return words


def _ladder(explanation: Explanation) -> Iterator[str]:
    ladder = explanation.ladder
    yield "Where the bound was lost"
    for step in ladder.steps:
        yield f"  {_value(step, explanation):>14}  {step.name} ({'exact' if step.is_exact else 'an estimate'})"
        if step.reason:
            yield f"  {-step.drop:>14.3g}    {_percent(ladder.share(step))}: {step.reason}"
    yield (
        f"  rounding N to multiples of 2^-{explanation.certificate.dual_exponent} cost at most "
        f"{ladder.rounding_at_most:.1e} of this; the certificate does not record a solver's own value"
    )
    if explanation.gap is None:
        yield "  (--network NET shows how much is left above)"


def _value(step: Step, explanation: Explanation) -> str:
    if not step.is_exact:
        return f"{step.value:.8g}"
    if step.drop or explanation.gap is None or step.reason:
        return f"{step.value:.8g}"
    return decimal_down(explanation.certificate.bound, 8)


def _regions(cells: Cells) -> str:
    return ", ".join(
        f"{''.join('+' if sign > 0 else '-' if sign else '.' for sign in signs)} "
        f"{_percent(count / cells.looked_at)}"
        for signs, count in islice(cells.regions.items(), _REGIONS)
    )


def _direction(u: Iterable[float]) -> str:
    entries = list(u)
    if len(entries) > _WIDEST_DIRECTION:
        return ""
    return f"  u = ({', '.join(f'{entry:.4f}' for entry in entries)})"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _listed(words: Iterable[str]) -> str:
    words = iter(words)
    shown = list(islice(words, LISTED))
    return ", ".join([*shown, *(["..."] if any(True for _ in words) else [])])


def _short(name: str) -> str:
    return _printable(name if len(name) <= _WIDEST_TARGET else name[:_WIDEST_TARGET] + "...")


def _printable(name: str) -> str:
    return name if name.isprintable() else repr(name)
