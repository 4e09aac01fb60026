"""Results of another process as JSON: written there, read here without running anything of it.

A value is written and read by its declared type: numbers, texts, fractions, arrays of floats or of integers,
tuples, mappings and dataclasses of such, and a base class for all dataclasses below it. Only what is declared
can come of reading; anything else is refused.
"""

from __future__ import annotations

import base64
import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from functools import partial
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np


def result_type(function: Callable[..., Any]) -> Any:
    """Return the declared type of what a function returns."""
    while isinstance(function, partial):
        function = function.func
    return get_type_hints(function)["return"]


def to_json(value: Any, kind: Any) -> str:
    """Write a value of a type."""
    return json.dumps(_plain(value, kind))


def from_json(text: str | bytes, kind: Any) -> Any:
    """Read a value of a type.

    Raises:
        ValueError: if the text is none.
    """
    try:
        return _value(json.loads(text), kind)
    except (ValueError, TypeError, KeyError, AttributeError, ZeroDivisionError, RecursionError) as error:
        raise ValueError(f"no value of the type {kind}") from error


def _plain(value: Any, kind: Any) -> Any:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        place = _place(value, parts)
        return [place, _plain(value, parts[place])]
    if origin is tuple:
        return [_plain(entry, part) for entry, part in zip(value, _parts(parts, len(value)), strict=True)]
    if isinstance(kind, type) and issubclass(kind, tuple):
        hints = get_type_hints(kind)
        return [_plain(entry, hint) for entry, hint in zip(value, hints.values(), strict=True)]
    if origin is Mapping:
        return [[_plain(key, parts[0]), _plain(entry, parts[1])] for key, entry in value.items()]
    if origin is np.ndarray:
        array = np.ascontiguousarray(value, dtype=_width(kind)[0])
        return {"shape": array.shape, "data": base64.b64encode(array.tobytes()).decode("ascii")}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return {field.name: _plain(getattr(value, field.name), hints[field.name]) for field in fields(kind)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return value.name
    if members := _members(kind):
        name = type(value).__name__
        return [name, _plain(value, members[name])]
    return _SCALARS[kind][0](value)


def _value(plain: Any, kind: Any) -> Any:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        place, inner = plain
        return _value(inner, dict(enumerate(parts))[place])
    if origin is tuple:
        return tuple(
            _value(entry, part) for entry, part in zip(plain, _parts(parts, len(plain)), strict=True)
        )
    if isinstance(kind, type) and issubclass(kind, tuple):
        hints = get_type_hints(kind)
        return kind(*(_value(entry, hint) for entry, hint in zip(plain, hints.values(), strict=True)))
    if origin is Mapping:
        return {_value(key, parts[0]): _value(entry, parts[1]) for key, entry in plain}
    if origin is np.ndarray:
        written, wanted = _width(kind)
        numbers = np.frombuffer(base64.b64decode(plain["data"], validate=True), dtype=written)
        return numbers.reshape([_count(length) for length in plain["shape"]]).astype(wanted)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind)]
        if plain.keys() != set(names):
            raise KeyError(kind)
        return kind(**{name: _value(plain[name], hints[name]) for name in names})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind[plain]
    if members := _members(kind):
        name, inner = plain
        return _value(inner, members[name])
    return _SCALARS[kind][1](plain)


def _width(kind: Any) -> tuple[str, Any]:
    """Return how the entries of an array's type are written, and the type itself: floats or integers."""
    entry = get_args(get_args(kind)[1])[0]
    if not issubclass(entry, np.integer | np.float64):
        raise TypeError(kind)
    return ("<i8" if issubclass(entry, np.integer) else "<f8"), entry


def _members(kind: Any) -> dict[str, type]:
    """Return the dataclasses below a base class, by name; none for a type that is no base class."""
    if not isinstance(kind, type) or kind in _SCALARS:
        return {}
    found: dict[str, type] = {}
    below: type
    for below in kind.__subclasses__():
        found |= {below.__name__: below} if is_dataclass(below) else _members(below)
    return found


def _place(value: Any, parts: tuple[Any, ...]) -> int:
    """Return the first type of a union that a value is of."""
    for place, part in enumerate(parts):
        if isinstance(value, get_origin(part) or part):
            return place
    raise TypeError(f"{type(value).__name__} is none of {parts}")


def _parts(parts: tuple[Any, ...], length: int) -> tuple[Any, ...]:
    return (parts[0],) * length if parts[1:] == (...,) else parts


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("no length")
    return value


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(plain: Any) -> Any:
        if type(plain) is not kind:
            raise TypeError(kind)
        return plain

    return read


# How each is written, and read. Decimal digits of integers would be limited in number.
_SCALARS: dict[Any, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    NoneType: (_exactly(NoneType), _exactly(NoneType)),
    bool: (bool, _exactly(bool)),
    int: (lambda value: hex(operator.index(value)), lambda plain: int(plain, 16)),
    float: (float, _exactly(float)),
    str: (str, _exactly(str)),
    Fraction: (
        lambda value: [hex(value.numerator), hex(value.denominator)],
        lambda plain: Fraction(int(plain[0], 16), int(plain[1], 16)),
    ),
}
