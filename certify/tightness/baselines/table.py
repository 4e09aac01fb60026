"""All baselines, by their names."""

from __future__ import annotations

from certify.tightness.baselines.admm import ADMM
from certify.tightness.baselines.baseline import Baseline
from certify.tightness.baselines.burer_monteiro import BURER_MONTEIRO
from certify.tightness.baselines.convex_program import CONVEX_PROGRAM
from certify.tightness.baselines.copositive import COPOSITIVE
from certify.tightness.baselines.frank_wolfe import FRANK_WOLFE
from certify.tightness.baselines.kernels import NNGP, NTK

BASELINES: dict[str, Baseline] = {
    each.name: each for each in (NNGP, NTK, CONVEX_PROGRAM, COPOSITIVE, ADMM, FRANK_WOLFE, BURER_MONTEIRO)
}
