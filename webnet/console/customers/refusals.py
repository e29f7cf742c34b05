"""What a page shows of a refused mutation, beside the message."""

from __future__ import annotations

from webnet.console.frame.page_frame import Refused

# Of an actor who may not do it; the others are about what was sent.
NOT_ALLOWED = {"OPERATORS_ONLY", "ROLE_TOO_LOW"}


def find_errors(refused: Refused) -> dict[str, str]:
    """The message at each field of the form, by the field's name in the schema."""
    return {fault["path"][-1]: fault["message"] for fault in refused.data.get("faults", ()) if fault["path"]}


def status_of(refused: Refused | None) -> int:
    """The status of the page that shows the refusal, if there is one."""
    if refused is None:
        return 200
    return 403 if refused.code in NOT_ALLOWED else 422
