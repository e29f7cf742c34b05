"""What is known about the request that runs here, for its line in the log and for the metrics; knows no database."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class PluginUse:
    """What one plugin did in a request: seconds in its code, and its statements to the database."""

    seconds: float = 0.0
    statements: int = 0


@dataclass(slots=True, kw_only=True)
class RequestRecord:
    """Filled in by whoever knows it. `customer` is the slug of the view, once it is known that the viewer may see it.

    `codes` are those of the errors and refusals in the answer; `trace_id` is that of the header `traceparent`.
    """

    trace_id: str = ""
    user_id: int | None = None
    customer: str = ""
    operation_type: str = ""
    operation_name: str = ""
    cost: int | None = None
    statements: int = 0
    codes: list[str] = field(default_factory=list)
    plugins: dict[str, PluginUse] = field(default_factory=dict)

    def plugin_use(self, plugin: str) -> PluginUse:
        """What this plugin has done so far, to be added to."""
        return self.plugins.get(plugin) or self.plugins.setdefault(plugin, PluginUse())


def note_code(code: str) -> None:
    """Note the code of an error or refusal that this request is answered with."""
    if (record := current_record.get()) is not None:
        record.codes.append(code)


# None outside of requests, and on the threads of event streams.
current_record: ContextVar[RequestRecord | None] = ContextVar("webnet_request_record", default=None)
