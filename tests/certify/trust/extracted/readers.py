"""Files as people and machines write them, right and wrong, for the readers in Python and in OCaml.

Each must be read alike: as the same problem or matrix, or by neither.
"""

import json
import random
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from certify.checker.data.choice import from_table
from certify.checker.data.dataset import reapply_table
from certify.checker.data.matrix_file import read_matrix
from certify.checker.data.reading import USUAL, Reading
from certify.checker.data.recipe import Preprocessing
from certify.checker.data.table import Table, read_table
from certify.checker.errors import CertifyError
from tests.places import ROOT

DRIVER = ROOT / "proofs" / "build" / "reader-driver"
REFUSED = "refused"
BATCH = 2000  # cases that wait in memory for one run of the driver

# fmt: off
NUMBERS = (
    "0", "1", "2", "-3", "17", "5.1", "-0.25", ".5", "5.", "+3", "-0", "00", "007", "1e5", "1E+05", "2e-3",
    "12345678901234567890.125", "1e400", "-1e-400", "+.5e1",
)
NO_NUMBERS = (
    "", " ", ".", "-", "+", "e5", "1e", "1e401", "1e-401", "1_000", "0x10", "1,5", "1,234,567", ",5", "5,",
    "١", "１", "−5", "1/3", "1/0", "-2/4", "1//2", "1 2", "5\u00a01", "--1", "1e5.0", "1.2.3", "½", "1d5",
    "True", "false", "TRUE", "True", "1.5,2", "?", "N/A", "<na>", "#N/A", "-nan", ",5e3", "1.234.5",
    "²", "9" * 1001, "inf", "-inf", "+Infinity", "ınf", "ınfinity", "İnf", "nan", "NaN", "NAN", "naN", "NA",
    "n/a", "null", "None", "ｎａｎ", "ſ", "K", "\u212a", "1\u200b", "\ufeff1", "1\x00", "\x1a", "tru\u0435",
)
NAMES = (
    "a", "b", "x1", "1x", ",k", ";k", "\tk", "-k", "+k", ".k", "k,l", "k;l", "α", "ß", "ſ", "ı", "İ", "K",
    "中", "na", "N/A", "Null", "nAn", "ınf", "Inf", "2", "2019", "x", "x", "", " ", "a b", 'a"b', "'a'", "#",
    "%", "_", "\u0301", "\u2160", "\u3164", "\U0001d400", "\U0001f600", "\U0001e4d0", "ªb", "e5", "_1",
    "a" * 1000, "a" * 1001,
)
# Labels, and the classes that they mean; blank and missing ones mean none.
LABELS = {
    **{name: name for name in (
        "a", "b", "ınf", "İnf", "infınıty", "nan\u200b", "i", "I", "ſ", "1", "2", "yes", "中",
        "1_0", "٢", "", "NaN",
    )},
    "1.0": "1", "01": "1", "1e0": "1", "a ": "a", "\x85a": "a",
}
BLANKS = (
    "", "", "", " ", "  ", "\t", "\u00a0", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\u2028", "\u2029",
    "\u3000", "\ufeff",
)
ENDS = (
    "\n", "\n", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\n\r", "\x85", "\u2028", "\x0c", "\n \n", "\n,\n",
)
SEPARATORS = (
    *3 * (",", ";", "\t"), ", ", ", ", " ", "|", "  ", " \t",
)
WORDS = (
    "%%MatrixMarket", "%%matrixmarket", "%%MATRIXMARKET", "%MatrixMarket", "%%MatrıxMarket",
    "%%MatriXmarKet", "matrix", "MATRIX", "vector", "coordinate", "Coordinate", "array", "ARRAY", "real",
    "REAL", "integer", "İnteger", "ınteger", "pattern", "complex", "general", "General", "symmetric",
    "ſymmetric", "SYMMETRIC", "skew-symmetric", "hermitian",
)
# Letters that are each other's case in Unicode, or just look alike.
ALIKE = (
    ("s", "ſ"), ("i", "ı"), ("i", "İ"), ("k", "\u212a"), ("a", "а"),
)
SPACES = (
    " ", " ", " ", "  ", "\t", "\u00a0", "\x1f", "\u3000", "\x0c", "\x85", "\u200b", "",
)
# fmt: on


# The kinds of tables, with the loss of their problem.
TABLES = {"table": "squared", "signs": "hinge"}
NO_RECIPE = Preprocessing(("1",), "regression")


@dataclass(frozen=True)
class Case:
    """A file, and what is to be made of it.

    Attributes:
        kind: "table" of a training problem, "signs" of one with a loss that takes signs; a matrix as "csv"
            or as Matrix "market" file.
        content: the bytes of the file.
        choices: of a table: the target, the task, and whether to add a bias and to standardise.
        recipe: of a table: one that may fit where Python's readers choose none.
        weights: of a table: the column of weights, and whether classes are balanced by theirs.
        reading: of a table: how it is read.
        more: of a table: the categorical columns, and whether to standardise targets.
    """

    kind: str
    content: bytes
    choices: tuple[str, str, bool, bool] = ("", "auto", False, False)
    recipe: Preprocessing = NO_RECIPE
    weights: tuple[str | None, bool] = (None, False)
    reading: Reading = USUAL
    more: tuple[tuple[str, ...], bool] = ((), False)


def cases(seed: int, count: int) -> Iterator[Case]:
    """Yield as many cases; the same for the same seed."""
    generator = random.Random(seed)
    for _ in range(count):
        kind = generator.choice(("table", "signs", "csv", "market"))
        if kind in TABLES:
            choices = (
                _rarely(generator, 0.3, ("1", "2", " 2 ", "٢", "02", *NAMES), ("",)),
                _rarely(generator, 0.3, ("regression", "classification"), ("auto",)),
                generator.random() < 0.3,
                generator.random() < 0.3,
            )
            text, recipe = _table(generator)
            weights = (
                generator.choice(("1", "2", "x1")) if generator.random() < 0.3 else None,
                generator.random() < 0.3,
            )
            reading = _reading(generator) if generator.random() < 0.4 else USUAL
            more = (
                tuple(generator.sample(("1", "2", "x1"), generator.choice((0, 0, 0, 1, 2)))),
                generator.random() < 0.2,
            )
            if reading.decimal == "," and generator.random() < 0.8:
                text = text.replace(".", ",")
            data = _encoded(generator, text, reading.encoding)
            yield Case(kind, data, choices, replace(recipe, reading=reading), weights, reading, more)
        elif kind == "csv":
            yield Case(kind, _encoded(generator, _square(generator)))
        else:
            yield Case(kind, _encoded(generator, _market(generator)))


def _reading(generator: random.Random) -> Reading:
    decimal = generator.choice((".", ".", ","))
    separators = (None, None, ",", ";", "\t", "|", " ")
    return Reading(
        generator.choice([separator for separator in separators if separator != decimal]),
        decimal,
        generator.choice(("utf-8", "utf-8", "utf-16", "latin-1")),
        generator.choice((None, None, True, False)),
        tuple(generator.sample(("1", "2", "x1", "b"), generator.choice((0, 0, 0, 1, 1, 2)))),
        generator.random() < 0.4,
    )


def _rarely(generator: random.Random, share: float, odd: Sequence[str], usual: Sequence[str]) -> str:
    return generator.choice(odd if generator.random() < share else usual)


def _table(generator: random.Random) -> tuple[str, Preprocessing]:
    rows, columns = generator.randint(1, 7), generator.choice((1, 2, 2, 3, 4))
    odd = generator.choice((0, 0, 0, 0.02, 0.1, 0.5))
    classify = generator.random() < 0.5
    labels = generator.sample(tuple(LABELS), generator.randint(2, 3)) if classify else NUMBERS[:12]
    body = [
        [
            *(_rarely(generator, odd, NO_NUMBERS, NUMBERS) for _ in range(columns - 1)),
            generator.choice(labels),
        ]
        for _ in range(rows)
    ]
    if generator.random() < 0.6:
        body.insert(0, [_rarely(generator, 0.2, NUMBERS + NO_NUMBERS, NAMES) for _ in range(columns)])
    classes = sorted({LABELS[row[-1]] for row in body[-rows:]}) if classify else []
    task = "classification" if len(classes) > 1 else "regression"
    recipe = Preprocessing((str(columns),), task, tuple(classes) if len(classes) > 1 else ())
    return _written(generator, body), recipe


def _square(generator: random.Random) -> str:
    order = generator.randint(1, 3)
    odd = generator.choice((0, 0, 0.1))
    body = [[""] * order for _ in range(order)]
    for i in range(order):
        for j in range(i + 1):
            body[i][j] = body[j][i] = _rarely(generator, odd, NO_NUMBERS, (*NUMBERS, "1/3", "+2/6", "00/1"))
    if generator.random() < 0.3:
        body.insert(0, [generator.choice(NAMES) for _ in range(order)])
    if generator.random() < 0.1:
        generator.choice(body)[0] = generator.choice(NUMBERS)
    return _written(generator, body)


def _written(generator: random.Random, rows: list[list[str]]) -> str:
    separator = generator.choice(SEPARATORS)
    tidy = generator.random() < 0.7
    end = generator.choice(ENDS[:5]) if tidy else ""
    lines = []
    for row in rows:
        cells = [_cell(generator, cell, separator, tidy) for cell in row]
        if not tidy and generator.random() < 0.05:
            cells = cells[:-1] if generator.random() < 0.5 else [*cells, generator.choice(NUMBERS)]
        lines.append(separator.join(cells) + (end or generator.choice(ENDS)))
    text = "".join(lines)
    if generator.random() < 0.2:
        text = text.rstrip("\r\n")
    return text


def _cell(generator: random.Random, cell: str, separator: str, tidy: bool) -> str:
    if any(mark in cell for mark in (separator, '"', "\n")) or generator.random() < 0.1:
        cell = '"' + cell.replace('"', '""') + '"'
    if tidy:
        return cell
    if generator.random() < 0.1:
        cell = generator.choice(BLANKS) + cell + generator.choice(BLANKS)
    if generator.random() < 0.02:
        place = generator.randint(0, len(cell))
        cell = cell[:place] + generator.choice(('"', "\r", "\n", '""', ",", ";", "\t", " ")) + cell[place:]
    return cell


def _market(generator: random.Random) -> str:
    order = generator.randint(1, 3)
    layout, field = (
        generator.choice(("coordinate", "array")),
        generator.choice(("real", "integer", "pattern")),
    )
    symmetry = generator.choice(("general", "symmetric"))
    odd = generator.choice((0, 0, 0.1, 0.3))
    header = [
        _odd_word(generator, odd, word) for word in ("%%MatrixMarket", "matrix", layout, field, symmetry)
    ]
    entries: list[list[str]] = []
    for j in range(1, order + 1):
        for i in range(j if symmetry == "symmetric" else 1, order + 1):
            if layout == "array" or generator.random() < 0.7:
                value = _rarely(generator, odd / 2, NO_NUMBERS, NUMBERS[:8])
                place = [str(i), str(j)] if layout == "coordinate" else []
                entries.append([*place, *([] if field == "pattern" else [value])])
                if symmetry == "general" and layout == "coordinate" and i != j:
                    entries.append([str(j), str(i), *entries[-1][2:]])
    if layout == "coordinate" and symmetry == "general":
        distinct = {tuple(entry[:2]): entry for entry in entries}
        entries = list(distinct.values()) if generator.random() < 0.9 else entries
    generator.shuffle(entries) if layout == "coordinate" else None
    size = [str(order), str(order), *([str(len(entries))] if layout == "coordinate" else [])]
    if generator.random() < odd:
        generator.choice([size, *entries]).append(generator.choice(NUMBERS))
    lines = [header, size, *entries]
    for _ in range(generator.choice((0, 0, 0, 1, 2))):
        lines.insert(
            generator.randint(1, len(lines)), [generator.choice(("%", "% remark", "", " %", "%%", "#"))]
        )
    end = generator.choice(ENDS[:4]) if generator.random() < 0.8 else generator.choice(ENDS)
    space = generator.choice(SPACES) if generator.random() < odd else " "
    return end.join((space if generator.random() < 0.8 else " ").join(line) for line in lines) + end


def _odd_word(generator: random.Random, share: float, word: str) -> str:
    if generator.random() < share:
        alike = word.replace(*generator.choice(ALIKE))
        return generator.choice((alike, alike, generator.choice(WORDS)))
    return generator.choice((word, word, word.upper(), word.title(), word.lower()))


def _encoded(generator: random.Random, text: str, encoding: str = "utf-8") -> bytes:
    if generator.random() < 0.05:
        encoding = "utf-8"
    data = ("\ufeff" if generator.random() < 0.05 else "").encode() + text.encode()
    if encoding == "utf-16":
        order = generator.choice(("utf-16-le", "utf-16-be"))
        data = ("\ufeff" if generator.random() < 0.9 else "").encode(order) + text.encode(order)
        data = data[:-1] if generator.random() < 0.05 else data
        data += b"\x00\xd8\x00\xd8" if generator.random() < 0.05 else b""
    elif encoding == "latin-1":
        data = text.encode("latin-1", errors="replace")
    if generator.random() < 0.02:
        place = generator.randint(0, len(data))
        data = (
            data[:place]
            + generator.choice(
                (
                    b"\xff",
                    b"\xc3",
                    b"\x00",
                    b"\xed\xa0\x80",
                    b"\xef\xbb\xbf",
                    b"\xc0\x80",
                    b"\xf4\x90\x80\x80",
                )
            )
            + data[place:]
        )
    return data


def answers_of_python(some: Iterable[Case], folder: Path) -> Iterator[tuple[str, str]]:
    """Yield for each case the hash that Python's readers come to, or `REFUSED`, and the recipe's JSON."""
    for number, case in enumerate(some):
        # Some file systems are slow to empty a file that is there.
        path = folder / f"{number}.{'mtx' if case.kind == 'market' else 'csv'}"
        path.write_bytes(case.content)
        recipe = case.recipe
        try:
            if case.kind in TABLES:
                table = read_table(path, case.reading)
                recipe = _recipe(case, table)
                answer = reapply_table(table, recipe).problem("1/8", TABLES[case.kind]).sha256()
            else:
                answer = read_matrix(path).sha256()
        except CertifyError:
            answer = REFUSED
        path.unlink()
        yield answer, json.dumps(recipe.to_json()) if case.kind in TABLES else ""


def _recipe(case: Case, table: Table) -> Preprocessing:
    """The recipe that Python's readers choose for a table, or else that of the case."""
    target, task, bias, standardize = case.choices
    column, balanced = case.weights
    categorical, scaled = case.more
    try:
        chosen = from_table(
            table,
            targets=[target] if target else [],
            task=task,
            bias=bias,
            standardize=standardize,
            sample_weight=column,
            class_weight="balanced" if balanced else None,
            categorical=categorical,
            standardize_target=scaled,
        )
    except CertifyError:
        levels = tuple((name, ("a", "b")) for name in categorical)
        return replace(case.recipe, sample_weight=column, categorical=levels)
    return chosen.preprocessing


def answers_of_driver(some: Sequence[Case], recipes: Sequence[str]) -> list[str]:
    """Return for each case the hash that the proved checker's readers come to, or that they refuse it."""
    parts = []
    for case, recipe in zip(some, recipes, strict=True):
        parts.append(f"{case.kind} {len(case.content)} {len(recipe)}\n".encode())
        parts.extend((case.content, recipe.encode("ascii")))
    run = subprocess.run([str(DRIVER)], input=b"".join(parts), capture_output=True, check=False)
    if run.returncode:
        raise RuntimeError(f"the driver failed: {run.stderr.decode(errors='replace')}")
    return run.stdout.decode("ascii").splitlines()


@dataclass
class Tally:
    """How many cases were read alike, how many by none, and those that were not read alike."""

    read: int = 0
    refused: int = 0
    different: tuple[tuple[Case, str, str, str], ...] = ()


def compare(some: Iterable[Case], folder: Path) -> Tally:
    """Give all cases to both readers."""
    tally = Tally()
    remaining = iter(some)
    while batch := list(islice(remaining, BATCH)):
        pythons = list(answers_of_python(batch, folder))
        recipes = [recipe for _, recipe in pythons]
        for case, (python, recipe), driver in zip(
            batch, pythons, answers_of_driver(batch, recipes), strict=True
        ):
            if python != driver:
                tally.different += ((case, recipe, python, driver),)
            elif python == REFUSED:
                tally.refused += 1
            else:
                tally.read += 1
    return tally
