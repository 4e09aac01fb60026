"""Generated data of MNIST's shape: integer pixels from 0 to 255, most of them 0, whose variances decay.

    python -m benchmarks.large_data 60000 784 10 mnist-like.parquet [--seed 0]

The end of the file's name says what is written: .parquet, .npz with X and y, or .csv. Rows are latent normal
vectors whose standard deviations fall with a power of their number, as the square roots of the eigenvalues of
MNIST's covariance do, mixed at random into pixels, shifted, rounded and cut off at 0 and 255. The class is
the largest output of a random two-layer ReLU network on the latent vector. Rows are made some at a time, so
that any number of them takes little memory besides the pixels.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]

_ROWS = 2000  # of a block
_DECAY = 0.65  # of the standard deviations, k^-decay; the eigenvalues of MNIST's covariance fall like k^-1.3
_LATENT = 200  # at most: what is beyond is noise
_TEACHER = 64  # neurons
_DARK = 0.8  # the share of zeros among the pixels, about
_CONTRAST = 110.0  # the standard deviation of a pixel before it is cut off


def blocks(n: int, d: int, c: int, seed: int = 0) -> Iterator[tuple[Pixels, Labels]]:
    """Yield the pixels, some rows x d, and the classes 0 .. c - 1 of these rows, until there are n.

    The first rows are the same whatever n is.
    """
    rng = np.random.default_rng(seed)
    rank = min(d, _LATENT)
    deviations = np.arange(1.0, rank + 1) ** -_DECAY
    mixing = rng.standard_normal((rank, d)) * deviations[:, None]
    mixing *= _CONTRAST / np.sqrt(np.sum(mixing**2, axis=0))
    # A pixel is lit where a normal number is beyond this many deviations.
    thresholds = rng.normal(_normal_quantile(_DARK), 0.5, d) * _CONTRAST
    hidden = rng.standard_normal((rank, _TEACHER)) * deviations[:, None]
    output = rng.standard_normal((_TEACHER, c))
    output -= output.mean(axis=0)
    for first in range(0, n, _ROWS):
        latent = rng.standard_normal((_ROWS, rank))[: n - first]
        scores = np.maximum(latent @ hidden, 0.0) @ output
        pixels = np.clip(np.rint(latent @ mixing - thresholds), 0, 255).astype(np.uint8)
        yield pixels, np.argmax(scores - _means(hidden, output), axis=1)


def _normal_quantile(share: float) -> float:
    """Return how many standard deviations a normal number exceeds with probability 1 - share."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def _means(hidden: NDArray[np.float64], output: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the teacher's mean outputs, without which one class would have most rows."""
    means: NDArray[np.float64] = np.linalg.norm(hidden, axis=0) / np.sqrt(2 * np.pi) @ output
    return means


def arrays(n: int, d: int, c: int, seed: int = 0) -> tuple[Pixels, Labels]:
    """Return all pixels, n x d, and the classes."""
    parts = list(blocks(n, d, c, seed))
    return np.vstack([pixels for pixels, _ in parts]), np.concatenate([classes for _, classes in parts])


def write(path: Path, n: int, d: int, c: int, seed: int = 0) -> None:
    """Write the data by the end of the file's name, with the columns p1, p2, ... and class.

    Raises:
        ValueError: if the end of the name is none of .parquet, .npz and .csv.
    """
    if path.suffix == ".npz":
        X, y = arrays(n, d, c, seed)
        np.savez_compressed(path, X=X, y=y)
    elif path.suffix == ".csv":
        with path.open("w") as file:
            file.write(",".join([*(f"p{k + 1}" for k in range(d)), "class"]) + "\n")
            for pixels, classes in blocks(n, d, c, seed):
                np.savetxt(file, np.column_stack([pixels, classes]), fmt="%d", delimiter=",")
    elif path.suffix == ".parquet":
        _write_parquet(path, n, d, c, seed)
    else:
        raise ValueError(f"{path}: the end of the name is none of .parquet, .npz and .csv")


def _write_parquet(path: Path, n: int, d: int, c: int, seed: int) -> None:
    import pyarrow
    from pyarrow import parquet

    names = [*(f"p{k + 1}" for k in range(d)), "class"]
    schema = pyarrow.schema([(name, pyarrow.uint8()) for name in names])
    with parquet.ParquetWriter(path, schema) as writer:
        for pixels, classes in blocks(n, d, c, seed):
            columns = [*pixels.T, classes.astype(np.uint8)]
            writer.write_table(pyarrow.table([pyarrow.array(column) for column in columns], schema=schema))


def main() -> None:
    """Write a file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, what in (("n", "rows"), ("d", "pixels of a row"), ("c", "classes")):
        parser.add_argument(name, type=int, help=what)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write(options.file, options.n, options.d, options.c, options.seed)


if __name__ == "__main__":
    main()
