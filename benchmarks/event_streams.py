"""How many can follow at once: 1,000 open subscriptions on one process, how soon an event reaches all, what each costs.

    python benchmarks/event_streams.py [--subscriptions 1000] [--events 5]

Fails when an event takes longer than 2 s to reach all, or a subscription costs more than 200 KiB. On Linux; the
database is the one of TEST_DATABASE, as for the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.events.conftest import World, make_world
from tests.events.streams import StreamClient
from tests.servers import Server

MOST_SECONDS = 2.0
MOST_KIB = 200
LIMIT_SECONDS = 120
QUERY = "subscription { pluginEvents { cursor node { id action outcome pluginName } } }"
USERS = ("root", "acme-operator", "acme-admin")


async def subscribe(server: Server, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """An open stream; its first comment has come."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    body = json.dumps({"query": QUERY}).encode()
    head = [
        "POST /graphql/acme/ HTTP/1.1",
        f"Host: {server.host}:{server.port}",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        "Accept: text/event-stream",
        f"Content-Length: {len(body)}",
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    await reader.readuntil(b": open")
    return reader, writer


async def measure(world: World, server: Server, *, subscriptions: int, events: int) -> tuple[list[float], float]:
    """(seconds until each event had reached all, KiB for each subscription)."""
    root = StreamClient(server, world.tokens["root"])
    for number in range(2 * len(USERS)):  # what every process keeps is there before it is measured
        _, writer = await subscribe(server, world.tokens[USERS[number % len(USERS)]])
        writer.close()
    before = resident_kib(server)
    started = perf_counter()
    streams = []
    for start in range(0, subscriptions, 50):
        tokens = [world.tokens[USERS[n % len(USERS)]] for n in range(start, min(start + 50, subscriptions))]
        streams += await asyncio.gather(*(subscribe(server, token) for token in tokens))
    print(f"{len(streams)} subscriptions opened in {perf_counter() - started:.1f} s")
    taken = []
    busy = processor_seconds(server)
    for number in range(events):
        name = "disableCustomerPlugin" if number % 2 else "enableCustomerPlugin"
        arrivals = [asyncio.create_task(reader.readuntil(b"event: next")) for reader, _ in streams]
        await asyncio.to_thread(root.mutate, name, customer="acme", plugin="shelf")
        committed = perf_counter()
        await asyncio.gather(*arrivals)
        taken.append(perf_counter() - committed)
    busy = (processor_seconds(server) - busy) / events
    print(f"processor time of the server for one event: {busy:.2f} s")
    each = (resident_kib(server) - before) / len(streams)
    for _, writer in streams:
        writer.close()
    return taken, each


def resident_kib(server: Server) -> int:
    """The memory of the server's process."""
    assert server.process is not None  # noqa: S101 - it was started here
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def processor_seconds(server: Server) -> float:
    """What the server's process has used, also while other processes keep it waiting."""
    assert server.process is not None  # noqa: S101 - it was started here
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, make_world(Path(folder)) as world, world.serve() as server:
        StreamClient(server, world.tokens["root"]).mutate("enablePlugin", plugin="shelf")
        work = measure(world, server, subscriptions=wanted.subscriptions, events=wanted.events)
        taken, each = asyncio.run(asyncio.wait_for(work, LIMIT_SECONDS))
    print(f"an event reached all {wanted.subscriptions} after {', '.join(f'{each:.2f}' for each in taken)} s")
    print(f"memory per subscription: {each:.0f} KiB")
    is_good = max(taken) <= MOST_SECONDS and each <= MOST_KIB
    print("good" if is_good else f"NOT GOOD: at most {MOST_SECONDS} s and {MOST_KIB} KiB")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
