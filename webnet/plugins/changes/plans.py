"""What a change would do, without doing it: the steps in order, and how many customers would notice."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.db import models

from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.customers.roles import Role
from webnet.errors import InvalidInput, Refusal
from webnet.plugins.changes import customer as customer_changes
from webnet.plugins.changes.customer import Choice
from webnet.plugins.changes.switching import find_plugin, platform_nodes, require_runnable
from webnet.plugins.gate.effective import customer_state, platform_state
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.kernel.dependencies import plan_disable, plan_enable
from webnet.plugins.models import CustomerPluginConfig


class PlanAction(models.TextChoices):
    """RESET forgets a customer's choice, so that the availability alone decides again."""

    ENABLE = "enable"
    DISABLE = "disable"
    RESET = "reset"


@dataclass(frozen=True, kw_only=True)
class PlanStep:
    """One plugin's part of a plan."""

    plugin: str
    action: PlanAction


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps in order, with dependencies or dependents included; none where `refusal` says why not."""

    steps: tuple[PlanStep, ...] = ()
    affected_customer_count: int = 0
    refusal: Refusal | None = None


def plan(plugin: str, *, actor: Actor, customer: str | None, action: PlanAction) -> Plan:
    """What the action would do for everybody, or for one customer. Changes nothing."""
    try:
        if customer is None:
            return _plan_for_platform(plugin, actor, action)
        return _plan_for_customer(plugin, actor, customer, action)
    except Refusal as refusal:
        return Plan(refusal=refusal)


def _plan_for_platform(plugin: str, actor: Actor, action: PlanAction) -> Plan:
    access.require_operator(actor)
    platform = platform_state()
    row = find_plugin(platform.plugins, plugin)
    if action == PlanAction.RESET:
        raise InvalidInput("Only a customer's choice can be reset; name the customer.", field="action")
    is_on = action == PlanAction.ENABLE
    if is_on:
        require_runnable(platform, row)
        names = plan_enable(platform_nodes(platform), plugin, with_dependencies=True)
    else:
        names = plan_disable(platform_nodes(platform), plugin, with_dependents=True)
    steps = tuple(PlanStep(plugin=name, action=action) for name in names)
    return Plan(steps=steps, affected_customer_count=_count_affected(actor, platform, names, is_on=is_on))


def _plan_for_customer(plugin: str, actor: Actor, slug: str, action: PlanAction) -> Plan:
    customer = access.find_customer(actor, slug)
    access.require(actor, Role.OPERATOR, customer=customer)
    state = customer_state(customer)
    customer_changes.find_seen_plugin(actor, state, plugin)
    wanted = Choice(plugin=plugin, enabled=CHOICES[action], availability=state.config(plugin).availability)
    choices = customer_changes.plan_choices(state, wanted, cascade=True)
    steps = tuple(_step(choice, plugin, action) for choice in choices if _changes(state, choice))
    after = replace(state, rows={**state.rows, **{choice.plugin: _chosen(state, choice) for choice in choices}})
    return Plan(steps=steps, affected_customer_count=int(after.effective != state.effective))


CHOICES = {PlanAction.ENABLE: True, PlanAction.DISABLE: False, PlanAction.RESET: None}


def _changes(state: CustomerState, choice: Choice) -> bool:
    return state.config(choice.plugin).enabled is not choice.enabled


def _step(choice: Choice, plugin: str, action: PlanAction) -> PlanStep:
    if choice.plugin == plugin:
        return PlanStep(plugin=plugin, action=action)
    return PlanStep(plugin=choice.plugin, action=PlanAction.ENABLE if choice.enabled else PlanAction.DISABLE)


def _chosen(state: CustomerState, choice: Choice) -> CustomerPluginConfig:
    config = copy.copy(state.config(choice.plugin))
    config.enabled = choice.enabled
    return config


def _count_affected(actor: Actor, before: PlatformState, names: Iterable[str], *, is_on: bool) -> int:
    """For how many of the actor's customers the set of effective plugins differs."""
    changed = {name: copy.copy(before.plugins[name]) for name in names}
    for row in changed.values():
        row.enabled = is_on
    after = replace(before, plugins={**before.plugins, **changed})
    customers = access.visible_customers(actor).filter(is_active=True)
    rows = _rows_by_customer(before, customers)
    without = customers.exclude(pk__in=rows).count()
    nobody = Customer(is_active=True)
    count = without if _differs(nobody, {}, before, after) else 0
    return count + sum(_differs(nobody, choices, before, after) for choices in rows.values())


def _rows_by_customer(
    platform: PlatformState, customers: models.QuerySet[Customer]
) -> dict[int, dict[str, CustomerPluginConfig]]:
    names = {row.pk: name for name, row in platform.plugins.items()}
    found: dict[int, dict[str, CustomerPluginConfig]] = {}
    for config in CustomerPluginConfig.objects.filter(customer__in=customers.values("pk")).iterator():
        found.setdefault(config.customer_id, {})[names[config.plugin_id]] = config
    return found


def _differs(
    customer: Customer, rows: Mapping[str, CustomerPluginConfig], before: PlatformState, after: PlatformState
) -> bool:
    was = CustomerState(customer=customer, platform=before, rows=rows).effective
    return was != CustomerState(customer=customer, platform=after, rows=rows).effective
