"""Describes a plugin's failure to its author: what was raised, and where in the plugin's own code."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from traceback import walk_tb
from typing import Any

from django.db import DatabaseError

from webnet.api.engine.current import current_schema
from webnet.api.errors import FieldFailed
from webnet.api.strawberry_internals import graphql_schema_of, strawberry_field
from webnet.containment import format_error
from webnet.plugins.registry import registry
from webnet.plugins.settings.layers import has_secrets

Location = tuple[str, int]


def describe_failure(failed: FieldFailed) -> dict[str, Any]:
    """The exception with the file and line of the plugin that raised it, for answers with WEBNET_DEBUG only.

    Of a plugin with secret settings only the exception's class is named, since its text may contain them in any form.
    """
    entry = registry.find(failed.plugin)
    frames = list(find_frames(failed.error, entry.module)) if entry is not None else []
    file, line = frames[-1] if frames else _find_declaration(failed.place)
    text = type(failed.error).__name__ if _may_have_secrets(failed.plugin) else format_error(failed.error)
    return {"exception": text, "file": file, "line": line}


def find_frames(error: BaseException, package: str) -> Iterator[Location]:
    """Where the error went through code of that package, the innermost place last."""
    for frame, line in walk_tb(error.__traceback__):
        module = frame.f_globals.get("__name__", "")
        if package and f"{module}.".startswith(f"{package}."):
            yield frame.f_code.co_filename, line


def _may_have_secrets(plugin: str) -> bool:
    try:
        return has_secrets(plugin)
    except DatabaseError:  # the failure itself may have been the database's
        return True


def _find_declaration(place: str) -> Location | tuple[None, None]:
    """Where a field ("Type.field") is declared, for a value that is not valid: none of the plugin's code raised then.

    That is its resolver, or the class if it has none.
    """
    type_name, _, field_name = place.partition(".")
    kind: Any = graphql_schema_of(current_schema().schema).type_map.get(type_name)
    field = strawberry_field(kind.fields[field_name]) if field_name in getattr(kind, "fields", {}) else None
    if field is None:
        return None, None
    declared: Any = field.base_resolver.wrapped_func if field.base_resolver is not None else field.origin
    try:
        declared = inspect.unwrap(declared)
        return inspect.getfile(declared), inspect.getsourcelines(declared)[1]
    except (OSError, TypeError):  # it was not read from a file
        return None, None
