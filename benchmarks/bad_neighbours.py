"""What customers notice of bad plugins that are effective for another one: answers, their time, and the server's size.

    python benchmarks/bad_neighbours.py [--minutes 15] [--rounds 5]

Two workers serve two customers. In each round, one customer first calls bad plugins of the zoo and then good ones, with
the same pauses, while the other one reads and writes. Fails when anything of the other customer's goes wrong, when the
99th percentile of its times with the bad plugins is more than 1.5 times the one without, or when memory, threads, open
files, processes or connections to the database grow from the first round to the last. On Linux; the database is the one
of TEST_DATABASE, as for the tests.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from pathlib import Path
from threading import Event, Lock
from time import monotonic, perf_counter

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.processes import family_of
from tests.browsing import Client
from tests.events.conftest import World, make_world
from tests.events.streams import StreamClient
from tests.servers import Server, serve_production

MOST_SLOWER = 1.5
# From the first to the last round; Python does not return all of its memory at once.
MOST_GROWTH = 1.15
WORKERS = 2
# Clients of each customer, and how long each waits after an answer: a full processor would be all that is measured.
OTHERS, NEIGHBOURS = 3, 3
OTHERS_PAUSE_SECONDS, NEIGHBOURS_PAUSE_SECONDS = 0.05, 0.1
TIMEOUT_SECONDS = 30
WARMING_SECONDS = 10
# As long as the first piece of an endless page.
PIECE_BYTES = 5
# They raise errors, raise what is no Exception, call themselves without end, leave something on the connection to the
# database, and send pages without an end. None ends its process, which answers requests of others at that moment, too.
BAD = ("raising", "aborting", "recursing", "leaving", "dripping")
MISBEHAVING = tuple(name for name in BAD if name != "dripping")
# Without `hang`, which no thread can be freed from: its worker is replaced and the plugin paused, as it should be.
DRIPPING = ("drip", "async_drip", "async_hang", "fail", "lock")
PASSWORD = "correct-horse-battery"  # noqa: S105 - of the test's own world
GOOD_QUERY = "{ firstBook { title } viewer { user { username } } }"
READS = (
    "{ viewer { user { username } } plugins { edges { node { name status } } } firstBook { title } }",
    "{ pluginAuditLogs(first: 20) { edges { cursor node { action pluginName } } } }",
    '{ customerPluginConfig(customer: "globex", plugin: "shelf") { effective effectiveSettings } }',
)
WRITE = """mutation($plugin: String!) {
    enableCustomerPlugin(input: {customer: "globex", plugin: $plugin}) {
        ... on EnableCustomerPluginPayload { changed } ... on Refusal { code message } }
    disableCustomerPlugin(input: {customer: "globex", plugin: $plugin}) {
        ... on DisableCustomerPluginPayload { changed } ... on Refusal { code message } }
}"""

# Queries, and paths of pages.
GOOD_CALLS = (GOOD_QUERY,)
BAD_CALLS = (
    *(f"{{ {name}{field} }}" for name in MISBEHAVING for field in ("Answer", "Scalar")),
    *(f"/c/acme/plugins/{name}/{page}" for name in MISBEHAVING for page in ("", "later/")),
    *(f"/c/acme/plugins/dripping/{page}/" for page in DRIPPING),
    "{ dashboardWidgets { data html error } }",
    GOOD_QUERY,
)


@dataclass
class Phase:
    """What a phase has measured: the seconds of each of the others' answers, and what went wrong, how often."""

    seconds: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    lock: Lock = field(default_factory=Lock)

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.seconds, n=100)[percent - 1]


@dataclass(frozen=True)
class Size:
    """The server's processes together; `connections` are those to PostgreSQL, and on SQLite they are files."""

    kib: int
    threads: int
    files: int
    processes: int
    connections: int


def run_phase(seconds: float, world: World, server: Server, *, is_bad: bool) -> Phase:
    """Both customers at work for so long."""
    phase, stop, calls = Phase(), Event(), BAD_CALLS if is_bad else GOOD_CALLS
    with ThreadPoolExecutor(OTHERS + NEIGHBOURS) as pool:
        work = [pool.submit(be_another_customer, world, server, phase, stop) for _ in range(OTHERS)]
        work += [pool.submit(be_the_neighbour, server, phase, stop, calls) for _ in range(NEIGHBOURS)]
        stop.wait(seconds)
        stop.set()
        for each in work:
            each.result()
    return phase


def be_another_customer(world: World, server: Server, phase: Phase, stop: Event) -> None:
    """Read and write as the admin of globex, and check each answer."""
    headers = {"Authorization": f"Bearer {world.tokens['globex-admin']}", "Content-Type": "application/json"}
    bodies = [json.dumps({"query": query}) for query in READS for _ in range(3)]
    bodies.append(json.dumps({"query": WRITE, "variables": {"plugin": "ticker"}}))
    connection = HTTPConnection(server.host, server.port, timeout=TIMEOUT_SECONDS)
    for body in cycle(bodies):
        if stop.wait(OTHERS_PAUSE_SECONDS):
            break
        began, fault = perf_counter(), ""
        try:
            connection.request("POST", "/graphql/globex/", body, headers)
            response = connection.getresponse()
            answer = response.read().decode()
            if response.status != 200 or '"errors"' in answer or '"code"' in answer:
                fault = f"{response.status} {answer[:300]}"
        except (HTTPException, OSError) as error:
            fault = repr(error)
            connection.close()
        with phase.lock:
            phase.seconds.append(perf_counter() - began)
            phase.faults.update([fault] if fault else [])
    connection.close()


def be_the_neighbour(server: Server, phase: Phase, stop: Event, calls: tuple[str, ...]) -> None:
    """Call plugins as the operator of acme; whatever comes of it."""
    client = Client(server.url)
    client.sign_in("acme-operator", PASSWORD)
    for call in cycle(calls):
        if stop.wait(NEIGHBOURS_PAUSE_SECONDS):
            return
        with suppress(HTTPException, OSError):  # what the plugin's own customer gets is of no interest here
            if call.startswith("/"):
                look_at_page(client, server, call)
            else:
                client.post_graphql(call, path="/graphql/acme/")
        with phase.lock:
            phase.calls += 1


def look_at_page(client: Client, server: Server, path: str) -> None:
    """The beginning of the page, and no more: a reader who leaves."""
    connection = HTTPConnection(server.host, server.port, timeout=TIMEOUT_SECONDS)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies)
    try:
        connection.request("GET", path, headers={"Cookie": cookies})
        connection.getresponse().read(PIECE_BYTES)
    finally:
        connection.close()


def size_of(world: World, server: Server) -> Size:
    """What the server's process and those that it started use now."""
    assert server.process is not None  # noqa: S101 - it was started here
    sizes = [found for process in family_of(server.process.pid) if (found := _size_of_one(process)) is not None]
    kib, threads, files = (sum(column) for column in zip(*sizes, strict=True))
    connections = count_connections(world.environment.get("DATABASE_URL"))
    return Size(kib=kib, threads=threads, files=files, processes=len(sizes), connections=connections)


def count_connections(database_url: str | None) -> int:
    """How many others are connected to the database; 0 on SQLite."""
    if database_url is None:
        return 0
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(database_url) as connection:
        ((count,),) = connection.execute(query).fetchall()
    return int(count)


def _size_of_one(process: int) -> tuple[int, int, int] | None:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        files = len(list(Path(f"/proc/{process}/fd").iterdir()))
    except OSError:
        return None  # It has ended meanwhile.
    return int(status.get("VmRSS", "0 kB").split()[0]), int(status["Threads"]), files


def prepare(world: World, server: Server) -> None:
    """All of the bad plugins are on for acme, whatever their hooks say, and withheld from globex."""
    root = StreamClient(server, world.tokens["root"])
    for plugin in ("shelf", "ticker"):
        root.mutate("enablePlugin", plugin=plugin, availability="OFFERED")
        root.mutate("enableCustomerPlugin", customer="acme", plugin=plugin)
    root.mutate("enableCustomerPlugin", customer="globex", plugin="shelf")
    for plugin in BAD:
        root.mutate("setPluginAvailability", customer="globex", plugin=plugin, availability="WITHHELD")
        root.mutate("enablePlugin", plugin=plugin, availability="DEFAULT_ON")


def find_ineffective(world: World, server: Server) -> list[str]:
    """The bad plugins that acme does not have (any more): they would prove nothing."""
    root = StreamClient(server, world.tokens["root"])
    query = 'query($plugin: String!) { customerPluginConfig(customer: "acme", plugin: $plugin) { effective } }'
    answers = {plugin: root.run(query, None, plugin=plugin) for plugin in BAD}
    return [name for name, answer in answers.items() if not answer["data"]["customerPluginConfig"]["effective"]]


def measure(world: World, server: Server, *, seconds: float, rounds: int) -> tuple[Phase, Phase, list[Size]]:
    """Everything of the phases without the bad plugins, of those with them, and the server's size after each round."""
    prepare(world, server)
    # What every process keeps is there before it is measured.
    for is_bad in (True, False):
        run_phase(min(seconds, WARMING_SECONDS), world, server, is_bad=is_bad)
    both: dict[bool, list[Phase]] = {False: [], True: []}
    sizes = []
    for number in range(rounds):
        for is_bad in (True, False):
            phase = run_phase(seconds, world, server, is_bad=is_bad)
            both[is_bad].append(phase)
            print(
                f"round {number + 1}, {'bad' if is_bad else 'good'} neighbour: {len(phase.seconds)} answers, "
                f"p50 {1000 * phase.percentile(50):.0f} ms, p99 {1000 * phase.percentile(99):.0f} ms, "
                f"{phase.calls} calls of the neighbour, {phase.faults.total()} faults",
                flush=True,
            )
        # After the good phase: what a bad one has left behind for longer is what matters.
        sizes.append(size_of(world, server))
        print(sizes[-1], flush=True)
    return join(both[False]), join(both[True]), sizes


def join(phases: list[Phase]) -> Phase:
    found = Phase()
    for phase in phases:
        found.seconds += phase.seconds
        found.faults += phase.faults
        found.calls += phase.calls
    return found


def find_growth(sizes: list[Size]) -> list[str]:
    first, last = asdict(sizes[0]), asdict(sizes[-1])
    return [
        f"{name}: {first[name]} after the first round, {last[name]} after the last"
        for name in first
        if last[name] > MOST_GROWTH * first[name]
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    seconds, began = 60 * wanted.minutes / (2 * wanted.rounds), monotonic()
    with tempfile.TemporaryDirectory() as folder, make_world(Path(folder), bad=BAD) as world:
        # None of them is paused, or nothing would be left to be seen.
        environment = world.environment | {"WEBNET_PAUSE_AFTER_FAILURES": "1000000"}
        with serve_production(world.data_dir, workers=WORKERS, **environment) as server:
            good, bad, sizes = measure(world, server, seconds=seconds, rounds=wanted.rounds)
            ineffective = find_ineffective(world, server)
    slower, growth = bad.percentile(99) / good.percentile(99), find_growth(sizes)
    for fault, times in (good.faults + bad.faults).most_common(5):
        print(f"{times} times: {fault}")
    for each in (*growth, *(f"'{name}' was not effective in the end" for name in ineffective)):
        print(each)
    print(f"{monotonic() - began:.0f} s; p99 with the bad plugins is {slower:.2f} times that without")
    is_good = slower <= MOST_SLOWER and not (growth or ineffective or good.faults or bad.faults)
    print("good" if is_good else f"NOT GOOD: at most {MOST_SLOWER} times, {MOST_GROWTH} times the size, and no faults")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
