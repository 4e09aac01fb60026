"""The conditions of the checker and of its theorems that `mutants.py` takes away, theory by theory."""

from __future__ import annotations

from conditions.losses import LOSSES
from conditions.matrix import MATRIX
from conditions.mutant import Theories
from conditions.numbers import NUMBERS
from conditions.reading import READING
from conditions.training import TRAINING

# The theories in the order in which they need each other.
MUTANTS: Theories = {**NUMBERS, **LOSSES, **TRAINING, **MATRIX, **READING}
