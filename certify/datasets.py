"""Arrays, data frames and binary files of data; importing this lets the checker's readers read the latter."""

from __future__ import annotations

from certify.matrix_arrays import read_npy
from certify.matrix_data import MATRIX_READERS
from certify.parquet_table import read_parquet
from certify.table import READERS

READERS.update({".parquet": read_parquet, ".pq": read_parquet})
MATRIX_READERS[".npy"] = read_npy
