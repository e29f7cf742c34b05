"""What a form shows of a refusal at its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webnet.console.frame.page_frame import Refused

# For somebody who may not do it at all, whatever is in the form.
NOT_ALLOWED = frozenset({"OPERATORS_ONLY", "ROLE_TOO_LOW", "SESSION_REQUIRED"})
STATUS_BY_CODE = {"RATE_LIMITED": 429, **dict.fromkeys(NOT_ALLOWED, 403)}


def find_errors(refused: Refused) -> dict[str, list[str]]:
    """The messages of each field, by its name in the mutation's input; empty if the refusal is about none."""
    errors: dict[str, list[str]] = {}
    faults: list[Mapping[str, Any]] = refused.data.get("faults") or []
    for fault in faults:
        # The first name is that of the argument.
        if path := fault["path"][1:]:
            errors.setdefault(path[0], []).append(fault["message"])
    return errors


def status_of(refused: Refused | None) -> int:
    """The status of the page that shows the form again, or for the first time."""
    return 200 if refused is None else STATUS_BY_CODE.get(refused.code, 422)
