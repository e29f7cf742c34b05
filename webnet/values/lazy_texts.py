"""Texts that `gettext_lazy` returns: each is another text for each viewer, until somebody needs it as a string."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_lazy(value: object) -> bool:
    """Whether the value is such a text; its type's name says so, since the kernel does not import Django."""
    return type(value).__name__ == "__proxy__"


def plain(value: Any) -> Any:
    """A value of JSON whose texts are strings, in the language of this moment; what is not JSON stays as it is."""
    if is_lazy(value):
        return str(value)
    if isinstance(value, Mapping):
        return {plain(name): plain(member) for name, member in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
