"""Changes settings and rotates their keys in two child processes, and kills both at a random moment, over and over.

A program of its own, so that it can fork: `test_killed_settings` starts it on the tests' database. After every kill it
looks at what is stored; it prints a line of JSON at the end, and fails at the first thing that is wrong.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import django
from cryptography.fernet import Fernet

from webnet.plugins.base import PluginBase

LONGEST_WAIT_SECONDS = 0.06
# A rotation may be over before it is killed, so it takes more rounds than kills; but not for ever.
ROUNDS_PER_KILL = 10


class Sealed(PluginBase):
    name = "sealed"
    version = "1.0"

    def get_settings_schema(self) -> dict[str, Any]:
        secret = {"type": "string", "writeOnly": True}
        return {
            "additionalProperties": False,
            "properties": {
                "count": {"type": "integer"},
                "key": secret,
                "names": {"type": "object", "additionalProperties": secret},
            },
        }


def main(kills: int, seed: int) -> None:
    """Goes on until each of the two was killed so many times at work."""
    from django.conf import settings

    chance = random.Random(seed)  # noqa: S311 - nothing secret
    settings.WEBNET_SETTINGS_KEYS = [Fernet.generate_key().decode()]
    begin()
    killed = {"updates": 0, "rotations": 0}
    for number in range(kills * ROUNDS_PER_KILL):
        if min(killed.values()) >= kills:
            break
        if len(settings.WEBNET_SETTINGS_KEYS) == 1:
            settings.WEBNET_SETTINGS_KEYS = [Fernet.generate_key().decode(), *settings.WEBNET_SETTINGS_KEYS]
        updating = start(partial(update, random.Random(number)))  # noqa: S311 - nothing secret
        rotating = start(rotate)
        time.sleep(chance.uniform(0, LONGEST_WAIT_SECONDS))
        killed["updates"] += kill(updating)
        killed["rotations"] += kill(rotating)
        check_secrets()
        if is_rotated():
            settings.WEBNET_SETTINGS_KEYS = settings.WEBNET_SETTINGS_KEYS[:1]
            check_secrets()
    rotate(lambda: None)
    settings.WEBNET_SETTINGS_KEYS = settings.WEBNET_SETTINGS_KEYS[:1]
    check_secrets()
    print(json.dumps(killed | check_chains()))  # noqa: T201 - the test reads it


def begin() -> None:
    """Register the plugin and give every layer its first secrets."""
    from webnet.customers.models import Customer
    from webnet.plugins.registry import PluginRegistry, registry
    from webnet.plugins.settings import key_rotation

    fresh = PluginRegistry()
    fresh.register(Sealed())
    registry._entries = fresh._entries
    key_rotation.BATCH_SIZE = 1
    for slug in (None, *Customer.objects.values_list("slug", flat=True)):
        write(slug, 0)


def write(slug: str | None, number: int) -> None:
    """One update; its parts belong together, so that half of one would be seen."""
    from webnet.customers.access import Actor
    from webnet.plugins.manager import manager

    patch = {"count": number, "key": f"{slug} {number}", "names": {"a/b": f"{slug} {number}"}}
    manager.update_settings("sealed", actor=Actor.system("tests"), customer=slug, patch=patch)


def update(chance: random.Random, say_ready: Callable[[], None]) -> None:
    from webnet.customers.models import Customer

    slugs = [None, *Customer.objects.values_list("slug", flat=True)]
    write(chance.choice(slugs), chance.randrange(1_000_000))
    say_ready()
    while True:
        write(chance.choice(slugs), chance.randrange(1_000_000))


def rotate(say_ready: Callable[[], None]) -> None:
    from django.db import connection

    from webnet.customers.access import Actor
    from webnet.plugins.manager import manager

    connection.ensure_connection()
    say_ready()
    manager.rotate_settings_keys(actor=Actor.system("tests"))


def start(work: Callable[[Callable[[], None]], None]) -> int:
    """Fork; returns once the child says that it is at work, so that it is killed there and not on the way."""
    from django.db import connections

    connections.close_all()
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        try:
            work(lambda: os.close(tell))
        finally:
            os._exit(0)
    os.close(tell)
    os.read(told, 1)
    os.close(told)
    return child


def kill(child: int) -> bool:
    """Whether it was killed at work; one that was done is no kill."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def check_secrets() -> None:
    """Every secret opens, and belongs to the plain value beside it."""
    from webnet.plugins.models import CustomerPluginConfig, PluginConfig
    from webnet.plugins.settings import layers

    row = PluginConfig.objects.get(name="sealed")
    configs = CustomerPluginConfig.objects.select_related("customer")
    for slug, layer in [(None, row), *((config.customer.slug, config) for config in configs)]:
        found = layers.open_layer(layer, plugin="sealed")
        value = f"{slug} {found['count']}"
        if found != {"count": found["count"], "key": value, "names": {"a/b": value}}:
            raise AssertionError(f"{slug}: {found}")


def is_rotated() -> bool:
    from webnet.plugins.models import CustomerPluginConfig, PluginConfig
    from webnet.plugins.settings.secrets import is_sealed_with_first_key

    stored = [row.secrets for row in (*PluginConfig.objects.all(), *CustomerPluginConfig.objects.all())]
    return all(is_sealed_with_first_key(each["sealed"]) for secrets in stored for each in secrets.values())


def check_chains() -> dict[str, int]:
    """Every chain is whole from its first row to its head, and positions have no gap."""
    from webnet.audit.log import chained_hash
    from webnet.audit.models import AuditHead, PluginAuditLog

    rows = list(PluginAuditLog.objects.order_by("position"))
    ends: dict[str, tuple[int, str]] = {"*": (len(rows), "")}
    for position, row in enumerate(rows, start=1):
        sequence, previous = ends.get(row.chain, (0, ""))
        if (row.position, row.sequence, row.hash) != (
            position,
            sequence + 1,
            chained_hash(previous=previous, text=row.text),
        ):
            raise AssertionError(f"The audit log is broken at {row}.")
        ends[row.chain] = (row.sequence, row.hash)
    heads = {head.chain: (head.sequence, head.hash) for head in AuditHead.objects.all()}
    if {chain: heads[chain] for chain in ends} != ends:
        raise AssertionError(f"The heads are {heads}, and the rows end at {ends}.")
    return {"rows": len(rows), "chains": len(ends) - 1}


if __name__ == "__main__":
    django.setup()
    main(kills=int(sys.argv[1]), seed=int(sys.argv[2]))
