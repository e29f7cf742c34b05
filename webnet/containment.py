"""Runs a plugin's code so that an exception becomes a reason to display and does not stop the host."""

from __future__ import annotations

import re
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

from webnet.errors import PluginDefinitionError, shorten
from webnet.sentences import sentence

Result = TypeVar("Result")

# The attribute of a log record about a plugin's failure: its traceback as text, empty if the record has the exception.
PLUGIN_TRACEBACK = "plugin_traceback"

# The attribute of a log record about a value that a plugin passed on unchecked: the exception, whose text may hold it.
REFUSED_VALUE = "refused_value"

# In characters. A reason is shown in one line of a list; a traceback may be that of an endless recursion.
MAXIMUM_REASON_LENGTH = 500
# A complete sentence of webnet's own, which may show what the plugin declared.
MAXIMUM_SENTENCE_LENGTH = 1_500
MAXIMUM_TRACEBACK_LENGTH = 20_000

# Where a plugin that is not loaded has to be added.
PLUGIN_LISTS = "WEBNET_PLUGINS (in tests, to webnet_plugins)"
# What Django and Python say of models whose app is not loaded or was set aside; neither says what to do.
UNLISTED = re.compile(r"Model class (\S+) doesn't declare an explicit app_label")
SET_ASIDE = re.compile(r"import of (\S+)\.models\S* halted; None in sys\.modules")


@dataclass(frozen=True, kw_only=True)
class LoadFailure:
    """Why a plugin could not be loaded: a sentence for everybody, and the traceback for platform operators."""

    reason: str
    traceback: str = ""


class PluginAborted(Exception):
    """A plugin raised what is not an `Exception`, such as SystemExit, and thus aimed at more than its own call."""

    def __init__(self, raised: BaseException) -> None:
        super().__init__(f"it raised {type(raised).__name__}")
        self.raised = raised


class TookTooLong(BaseException):
    """A plugin's code did not return in time; not an `Exception`, which code in a loop may catch and go on."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it took longer than {seconds} s")
        self.seconds = seconds


class OperatorInterrupt(KeyboardInterrupt):
    """The operator's Ctrl-C in a command; a KeyboardInterrupt that a plugin raises is of another class."""


def raise_operator_interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - as `signal` calls it
    """The handler of SIGINT in commands."""
    raise OperatorInterrupt


def is_operators(error: BaseException) -> bool:
    """Whether it is the operator's Ctrl-C, which no plugin's failure may swallow."""
    if isinstance(error, OperatorInterrupt):
        return True
    # Without webnet's handler nothing tells the two apart; only Python's main thread gets a Ctrl-C.
    is_handled_by_python = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    is_main = threading.current_thread() is threading.main_thread()
    return isinstance(error, KeyboardInterrupt) and is_main and is_handled_by_python


def what_was_raised(error: BaseException) -> BaseException:
    """What the plugin's code itself raised."""
    return error.raised if isinstance(error, PluginAborted) else error


def attempt(call: Callable[[], Result], *, doing: str) -> Result | LoadFailure:
    """Return what the call returns, or the failure, whose reason starts with `doing` ("Importing 'my_plugin'").

    Every exception is caught, `SystemExit` included; only the operator's Ctrl-C is passed on.
    """
    try:
        return call()
    except BaseException as error:
        if is_operators(error):
            raise
        return describe_failure(error, doing=doing)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise TookTooLong in the code within, wherever it is, once so many seconds have passed.

    None pass while others have all processors: no plugin fails since the machine is busy. What waits is ended too, such
    as for a lock or a server, but not a loop in C code. Only Python's main thread can be interrupted, which is where
    every process of webnet loads its plugins; elsewhere there is no deadline.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    is_over = False
    end = time.monotonic() + seconds - _count_seconds_kept_waiting()

    def stop(*_: object) -> None:
        # The alarm may go off while the code below ends it.
        if is_over:
            return
        left = end + _count_seconds_kept_waiting() - time.monotonic()
        if left <= 0:
            raise TookTooLong(seconds)
        signal.setitimer(signal.ITIMER_REAL, left)

    former = signal.signal(signal.SIGALRM, stop)
    outer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        is_over = True
        signal.setitimer(signal.ITIMER_REAL, *outer)
        # Otherwise the plugin has set a handler of its own, which is for others to find.
        if signal.getsignal(signal.SIGALRM) is stop:
            signal.signal(signal.SIGALRM, former)


def _count_seconds_kept_waiting() -> float:
    """For how long this thread could have gone on, and had no processor; 0.0 where the system does not say."""
    try:
        # https://docs.kernel.org/scheduler/sched-stats.html
        _, waited_ns, _ = Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0.0
    return int(waited_ns) / 1e9


def describe_failure(error: BaseException, *, doing: str) -> LoadFailure:
    """Turn an exception into a failure; a PluginDefinitionError has a complete sentence as its message already."""
    error = what_was_raised(error)
    if isinstance(error, PluginDefinitionError):
        reason = shorten(error.message, MAXIMUM_SENTENCE_LENGTH)
    elif isinstance(error, TookTooLong):
        reason = sentence("{doing} took longer than {seconds} s.", doing=doing, seconds=error.seconds)
    else:
        reason = sentence("{doing} raised {error}.", doing=doing, error=format_error(error))
    return LoadFailure(reason=make_printable(reason), traceback=_format_traceback(error))


def format_error(error: BaseException) -> str:
    """Format an exception as "ValueError: message", on one line and shortened to MAXIMUM_REASON_LENGTH.

    The message names the app that is not loaded, where that is the cause.
    """
    error = what_was_raised(error)
    try:
        text = " ".join(make_printable(str(error)).split()).rstrip(".")
    except BaseException as another:  # `__str__` of a plugin's exception is its code, too.
        if is_operators(another):
            raise
        text = ""
    if isinstance(error, RuntimeError | ImportError):
        text = _name_missing_app(text)
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return shorten(line, MAXIMUM_REASON_LENGTH)


def _name_missing_app(text: str) -> str:
    if unlisted := UNLISTED.search(text):
        app = unlisted[1].partition(".models.")[0]
        return f"it needs '{app}', which is not loaded: add it to {PLUGIN_LISTS}, or fix it if it is there"
    if set_aside := SET_ASIDE.search(text):
        return f"it needs the models of '{set_aside[1]}', which could not be loaded: fix that plugin first"
    return text


def make_printable(text: str) -> str:
    """Replace what neither a database nor JSON can hold: lone surrogates, and the character U+0000."""
    printable = text.encode(errors="replace").decode().replace("\0", "�")
    return text if text == printable else printable  # A sentence stays one.


def _format_traceback(error: BaseException) -> str:
    """Format the traceback; of a long one, such as that of a recursion, keep the beginning and the end."""
    text = make_printable("".join(traceback.format_exception(error)))
    half = MAXIMUM_TRACEBACK_LENGTH // 2
    return text if len(text) <= MAXIMUM_TRACEBACK_LENGTH else f"{text[:half]}\n  […]\n{text[-half:]}"
