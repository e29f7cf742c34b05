"""What one customer notices of the hundred slow queries that another one has under way at all times.

    python benchmarks/fair_shares.py [--seconds 30] [--clients 100]

Two workers serve two customers. In each of three rounds, globex reads alone at first, and then beside acme, each of
whose clients sends a slow query, again and again: one that waits for half a second, or with `--computing` one that
computes, for which the machine needs more cores than there are workers. Fails when the 99th percentile of globex' times
beside acme is more than three times the one alone, or when anything of globex' goes wrong. On Linux; the database is
the one of TEST_DATABASE, as for the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.events.conftest import World, make_world
from tests.events.streams import StreamClient
from tests.servers import Server, serve_production

MOST_SLOWER = 3.0
ROUNDS = 3
WORKERS = 2
# Between the answers of globex and its next question, as of somebody who reads them.
PAUSE_SECONDS = 0.02
# A slow query waits for all those before it.
TIMEOUT_SECONDS = 300
# Of the audit log, to which each of the changes below adds.
CHANGES = 60
CONNECTIONS = 40
NAMES = [f"part{number}" for number in range(15)]
PART = "pluginAuditLogs(first: 100) { edges { cursor node { id action actorName before after } } }"
COMPUTING = f"{{ {' '.join(f'{name}: {PART}' for name in NAMES)} }}"
WAITING = "{ slowAnswer }"
# A plugin that asks something slow.
PLUGIN = """
import time

from webnet.plugins.base import GraphQLExtension, PluginBase


class Plugin(PluginBase):
    name = "slow"
    version = "1.0"

    def get_graphql_schema(self):
        from webnet.sdk import graphql

        @graphql.type
        class Queries:
            @graphql.field
            def slow_answer(self) -> str:
                time.sleep(0.5)
                return "done"

        return GraphQLExtension(query=Queries)
"""
QUICK = "{ viewer { user { username } } plugins { edges { node { name status } } } }"


class Asker:
    """One connection of a customer's user."""

    def __init__(self, world: World, server: Server, *, user: str, customer: str) -> None:
        self._headers = {"Authorization": f"Bearer {world.tokens[user]}", "Content-Type": "application/json"}
        self._path = f"/graphql/{customer}/"
        self._connection = HTTPConnection(server.host, server.port, timeout=TIMEOUT_SECONDS)

    def ask(self, query: str) -> tuple[float, str]:
        """The seconds until the answer, and what is wrong with it, if anything is."""
        began = perf_counter()
        self._connection.request("POST", self._path, json.dumps({"query": query}), self._headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        fault = f"{response.status} {text[:200]}" if response.status != 200 or '"errors"' in text else ""
        return perf_counter() - began, fault

    def close(self) -> None:
        self._connection.close()


def read_for(seconds: float, world: World, server: Server) -> tuple[list[float], Counter[str]]:
    """The times of globex' answers, and what went wrong."""
    asker, until = Asker(world, server, user="globex-admin", customer="globex"), perf_counter() + seconds
    times, faults, pause = [], Counter[str](), Event()
    while perf_counter() < until:
        time, fault = asker.ask(QUICK)
        times.append(time)
        faults.update([fault] if fault else [])
        pause.wait(PAUSE_SECONDS)
    asker.close()
    return times, faults


def be_slow(world: World, server: Server, stop: Event, query: str) -> list[float]:
    """Ask slow queries as acme, one after the other; the times of their answers."""
    asker, times = Asker(world, server, user="acme-admin", customer="acme"), []
    while not stop.is_set():
        times.append(asker.ask(query)[0])
    asker.close()
    return times


def measure(
    world: World, server: Server, *, query: str, seconds: float, clients: int
) -> tuple[list[float], list[float], Counter[str]]:
    """The times of globex alone, those beside acme, and what went wrong."""
    alone, beside, faults = list[float](), list[float](), Counter[str]()
    for number in range(ROUNDS):
        quiet, wrong = read_for(seconds, world, server)
        faults += wrong
        stop = Event()
        with ThreadPoolExecutor(clients) as pool, ExitStack() as stack:
            stack.callback(stop.set)
            work = [pool.submit(be_slow, world, server, stop, query) for _ in range(clients)]
            loud, wrong = read_for(seconds, world, server)
            faults += wrong
        slow = [time for each in work for time in each.result()]
        print(
            f"round {number + 1}: alone {describe(quiet)}; beside {len(slow)} slow ones of "
            f"{statistics.median(slow):.1f} s {describe(loud)}",
            flush=True,
        )
        alone += quiet
        beside += loud
    return alone, beside, faults


def describe(times: list[float]) -> str:
    middle, highest = 1000 * statistics.median(times), 1000 * percentile_99(times)
    return f"{len(times)} answers, p50 {middle:.0f} ms, p99 {highest:.0f} ms"


def percentile_99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[98]


def judge(alone: list[float], beside: list[float], faults: Counter[str]) -> bool:
    """Whether globex has not noticed more than it may."""
    return not faults and percentile_99(beside) <= MOST_SLOWER * percentile_99(alone)


def add_plugin(world: World, folder: Path) -> None:
    """Install the slow plugin."""
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "plugin.py").write_text(PLUGIN)
    world.environment["PYTHONPATH"] += f"{os.pathsep}{folder.parent}"
    world.environment["WEBNET_PLUGINS"] += ",slow"
    world.command("sync_plugins", "--migrate")


def prepare(world: World, server: Server) -> None:
    """Have an audit log that takes a while to read, and both customers known to both workers."""
    root = StreamClient(server, world.tokens["root"])
    root.mutate("enablePlugin", plugin="shelf", availability="OFFERED")
    root.mutate("enablePlugin", plugin="slow", availability="OFFERED")
    root.mutate("enableCustomerPlugin", customer="acme", plugin="slow")
    for number in range(CHANGES):
        verb = "disable" if number % 2 else "enable"
        root.mutate(f"{verb}CustomerPlugin", customer="acme", plugin="shelf")
    # Which worker has a connection is left to chance.
    for number in range(CONNECTIONS):
        customer = "globex" if number % 2 else "acme"
        asker = Asker(world, server, user=f"{customer}-admin", customer=customer)
        asker.ask(QUICK)
        asker.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--computing", action="store_true")
    wanted = parser.parse_args()
    query = COMPUTING if wanted.computing else WAITING
    with tempfile.TemporaryDirectory() as folder, make_world(Path(folder)) as world:
        add_plugin(world, Path(folder) / "plugins" / "slow")
        with serve_production(world.data_dir, workers=WORKERS, **world.environment) as server:
            prepare(world, server)
            alone, beside, faults = measure(world, server, query=query, seconds=wanted.seconds, clients=wanted.clients)
    for fault, times in faults.most_common(5):
        print(f"{times} times: {fault}")
    slower, is_good = percentile_99(beside) / percentile_99(alone), judge(alone, beside, faults)
    print(f"p99 beside the slow queries is {slower:.2f} times that alone")
    print("good" if is_good else f"NOT GOOD: at most {MOST_SLOWER} times, and no faults")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
