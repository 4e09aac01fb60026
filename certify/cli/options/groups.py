"""Options that belong together in one object: what several commands take, or one with many of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def in_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Make each field of the command's dataclasses an option of its own, for typer.

    Args:
        command: takes dataclasses, whose fields are annotated and have defaults as parameters of a typer
            command are and have, among options of its own.

    Returns:
        A command that takes the fields in place of the dataclasses, in the same order.
    """
    groups: dict[str, type[Any]] = {
        name: kind
        for name, kind in get_type_hints(command).items()
        if isinstance(kind, type) and is_dataclass(kind)
    }
    own = get_type_hints(command, include_extras=True)
    options: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name not in groups:
            by_name = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=own[parameter.name])
            options.append(by_name)
            continue
        kinds = get_type_hints(groups[parameter.name], include_extras=True)
        options.extend(
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is MISSING else field.default,
                annotation=kinds[field.name],
            )
            for field in fields(groups[parameter.name])
        )

    @wraps(command)
    def grouped(**values: Any) -> None:
        of_groups = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        command(**of_groups, **values)

    grouped.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    grouped.__annotations__ = {option.name: option.annotation for option in options}
    return grouped
