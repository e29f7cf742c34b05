"""The same choice for many customers: planned as for one (`scopes`), and written together, a chunk in one transaction.

Where code of plugins would run, by a hook or a receiver of a signal, each customer has a transaction of its own:
a hook that is slow, or that ends its transaction, must not reach other customers' changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import sleep

from django.db import connection
from django.utils import timezone

from webnet.audit.batches import EndedOperation, lock_customers, renew_customers, run_together
from webnet.audit.models import AuditHead, Generation, PluginAuditLog
from webnet.audit.operation import ChangeRecord, Operation
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.database.model_columns import has_receivers
from webnet.errors import InvalidInput, NotFound, Refusal
from webnet.plugins.changes import pauses, switching
from webnet.plugins.changes.availabilities import Choice
from webnet.plugins.changes.plans import CHOICES, PlanAction
from webnet.plugins.changes.scopes import CustomerScope, find_seen_plugin
from webnet.plugins.changes.switching import PluginChange, describe_switch
from webnet.plugins.gate.effective import platform_state
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.hooks.in_change import has_hook
from webnet.plugins.kernel.dependencies import dependencies, dependents
from webnet.plugins.models import CustomerPluginConfig
from webnet.sentences import sentence

# Others who write wait for a whole chunk, which takes some hundredths of a second, and about 16 statements.
CHUNK_SIZE = 100
# On SQLite, who waits for the lock asks for it every 100 ms. Without a pause between chunks, changes of others waited
# for up to 4 s beside a long batch, which is all that a request has.
PAUSE_SECONDS = 0.02
# What is written of each customer: a receiver of their signals would miss rows that are written together.
_SAVED_MODELS = (CustomerPluginConfig, PluginAuditLog, AuditHead, Generation)


@dataclass(frozen=True, kw_only=True)
class BatchSwitch:
    """What is to be done for each customer, by whom and why."""

    plugin: str
    actor: Actor
    action: PlanAction
    cascade: bool
    reason: str | None

    def operation(self) -> Operation:
        """The operation for one of the customers."""
        action = f"{self.action.value}_customer_plugin"
        return Operation(actor=self.actor, action=action, plugin_name=self.plugin, reason=self.reason)


@dataclass(frozen=True, kw_only=True)
class BatchOutcome:
    """The outcome for one customer of a batch: its change, or the refusal."""

    customer_slug: str
    change: PluginChange | None = None
    refusal: Refusal | None = None


def apply(switch: BatchSwitch, slugs: Sequence[str]) -> tuple[BatchOutcome, ...]:
    """One outcome for each slug, in their order; chunks that were committed stand if a later one fails."""
    if switch.action not in CHOICES:
        raise InvalidInput(sentence("Only a choice can be made for many customers at once."), field="action")
    outcomes: list[BatchOutcome] = []
    for start in range(0, len(slugs), CHUNK_SIZE):
        if start:
            let_others_write()
        chunk = slugs[start : start + CHUNK_SIZE]
        together = None if _has_receivers() else _apply_together(switch, chunk)
        outcomes += (_apply_alone(switch, slug) for slug in chunk) if together is None else together
    return tuple(outcomes)


def let_others_write() -> None:
    """Wait a moment between two chunks on SQLite; PostgreSQL lets those who wait have their locks in turn."""
    if connection.vendor == "sqlite":
        sleep(PAUSE_SECONDS)


def _apply_alone(switch: BatchSwitch, slug: str) -> BatchOutcome:
    operation = switch.operation()
    try:
        with pauses.pausing_at_once(operation):
            change = switching.switch(operation, customer=slug, enabled=CHOICES[switch.action], cascade=switch.cascade)
    except Refusal as refusal:
        return BatchOutcome(customer_slug=slug, refusal=refusal)
    return BatchOutcome(customer_slug=slug, change=change)


def _apply_together(switch: BatchSwitch, slugs: Sequence[str]) -> list[BatchOutcome] | None:
    """All of them in one transaction; None, and nothing is written, if a hook has to be called for one of them."""
    outcomes: list[BatchOutcome] | None = None

    def change() -> list[EndedOperation]:
        nonlocal outcomes
        plans = _plan_all(switch, slugs)
        if any(plan.hooks for plan in plans):
            outcomes = None
            return []
        _write(plans)
        outcomes = [plan.outcome() for plan in plans]
        return [EndedOperation(operation=plan.operation, refusal=plan.refusal) for plan in plans]

    run_together(change)
    return outcomes


@dataclass(kw_only=True)
class _CustomerPlan:
    """What a batch is to write for one customer, or why it is refused."""

    slug: str
    operation: Operation
    refusal: Refusal | None = None
    customer: Customer | None = None
    # Rows with their new choice, which are not stored so yet.
    rows: list[CustomerPluginConfig] = field(default_factory=list)
    hooks: list[tuple[str, str]] = field(default_factory=list)
    also: tuple[str, ...] = ()

    def outcome(self) -> BatchOutcome:
        if self.refusal is not None:
            return BatchOutcome(customer_slug=self.slug, refusal=self.refusal)
        change = PluginChange(
            plugin=self.operation.plugin_name,
            customer=self.customer,
            changed=self.operation.has_changed,
            also=self.also,
        )
        return BatchOutcome(customer_slug=self.slug, change=change)


def _plan_all(switch: BatchSwitch, slugs: Sequence[str]) -> list[_CustomerPlan]:
    """The customers' plans in the order of the slugs, under the locks of those that the actor operates."""
    found = access.find_customers(switch.actor, slugs)
    operated = [customer for customer in found.values() if _operates(switch.actor, customer)]
    locked = lock_customers(operated)
    platform = _keep_related(platform_state(), switch.plugin)
    states = _read_states([customer for customer in operated if customer.pk in locked], platform)
    return [_plan_one(switch, slug, found.get(slug), states) for slug in slugs]


def _plan_one(
    switch: BatchSwitch, slug: str, customer: Customer | None, states: Mapping[int, CustomerState]
) -> _CustomerPlan:
    plan = _CustomerPlan(slug=slug, operation=switch.operation())
    try:
        if customer is None:
            raise NotFound.customer(slug)
        plan.operation.customer = plan.customer = customer
        access.require(switch.actor, Role.OPERATOR, customer=customer)
        if customer.pk not in states:  # It was purged before it could be locked.
            raise NotFound.customer(slug)
        state = states[customer.pk]
        row = find_seen_plugin(switch.actor, state, switch.plugin)
        plan.operation.plugin_version = row.version or ""
        scope = CustomerScope.of(state)
        availability = scope.row(switch.plugin).availability
        wanted = Choice(plugin=switch.plugin, enabled=CHOICES[switch.action], availability=availability)
        choices = scope.plan_switch(wanted, cascade=switch.cascade)
    except Refusal as refusal:
        plan.refusal = refusal
        return plan
    _change_rows(plan, scope, choices)
    return plan


def _change_rows(plan: _CustomerPlan, scope: CustomerScope, choices: Sequence[Choice]) -> None:
    """Make the choices in the rows of the plan's customer and record them, as `switching` does; writes nothing."""
    operation = plan.operation
    for choice in choices:
        row = scope.row(choice.plugin)
        if row.enabled == choice.enabled:  # A batch changes no availability.
            continue
        before = describe_switch(row)
        was_on = scope.is_on(Choice(plugin=choice.plugin, enabled=row.enabled, availability=row.availability))
        is_on = scope.is_on(choice)
        row.enabled = choice.enabled
        plan.rows.append(row)
        hook = "enable" if is_on else "disable"
        if is_on != was_on and has_hook(choice.plugin, hook):
            plan.hooks.append((choice.plugin, hook))
        if choice.plugin == operation.plugin_name:
            operation.record(before=before, after=describe_switch(row))
        else:
            version = scope.platform.plugins[choice.plugin].version or ""
            operation.record_other(ChangeRecord(choice.plugin, version, before=before, after=describe_switch(row)))
    plan.also = tuple(choice.plugin for choice in choices[:-1])


def _write(plans: Sequence[_CustomerPlan]) -> None:
    """Store the rows of all customers, and mark what was derived from them as changed."""
    new: list[CustomerPluginConfig] = []
    stored: dict[bool | None, list[int]] = defaultdict(list)
    for row in (row for plan in plans for row in plan.rows):
        if row.pk is None:
            new.append(row)
        else:
            stored[row.enabled].append(row.pk)
    for enabled, keys in stored.items():
        CustomerPluginConfig.objects.filter(pk__in=keys).update(enabled=enabled, updated_at=timezone.now())
    CustomerPluginConfig.objects.bulk_create(new)
    renew_customers([plan.customer.pk for plan in plans if plan.rows and plan.customer is not None])


def _operates(actor: Actor, customer: Customer) -> bool:
    role = access.role_in(actor, customer)
    return role is not None and role.includes(Role.OPERATOR)


def _read_states(customers: Sequence[Customer], platform: PlatformState) -> dict[int, CustomerState]:
    """The customers' states, with their choices about the platform's plugins only."""
    names = {row.pk: name for name, row in platform.plugins.items()}
    rows: dict[int, dict[str, CustomerPluginConfig]] = {customer.pk: {} for customer in customers}
    configs = CustomerPluginConfig.objects.filter(customer__in=rows, plugin__in=names)
    # Not the settings, which may be large and decide nothing about a choice.
    for config in configs.only("customer", "plugin", "enabled", "availability"):
        rows[config.customer_id][names[config.plugin_id]] = config
    return {each.pk: CustomerState(customer=each, platform=platform, rows=rows[each.pk]) for each in customers}


def _keep_related(platform: PlatformState, plugin: str) -> PlatformState:
    """The state with no other plugins than those that a choice about this one depends on, or reaches."""
    related = {plugin, *dependencies(platform.nodes, plugin), *_all_dependents(platform, plugin)}
    return replace(platform, plugins={name: row for name, row in platform.plugins.items() if name in related})


def _all_dependents(platform: PlatformState, plugin: str) -> Iterator[str]:
    seen, waiting = {plugin}, [plugin]
    while waiting:
        users = set(dependents(platform.nodes, waiting.pop())) - seen
        seen |= users
        waiting += users
        yield from users


def _has_receivers() -> bool:
    return any(map(has_receivers, _SAVED_MODELS))
