"""Run in an installation: kills a process that changes plugin state at random, and checks each time what it left."""

from __future__ import annotations

import os
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from webnet.audit import log as audit_log
from webnet.audit.models import AuditHead, AuditOutcome, Generation, PluginAuditLog
from webnet.audit.operation import Operation
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.errors import Refusal
from webnet.plugins.gate.effective import customer_state
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.registry import registry

ME = Actor.system("tests")
# Each of these renews the platform's generation once, and each row in a customer's chain that customer's.
PLATFORM_ACTIONS = ("enable_plugin", "disable_plugin", "update_plugin_settings", "sync_plugins")


def kill_at_random_moments(count: int, *, seed: int, until_found: bool = False) -> dict[str, Any]:
    """Kill `count` processes one after the other; `found` says what did not agree after which kill."""
    moments, found = random.Random(seed), []  # noqa: S311 - moments, no secrets
    start = _count_changes()
    for number in range(count):
        status = _let_one_live(moments, seed=seed + number)
        if not os.WIFSIGNALED(status):
            found.append(f"kill {number}: the process had ended by itself")
        found += [f"kill {number}: {fault}" for fault in find_disagreements()]
        if found and until_found:
            break
    return {"found": found, "kills": number + 1, "changes": _count_changes() - start, "actions": _count_actions()}


def _let_one_live(moments: random.Random, *, seed: int) -> int:
    """Kill a new process at some moment of one of its first changes; returns how it ended.

    It tells through a pipe when it begins one, so that the moments are spread over a change on any machine.
    """
    connection.close()
    told, teller = os.pipe()
    child = os.fork()
    if child == 0:
        _change_for_ever(seed, teller)
    os.close(teller)
    began = time.monotonic()
    for _ in range(moments.randint(2, 4)):
        before, began = began, time.monotonic() if os.read(told, 1) else began
    time.sleep(moments.uniform(0, began - before))  # up to as long as the change before it took
    os.kill(child, signal.SIGKILL)
    os.close(told)
    return os.waitpid(child, 0)[1]


def record_after_the_commit() -> None:
    """The guard taken away: the change and its audit row are two transactions."""

    @contextmanager
    def two_transactions(self: Operation) -> Iterator[None]:
        self._own, self._others = None, []
        with transaction.atomic():
            yield
        with transaction.atomic():
            if self.has_changed:
                self._write_changes()

    Operation.transaction = two_transactions


def find_disagreements() -> list[str]:
    """What does not agree with the audit log, in one snapshot of the database."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        rows = list(PluginAuditLog.objects.order_by("position"))
        faults = [*_check_chains(rows), *_check_state(rows), *_check_generations(rows)]
    return [*faults, *_check_gate()]


def _change_for_ever(seed: int, teller: int) -> None:
    """The process that is killed; it ends by itself only when something raises that is no refusal."""
    choices = random.Random(seed)  # noqa: S311 - moments and choices, no secrets
    try:
        while True:
            customer, patch = choices.choice([None, "acme"]), {"limit": choices.randrange(1_000), "key": "k"}
            os.write(teller, b".")
            with suppress(Refusal):
                _change(choices.choice(["enable", "disable", "update", "sync"]), customer, patch)
    finally:
        traceback.print_exc()
        os._exit(3)


def _change(what: str, customer: str | None, patch: dict[str, Any]) -> None:
    match what:
        case "enable":
            manager.enable("shelf", actor=ME, customer=customer)
        case "disable":
            manager.disable("shelf", actor=ME, customer=customer)
        case "update":
            manager.update_settings("shelf", actor=ME, customer=customer, patch=patch)
        case "sync":
            _install_next_version()
            manager.sync(actor=ME)


def _install_next_version() -> None:
    """Have this process load the plugin again, so that the sync has an upgrade to take."""
    version = f"1.{int(PluginConfig.objects.get().version.partition('.')[2]) + 1}"
    entry = registry.get("shelf")
    manifest = replace(entry.manifest, version=version)
    registry._put(replace(entry, identity=manifest, manifest=manifest))


def _check_chains(rows: list[PluginAuditLog]) -> list[str]:
    faults = [] if [row.position for row in rows] == list(range(1, len(rows) + 1)) else ["positions have gaps"]
    last: dict[str, tuple[int, str]] = {audit_log.POSITION_HEAD: (len(rows), "")}
    for row in rows:
        sequence, previous = last.get(row.chain, (0, ""))
        is_sound = row.sequence == sequence + 1 and row.text == audit_log.hashed_text(row)
        if not is_sound or row.hash != audit_log.chained_hash(previous=previous, text=row.text):
            faults.append(f"row {row.position} breaks its chain")
        last[row.chain] = (row.sequence, row.hash)
    heads = {head.chain: (head.sequence, head.hash) for head in AuditHead.objects.all()}
    return faults if heads == last else [*faults, f"the heads are {heads}, and the chains end in {last}"]


def _check_state(rows: list[PluginAuditLog]) -> list[str]:
    """What each row of state says must be what the last audit row about it says."""
    told: dict[tuple[str, str], Any] = {}
    for row in rows:
        if row.outcome == AuditOutcome.SUCCEEDED and row.plugin_name:
            told[row.customer_slug, _kind_of(row.action)] = row.after
    plugin, choice = PluginConfig.objects.get(), CustomerPluginConfig.objects.filter(customer__slug="acme").first()
    faults, version = [], told.get(("", "version"), {"version": "1.0"})["version"]
    if plugin.version != version:
        faults.append(f"the version is {plugin.version}, and the log says {version}")
    for slug, layer in (("", plugin), ("acme", choice)):
        switch, settings = told.get((slug, "switch")), told.get((slug, "settings"))
        if switch and layer.enabled is not switch["enabled"]:
            faults.append(f"'{slug}' is {layer.enabled}, and the log says {switch}")
        if settings and [layer.settings_revision, layer.settings] != [settings["revision"], settings["settings"]]:
            faults.append(f"the settings of '{slug}' are {layer.settings}, and the log says {settings}")
    from shelf.models import Book

    if Book.objects.count() != int(plugin.enabled):
        faults.append(f"on_enable left {Book.objects.count()} books, and enabled is {plugin.enabled}")
    return faults


def _kind_of(action: str) -> str:
    if action == "upgrade_plugin":
        return "version"
    return "settings" if action.endswith("_settings") else "switch"


def _check_generations(rows: list[PluginAuditLog]) -> list[str]:
    done = [row for row in rows if row.outcome == AuditOutcome.SUCCEEDED]
    expected = {
        None: sum(row.customer_id is None and row.action in PLATFORM_ACTIONS for row in done),
        "acme": sum(row.customer_id is not None and row.action != "create_customer" for row in done),
    }
    counted = dict(Generation.objects.values_list("customer__slug", "counter"))
    return [] if counted == expected else [f"the generations count {counted}, and the log {expected}"]


def _check_gate() -> list[str]:
    """What this process derives, with what it has kept from before the kill, is what the rows say."""
    customer = Customer.objects.select_related("generation").get()
    is_on = PluginConfig.objects.filter(
        Q(enabled=True), Q(customer_configs__customer=customer, customer_configs__enabled=True)
    ).exists()
    return [] if ("shelf" in customer_state(customer).effective) is is_on else ["the gate says what was before"]


def _count_changes() -> int:
    return PluginAuditLog.objects.filter(outcome=AuditOutcome.SUCCEEDED).count()


def _count_actions() -> dict[str, int]:
    done = PluginAuditLog.objects.filter(outcome=AuditOutcome.SUCCEEDED)
    return dict(Counter(done.values_list("action", flat=True)))
