"""Kills a command that switches a plugin for many customers, again and again in the middle, and continues it.

A program of its own, so that it can fork: `test_killed_batches` starts it on the tests' database. It prints a line of
JSON at the end.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from itertools import count, islice

import django

from tests.plugins.killing import check_chains

CHUNK_SIZE = 10


def main(listed: str, kills: int, seed: int) -> None:
    """Enable the plugin for the customers in the file, and disable it again; each is killed so many times."""
    from tests.plugins.test_batches import plugin
    from webnet.plugins.management import switch_command
    from webnet.plugins.registry import PluginRegistry, registry

    fresh = PluginRegistry()
    fresh.register(plugin("idle"))
    registry._entries = fresh._entries
    switch_command.CHUNK_SIZE = CHUNK_SIZE
    chance, report = random.Random(seed), {"kills": 0, "continued": 0, "totals": []}  # noqa: S311 - nothing secret
    for command in ("enable_plugin", "disable_plugin"):
        for number in range(kills):
            # By turns from outside, wherever it then is, and where a chunk is written but for its audit rows.
            where = {"in_chunk": number} if number % 2 else {"lines": chance.randrange(1, 3 * CHUNK_SIZE)}
            ended = run(command, listed, **where)
            report["kills"] += not ended
            report["continued"] += check_rows(command.partition("_")[0])
        report["totals"] += [run(command, listed), run(command, listed)]
    print(json.dumps(report | check_chains()))  # noqa: T201 - the test reads it


def run(command: str, listed: str, *, lines: int | None = None, in_chunk: int | None = None) -> str:
    """Its last line; empty if it was killed, once it had printed so many lines, or in the middle of that chunk.

    Always in a fork, since tqdm has a lock that forks share, and that a killed one may hold.
    """
    from django.core.management import call_command
    from django.db import connections

    connections.close_all()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        if in_chunk is not None:
            kill_in_chunk(in_chunk)
        try:
            with os.fdopen(writing, "w", buffering=1) as out:
                call_command(command, "idle", "--customers-from", listed, stdout=out, no_color=True)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        printed = list(told if lines is None else islice(told, lines))
        if lines is not None:
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return "" if os.WIFSIGNALED(status) else printed[-1].strip()


def kill_in_chunk(number: int) -> None:
    """Have this process kill itself in the transaction of that chunk of those that change something."""
    from webnet.audit import log as audit_log

    append, chunks = audit_log.record_all, count()

    def append_or_die(entries) -> None:
        if next(chunks) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        append(entries)

    audit_log.record_all = append_or_die


def check_rows(verb: str) -> bool:
    """Each customer is as its last audit row says, and has one row of the command at most; whether some are left."""
    from webnet.audit.models import Generation, PluginAuditLog
    from webnet.plugins.models import CustomerPluginConfig

    enabled = dict(CustomerPluginConfig.objects.values_list("customer", "enabled"))
    counters = dict(Generation.objects.values_list("customer", "counter"))
    rows: dict[int, list[bool]] = {}
    for row in PluginAuditLog.objects.filter(plugin_name="idle", customer_id__isnull=False).order_by("position"):
        rows.setdefault(row.customer_id, []).append(row.after["enabled"])
    for customer, counter in counters.items():
        found = rows.get(customer, []) if customer is not None else []
        expected = [True, False][: len(found)]
        if customer is not None and (found != expected or counter != len(found)):
            raise AssertionError(f"{customer}: {found}, changed {counter} times")
        if (enabled.get(customer) if found else None) is not (found[-1] if found else None):
            raise AssertionError(f"{customer}: {found}, and enabled is {enabled.get(customer)}")
    done = sum(len(found) == (1 if verb == "enable" else 2) for found in rows.values())
    return 0 < done < len(counters) - 1


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1], kills=int(sys.argv[2]), seed=int(sys.argv[3]))
