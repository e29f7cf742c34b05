"""The one writer of plugin state. Every change is one audited `Operation`; GraphQL, console and commands call it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from webnet.audit.operation import Operation, audited
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Role
from webnet.input_faults import InputFaults
from webnet.plugins.changes import batches, pauses, permissions, plans, switching
from webnet.plugins.changes import settings as settings_changes
from webnet.plugins.changes.batches import BatchOutcome, BatchSwitch
from webnet.plugins.changes.plans import Plan, PlanAction
from webnet.plugins.changes.scopes import find_plugin
from webnet.plugins.changes.settings import SettingsChange, SettingsPlan
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.gate.effective import platform_state
from webnet.plugins.health import checks, problems
from webnet.plugins.health.checks import CheckOutcome
from webnet.plugins.health.problems import Problem
from webnet.plugins.lifecycle import sync as syncing
from webnet.plugins.lifecycle import uninstall
from webnet.plugins.lifecycle.findings import Circumstances, SyncFinding
from webnet.plugins.lifecycle.sync import SyncReport
from webnet.plugins.lifecycle.uninstall import Uninstalled, UninstallReview
from webnet.plugins.loading.migrations import Progress
from webnet.plugins.models import Availability, PluginHealth
from webnet.plugins.registry import PluginRegistry, registry
from webnet.plugins.settings import edits, key_rotation
from webnet.plugins.settings.key_rotation import RotationReport
from webnet.sentences import sentence

MAXIMUM_BATCH = 1_000


# Long, since it is the only way to make changes: a short method for each, which is implemented in a module of its own.
class PluginManager:
    """Changes plugin state, for everybody or, with `customer` (a slug), for one. Every method raises `Refusal`s."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry

    def sync(
        self,
        *,
        actor: Actor,
        migrate: bool = False,
        force: bool = False,
        reason: str | None = "",
        progress: Progress | None = None,
        schemas: Mapping[str, str] | None = None,
    ) -> SyncReport:
        """Read the installed plugins again and store what was found; with `migrate`, first run their migrations.

        `force` accepts downgrades, and upgrades for which some stored settings are not valid. `schemas` is what each
        plugin adds to the schema, for whoever asks what a later version changes of it.
        """
        operation = Operation(actor=actor, action="sync_plugins", reason=reason)
        around = Circumstances(force=force)
        if migrate:
            syncing.require_operator(operation)
            around = replace(around, faults=syncing.migrate(self._registry, around, progress))
        return syncing.sync(operation, self._registry, around, schemas)

    def preview_sync(self, *, actor: Actor, migrate: bool = False, force: bool = False) -> tuple[SyncFinding, ...]:
        """What a sync would find and write. Changes nothing, and calls no hook but `migrate_settings`."""
        access.require_operator(actor)
        return syncing.preview(self._registry, Circumstances(force=force, will_migrate=migrate))

    def uninstall(
        self, plugin: str, *, actor: Actor, reason: str | None = "", progress: Callable[[str, int], None]
    ) -> Uninstalled:
        """Remove the plugin for good: export its rows, delete its tables, settings and secrets; its audit log stays."""
        operation = Operation(actor=actor, action="uninstall_plugin", plugin_name=plugin, reason=reason)
        return uninstall.uninstall(operation, self._registry, progress)

    def review_uninstall(self, plugin: str, *, actor: Actor) -> UninstallReview:
        """What uninstalling would remove, and what prevents it. Changes nothing."""
        access.require_operator(actor)
        return uninstall.review(plugin, self._registry)

    def enable(
        self,
        plugin: str,
        *,
        actor: Actor,
        customer: str | None = None,
        availability: Availability | None = None,
        with_dependencies: bool = False,
        only: Collection[str] | None = None,
        reason: str | None = "",
    ) -> PluginChange:
        """Switch the plugin on; for one that is on already, this only sets the availability, if given.

        With `only`, it is refused if any other plugin would be changed; so it is in the next two.
        """
        action = "enable_plugin" if customer is None else "enable_customer_plugin"
        operation = Operation(actor=actor, action=action, plugin_name=plugin, reason=reason)
        with pauses.pausing_at_once(operation):
            return switching.switch(
                operation,
                customer=customer,
                enabled=True,
                availability=availability,
                cascade=with_dependencies,
                only=only,
            )

    def disable(
        self,
        plugin: str,
        *,
        actor: Actor,
        customer: str | None = None,
        with_dependents: bool = False,
        only: Collection[str] | None = None,
        reason: str | None = "",
    ) -> PluginChange:
        """Switch the plugin off."""
        action = "disable_plugin" if customer is None else "disable_customer_plugin"
        operation = Operation(actor=actor, action=action, plugin_name=plugin, reason=reason)
        with pauses.pausing_at_once(operation):
            return switching.switch(operation, customer=customer, enabled=False, cascade=with_dependents, only=only)

    def reset(
        self,
        plugin: str,
        *,
        actor: Actor,
        customer: str,
        cascade: bool = False,
        only: Collection[str] | None = None,
        reason: str | None = "",
    ) -> PluginChange:
        """Forget the customer's choice, so that the availability alone decides again."""
        operation = Operation(actor=actor, action="reset_customer_plugin", plugin_name=plugin, reason=reason)
        with pauses.pausing_at_once(operation):
            return switching.switch(operation, customer=customer, enabled=None, cascade=cascade, only=only)

    def set_availability(
        self,
        plugin: str,
        *,
        actor: Actor,
        availability: Availability | None,
        customer: str | None = None,
        reason: str | None = "",
    ) -> PluginChange:
        """Set what customers may do; None means the plugin's own for one customer, and OFFERED for everybody."""
        operation = Operation(actor=actor, action="set_plugin_availability", plugin_name=plugin, reason=reason)
        with pauses.pausing_at_once(operation):
            return switching.set_availability(operation, customer=customer, availability=availability)

    def update_settings(
        self,
        plugin: str,
        *,
        actor: Actor,
        patch: Any,
        customer: str | None = None,
        expected_revision: int | None = None,
        allow_invalid: bool = False,
        reason: str | None = "",
    ) -> PluginChange:
        """Apply a JSON Merge Patch (RFC 7396) to one layer; the merged result must fit the plugin's schema.

        With `allow_invalid`, a global change that makes customers' settings invalid is made anyway: the plugin is
        then not effective for them until theirs are valid again.
        """
        edit = edits.patch_with(plugin, patch)
        change = SettingsChange(edit=edit, expected_revision=expected_revision, allow_invalid=allow_invalid)
        scope = "plugin" if customer is None else "customer_plugin"
        operation = Operation(actor=actor, action=f"update_{scope}_settings", plugin_name=plugin, reason=reason)
        if customer is not None:
            return settings_changes.change_customer(operation, change, customer=customer)
        return settings_changes.change_global(operation, settings_changes.with_customer_issues(operation, change))

    def plan_settings(
        self,
        plugin: str,
        *,
        actor: Actor,
        patch: Any,
        customer: str | None = None,
        expected_revision: int | None = None,
        allow_invalid: bool = False,
    ) -> SettingsPlan:
        """What `update_settings` would change, or why it would refuse to. Changes nothing."""
        edit = edits.patch_with(plugin, patch)
        change = SettingsChange(edit=edit, expected_revision=expected_revision, allow_invalid=allow_invalid)
        return settings_changes.plan(plugin, change, actor=actor, customer=customer)

    def revert_settings(
        self,
        plugin: str,
        *,
        actor: Actor,
        revision: int,
        customer: str | None = None,
        expected_revision: int | None = None,
        allow_invalid: bool = False,
        reason: str | None = "",
    ) -> PluginChange:
        """Restore a layer's values of an earlier revision, but not secrets; with 0, everything is inherited again."""
        edit = edits.revert_to(plugin, revision)
        change = SettingsChange(edit=edit, expected_revision=expected_revision, allow_invalid=allow_invalid)
        scope = "plugin" if customer is None else "customer_plugin"
        operation = Operation(actor=actor, action=f"revert_{scope}_settings", plugin_name=plugin, reason=reason)
        with pauses.pausing_at_once(operation):
            if customer is not None:
                return settings_changes.change_customer(operation, change, customer=customer)
            return settings_changes.change_global(operation, settings_changes.with_customer_issues(operation, change))

    def plan_revert(
        self,
        plugin: str,
        *,
        actor: Actor,
        revision: int,
        customer: str | None = None,
        expected_revision: int | None = None,
        allow_invalid: bool = False,
    ) -> SettingsPlan:
        """What `revert_settings` would change, or why it would refuse to. Changes nothing."""
        edit = edits.revert_to(plugin, revision)
        change = SettingsChange(edit=edit, expected_revision=expected_revision, allow_invalid=allow_invalid)
        return settings_changes.plan(plugin, change, actor=actor, customer=customer)

    def set_permission(
        self,
        permission: str,
        *,
        actor: Actor,
        customer: str,
        role: Role,
        granted: bool | None,
        reason: str | None = "",
    ) -> PluginChange:
        """Give the permission to a role of the customer, or take it away; None restores the default."""
        plugin = permission.partition(".")[0]
        operation = Operation(actor=actor, action="set_role_permission", plugin_name=plugin, reason=reason)
        return permissions.set_permission(operation, permission, customer=customer, role=role, granted=granted)

    def rotate_settings_keys(
        self,
        *,
        actor: Actor,
        progress: Callable[[RotationReport], object] = lambda _: None,
        reason: str | None = "",
    ) -> RotationReport:
        """Seal every secret again with the current key; `progress` is called after each batch."""
        return key_rotation.rotate(actor=actor, reason=reason, progress=progress)

    def apply_to_customers(
        self,
        plugin: str,
        *,
        actor: Actor,
        customers: Sequence[str],
        action: PlanAction,
        cascade: bool = False,
        reason: str | None = "",
    ) -> tuple[BatchOutcome, ...]:
        """The same choice for many customers: one outcome and one audit row each, in the order given.

        They are changed together, some at a time (`batches`): who is refused changes nothing for the others.
        """
        operation = Operation(actor=actor, action="set_plugin_for_customers", plugin_name=plugin, reason=reason)
        _check_batch(operation, customers)
        switch = BatchSwitch(plugin=plugin, actor=actor, action=action, cascade=cascade, reason=reason)
        return batches.apply(switch, customers)

    def pause(
        self,
        plugin: str,
        *,
        actor: Actor,
        customer: str | None = None,
        reason: str | None = "",
        error: str = "",
        now: datetime | None = None,
    ) -> PluginChange:
        """Pause a plugin that fails, longer each time; `retry_paused` ends the pause.

        `error` is the kind and the place of the last failure, never an exception's own text, which may hold secrets.
        """
        operation = Operation(actor=actor, action="pause_plugin", plugin_name=plugin, reason=reason)
        return pauses.pause(operation, customer=customer, error=error, now=now or timezone.now())

    def resume(
        self, plugin: str, *, actor: Actor, customer: str | None = None, reason: str | None = ""
    ) -> PluginChange:
        """End a pause by hand; the next one is as short as the first."""
        operation = Operation(actor=actor, action="resume_plugin", plugin_name=plugin, reason=reason)
        return pauses.resume(operation, customer=customer)

    def retry_paused(self, *, now: datetime | None = None) -> tuple[PluginChange, ...]:
        """Retry every plugin whose pause is over, one transaction each; skips those that another process retried."""
        return tuple(change for change in pauses.retry_due(now or timezone.now()) if change.changed)

    def plan(
        self,
        plugin: str,
        *,
        actor: Actor,
        action: PlanAction,
        customer: str | None = None,
        availability: Availability | None = None,
    ) -> Plan:
        """What the action would do, or why it is refused; the arguments are those of the change. Changes nothing."""
        return plans.plan(plugin, actor=actor, customer=customer, action=action, availability=availability)

    def check_health(
        self, plugin: str, *, actor: Actor, customer: str | None = None, reason: str | None = ""
    ) -> PluginHealth:
        """Run the plugin's health check, with a deadline and outside of any transaction, and store the result."""
        operation = Operation(actor=actor, action=checks.ACTION, plugin_name=plugin, reason=reason)
        return checks.check(operation, self._registry, customer)

    def check_all_health(
        self, *, actor: Actor, customer: str | None = None, plugins: Sequence[str] = (), reason: str | None = ""
    ) -> tuple[CheckOutcome, ...]:
        """The same for these plugins, or for all that are on, at the same time; operators only."""
        operation = Operation(actor=actor, action=checks.ACTION, reason=reason)
        return checks.check_all(operation, self._registry, customer, plugins)

    def acknowledge_problem(
        self, key: str, *, actor: Actor, customer: str | None = None, reason: str | None = None
    ) -> Problem:
        """Note that the actor knows of a problem of the platform, or of a customer; operators only."""
        return problems.acknowledge(
            Operation(actor=actor, action="acknowledge_problem", reason=reason), key, slug=customer
        )


@audited
def _check_batch(operation: Operation, customers: Sequence[str]) -> None:
    find_plugin(platform_state().plugins, operation.plugin_name)
    faults = InputFaults()
    if len(customers) > MAXIMUM_BATCH:
        message = sentence(
            "At most {limit:,} customers at once; for everybody, set the availability.", limit=MAXIMUM_BATCH
        )
        faults.add(message, "customers")
    seen: set[str] = set()
    for position, slug in enumerate(customers[:MAXIMUM_BATCH]):
        if slug in seen:
            faults.add(sentence("Each customer can be named once."), "customers", position)
        seen.add(slug)
    faults.refuse()


manager = PluginManager(registry)
