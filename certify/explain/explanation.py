"""The explanation of a certificate as data: what `certify.explain` found (docs/explain.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import isfinite

from certify.checker.certificate.training import Certificate
from certify.checker.check import DataVerdict
from certify.checker.numbers.rounding import decimal_down, float_down, float_up, ratio_text
from certify.checker.subject import Training
from certify.explain.blocks import ExplainedBlock
from certify.explain.contributions import Contributions
from certify.explain.error_budget import ErrorBudget, GaugeEstimate
from certify.explain.gap_split import GapSplit, Neuron
from certify.explain.leaf_statistics import LeafStatistics

# Of the largest gauge found.
TIGHT = 0.999
LOOSE = 0.99


@dataclass(frozen=True)
class Explanation:
    """A valid certificate, explained.

    Attributes:
        verdict: of the exact checker; its `statement` is the theorem.
        certificate: what is explained.
        subject: the problem, and what it was made of.
        samples: what each sample adds to the bound, exactly.
        cells: the leaves of the proof tree in numbers.
        blocks: of samples, with a tree each; () where one tree is on all of them.
        gauge: of the certificate's dual point, an estimate.
        gap: between the network's loss and the bound, split exactly; None without a network.
        error_budget: where the bound was lost: estimates between exact ends.
        complete: whether no Ctrl-C cut the work short.
    """

    verdict: DataVerdict
    certificate: Certificate
    subject: Training
    samples: Contributions
    cells: LeafStatistics
    blocks: tuple[ExplainedBlock, ...]
    gauge: GaugeEstimate
    gap: GapSplit | None
    error_budget: ErrorBudget
    complete: bool

    def __repr__(self) -> str:
        lost = "" if self.gap is None else f", {len(self.gap.neurons)} neurons"
        return f"Explanation(p* >= {decimal_down(self.certificate.bound)}, {self.cells.leaves} leaves{lost})"

    @property
    def tight(self) -> list[Neuron]:
        """The neurons along which the gauge is within 0.1 % of the largest found."""
        return self._where(lambda ratio: ratio >= TIGHT * self.gauge.ratio > 0)

    @property
    def loose(self) -> list[Neuron]:
        """The neurons along which the gauge is more than 1 % below the largest found."""
        return self._where(lambda ratio: ratio < LOOSE * self.gauge.ratio)

    def _where(self, holds: Callable[[float], bool]) -> list[Neuron]:
        neurons = () if self.gap is None else self.gap.neurons
        return [neuron for neuron in neurons if holds(neuron.ratio)]

    def to_json(self) -> dict[str, object]:
        """Return everything: exact values as "p/q", floats of bounds rounded outward."""
        certificate, samples, cells = self.certificate, self.samples, self.cells
        budget = self.error_budget
        return {
            "valid": True,
            "trust": self.verdict.trust,
            "statement": self.verdict.statement,
            "problem": self.subject.to_json(),
            "method": certificate.method,
            "gamma_exact": ratio_text(certificate.gamma),
            "output_bias": certificate.output_bias,
            "lower_bound": float_down(certificate.bound),
            "lower_bound_exact": ratio_text(certificate.bound),
            "dual_exponent": certificate.dual_exponent,
            "complete": self.complete,
            "samples": [
                {
                    "row": sample.row,
                    "line": sample.line,
                    "target": sample.target,
                    "contribution_exact": ratio_text(sample.contribution),
                    "share": samples.share(sample.contribution),
                    "idle": sample.is_idle,
                }
                for sample in samples.samples
            ],
            "output_bias_exact": ratio_text(samples.output_bias),
            "classes": {name: samples.share(part) for name, part in samples.classes.items()},
            "cells": {
                "leaves": cells.leaves,
                "looked_at": cells.looked_at,
                "kinds": cells.kinds,
                "depths": cells.depths,
                "coordinates": cells.coordinates,
                "regions": [{"signs": signs, "leaves": count} for signs, count in cells.regions.items()],
                "mixed": cells.mixed,
                "divided": cells.divided,
                "multipliers": cells.multipliers,
                "deepest": [asdict(cell) for cell in cells.deepest],
            },
            **({"blocks": [self._block_to_json(block) for block in self.blocks]} if self.blocks else {}),
            "gauge_estimate": asdict(self.gauge),
            "network": None if self.gap is None else self._gap_to_json(self.gap),
            "ladder": [asdict(step) | {"share": budget.share(step)} for step in budget.steps],
            "rounding_at_most": budget.rounding_at_most,
        }

    def _block_to_json(self, block: ExplainedBlock) -> dict[str, object]:
        return {
            "rows": block.rows,
            "share_of_inputs": block.of_inputs,
            "share_of_outputs": block.of_outputs,
            "share_of_both": block.of_both,
            "cross_terms": block.has_cross_terms,
            "fit_exact": ratio_text(block.fit),
            "leaves": block.leaves,
            "products": block.products,
            "contribution_exact": ratio_text(block.contribution),
            "share": self.samples.share(block.contribution),
        }

    def _gap_to_json(self, gap: GapSplit) -> dict[str, object]:
        tight, loose = self.tight, self.loose
        return {
            "loss": float_up(gap.loss),
            "loss_exact": ratio_text(gap.loss),
            "gap_exact": ratio_text(gap.gap),
            "mismatch_exact": ratio_text(gap.mismatch),
            "output_bias_exact": ratio_text(gap.output_bias),
            "unclaimed_exact": ratio_text(gap.unclaimed),
            "neurons": [
                {
                    "index": neuron.index,
                    "weight": neuron.weight,
                    "gauge": neuron.ratio,
                    # JSON has no infinity.
                    "weight_at_most": neuron.weight_at_most if isfinite(neuron.weight_at_most) else None,
                    "excess_exact": ratio_text(neuron.excess),
                    "share": gap.share(neuron.excess),
                    "state": "tight" if neuron in tight else "loose" if neuron in loose else "between",
                }
                for neuron in gap.neurons
            ],
        }
