"""One process that is measured: it calls a WSGI application as it is told on standard input, a JSON object a line.

    python -m benchmarks.bench.worker webnet|bare|sql PLUGINS CUSTOMERS AUDIT_ROWS

It answers `places` (webnet alone), `probe` with the answer and the statements of one request, `time` with milliseconds.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from time import perf_counter_ns
from typing import Any

from benchmarks.bench.cases import GOOD, EntityTags, Places, Request, requests_of_bare, requests_of_webnet
from benchmarks.bench.sizes import CUSTOMER, DEEP_SHARE, Sizes, name_customer

APPLICATIONS = {"webnet": "webnet.wsgi", "bare": "benchmarks.bench.bare.wsgi", "sql": "benchmarks.bench.bare.wsgi"}
REQUESTS = {"webnet": requests_of_webnet, "bare": requests_of_bare, "sql": requests_of_bare}


class Worker:
    """Calls one application; of each case it sends the next request each time."""

    def __init__(self, kind: str, sizes: Sizes, places: Places | None) -> None:
        self._kind, self._sizes, self._places = kind, sizes, places
        self._application = importlib.import_module(APPLICATIONS[kind]).application
        self._cases: dict[str, Iterator[Request]] = {}
        self._tags = EntityTags()

    def serve(self) -> None:
        # What was loaded at the start is no garbage: the collector need not walk along it, in no application. webnet's
        # worker also lets it run less often (`webnet/server/worker.py`).
        gc.collect()
        gc.freeze()
        if self._kind == "webnet":
            from webnet.server import collector

            collector.keep_all()
        reply("ready")
        for line in sys.stdin:
            command = json.loads(line)
            reply(getattr(self, command.pop("do"))(**command))

    def probe(self, case: str) -> dict[str, Any]:
        """The answer to a warm request, and its statements; BEGIN and COMMIT count."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        requests = self._requests(case)
        for _ in range(2):
            self.call(next(requests))
        with CaptureQueriesContext(connection) as captured:
            status, body = self.call(next(requests))
        statements = [query["sql"] for query in captured.captured_queries]
        self.call(next(requests))  # so that a toggle ends as it began
        return {"status": status, "body": body.decode(), "statements": statements}

    def time(self, case: str, seconds: float) -> list[float]:
        """Milliseconds of each request that was sent within this time, one after the other; an even number of them."""
        requests, times = self._requests(case), []
        end = perf_counter_ns() + seconds * 1e9
        while True:
            request = next(requests)
            before = perf_counter_ns()
            status, body = self.call(request)
            after = perf_counter_ns()
            if status not in GOOD:
                raise RuntimeError(f"{self._kind} {case}: {status} {body[:300]!r}")
            times.append((after - before) / 1e6)
            if after > end and len(times) % 2 == 0:
                return times

    def call(self, request: Request) -> tuple[int, bytes]:
        """The status and the body that the application answers with."""
        statuses: list[str] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            statuses.append(status)
            self._tags.note(request, headers)

        with ExitStack() as stack:
            response = self._application(make_environ(self._tags.complete(request)), start_response)
            stack.callback(getattr(response, "close", lambda: None))
            body = b"".join(response)
        return int(statuses[0].split()[0]), body

    def _requests(self, case: str) -> Iterator[Request]:
        if self._places is None:
            self._places = find_places(self._sizes)
        if case not in self._cases:
            self._cases[case] = REQUESTS[self._kind](case, self._sizes, self._places)
        return self._cases[case]

    def places(self) -> dict[str, Any]:
        """What the bare view has to be asked for, so that both show the same rows."""
        places = find_places(self._sizes)
        return {"customer_id": places.customer_id, "cursor": places.cursor, "position": places.position}


def find_places(sizes: Sizes) -> Places:
    """In webnet's process: the customer's id, and the cursor of the row behind which the deep page begins."""
    from webnet.api.paging.keyset import write_cursor
    from webnet.api.resolvers import orders
    from webnet.audit.models import PluginAuditLog
    from webnet.customers.models import Customer

    customer = Customer.objects.get(slug=name_customer(CUSTOMER))
    row = PluginAuditLog.objects.filter(position__gt=int(sizes.audit_rows * (1 - DEEP_SHARE))).last()
    if row is None:
        return Places(customer_id=customer.pk, cursor=None, position=2**62)
    return Places(customer.pk, write_cursor(orders.AUDIT_LOGS, row, view=""), row.position)


def make_environ(request: Request) -> dict[str, Any]:
    path, _, query = request.path.partition("?")
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers}
    return {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": "application/json",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **headers,
    }


def reply(value: object) -> None:
    _answers.write(json.dumps(value) + "\n")
    _answers.flush()


# What the application prints must not be taken for an answer.
_answers = os.fdopen(os.dup(1), "w")


if __name__ == "__main__":
    os.dup2(2, 1)
    kind, *numbers = sys.argv[1:]
    given = json.loads(os.environ.get("BENCH_PLACES", "null"))
    Worker(kind, Sizes(*(int(each) for each in numbers)), Places(**given) if given else None).serve()
