"""Whether each page of the console is about as fast as the same data by GraphQL.

    python benchmarks/console_pages.py [--customers 500] [--rows 20000] [--rounds 15]

Each page is asked for by an operator of the platform, and so are the same data over `/graphql/`, in turns; the medians
are compared. The data are the documents that the page says it ran, and what its frame shows as well: who is signed in,
the customers to switch to, and what plugins add to the menu. Fails when a page takes over three times as long. The last
figure of a line is for the page's own documents alone. Nothing is promised of it: some take less than any frame does.

Answers that are kept for the plugins' state are forgotten before each turn, so that both sides read the data. As in
production, WEBNET_DEBUG is 0: otherwise Django notes each statement. The database is that of TEST_DATABASE, as for the
tests.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.databases import make_database
from tests.servers import ROOT

MOST_TIMES = 3.0
LIMIT_SECONDS = 1_800
PLUGINS = "hello_world,device_inventory,site_map,reachability"
# What a frame shows beside the page's own documents: one customer more than there are in the list to switch to.
FRAME = """query Frame {
  viewer { user { username } isPlatformOperator }
  customers(first: 21) { nodes { slug name isActive } }
  navigationItems { label url }
}"""
# What completes an address; one that needs anything else is about a single row, and left out.
ARGUMENTS = {"customer": "customer-00001", "plugin": "site_map"}


def measure(customers: int, rows: int, *, rounds: int) -> dict[str, list[float]]:
    """In the child: for each page its milliseconds, those of its documents, and those of its frame's data."""
    from benchmarks.django_process import set_up_django

    set_up_django()
    from django.test import Client
    from django.test.utils import setup_test_environment, teardown_test_environment

    from tests.factories import make_operator, make_token
    from webnet.accounts.authentication import SESSION_BACKEND

    fill_database(customers, rows)
    operator = make_operator("reader")
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(operator, backend=SESSION_BACKEND)
    api = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {make_token(operator)}"})
    setup_test_environment()  # for what the templates were given; it makes them slower
    pages = {address: read_operations(browser, address) for address in list_addresses()}
    teardown_test_environment()
    found = {}
    for address, sent in pages.items():
        if sent:
            frame = [(sent[0][0], json.dumps({"query": FRAME}))]
            taken = [
                (time_page(browser, address), time_documents(api, sent), time_documents(api, frame))
                for _ in range(rounds + 1)
            ][1:]
            found[address] = [median(each) for each in zip(*taken, strict=True)]
    return found


def fill_database(customers: int, rows: int) -> None:
    """All plugins enabled for everybody, so many customers, and so many rows of the log."""
    from django.core.management import call_command

    from benchmarks.audit_rows import Cast, fill
    from benchmarks.bench.made_data import make_customers, make_users
    from webnet.customers.access import Actor
    from webnet.plugins.manager import manager
    from webnet.plugins.models import Availability

    call_command("migrate", verbosity=0)
    manager.sync(actor=Actor.system("benchmark"))
    for name in PLUGINS.split(","):
        manager.enable(
            name, actor=Actor.system("benchmark"), availability=Availability.DEFAULT_ON, with_dependencies=True
        )
    made = make_customers(customers)
    fill(rows, Cast(customers=[None, *made], plugins=PLUGINS.split(","), actors=make_users()))


def list_addresses() -> list[str]:
    """Those of the console's pages whose arguments are known."""
    from django.urls import reverse

    from webnet.console.urls import urlpatterns

    found = []
    for pattern in urlpatterns:
        needed = pattern.pattern.converters
        if pattern.name and set(needed) <= set(ARGUMENTS):
            found.append(reverse(pattern.name, kwargs={name: ARGUMENTS[name] for name in needed}))
    return found


def read_operations(browser: Any, address: str) -> list[tuple[str, str]]:
    """(address, body) of what the page runs; empty for what is no page, or runs nothing."""
    response = browser.get(address)
    frame = response.context and response.context.get("frame")
    if response.status_code != 200 or frame is None:
        return []
    return [
        (
            f"/graphql/{each.customer}/" if each.customer else "/graphql/",
            json.dumps({"query": each.document, "variables": each.variables}),
        )
        for each in frame.operations
    ]


def time_page(browser: Any, address: str) -> float:
    forget_answers()
    started = perf_counter()
    browser.get(address)
    return (perf_counter() - started) * 1_000


def time_documents(api: Any, sent: list[tuple[str, str]]) -> float:
    forget_answers()
    started = perf_counter()
    for address, body in sent:
        answer = api.post(address, body, content_type="application/json")
        assert b'"errors"' not in answer.content, answer.content  # noqa: S101 - what is measured is a good answer
    return (perf_counter() - started) * 1_000


def forget_answers() -> None:
    from webnet.api.http.kept_answers import kept_answers

    kept_answers.clear()


def judge(address: str, page: float, documents: float, frame: float) -> bool:
    """Print the figures of one page, and whether they are as promised."""
    data = documents + frame
    print(
        f"{address:60} page {page:6.1f} ms, data {data:6.1f} ms ({page / data:.2f}),"
        f" documents {documents:6.1f} ms ({page / documents:.2f})"
    )
    return page <= data * MOST_TIMES


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--rows", type=int, default=20_000, help="how long the audit log is")
    parser.add_argument("--rounds", type=int, default=15, help="how often each page is asked for")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.measure:
        print(json.dumps(measure(wanted.customers, wanted.rows, rounds=wanted.rounds)))
        return 0
    figures = measure_in_child(wanted)
    found = [judge(address, *each) for address, each in figures.items()]
    print(
        "good"
        if all(found)
        else f"NOT GOOD: a page takes at most {MOST_TIMES} times what the same data take by GraphQL"
    )
    return 0 if all(found) else 1


def measure_in_child(wanted: argparse.Namespace) -> dict[str, list[float]]:
    """The figures, from an interpreter of its own."""
    arguments = ["--customers", str(wanted.customers), "--rows", str(wanted.rows), "--rounds", str(wanted.rounds)]
    with tempfile.TemporaryDirectory() as folder, make_database() as database:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEBNET_")}
        environment = inherited | {
            "DATABASE_URL": f"sqlite:///{folder}/benchmark.sqlite3",
            **database,
            "DJANGO_SETTINGS_MODULE": "webnet.settings",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "examples")]),
            "WEBNET_DATA_DIR": folder,
            "WEBNET_ALLOWED_HOSTS": "localhost",
            "WEBNET_HTTPS": "0",
            "WEBNET_PLUGINS": PLUGINS,
            "WEBNET_SECRET_KEY": "for-a-benchmark",
            # A fast machine asks for more in a minute than one token may.
            **{f"WEBNET_{each}_POINTS_PER_MINUTE": "0" for each in ("ADDRESS", "TOKEN", "USER")},
        }
        done = subprocess.run(
            [sys.executable, __file__, "--measure", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=LIMIT_SECONDS,
            check=True,
        )
    figures: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
