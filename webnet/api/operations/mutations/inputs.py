"""How optional fields of inputs are read: missing and null mean the same."""

from __future__ import annotations

from typing import TypeVar

from strawberry import UNSET

Value = TypeVar("Value")


def given(value: Value | None) -> Value | None:
    """The value; None where it is missing."""
    return None if value is UNSET else value
