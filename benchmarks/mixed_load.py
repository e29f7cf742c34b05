"""Ten minutes of everything at once: two workers, 50 customers that read and change, and 200 event streams.

    python benchmarks/mixed_load.py [--minutes 10] [--customers 50] [--streams 200] [--workers 2]

Each customer's operator makes one change after the other, numbered: a plugin off, on again, a new setting. From the
answer on, whoever asks must be shown that change or a later one, on any connection, by the customer's schema, its
plugins, its settings and its audit log, and each of its streams must get all changes in order. Beside that the
customers list and create devices and look at pages, and a platform operator looks at all of them. Fails when an answer
has an error or is stale, an event is lost, doubled or later than 10 s, the log has an error, or memory rises. On Linux;
the database is the one of TEST_DATABASE, as for the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from time import monotonic

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.customers_at_work import Customer, Work
from benchmarks.processes import family_of
from tests.databases import make_database
from tests.servers import ROOT, Server, run_command, serve_production

SAMPLE_SECONDS = 0.5
# From the second quarter of the time to the last one; the first is for what every process keeps.
MOST_GROWTH = 1.05
ENVIRONMENT = {
    "WEBNET_PLUGINS": "shelf,device_inventory",
    "PYTHONPATH": str(ROOT / "tests" / "sample_plugins"),
    "WEBNET_SECRET_KEY": "mixed-load-with-the-settings-of-a-real-installation",
    "WEBNET_DEBUG": "0",
    "WEBNET_HTTPS": "0",
    "WEBNET_ALLOWED_HOSTS": "127.0.0.1",
}
PREPARE = """
import json
from django.core.management import call_command as call
call("migrate", verbosity=0)
call("sync_plugins", verbosity=0)
from tests.factories import actor_for
from webnet.accounts import customers, members, tokens, users
from webnet.customers.access import Actor
from webnet.customers.models import Role, User
system = Actor.system("tests")
User.objects.create(username="root", is_superuser=True)
for plugin in ("shelf", "device_inventory"):
    call("enable_plugin", plugin, availability="default_on", verbosity=0)
for slug in SLUGS:
    customers.create(actor=system, slug=slug, name=slug)
    for role in (Role.OPERATOR, Role.VIEWER):
        users.create(actor=system, username=f"{slug}-{role.value}")
        members.set(actor=system, customer=slug, username=f"{slug}-{role.value}", role=role)
found = {user.username: tokens.create(actor=actor_for(user), name="tests").secret for user in User.objects.all()}
print("TOKENS", json.dumps(found))
"""


@contextmanager
def make_server(folder: Path, *, slugs: list[str], workers: int) -> Iterator[tuple[Server, dict[str, str]]]:
    """webnet in production with these customers, and everybody's token."""
    with make_database() as database:
        environment = ENVIRONMENT | database
        code = PREPARE.replace("SLUGS", repr(slugs))
        done = run_command("shell", "-v0", "-c", code, data_dir=folder, **environment)
        if done.returncode:
            raise RuntimeError(done.stderr)
        tokens = json.loads(done.stdout.split("TOKENS ")[1].splitlines()[0])
        with serve_production(folder, workers=workers, **environment) as server:
            yield server, tokens


async def measure(work: Work, *, seconds: float, streams: int) -> list[int]:
    """Warm up, open the streams, let everybody work for so long; returns the server's memory again and again."""
    print(f"warming up with {len(work.customers)} customers ...", flush=True)
    await work.warm_up()
    following = await work.open_streams(streams)
    sampling = asyncio.create_task(sample(work, seconds))
    await work.run(seconds)
    await work.end_streams(following)
    return await sampling


async def sample(work: Work, seconds: float) -> list[int]:
    """KiB of the server's processes together, with the progress of the work."""
    found: list[int] = []
    began = monotonic()
    with tqdm(total=round(seconds), unit="s", mininterval=5.0, smoothing=0.0) as bar:
        while (passed := monotonic() - began) < seconds:
            await asyncio.sleep(SAMPLE_SECONDS)
            found.append(resident_kib(work.server))
            read_log(work)
            state = f"{work.answers} answers, {found[-1] // 1024} MiB, {work.faults.total()} faults"
            bar.set_postfix_str(state, refresh=False)
            bar.update(min(round(seconds), round(passed)) - bar.n)
    return found


def resident_kib(server: Server) -> int:
    """The memory of the server's process and all that it started."""
    if server.process is None:
        raise RuntimeError("This server has no process.")
    kib = 0
    for process in family_of(server.process.pid):
        with suppress(OSError):  # It has ended meanwhile.
            status = Path(f"/proc/{process}/status").read_text()
            kib += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return kib


def read_log(work: Work) -> None:
    """Read what the server has logged until now: an error there is a fault, whatever was answered."""
    with suppress(Empty):
        while (line := work.server.lines.get_nowait()) is not None:
            if '"level": "ERROR"' in line or '"level":"ERROR"' in line or "Traceback" in line:
                work.fault(f"log: {line[:300]}")


def find_growth(samples: list[int]) -> float:
    """How much the memory of the last quarter is of that of the second one, by their medians."""
    quarter = max(1, len(samples) // 4)
    return statistics.median(samples[-quarter:]) / statistics.median(samples[quarter : 2 * quarter])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--customers", type=int, default=50)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args()
    customers = [Customer(f"customer-{number}") for number in range(wanted.customers)]
    slugs = [customer.slug for customer in customers]
    with (
        tempfile.TemporaryDirectory() as folder,
        make_server(Path(folder), slugs=slugs, workers=wanted.workers) as (server, tokens),
    ):
        work = Work(server=server, tokens=tokens, customers=customers)
        samples = asyncio.run(measure(work, seconds=60 * wanted.minutes, streams=wanted.streams))
        read_log(work)
    for line in work.table():
        print(line)
    changes = sum(customer.answered for customer in customers)
    print(f"{work.answers} answers, {changes} changes, {work.events} events on {wanted.streams} streams")
    for fault, times in work.faults.most_common(10):
        print(f"{times} times: {fault}")
    growth = find_growth(samples)
    print(f"memory: {samples[0] // 1024} MiB at first, {samples[-1] // 1024} MiB at last; {growth:.3f} times")
    is_good = not work.faults and growth <= MOST_GROWTH
    print("good" if is_good else f"NOT GOOD: no faults, and at most {MOST_GROWTH} times the memory")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
