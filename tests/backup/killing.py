"""Kills backups and restores at a random moment, over and over, and looks at what is there then.

A program of its own, so that it can fork, on a database of its own: `test_killed` starts it with how often it kills
each, and a seed. It prints a line of JSON at the end, and fails at the first thing that is wrong.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import django

CUSTOMERS = 40
# A child may be done before it is killed.
ROUNDS_PER_KILL = 10


def main(kills: int, seed: int) -> None:
    from django.conf import settings
    from django.core.management import call_command

    from tests.plugins.killing import check_chains

    call_command("migrate", verbosity=0)
    folder, chance = Path(settings.WEBNET_DATA_DIR), random.Random(seed)  # noqa: S311 - nothing secret
    create()
    mark("backup")
    back_up(folder / "first")
    killed = {"backups": 0, "restores": 0, "backups_done": 0, "restores_done": 0}
    longest = measure(partial(back_up, folder / "measured"))
    for number in range(kills * ROUNDS_PER_KILL):
        if killed["backups"] >= kills:
            break
        target = folder / f"backup-{number}"
        was_killed = run_and_kill(partial(back_up, target), chance.uniform(0, longest))
        killed["backups"] += was_killed
        killed["backups_done"] += check_backup(target)
    longest = measure(partial(restore, folder / "first"))
    for number in range(kills * ROUNDS_PER_KILL):
        if killed["restores"] >= kills:
            break
        mark(f"live {number}")
        was_killed = run_and_kill(partial(restore, folder / "first"), chance.uniform(0, longest))
        killed["restores"] += was_killed
        killed["restores_done"] += check_database(f"live {number}", folder / "first")
        for left in folder.glob("restore-*"):
            shutil.rmtree(left)
    restore(folder / "first")
    if not check_database("live", folder / "first"):
        raise AssertionError("A restore that was not killed has restored nothing.")
    print(json.dumps(killed | check_chains()))  # noqa: T201 - the test reads it


def create() -> None:
    from tests.factories import make_customer
    from webnet.plugins.models import CustomerPluginConfig, PluginConfig

    row = PluginConfig.objects.create(name="big", status="missing")
    configs = [CustomerPluginConfig(customer=make_customer(f"c{n:02}"), plugin=row) for n in range(CUSTOMERS)]
    CustomerPluginConfig.objects.bulk_create(configs)


def mark(text: str) -> None:
    """One audited change of a row of every customer; half of it, or half of a restored one, would be seen."""
    from webnet.audit.operation import Operation, audited
    from webnet.customers.access import Actor
    from webnet.customers.models import Customer
    from webnet.plugins.models import CustomerPluginConfig

    @audited
    def change(operation: Operation) -> None:
        Customer.objects.update(name=text)
        CustomerPluginConfig.objects.update(settings={"mark": text, "padding": "x" * 20_000})
        operation.record(after={"mark": text})

    change(Operation(actor=Actor.system("tests"), action="mark"))


def back_up(target: Path) -> None:
    from webnet.backup import backups
    from webnet.customers.access import Actor

    backups.make(target, actor=Actor.system("tests"), keys_file=None, reason="", progress=ignore)


def restore(source: Path) -> None:
    from webnet.backup import restores
    from webnet.customers.access import Actor

    plan = restores.plan(source, replaces=True, lacks_plugins=True, progress=ignore)
    restores.restore(plan, actor=Actor.system("tests"), accepts_faults=False, reason="", progress=ignore)


def ignore(step: str, done: int, total: int | None) -> None:
    pass


def measure(work: Callable[[], None]) -> float:
    """How long it takes in a child, in seconds."""
    begun = time.monotonic()
    if run_and_kill(work, None):
        raise AssertionError("It was not killed, and yet it failed.")
    return time.monotonic() - begun


def run_and_kill(work: Callable[[], None], after_seconds: float | None) -> bool:
    """Whether it was killed at work; one that was done is no kill."""
    import os

    from tests.plugins.killing import kill, start

    def run(say_ready: Callable[[], None]) -> None:
        say_ready()
        work()

    child = start(run)
    if after_seconds is None:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    time.sleep(after_seconds)
    return kill(child)


def check_backup(target: Path) -> bool:
    """Whether it is there; then it is whole."""
    from webnet.backup import manifest

    if target.exists():
        manifest.require_unchanged(manifest.read(target), target, ignore)
    return target.exists()


def check_database(live: str, source: Path) -> bool:
    """Whether it is that of the backup; either is complete, and its log is valid."""
    from tests.plugins.killing import check_chains
    from webnet.audit.models import Generation, PluginAuditLog
    from webnet.backup import manifest
    from webnet.customers.models import Customer
    from webnet.plugins.models import CustomerPluginConfig

    names = list(Customer.objects.values_list("name", flat=True))
    marks = {config.settings["mark"] for config in CustomerPluginConfig.objects.all()}
    if len(names) != CUSTOMERS or marks != set(names) or len(marks) != 1 or not marks <= {live, "backup"}:
        raise AssertionError(f"Half of it: {len(names)} customers, {set(names)}, {marks}.")
    check_chains()
    is_restored = marks == {"backup"}
    last = PluginAuditLog.objects.first()
    if is_restored != (last.action == "restore_backup"):
        raise AssertionError(f"The log ends with {last}, and the rows are those of {marks}.")
    known = {token for _, token in manifest.read(source).generations.values()}
    if known & set(Generation.objects.values_list("token", flat=True)):
        raise AssertionError("Generations of the backup came back.")
    return is_restored


if __name__ == "__main__":
    django.setup()
    main(kills=int(sys.argv[1]), seed=int(sys.argv[2]))
