"""The user's data, of which what a certificate is checked against is made.

A file is one kind of source; arrays, exact problems and matrices are others (`certify.trust.check`). A
certificate that turns out to be for other data is rejected, which is no error of the user's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike

from certify.checker.data.dataset import Dataset, reapply_table
from certify.checker.data.matrix_file import read_matrix
from certify.checker.data.recipe import Preprocessing
from certify.checker.data.table import Table, read_table
from certify.checker.errors import DataError
from certify.checker.obligations import Obligation
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.problems.training import TrainingProblem

AnyPath = str | PathLike[str]


class OtherDataError(DataError):
    """The data is readable, but the certificate is for other data, or of something else than is expected.

    Attributes:
        obligation: what the certificate does not deliver.
    """

    def __init__(self, reason: str, obligation: Obligation = Obligation.PROBLEM) -> None:
        super().__init__(reason)
        self.obligation = obligation


class Source:
    """The user's data; what a certificate is checked against is made of them.

    Attributes:
        problem: the exact problem, if it is given as such.
    """

    problem: TrainingProblem | None = None

    def dataset(self, recipe: Preprocessing | None) -> tuple[Dataset, Table]:
        """Follow a recipe; return what it makes of the data, and the table that has the targets.

        Args:
            recipe: None if the certificate has none, of which nothing can be made.

        Raises:
            OtherDataError: if the recipe is not for these data.
            DataError: if they cannot be read, or are none of a training problem.
        """
        raise DataError("the certificate is of a training problem: give X and y, data or problem")

    def matrix(self, statement: str) -> SymmetricMatrix:
        """Return the matrix.

        Args:
            statement: what the certificate states of it.

        Raises:
            DataError: if it cannot be read, or the data are no matrix.
        """
        raise unsuitable_for_matrix(statement)


@dataclass(frozen=True)
class FileSource(Source):
    """A data file, read once, so that it may be a pipe.

    Attributes:
        path: of the file.
        symmetrize: whether the matrix that is meant is (M + M^T)/2 of the matrix M in the file.
    """

    path: AnyPath
    symmetrize: bool = False

    def dataset(self, recipe: Preprocessing | None) -> tuple[Dataset, Table]:
        """Read the table, and follow the recipe on it."""
        if self.symmetrize:
            raise DataError(
                "the certificate is of a training problem, not of a matrix: there is nothing to symmetrize"
            )
        recipe = recorded(recipe)
        # Data that is no table of numbers is the user's to mend, not the certificate's fault.
        table = read_table(self.path, recipe.reading)
        with otherwise_other_data():
            return reapply_table(table, recipe), table

    def matrix(self, statement: str) -> SymmetricMatrix:
        """Read the matrix."""
        return read_matrix(self.path, symmetrize=self.symmetrize)


def unsuitable_for_matrix(statement: str) -> DataError:
    """Return the error that data, or a level of trust, is none for what a certificate states of a matrix."""
    return DataError(
        f"the certificate states {statement!r} of a matrix: give that as data or matrix, and let the trust "
        "be exact, proved, kernel or best"
    )


def recorded(recipe: Preprocessing | None) -> Preprocessing:
    """Return a certificate's recipe; raise DataError if it has none."""
    if recipe is None:
        raise DataError("the certificate says nothing of how its problem is made from data: give `problem`")
    return recipe


@contextmanager
def otherwise_other_data() -> Iterator[None]:
    """Turn what is wrong with data for a recipe into the certificate's fault."""
    try:
        yield
    except DataError as error:
        raise OtherDataError(f"the certificate is not for this data: {error}") from error
