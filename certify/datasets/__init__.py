"""Data that are not text: arrays, data frames, Parquet and .npy files, as exact tables.

To import this package lets the checker's readers read these files.
"""

from __future__ import annotations

from certify.checker.data.matrix_file import MATRIX_READERS
from certify.checker.data.table import READERS
from certify.datasets.matrices import read_npy
from certify.datasets.parquet import read_parquet

READERS.update({".parquet": read_parquet, ".pq": read_parquet})
MATRIX_READERS[".npy"] = read_npy
