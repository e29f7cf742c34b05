"""Runs a plugin's code so that whatever it raises becomes a reason to show instead of the end of the host."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from webnet.errors import PluginDefinitionError

Result = TypeVar("Result")

MAXIMUM_REASON_LENGTH = 500
MAXIMUM_TRACEBACK_LENGTH = 20_000


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
    return LoadFailure(reason=make_printable(reason), traceback=_tell_traceback(error))


def tell_error(error: BaseException) -> str:
    """The error's kind and its text, on one line, shortened where it is long."""
    try:
        text = " ".join(make_printable(str(error)).split()).rstrip(".")
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - also the error's own text is a plugin's code
        text = ""
    told = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return told if len(told) <= MAXIMUM_REASON_LENGTH else told[:MAXIMUM_REASON_LENGTH] + "…"


def make_printable(text: str) -> str:
    """The text without what no database or answer takes: halves of characters, and zeros."""
    return text.encode(errors="replace").decode().replace("\0", "�")


def _tell_traceback(error: BaseException) -> str:
    """Where it was raised; of a long one, such as of a recursion, the beginning and the end."""
    told = make_printable("".join(traceback.format_exception(error)))
    half = MAXIMUM_TRACEBACK_LENGTH // 2
    return told if len(told) <= MAXIMUM_TRACEBACK_LENGTH else f"{told[:half]}\n  […]\n{told[-half:]}"
