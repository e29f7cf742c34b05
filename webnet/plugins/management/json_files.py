"""Parses a JSON file that a command was given."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError


def parse_json(text: str, *, name: str) -> Any:
    """The JSON value. The text is never part of an error, since it may contain secrets."""
    try:
        return json.loads(text, object_pairs_hook=_refuse_duplicates)
    except json.JSONDecodeError as error:
        raise CommandError(f"'{name}' is not JSON: {error.msg} (line {error.lineno}).") from None
    except RecursionError:
        raise CommandError(f"'{name}' is nested too deeply.") from None
    except ValueError as error:  # also of a number with more digits than Python reads
        raise CommandError(f"'{name}' can't be read: {error}") from None


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has '{twice}' twice in one object.")
    return found
