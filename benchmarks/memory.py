"""How much memory a worker takes with 50 plugins, and whether it still grows after many requests and changes.

    python benchmarks/memory.py [--plugins 50] [--customers 20] [--requests 100000] [--toggles 1000] [--minutes 30]

The requests are mixed: lists, nested lists of plugins' rows, introspection, and documents that nobody has sent before;
some plugin is switched for some customer between them. All of it happens in one process, as in a worker with one
thread. Prints the memory after each twentieth of the requests, and judges nothing. The database is SQLite.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import logging
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.sample_plugins import make_environment, make_plugins
from tests.servers import ROOT

POINTS = 20
# What a request asks, with how often of a hundred; `$plugin` is one that is effective, `$number` any number.
MIX = (
    (
        30,
        "{ customerPluginConfigs(first: 9) { edges { node { effective effectiveSettings plugin { name } } } } }",
    ),
    (20, '{ plugin(name: "sample_001") { name version status ineffectiveReasons } }'),
    (20, "{ pluginAuditLogs(first: 20) { edges { node { action createdAt plugin { name } user { username } } } } }"),
    (15, "{ $pluginSites(first: 5) { edges { node { id name racks { name } } } } }"),
    (12, "{ plugins(first: $number) { edges { node { name } } } a$number: viewer { __typename } }"),
    (2, "{ __schema { types { name fields { name type { name } } } } }"),
    (1, "{ nothingOfThisName }"),
)


@dataclass(frozen=True)
class Point:
    """The process after so many requests and changes."""

    requests: int
    toggles: int
    rss_mib: float
    blocks: int
    schemas: int

    def __str__(self) -> str:
        return (
            f"{self.requests:9,} requests {self.toggles:6,} toggles {self.rss_mib:8.1f} MiB "
            f"{self.blocks:10,} objects {self.schemas:4} schemas"
        )


def measure(*, customers: int, requests: int, toggles: int, warm_up: int, minutes: float) -> Iterator[Point]:
    """In the child: the points of the curve, the first one after the warm-up."""
    ask, toggle = set_up(customers)
    deadline = monotonic() + minutes * 60
    for _ in range(warm_up):
        ask()
    yield look(0, 0)
    toggled = 0
    for number in range(1, requests + 1):
        ask()
        if number * toggles // requests > toggled:
            toggle()
            toggled += 1
        is_late = monotonic() > deadline
        if is_late or number % max(1, requests // POINTS) == 0:
            yield look(number, toggled)
        if is_late:
            return


def set_up(customers: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """Start as a worker does; one function makes a request, the other one switches a plugin."""
    from webnet.server.worker import load_application

    load_application(0, workers=1)
    logging.disable(logging.ERROR)  # a line for each request
    from tests.factories import make_customer, make_operator, make_token
    from webnet.customers.access import Actor
    from webnet.plugins.manager import manager
    from webnet.plugins.models import PluginConfig
    from webnet.server.asgi.django_handlers import make_wsgi_handler

    system = Actor.system("benchmark")
    PluginConfig.objects.update(enabled=True, availability="default_on")
    slugs = [make_customer(f"customer-{number}").slug for number in range(customers)]
    names = sorted(PluginConfig.objects.values_list("name", flat=True))
    # Not Django's test client, which remembers something of each request.
    handler, token = make_wsgi_handler(), make_token(make_operator())
    chance, off = random.Random(1), set[tuple[str, str]]()  # noqa: S311 - what is drawn is no secret

    def ask() -> None:
        (query,) = chance.choices([query for _, query in MIX], [often for often, _ in MIX])
        plugin, slug, number = chance.choice(names), chance.choice(slugs), chance.randrange(1, 100)
        query = query.replace(
            "$plugin", "".join(part.title() if at else part for at, part in enumerate(plugin.split("_")))
        )
        query = query.replace("a$number", f"a{chance.randrange(10**9)}").replace("$number", str(number))
        response = handler(describe_request(f"/graphql/{slug}/", query, token=token), lambda *_: None)
        answer = b"".join(response)
        response.close()
        # A plugin that is switched off has no fields.
        if not answer.startswith(b'{"data"') and b"Cannot query field" not in answer:
            raise AssertionError(answer)

    def toggle() -> None:
        pair = plugin, slug = chance.choice(names), chance.choice(slugs)
        (manager.enable if pair in off else manager.disable)(plugin, actor=system, customer=slug)
        off.symmetric_difference_update({pair})

    return ask, toggle


def describe_request(path: str, query: str, *, token: str) -> dict[str, Any]:
    """What a server of WSGI passes on (PEP 3333)."""
    body = json.dumps({"query": query}).encode()
    return {
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "HTTP_HOST": "localhost",
        "PATH_INFO": path,
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "POST",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(body),
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.url_scheme": "http",
    }


def look(requests: int, toggles: int) -> Point:
    """The process now, after looking for garbage."""
    from webnet.api.engine.strawberry_schema import Schema

    gc.collect()
    schemas = sum(isinstance(each, Schema) for each in gc.get_objects())
    return Point(requests, toggles, read_rss_mib(), sys.getallocatedblocks(), schemas)


def read_rss_mib() -> float:
    """What the process has of the machine's memory now; on other systems than Linux, the most it has had."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 2**20


def run_child(arguments: list[str], *, plugins: int, minutes: float) -> int:
    """Measure in an interpreter of its own, which prints."""
    with tempfile.TemporaryDirectory() as folder:
        names = make_plugins(Path(folder) / "packages", count=plugins)
        rates = {f"WEBNET_{each}_POINTS_PER_MINUTE": "0" for each in ("ADDRESS", "TOKEN", "USER")}
        environment = make_environment(folder, names, **rates)
        # In processes of their own, since they leave as much memory behind as a worker has.
        for command in ("migrate", "sync_plugins"):
            subprocess.run(
                [sys.executable, ROOT / "manage.py", command], env=environment, stdout=subprocess.DEVNULL, check=True
            )
        # Twice the time: it takes a while until the first request.
        command = [sys.executable, __file__, "--measure", *arguments]
        return subprocess.run(command, env=environment, timeout=minutes * 120 + 300, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugins", type=int, default=50)
    parser.add_argument("--customers", type=int, default=20)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--toggles", type=int, default=1_000)
    parser.add_argument("--warm-up", type=int, default=500, help="requests before the first point, which fill caches")
    parser.add_argument("--minutes", type=float, default=30, help="after which it stops, however many are left")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if not wanted.measure:
        return run_child(sys.argv[1:], plugins=wanted.plugins, minutes=wanted.minutes)
    points = []
    for point in measure(
        customers=wanted.customers,
        requests=wanted.requests,
        toggles=wanted.toggles,
        warm_up=wanted.warm_up,
        minutes=wanted.minutes,
    ):
        print(point, flush=True)
        points.append(point)
    middle = points[len(points) // 2]
    print(f"since the warm-up {points[-1].rss_mib - points[0].rss_mib:+.1f} MiB, ", end="")
    print(f"in the second half {points[-1].rss_mib - middle.rss_mib:+.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
