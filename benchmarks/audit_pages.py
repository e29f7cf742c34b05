"""Whether pages of the audit log are as fast deep in it as at its end: each filter, by GraphQL, on a log of many rows.

    python benchmarks/audit_pages.py [--rows 1000000] [--rounds 15]

Fails when a deep page of any filter takes over 1.5 times what its first page takes; both are asked for in turns, and
the medians are compared. The database is that of TEST_DATABASE, as for the tests, or an existing one by DATABASE_URL
with --reuse, whose log is taken as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.databases import make_database
from tests.servers import ROOT

MOST_TIMES = 1.5
# A page of so few milliseconds more is as fast, however short the first one is.
NOTHING_MS = 2.0
LIMIT_SECONDS = 3_600
QUERY = """query($filter: PluginAuditLogFilter, $after: String) {
  pluginAuditLogs(filter: $filter, first: 50, after: $after) {
    edges { cursor node { id createdAt actorName action outcome pluginName reason } } pageInfo { hasNextPage } } }"""
FILTERS: dict[str, dict[str, Any]] = {
    "none": {},
    "customer": {"customer": ["customer-03"]},
    "customers": {"customer": ["customer-03", "customer-04"]},
    "platform": {"platform": True},
    "plugin": {"plugin": ["plugin_03"]},
    "plugins": {"plugin": ["plugin_03", "plugin_04"]},
    "actor": {"actor": ["actor-03"]},
    "action": {"action": ["set_member"]},
    "outcome": {"outcome": ["REFUSED"]},
    "error code": {"errorCode": ["PERMISSION_DENIED"]},
    "time": {"createdFrom": "2026-01-01T00:00:10Z", "createdUntil": "2036-01-01T00:00:00Z"},
    "plugin and outcome": {"plugin": ["plugin_03"], "outcome": ["REFUSED"]},
    "text": {"search": "ticket"},
}
# What operators of customers ask for, by name: the customers, and the filter.
OF_CUSTOMERS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "own text": (("customer-03",), {"search": "nowhere"}),
    "own text and plugin": (("customer-03",), {"search": "nowhere", "plugin": ["plugin_03"]}),
    "text of two": (("customer-03", "customer-04"), {"search": "nowhere"}),
}


def measure(rows: int, *, rounds: int, is_filled: bool) -> dict[str, list[float]]:
    """In the child: for each filter the milliseconds of its first page and of a deep one."""
    from benchmarks.django_process import set_up_django

    set_up_django()
    from django.core.management import call_command

    from benchmarks.audit_rows import fill
    from tests.factories import make_membership, make_operator, make_token, make_user
    from webnet.audit.models import PluginAuditLog
    from webnet.customers.models import Customer, Role, User

    call_command("migrate", verbosity=0)
    if not is_filled:
        fill(rows)
    analyze()
    User.objects.filter(username__startswith="reader").delete()
    ask = make_asker(make_token(make_operator("reader")))
    deep = PluginAuditLog.objects.order_by("position").values_list("position", flat=True)[200]
    found = {name: compare(ask, wanted, deep=deep, rounds=rounds) for name, wanted in FILTERS.items()}
    for name, (slugs, wanted) in OF_CUSTOMERS.items():
        reader = make_user(f"reader of {name}")
        for customer in Customer.objects.filter(slug__in=slugs):
            make_membership(reader, customer, Role.OPERATOR)
        found[name] = compare(make_asker(make_token(reader)), wanted, deep=deep, rounds=rounds)
    return found


def analyze() -> None:
    """What every database does by itself sooner or later; SQLite does not, so that nothing may depend on it there."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE plugins_pluginauditlog")


def make_asker(token: str) -> Callable[[dict[str, Any], str | None], tuple[float, int]]:
    """A function that asks for a page and tells (milliseconds, rows)."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {token}"})

    def ask(wanted: dict[str, Any], after: str | None) -> tuple[float, int]:
        body = json.dumps({"query": QUERY, "variables": {"filter": wanted, "after": after}})
        started = perf_counter()
        answer = client.post("/graphql/", body, content_type="application/json").json()
        taken = (perf_counter() - started) * 1000
        assert "errors" not in answer, answer  # noqa: S101 - what is measured is a good answer
        return taken, len(answer["data"]["pluginAuditLogs"]["edges"])

    return ask


def compare(
    ask: Callable[[dict[str, Any], str | None], tuple[float, int]], wanted: dict[str, Any], *, deep: int, rounds: int
) -> list[float]:
    """[milliseconds of the first page, of the deep one, rows of the deep one], asked for in turns."""
    from webnet.api.paging.keyset import write_cursor
    from webnet.api.resolvers import orders
    from webnet.audit.models import PluginAuditLog

    cursor = write_cursor(orders.AUDIT_LOGS, PluginAuditLog.objects.get(position=deep), view="")
    ask(wanted, None), ask(wanted, cursor)
    firsts, deeps = zip(*((ask(wanted, None), ask(wanted, cursor)) for _ in range(rounds)), strict=True)
    return [median(taken for taken, _ in firsts), median(taken for taken, _ in deeps), deeps[-1][1]]


def judge(name: str, first: float, deep: float, rows: float) -> bool:
    """Print the figures of one filter, and whether they are as promised."""
    is_good = deep <= max(first * MOST_TIMES, first + NOTHING_MS)
    print(f"{name:20} first {first:7.1f} ms, deep {deep:7.1f} ms ({deep / first:.2f}, {rows:.0f} rows)")
    return is_good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="how long the log is")
    parser.add_argument("--rounds", type=int, default=15, help="how often each page is asked for")
    parser.add_argument("--reuse", action="store_true", help="measure the log in DATABASE_URL instead of filling one")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.measure:
        print(json.dumps(measure(wanted.rows, rounds=wanted.rounds, is_filled=wanted.reuse)))
        return 0
    figures = measure_in_child(wanted)
    found = [judge(name, *each) for name, each in figures.items()]
    print("good" if all(found) else f"NOT GOOD: a deep page takes at most {MOST_TIMES} times what the first takes")
    return 0 if all(found) else 1


def measure_in_child(wanted: argparse.Namespace) -> dict[str, list[float]]:
    """The figures, from an interpreter of its own."""
    arguments = ["--measure", "--rows", str(wanted.rows), "--rounds", str(wanted.rounds)]
    with tempfile.TemporaryDirectory() as folder, make_database() as database:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEBNET_")}
        if not wanted.reuse:
            inherited |= {"DATABASE_URL": f"sqlite:///{folder}/benchmark.sqlite3", **database}
        environment = inherited | {
            "DJANGO_SETTINGS_MODULE": "webnet.settings",
            "PYTHONPATH": str(ROOT),
            "WEBNET_DATA_DIR": folder,
            "WEBNET_DEBUG": "1",
            "WEBNET_PLUGINS": "",
            "WEBNET_SECRET_KEY": "for-a-benchmark",
        }
        command = [sys.executable, __file__, *arguments, *(["--reuse"] if wanted.reuse else [])]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS, check=True
        )
    figures: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
