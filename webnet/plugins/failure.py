"""Runs a plugin's code so that whatever it raises becomes a reason to show instead of the end of the host."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from webnet.errors import PluginDefinitionError

Result = TypeVar("Result")

MAXIMUM_REASON_LENGTH = 500


@dataclass(frozen=True, kw_only=True)
class LoadFailure:
    """Why a plugin was put aside: one sentence for people, and the traceback for platform operators."""

    reason: str
    traceback: str = ""


def attempt(call: Callable[[], Result], *, doing: str) -> Result | LoadFailure:
    """What the call returns, or the failure, whose reason begins with `doing` ("Importing 'my_plugin'").

    Only the operator's own Ctrl-C comes through: not `sys.exit()`, and no other exception.
    """
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin can't take the house down
        return describe_failure(error, doing=doing)


def describe_failure(error: BaseException, *, doing: str) -> LoadFailure:
    """The failure to show for an error; an author's mistake already is a sentence."""
    reason = error.message if isinstance(error, PluginDefinitionError) else f"{doing} raised {tell_error(error)}."
    return LoadFailure(reason=reason, traceback="".join(traceback.format_exception(error)))


def tell_error(error: BaseException) -> str:
    """The error's kind and its text, on one line, shortened where it is long."""
    try:
        text = " ".join(str(error).split()).rstrip(".")
    except Exception:  # noqa: BLE001 - also the error's own text is a plugin's code
        text = ""
    told = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return told if len(told) <= MAXIMUM_REASON_LENGTH else told[:MAXIMUM_REASON_LENGTH] + "…"
