"""What a study runs, as a TOML file says it: data sets, weight decays, losses, methods and seeds.

Each value of a list is combined with each of the others. A table `quick`, above all or in one of the tables,
replaces keys beside it in a quick study; `quick = false` leaves its table out of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from certify.checker.data.dataset import parse_gamma
from certify.checker.data.reading import ENCODINGS, SEPARATORS, Reading
from certify.checker.data.recipe import TASKS
from certify.checker.errors import DataError
from certify.checker.problems.losses.table import read_loss
from certify.checker.problems.output_bias import OUTPUT_BIASES
from certify.study.generators import DEFAULT_ROWS, GENERATORS, SKLEARN
from certify.study.methods import METHODS
from certify.study.schema import (
    Reader,
    Source,
    by_gamma,
    count,
    exact,
    flag,
    nearest,
    one_of,
    read_keys,
    seconds,
    seed,
    share,
    some,
    text,
)

Setting = str | int | float | bool | tuple[str | int, ...]


@dataclass(frozen=True)
class MethodChoice:
    """A method with all of its settings.

    Attributes:
        name: a key of `certify.study.methods.METHODS`.
        settings: all of them, sorted by name.
        data: the data sets that it is for; () for all.
        seeds: how many runs it has, where chance is part of it.
    """

    name: str
    settings: tuple[tuple[str, Setting], ...]
    data: tuple[str, ...]
    seeds: int

    @property
    def label(self) -> str:
        """Its name with the settings that are not as usual."""
        usual = METHODS[self.name].settings
        parts = [f"{key}={_short(value)}" for key, value in self.settings if usual[key] != value]
        return " ".join([self.name, *parts])


@dataclass(frozen=True)
class DataChoice:
    """A data set, or several of a generator, with what is asked of it.

    Attributes:
        name: of it.
        source: "file", "sklearn" or "generator".
        options: of that source.
        gammas: weight decays, as texts.
        biases: whether there is a column of ones.
        losses: texts of losses.
        output_bias: of the networks.
        published: seconds that somebody reports of SDP-NN, by gamma.
    """

    name: str
    source: str
    options: Mapping[str, Any]
    gammas: tuple[str, ...]
    biases: tuple[bool, ...]
    losses: tuple[str, ...]
    output_bias: str
    published: Mapping[str, float]

    def seconds_elsewhere(self, gamma: str) -> float | None:
        """Return the published seconds for a weight decay, however that is written; None for none."""
        asked = parse_gamma(gamma)
        return next((value for of, value in self.published.items() if parse_gamma(of) == asked), None)


@dataclass(frozen=True)
class Plan:
    """A whole study.

    Attributes:
        title: of it.
        data: its data sets.
        methods: its methods.
        time_limit: seconds for each cell; None for none.
        folder: where relative files are.
    """

    title: str
    data: tuple[DataChoice, ...]
    methods: tuple[MethodChoice, ...]
    time_limit: float | None
    folder: Path


def _loss(value: Any) -> str:
    try:
        return read_loss(text(value)).text
    except DataError as error:
        raise ValueError(str(error)) from None


_SHARED: dict[str, Reader] = {
    "gamma": some(exact),
    "bias": some(flag),
    "loss": some(_loss),
    "output-bias": one_of(*OUTPUT_BIASES),
}
_TOP: dict[str, Reader] = {**_SHARED, "title": text, "seeds": count, "time-limit": seconds}
_READING: dict[str, Reader] = {
    "sep": one_of(*SEPARATORS),
    "decimal": one_of(".", ","),
    "encoding": one_of(*ENCODINGS),
    "header": flag,
    "ignore": some(text),
    "drop-missing": flag,
}
_TABLE: dict[str, Reader] = {
    "target": some(text),
    "features": some(text),
    "categorical": some(text),
    "task": one_of("auto", *TASKS),
    "standardize": flag,
    "standardize-target": flag,
    "sample-weight": text,
}
_SOURCES: dict[str, dict[str, Reader]] = {
    "file": {
        "file": text,
        "test": text,
        "group": text,
        "problems": count,
        "optional": flag,
        **_READING,
        **_TABLE,
    },
    "sklearn": {
        "sklearn": one_of(*SKLEARN),
        "test-share": share,
        "seed": seed,
        **{key: _TABLE[key] for key in ("standardize", "standardize-target")},
    },
    "generator": {
        "generator": one_of(*GENERATORS),
        "problems": count,
        "rows": some(count),
        "seed": seed,
        **{key: _TABLE[key] for key in ("standardize", "standardize-target")},
    },
}


def read_plan(path: Path, *, quick: bool = False, folder: Path | None = None) -> Plan:
    """Read a study.

    Args:
        path: the TOML file.
        quick: whether to take what it says of a quick study.
        folder: where relative files are; the file's own by default.

    Raises:
        DataError: if it cannot be read, or a key or a value is none of a study.
    """
    try:
        written = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8"
        raise DataError(
            f"{path}: the study cannot be read ({reason}); give a TOML file, or paper for the paper's"
        ) from None
    return plan_of(Source(str(path), written), quick=quick, folder=folder or path.absolute().parent)


def plan_of(source: Source, *, quick: bool, folder: Path) -> Plan:
    """Make a plan of a TOML text; see `read_plan`."""
    tables = source.tables()
    data, methods = (_list(source, tables, name) for name in ("data", "method"))
    top = {key: value for key, value in tables.items() if key not in ("data", "method")}
    values = read_keys(source, "", 0, _quickened(source, "", 0, top, quick), _TOP)
    entries = [
        _data(source, place, entry, values)
        for place, table in enumerate(data)
        if (entry := _quickened(source, "data", place, table, quick)) is not None
    ]
    names = [entry.name for entry in entries]
    known = [str(table.get("name")) for table in data]
    chosen = [
        choice
        for place, table in enumerate(methods)
        if (entry := _quickened(source, "method", place, table, quick)) is not None
        for choice in _methods(source, place, entry, values, known)
    ]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{source.name}: two data sets are called {name}: give each a name of its own")
    limit = values.get("time-limit")
    return Plan(values.get("title", Path(source.name).stem), tuple(entries), tuple(chosen), limit, folder)


def _list(source: Source, tables: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = tables.get(name, [])
    if not isinstance(found, list) or not found or not all(isinstance(table, dict) for table in found):
        raise DataError(f"{source.name}: there is no [[{name}]]: a study has at least one table of that name")
    return found


def _quickened(source: Source, table: str, place: int, values: Mapping[str, Any], quick: bool) -> Any:
    """Return a table without its `quick`, or with that in place of its keys; None to leave it out."""
    rest = {key: value for key, value in values.items() if key != "quick"}
    change = values.get("quick", {})
    if change is False and table:
        return None if quick else rest
    if not isinstance(change, dict):
        raise source.error(
            table, place, "quick", "is no table: give keys to replace, as in quick = {seeds = 1}"
        )
    return rest | change if quick else rest


def _data(source: Source, place: int, table: Mapping[str, Any], top: Mapping[str, Any]) -> DataChoice:
    kinds = [kind for kind in _SOURCES if kind in table]
    if len(kinds) != 1:
        raise DataError(
            f"{source.name}: the [[data]] number {place + 1} has {len(kinds)} of {', '.join(_SOURCES)}: give "
            "it one of them"
        )
    readers = {"name": text, "published": by_gamma, **_SHARED, **_SOURCES[kinds[0]]}
    values = read_keys(source, "data", place, table, readers)
    shared = {**top, **{key: values.pop(key) for key in _SHARED if key in values}}
    name = values.pop("name", None) or str(values[kinds[0]])
    published = values.pop("published", {})
    return DataChoice(
        name=name,
        source=kinds[0],
        options=values,
        gammas=shared.get("gamma", ("0.1",)),
        biases=shared.get("bias", (False,)),
        losses=shared.get("loss", ("squared",)),
        output_bias=shared.get("output-bias", "none"),
        published=published,
    )


def _methods(
    source: Source,
    place: int,
    table: Mapping[str, Any],
    top: Mapping[str, Any],
    known: Sequence[str],
) -> list[MethodChoice]:
    name = table.get("name")
    if not isinstance(name, str) or name not in METHODS:
        hint = nearest(str(name), METHODS) if name is not None else f"use one of {', '.join(METHODS)}"
        if name is None:
            raise DataError(f"{source.name}: the [[method]] number {place + 1} has no name: {hint}")
        raise source.error("method", place, "name", f"is {name!r}, which is no method: {hint}")
    method = METHODS[name]
    readers: dict[str, Reader] = {
        "name": text,
        "data": some(text),
        "seeds": count,
        **{
            key: some(one_of(*method.choices[key])) if key in method.choices else _setting(usual)
            for key, usual in method.settings.items()
        },
    }
    values = read_keys(source, "method", place, table, readers)
    data = values.get("data", ())
    for each in data:
        if each not in known:
            raise source.error("method", place, "data", f"names {each!r}: {nearest(each, known)}")
    seeds = values.get("seeds", top.get("seeds", 1)) if method.seeded else 1
    grid = [
        [(key, value) for value in values.get(key, (usual,))]
        for key, usual in sorted(method.settings.items())
    ]
    return [MethodChoice(name, tuple(settings), data, seeds) for settings in product(*grid)]


def _setting(usual: Setting) -> Reader:
    """Return the reader of a setting: of several values, each of the type of the usual one."""

    def read(value: Any) -> Setting:
        if isinstance(usual, bool) or not isinstance(usual, int | float):
            if type(value) is not type(usual):
                raise ValueError(f"a value like {usual!r}")
            return value
        if isinstance(value, bool) or not isinstance(value, int | type(usual)) or value < 0:
            raise ValueError(f"a number like {usual!r}")
        return type(usual)(value)

    if not isinstance(usual, tuple):
        return some(read)

    def read_list(value: Any) -> tuple[Setting, ...]:
        entries = value if isinstance(value, list) else [value]
        if not entries or not all(isinstance(each, str | int) and each is not True for each in entries):
            raise ValueError(f"a list like {list(usual)}")
        return (tuple(entries),)

    return read_list


def reading_of(options: Mapping[str, Any]) -> Reading:
    """Return how a file with such options is read."""
    return Reading(
        options.get("sep"),
        options.get("decimal", "."),
        options.get("encoding", "utf-8"),
        options.get("header"),
        options.get("ignore", ()),
        options.get("drop-missing", False),
    )


def rows_of(options: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the numbers of rows of a generator's problems."""
    found: tuple[int, ...] = options.get("rows", (DEFAULT_ROWS[options["generator"]],))
    return found


def _short(value: Setting) -> str:
    return (
        ",".join(map(str, value))
        if isinstance(value, tuple)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
