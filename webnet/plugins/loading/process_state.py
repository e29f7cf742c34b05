"""What belongs to the whole process, as it was before a plugin's code ran: changes of it are found and put back.

Signal handlers, streams, hooks, paths, the environment, logging: each is read in a few microseconds, since every plugin
is surrounded by two such readings.
"""

from __future__ import annotations

import decimal
import gc
import locale
import logging
import os
import random
import resource
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

# What may be set with `setattr`; compared by identity.
_ATTRIBUTES: tuple[tuple[Any, str], ...] = (
    *((sys, name) for name in ("stdin", "stdout", "stderr", "excepthook", "unraisablehook", "displayhook")),
    (threading, "excepthook"),
    (warnings, "showwarning"),
    (logging, "raiseExceptions"),
    (logging.root.manager, "disable"),
)
# What has a function to read it and one to write it.
_ACCESSORS: tuple[tuple[str, Callable[[], Any], Callable[[Any], object]], ...] = (
    ("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    ("the switch interval of threads", sys.getswitchinterval, sys.setswitchinterval),
    ("sys.settrace()", sys.gettrace, sys.settrace),
    ("sys.setprofile()", sys.getprofile, sys.setprofile),
    ("the default timeout of sockets", socket.getdefaulttimeout, socket.setdefaulttimeout),
    ("the class of loggers", logging.getLoggerClass, logging.setLoggerClass),
    ("the factory of log records", logging.getLogRecordFactory, logging.setLogRecordFactory),
)
# Loggers of the host. A plugin may set the level of any other one, such as that of a library it uses.
_LOGGERS = ("webnet", "django", "strawberry", "uvicorn", "granian")


# Of the names in a change: reasons are one line.
MAXIMUM_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that a plugin's code changed, as the end of "it changed …"; harmful changes set the plugin aside."""

    what: str
    is_harmful: bool = False


def list_names(names: Iterable[str]) -> str:
    """The first names, as they stand in a list."""
    first = list(islice(names, MAXIMUM_NAMED + 1))
    return ", ".join([*first[:MAXIMUM_NAMED], *(["…"] if len(first) > MAXIMUM_NAMED else [])])


class ProcessState:
    """The state at one moment; `restore` puts back what has changed since, and says what it was."""

    def __init__(self) -> None:
        self._attributes = [getattr(owner, name) for owner, name in _ATTRIBUTES]
        self._values = [read() for _, read, _ in _ACCESSORS]
        self._handlers = _read_handlers()
        self._blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._path, self._path_entries = sys.path, list(sys.path)
        self._finders = {name: (found := getattr(sys, name), list(found)) for name in ("meta_path", "path_hooks")}
        self._environment = dict(os.environ)
        self._folder, self._umask = _read_folder(), _read_umask()
        self._limits = _read_limits()
        self._niceness = os.getpriority(os.PRIO_PROCESS, 0)
        self._locale = locale.setlocale(locale.LC_ALL)
        self._zone = (time.tzname, time.timezone)
        self._filters = list(warnings.filters)
        self._random = random.getstate()
        self._decimal = decimal.getcontext().copy()
        self._collector = (gc.isenabled(), gc.get_threshold())
        self._loggers = {logger: _read_logger(logger) for logger in _list_loggers()}
        self._log_handlers = {handler: _read_handler(handler) for handler in logging.root.handlers}

    def restore(self) -> Iterator[Change]:
        """Put back what has changed, and yield what that was."""
        for (owner, name), value in zip(_ATTRIBUTES, self._attributes, strict=True):
            if getattr(owner, name) is not value:
                setattr(owner, name, value)
                yield Change(what=f"{_name(owner)}.{name}")
        for (name, read, write), value in zip(_ACCESSORS, self._values, strict=True):
            if read() != value:
                write(value)
                yield Change(what=name)
        yield from self._restore_signals()
        yield from self._restore_limits()
        yield from self._restore_paths()
        yield from self._restore_surroundings()
        yield from self._restore_numbers()
        yield from self._restore_logging()

    def _restore_signals(self) -> Iterator[Change]:
        for number, handler in _read_handlers().items():
            if handler != self._handlers[number]:
                yield Change(what=f"the handler of {number.name}", is_harmful=True)
                # None is a handler that was not set by Python, and handlers can be set in the main thread only.
                if self._handlers[number] is not None and threading.current_thread() is threading.main_thread():
                    signal.signal(number, self._handlers[number])
        if signal.pthread_sigmask(signal.SIG_BLOCK, ()) != self._blocked:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._blocked)
            yield Change(what="the blocked signals", is_harmful=True)

    def _restore_limits(self) -> Iterator[Change]:
        """What the system does not allow to put back is harmful, since it stays until the process ends."""
        for number, limits in _read_limits().items():
            if limits != self._limits[number]:
                yield _put_back(_LIMITS[number], partial(resource.setrlimit, number, self._limits[number]))
        if os.getpriority(os.PRIO_PROCESS, 0) != self._niceness:
            yield _put_back("the niceness", partial(os.setpriority, os.PRIO_PROCESS, 0, self._niceness))

    def _restore_paths(self) -> Iterator[Change]:
        # What is appended hides nothing; it is also what packages do that bring others with them.
        if sys.path is not self._path or sys.path[: len(self._path_entries)] != self._path_entries:
            sys.path = self._path
            sys.path[:] = self._path_entries
            yield Change(what="sys.path")
        for name, (finders, entries) in self._finders.items():
            current = getattr(sys, name)
            # More finders are fine: they are what import hooks are for.
            if current is not finders or not _has_all(current, entries):
                setattr(sys, name, finders)
                finders[:] = entries
                sys.path_importer_cache.clear()
                yield Change(what=f"sys.{name}")

    def _restore_surroundings(self) -> Iterator[Change]:
        if os.environ != self._environment:
            changed = sorted({name for name, _ in os.environ.items() ^ self._environment.items()})
            os.environ.clear()
            os.environ.update(self._environment)
            yield Change(what=f"the environment ({list_names(changed)})")
        if (time.tzname, time.timezone) != self._zone:
            time.tzset()  # It reads the environment, which is as it was.
            yield Change(what="the time zone")
        if self._folder and _read_folder() != self._folder:
            os.chdir(self._folder)
            yield Change(what="the working directory")
        if _read_umask() != self._umask:
            os.umask(self._umask)
            yield Change(what="the umask")
        if locale.setlocale(locale.LC_ALL) != self._locale:
            locale.setlocale(locale.LC_ALL, self._locale)
            yield Change(what="the locale")
        # A filter for a package's own warnings is fine; one that turns others into errors is not.
        current = warnings.filters
        strict = any(entry[0] == "error" for entry in current if entry not in self._filters)
        if strict or not _has_all(current, self._filters):
            warnings.filters[:] = self._filters  # type: ignore[index]  # A list, which the stubs call a sequence.
            warnings.simplefilter("default", append=True)  # makes Python forget what it knows of the filters
            del warnings.filters[len(self._filters) :]  # type: ignore[attr-defined]  # as above
            yield Change(what="the filters of warnings")

    def _restore_numbers(self) -> Iterator[Change]:
        # Silently: a plugin may ask for random numbers, but must not be able to choose those of others with a seed.
        if random.getstate() != self._random:
            random.setstate(self._random)
        context = decimal.getcontext()
        if (context.prec, context.rounding, context.traps) != _describe_decimal(self._decimal):
            decimal.setcontext(self._decimal)
            yield Change(what="the context of decimal numbers")
        if (gc.isenabled(), gc.get_threshold()) != self._collector:
            was_enabled, threshold = self._collector
            gc.set_threshold(*threshold)
            (gc.enable if was_enabled else gc.disable)()
            yield Change(what="the garbage collector")

    def _restore_logging(self) -> Iterator[Change]:
        for logger, state in self._loggers.items():
            if _read_logger(logger) != state:
                level, logger.propagate, logger.disabled, handlers, filters = state
                logger.handlers[:], logger.filters[:] = handlers, filters
                logger.setLevel(level)  # Last, and always: it makes the logger forget what it knows of levels.
                yield Change(what=f"the logger '{logger.name}'")
        for handler, (level, formatter, filters, stream) in self._log_handlers.items():
            if _read_handler(handler) != (level, formatter, filters, stream):
                handler.level, handler.formatter, handler.filters[:] = level, formatter, filters
                if isinstance(handler, logging.StreamHandler):
                    handler.stream = stream
                yield Change(what=f"the log handler {handler!r}")


def _name(owner: Any) -> str:
    return str(getattr(owner, "__name__", "logging"))


def _has_all(current: Any, entries: list[Any]) -> bool:
    """Whether none of the entries is gone, and their order is as it was."""
    known = [entry for entry in current if any(entry is each for each in entries)]
    return known == entries


def _read_handlers() -> dict[signal.Signals, Any]:
    return {number: signal.getsignal(number) for number in _SIGNALS}


# Signals without a name, most of those for real time, are nobody's.
_SIGNALS = tuple(number for number in signal.Signals if number in signal.valid_signals())


# By number, since some have two names, of which the first is the usual one.
_LIMITS = {getattr(resource, name): name for name in sorted(dir(resource), reverse=True) if name.startswith("RLIMIT_")}


def _read_limits() -> dict[int, tuple[int, int]]:
    return {number: resource.getrlimit(number) for number in _LIMITS}


def _put_back(what: str, write: Callable[[], object]) -> Change:
    try:
        write()
    except (OSError, ValueError):
        return Change(what=f"{what}, for good", is_harmful=True)
    return Change(what=what)


def _read_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - twice for each plugin
    except OSError:  # It was deleted.
        return ""


def _read_umask() -> int:
    umask = os.umask(0o077)  # There is no way to read it without setting it.
    os.umask(umask)
    return umask


def _describe_decimal(context: decimal.Context) -> tuple[Any, ...]:
    return context.prec, context.rounding, context.traps


def _list_loggers() -> Iterator[logging.Logger]:
    yield logging.root
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] in _LOGGERS:
            yield logger


def _read_logger(logger: logging.Logger) -> tuple[Any, ...]:
    return logger.level, logger.propagate, logger.disabled, tuple(logger.handlers), tuple(logger.filters)


def _read_handler(handler: logging.Handler) -> tuple[Any, ...]:
    return handler.level, handler.formatter, tuple(handler.filters), getattr(handler, "stream", None)
