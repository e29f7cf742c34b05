"""What is known about the request that runs here, for its log line, the metrics and its trace; knows no database."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

from webnet.errors import WebnetError

# Of one request; a trace shows what is done again and again long before that.
MOST_TRACED_STATEMENTS = 200
# How a coroutine and an asynchronous generator return, and what is an answer.
NO_ERRORS = (StopIteration, StopAsyncIteration, WebnetError)


@dataclass(slots=True)
class PluginUse:
    """What one plugin did in a request: seconds in its code, and its statements to the database."""

    seconds: float = 0.0
    statements: int = 0


class TraceParent(NamedTuple):
    """What the header `traceparent` says, in its own hexadecimal digits; empty without a valid one."""

    trace_id: str = ""
    span_id: str = ""
    flags: str = "00"


class CodePlace(NamedTuple):
    """Where in a plugin's code, such as ("site_map", "Query.sites")."""

    plugin: str
    name: str


@dataclass(slots=True)
class TracedCalls:
    """All calls of one place in a request; times are those of `perf_counter`. `error` is the class of the last one."""

    began: float
    ended: float = 0.0
    seconds: float = 0.0
    calls: int = 0
    error: str = ""


class TracedStatement(NamedTuple):
    """One statement, and where in a plugin's code it was made, if it was."""

    sql: object
    place: CodePlace | None
    began: float
    ended: float


@dataclass(slots=True)
class Trace:
    """What a request has done, of which spans are made at its end; `offset` is the time of day at 0 of its clock."""

    offset: int
    calls: dict[CodePlace, TracedCalls] = field(default_factory=dict)
    statements: list[TracedStatement] = field(default_factory=list)

    def add_call(self, place: CodePlace, *, began: float, error: BaseException | None) -> None:
        """A call has returned or raised."""
        ended = perf_counter()
        calls = self.calls.get(place) or self.calls.setdefault(place, TracedCalls(began))
        calls.ended, calls.seconds, calls.calls = ended, calls.seconds + ended - began, calls.calls + 1
        if error is not None and not isinstance(error, NO_ERRORS):
            calls.error = type(error).__qualname__

    def to_ns(self, seconds: float) -> int:
        """A time of `perf_counter` as the time of day, in nanoseconds."""
        return self.offset + int(seconds * 1e9)

    def add_statement(self, sql: object, *, place: CodePlace | None, began: float) -> None:
        """A statement has ended."""
        if len(self.statements) < MOST_TRACED_STATEMENTS:
            self.statements.append(TracedStatement(sql, place, began, perf_counter()))


@dataclass(slots=True, kw_only=True)
class RequestRecord:
    """Filled in by whoever knows it. `customer` is the slug of the view, once it is known that the viewer may see it.

    `codes` are those of the errors and refusals in the answer; `trace_id` is that of the header `traceparent`, or of
    the trace that begins here; `trace` is None unless the request is traced. `applications` are those that its document
    is trusted for, if that was looked for.
    """

    trace_id: str = ""
    user_id: int | None = None
    customer: str = ""
    operation_type: str = ""
    operation_name: str = ""
    applications: tuple[str, ...] = ()
    cost: int | None = None
    statements: int = 0
    codes: list[str] = field(default_factory=list)
    plugins: dict[str, PluginUse] = field(default_factory=dict)
    trace: Trace | None = None

    def plugin_use(self, plugin: str) -> PluginUse:
        """What this plugin has done so far, to be added to."""
        return self.plugins.get(plugin) or self.plugins.setdefault(plugin, PluginUse())


def note_code(code: str) -> None:
    """Note the code of an error or refusal that this request is answered with."""
    if (record := current_record.get()) is not None:
        record.codes.append(code)


# None outside of requests, and on the threads of event streams.
current_record: ContextVar[RequestRecord | None] = ContextVar("webnet_request_record", default=None)
