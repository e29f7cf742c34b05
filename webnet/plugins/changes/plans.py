"""What a change would do, without doing it: the steps in order, and how many customers it would affect."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from django.db import models

from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.errors import InvalidInput, Refusal
from webnet.plugins.changes.availabilities import Choice
from webnet.plugins.changes.scopes import CustomerScope, PlatformScope, find_plugin, find_seen_plugin
from webnet.plugins.gate.effective import customer_state, platform_state
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.models import CustomerPluginConfig


class PlanAction(models.TextChoices):
    """What is done with a plugin.

    Attributes:
        ENABLE: It is enabled.
        DISABLE: It is disabled.
        RESET: The customer's choice is removed, so that the availability alone decides again.
    """

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
    """The steps in order, with dependencies or dependents included; empty if `refusal` is set."""

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
    scope = PlatformScope(platform=platform_state())
    row = find_plugin(scope.platform.plugins, plugin)
    if action == PlanAction.RESET:
        raise InvalidInput("Only a customer's choice can be reset; name the customer.", field="action")
    is_on = action == PlanAction.ENABLE
    wanted = Choice(plugin=plugin, enabled=is_on, availability=row.availability)
    rows = scope.platform.plugins
    choices = [
        each
        for each in scope.plan_switch(wanted, cascade=True)
        if (rows[each.plugin].enabled, rows[each.plugin].availability) != (each.enabled, each.availability)
    ]
    steps = tuple(PlanStep(plugin=choice.plugin, action=action) for choice in choices)
    return Plan(steps=steps, affected_customer_count=_count_affected(actor, scope.platform, choices))


def _plan_for_customer(plugin: str, actor: Actor, slug: str, action: PlanAction) -> Plan:
    customer = access.find_customer(actor, slug)
    access.require(actor, Role.OPERATOR, customer=customer)
    state = customer_state(customer)
    find_seen_plugin(actor, state, plugin)
    scope = CustomerScope.of(state)
    wanted = Choice(plugin=plugin, enabled=CHOICES[action], availability=scope.row(plugin).availability)
    is_on = scope.is_on(wanted)
    others = {each.plugin: is_on for each in scope.plan_switch(wanted, cascade=True) if each.plugin != plugin}
    enabled = {
        name: choice
        for name, choice in {**others, plugin: wanted.enabled}.items()
        if scope.row(name).enabled is not choice
    }
    along = PlanAction.ENABLE if is_on else PlanAction.DISABLE
    steps = tuple(PlanStep(plugin=name, action=action if name == plugin else along) for name in enabled)
    rows = dict(state.rows)
    for name in {**others, plugin: None}:
        # A copy, since states are shared between requests.
        rows[name] = copy.copy(scope.row(name))
        rows[name].enabled = enabled.get(name, rows[name].enabled)
    after = replace(state, rows=rows)
    return Plan(steps=steps, affected_customer_count=int(after.effective != state.effective))


CHOICES = {PlanAction.ENABLE: True, PlanAction.DISABLE: False, PlanAction.RESET: None}


def _count_affected(actor: Actor, before: PlatformState, choices: Collection[Choice]) -> int:
    """The number of the actor's customers whose set of effective plugins would change."""
    changed = {choice.plugin: copy.copy(before.plugins[choice.plugin]) for choice in choices}
    for choice in choices:
        changed[choice.plugin].enabled = bool(choice.enabled)
        changed[choice.plugin].availability = choice.availability
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
