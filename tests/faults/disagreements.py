"""Finds what does not agree with the audit log: plugins, customers, members, tokens, secrets and backups."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from django.db import connection, transaction

from tests.faults import mixed_writes
from tests.plugins.audit_logs import find_faults
from webnet.audit.models import AuditOutcome, PluginAuditLog
from webnet.backup import restores
from webnet.backup.errors import BackupError
from webnet.customers.models import ApiToken, Customer, Membership
from webnet.plugins.gate.effective import customer_state
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginStatus
from webnet.plugins.settings import layers
from webnet.plugins.settings.secrets import is_sealed_with_first_key

# What a part of the state is called, such as ("member", "acme", "ann"), and what the last row about it says.
State = dict[tuple[str, ...], Any]


class Checks:
    """Checks after checks; each reads the rows of the log that are new since the last one."""

    def __init__(self) -> None:
        self._position = 0
        self._state: State = {}

    def find(self, *, acknowledged: Iterable[str]) -> list[str]:
        """Everything that is wrong now; `acknowledged` are the ids of requests whose change must be in the log."""
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            rows = list(PluginAuditLog.objects.filter(position__gt=self._position).order_by("position"))
            for row in rows:
                self._position = row.position
                if row.outcome == AuditOutcome.SUCCEEDED:
                    _follow(self._state, row)
            stored = dict(_read_state())
            said = {key: value for key, value in self._state.items() if value is not None}
            faults = [
                f"{key}: stored is {stored.get(key)}, and the log says {said.get(key)}"
                for key in sorted(stored.keys() | said.keys())
                if stored.get(key) != said.get(key)
            ]
            faults += [*_check_secrets(), *_check_hooks()]
        lost = set(acknowledged) - {row.request_id for row in rows}
        return [
            *faults,
            *(f"{each} was acknowledged and is lost" for each in sorted(lost)),
            *find_faults(),
            *_check_gate(),
            *_check_backups(rows),
        ]


def is_rotated() -> bool:
    """Whether every secret has the first key."""
    stored = [row.secrets for row in (*PluginConfig.objects.all(), *CustomerPluginConfig.objects.all())]
    return all(is_sealed_with_first_key(each["sealed"]) for secrets in stored for each in secrets.values())


def _follow(state: State, row: PluginAuditLog) -> None:  # noqa: C901, PLR0912 - a line for each kind of change
    """What the row says of the state after it; None for what is gone."""
    slug, name, after = row.customer_slug, row.plugin_name, row.after
    match row.action:
        case "sync_plugins":
            state |= {("status", plugin): view["status"] for plugin, view in after.items()}
            state |= {("version", plugin): view["version"] for plugin, view in after.items()}
        case "uninstall_plugin":
            state |= {key: None for key in state if key[1] == name}
        case "upgrade_plugin":
            state["version", name] = after["version"]
        case "create_customer" | "update_customer":
            state["customer", slug] = after["name"]
        case "set_member":
            state["member", slug, after["username"]] = after["role"]
        case "remove_member":
            state["member", slug, row.before["username"]] = None
        case "create_api_token" | "revoke_api_token":
            state["token", after["name"]] = after["revoked_at"]
        case "purge_customer":
            state |= {key: None for key in state if row.before["slug"] in key}
        case "set_role_permission":
            state["permission", name, slug, after["permission"], after["role"]] = after["granted"]
        case "pause_plugin" | "resume_plugin":
            state["pause", name, slug] = after["paused_until"]
            if not slug and after["paused_until"]:
                state["status", name] = PluginStatus.PAUSED
            elif not slug and state["status", name] == PluginStatus.PAUSED:
                # A sync by older code, meanwhile, has said that its version is refused, which remains so.
                state["status", name] = PluginStatus.LOADED
        case "rotate_settings_keys" | "make_backup":
            pass  # The secrets are the same afterwards, and whether they open is looked at, as are the backups.
        case _ if row.action.endswith("_settings"):
            state["settings", name, slug] = [after["revision"], after["settings"]]
        case _ if "enabled" in (after or {}):
            # Off is what a plugin is for everybody before anybody has switched it.
            state["switch", name, slug] = after["enabled"] or (False if slug else None)
        case _:
            raise AssertionError(f"Nothing is known of {row.action}.")


def _read_state() -> Iterator[tuple[tuple[str, ...], Any]]:
    for customer in Customer.objects.all():
        yield ("customer", customer.slug), customer.name
    for member in Membership.objects.select_related("customer", "user"):
        yield ("member", member.customer.slug, member.user.username), member.role
    for token in ApiToken.objects.all():
        yield ("token", token.name), token.revoked_at.isoformat() if token.revoked_at else None
    for row in PluginConfig.objects.all():
        yield ("status", row.name), row.status
        yield ("version", row.name), row.version
        yield from _read_layer(row, row.name, "")
    for row in CustomerPluginConfig.objects.select_related("customer", "plugin"):
        yield from _read_layer(row, row.plugin.name, row.customer.slug)
        yield from _read_permissions(row, row.plugin.name, row.customer.slug)


def _read_permissions(row: CustomerPluginConfig, plugin: str, slug: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for permission, roles in row.permissions.items():
        for role, granted in roles.items():
            yield ("permission", plugin, slug, f"{plugin}.{permission}", role), granted


def _read_layer(
    row: PluginConfig | CustomerPluginConfig, plugin: str, slug: str
) -> Iterator[tuple[tuple[str, ...], Any]]:
    if row.settings_revision:
        yield ("settings", plugin, slug), [row.settings_revision, row.settings]
    if row.enabled or (slug and row.enabled is not None):
        yield ("switch", plugin, slug), row.enabled
    if row.paused_until is not None:
        yield ("pause", plugin, slug), row.paused_until.astimezone(UTC).isoformat()


def _check_secrets() -> Iterator[str]:
    """Every secret opens, and belongs to the plain value beside it."""
    row = PluginConfig.objects.get(name="shelf")
    configs = CustomerPluginConfig.objects.select_related("customer").filter(plugin=row)
    for slug, layer in [(None, row), *((config.customer.slug, config) for config in configs)]:
        found = layers.open_layer(layer, plugin="shelf")
        if found and found != {"limit": found["limit"], "key": f"{slug} {found['limit']}"}:
            yield f"the settings of {slug} are {found}"


def _check_hooks() -> Iterator[str]:
    """Its hooks leave one book while it is enabled for everybody."""
    from shelf.models import Book

    is_enabled = PluginConfig.objects.get(name="shelf").enabled
    if Book.objects.count() != int(is_enabled):
        yield f"on_enable left {Book.objects.count()} books, and enabled is {is_enabled}"


def _check_gate() -> Iterator[str]:
    """What this process derives, with what it has kept from before, is what the rows say."""
    for customer in Customer.objects.select_related("generation"):
        own = CustomerPluginConfig.objects.filter(customer=customer, plugin__name="shelf")
        choices = own.filter(enabled=True, paused_until=None)
        # Of two syncs at a time, that of the older code says that its version is refused.
        is_on = choices.filter(plugin__enabled=True, plugin__status=PluginStatus.LOADED).exists()
        state = customer_state(customer)
        if ("shelf" in state.effective) is not is_on:
            yield f"'{customer.slug}' has switched it on: {is_on}; the gate says {state.reasons('shelf')}"


def _check_backups(rows: Sequence[PluginAuditLog]) -> Iterator[str]:
    """What has the name of a backup can be restored; what a killed one left can be only if it is whole all the same."""
    folder = mixed_writes.backups_folder()
    there = {path.name for path in folder.iterdir()}
    for row in rows:
        if row.action == "make_backup" and row.request_id not in there:
            yield f"the backup {row.request_id} is in the log and not there"
    for path in sorted(folder.iterdir()):
        try:
            restores.plan(path, replaces=True, lacks_plugins=True, progress=lambda *_: None)
        except BackupError as error:
            if not path.name.startswith("."):
                yield f"the backup {path.name} is not whole: {error.message}"
        shutil.rmtree(path)
