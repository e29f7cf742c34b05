"""How far event streams fall behind when SIGHUP replaces the workers that serve them.

    python benchmarks/restarted_streams.py [--subscriptions 300] [--workers 2]

Each client opens its stream again from its last cursor, at once, while a change is made every second. Fails when an
event reaches a stream later than 10 s after its commit, or an event is lost. The database is the one of TEST_DATABASE.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.events.conftest import make_world
from tests.events.streams import StreamClient
from tests.servers import Server, serve_production

MOST_SECONDS = 10.0
LIMIT_SECONDS = 240
PAUSE_SECONDS = 1.0
AFTERWARDS_SECONDS = 3
QUERY = "subscription($after: String) { pluginEvents(after: $after) { cursor node { reason } } }"
USERS = ("root", "acme-operator", "acme-admin")


@dataclass
class Reader:
    """A client: the numbers that it has read, and how late the latest one was."""

    server: Server
    token: str
    customer: str
    cursor: str | None = None
    numbers: list[int] = field(default_factory=list)
    latest_seconds: float = 0.0
    reopened: int = 0

    async def follow(self, committed: dict[int, float]) -> None:
        """Read on and on."""
        while True:
            try:
                await self._read_stream(committed)
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.05)
            self.reopened += 1

    async def _read_stream(self, committed: dict[int, float]) -> None:
        reader, writer = await asyncio.open_connection(self.server.host, self.server.port)
        try:
            body = json.dumps({"query": QUERY, "variables": {"after": self.cursor}}).encode()
            head = [
                f"POST /graphql/{self.customer}/ HTTP/1.1",
                f"Host: {self.server.host}:{self.server.port}",
                f"Authorization: Bearer {self.token}",
                "Content-Type: application/json",
                "Accept: text/event-stream",
                f"Content-Length: {len(body)}",
            ]
            writer.write("\r\n".join([*head, "", ""]).encode() + body)
            while True:
                line = (await reader.readuntil(b"\n")).decode().strip()
                if line == "event: complete":
                    return
                if line.startswith("data:") and (read := json.loads(line[5:]).get("data")):
                    self.cursor = read["pluginEvents"]["cursor"]
                    number = int(read["pluginEvents"]["node"]["reason"] or -1)
                    self.numbers.append(number)
                    self.latest_seconds = max(
                        self.latest_seconds, perf_counter() - committed.get(number, perf_counter())
                    )
        finally:
            writer.close()


@dataclass(frozen=True)
class Switch:
    """A plugin of a customer, switched on and off again: an event each time, whose reason is its number."""

    server: Server
    token: str
    customer: str
    plugin: str

    async def turn(self, committed: dict[int, float]) -> None:
        number = len(committed)
        await asyncio.to_thread(self._turn, number)
        committed[number] = perf_counter()
        await asyncio.sleep(PAUSE_SECONDS)

    def _turn(self, number: int) -> None:
        client = StreamClient(self.server, self.token)
        name = "enableCustomerPlugin" if number % 2 else "disableCustomerPlugin"
        client.mutate(name, customer=self.customer, plugin=self.plugin, reason=str(number))


@dataclass(frozen=True)
class Result:
    """What became of the streams; `lost` are the clients that have lost or doubled an event."""

    restart_seconds: float
    latest_seconds: list[float]
    reopened: int
    events: int
    lost: list[Reader]


async def measure(server: Server, tokens: list[str], switch: Switch) -> Result:
    """Restart the server while a client for each token follows the switch."""
    if server.process is None:
        raise RuntimeError("This server can't be restarted.")
    committed: dict[int, float] = {}
    readers = [Reader(server, token, switch.customer) for token in tokens]
    following = [asyncio.create_task(reader.follow(committed)) for reader in readers]
    while not all(reader.numbers for reader in readers):
        await switch.turn(committed)
    started = perf_counter()
    server.process.send_signal(signal.SIGHUP)
    while not all(reader.reopened for reader in readers):
        await switch.turn(committed)
    taken = perf_counter() - started
    for _ in range(int(AFTERWARDS_SECONDS / PAUSE_SECONDS)):
        await switch.turn(committed)
    last = len(committed) - 1
    while any(reader.numbers[-1] < last for reader in readers):
        await asyncio.sleep(0.05)
    for task in following:
        task.cancel()
    return Result(
        restart_seconds=taken,
        latest_seconds=sorted(reader.latest_seconds for reader in readers),
        reopened=sum(reader.reopened for reader in readers),
        events=len(committed),
        lost=[reader for reader in readers if reader.numbers != list(range(reader.numbers[0], last + 1))],
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        make_world(Path(folder)) as world,
        serve_production(world.data_dir, workers=wanted.workers, **world.environment) as server,
    ):
        root = StreamClient(server, world.tokens["root"])
        root.mutate("enablePlugin", plugin="shelf")
        root.mutate("enableCustomerPlugin", customer="acme", plugin="shelf")
        tokens = [world.tokens[USERS[number % len(USERS)]] for number in range(wanted.subscriptions)]
        work = measure(server, tokens, Switch(server, world.tokens["root"], "acme", "shelf"))
        found = asyncio.run(asyncio.wait_for(work, LIMIT_SECONDS))
    latest, middle = found.latest_seconds[-1], found.latest_seconds[len(tokens) // 2]
    print(f"the restart took {found.restart_seconds:.1f} s, with {found.events} events")
    print(f"{len(tokens)} streams were opened again {found.reopened} times; {len(found.lost)} lost or doubled events")
    print(f"the latest event came {latest:.1f} s after its commit, for the middle one of the clients {middle:.1f} s")
    is_good = not found.lost and latest <= MOST_SECONDS
    print("good" if is_good else f"NOT GOOD: at most {MOST_SECONDS} s, and no event lost")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
