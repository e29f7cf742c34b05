"""Every metric of webnet, in Prometheus's format; knows no database.

The workers of one server share them through files in a folder, which the library has to know before it is imported.
"""

from __future__ import annotations

import os
from threading import Lock

# For the workers of a server. The processes that they start inherit only the library's own variable, which does not
# count here: the files of each of them would stay until the server ends.
FOLDER_VARIABLE = "WEBNET_METRICS_FOLDER"
os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
if folder := os.environ.pop(FOLDER_VARIABLE, ""):
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder

from prometheus_client import Counter, Gauge, Histogram  # noqa: E402 - as above

# Of values that clients or customers choose. What a process sees beyond that is counted under OTHER, so that the number
# of time series has a limit.
MOST_OPERATIONS = 100
MOST_PAIRS = 500
OTHER = "other"
NO_NAME = ""


class KnownLabels:
    """Which values of labels have time series of their own: the first ones that this process sees, up to a limit."""

    def __init__(self, most: int, *, other: tuple[str, ...]) -> None:
        self._most = most
        self._other = other
        self._known: set[tuple[str, ...]] = set()
        self._lock = Lock()

    def limit(self, *values: str) -> tuple[str, ...]:
        """The values, or what stands for all others."""
        if values in self._known:
            return values
        with self._lock:
            if len(self._known) < self._most:
                self._known.add(values)
                return values
        return self._other


operation_names = KnownLabels(MOST_OPERATIONS, other=(OTHER,))
plugins_and_customers = KnownLabels(MOST_PAIRS, other=(OTHER, OTHER))

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

request_seconds = Histogram(
    "webnet_request_seconds",
    "Time until the answer, or until the start of a stream.",
    ["door", "method", "status"],
    buckets=_SECONDS,
)
operation_errors = Counter(
    "webnet_operation_errors_total",
    "Errors and refusals in answers of the API, by the operation's name and the code.",
    ["operation", "code"],
)
operation_cost = Histogram(
    "webnet_operation_cost_points",
    "Cost of operations, by their kind.",
    ["type"],
    buckets=(10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000),
)
request_statements = Histogram(
    "webnet_request_statements",
    "Statements to the database for one request.",
    ["door"],
    buckets=(0, 1, 2, 5, 10, 20, 50, 100, 200, 500),
)
plugin_seconds = Counter(
    "webnet_plugin_seconds_total",
    "Time in a plugin's code within requests; of resolvers estimated from every eighth request.",
    ["plugin", "customer"],
)
plugin_statements = Counter(
    "webnet_plugin_statements_total",
    "Statements to the database by a plugin's code within requests.",
    ["plugin", "customer"],
)
plugin_failures = Counter("webnet_plugin_failures_total", "Failures of a plugin's code that are counted.", ["plugin"])
schema_lookups = Counter(
    "webnet_schema_lookups_total", "Derived schemas that were needed, by whether one was in the cache.", ["result"]
)
open_streams = Gauge("webnet_open_streams", "Event streams that are open.", multiprocess_mode="livesum")
event_lag_seconds = Histogram(
    "webnet_event_lag_seconds",
    "Time from a change to its event.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0),
)
waiting_requests = Gauge(
    "webnet_waiting_requests", "Requests that wait for a thread.", ["queue"], multiprocess_mode="livesum"
)
refused_requests = Counter(
    "webnet_refused_requests_total",
    "Requests and attempts that were refused without being served: a full queue, spent points, waits after wrong "
    "passwords, bodies that came too slowly or are too large.",
    ["reason"],
)
audit_reads = Counter(
    "webnet_audit_reads_total",
    "Pages of the audit log where there is a replica: read from it, or from the primary and why.",
    ["source"],
)
audit_position = Gauge("webnet_audit_position", "Rows that the audit log has ever had.", multiprocess_mode="livemax")
