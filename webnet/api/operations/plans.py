"""Turns the manager's plan into what the schema shows."""

from __future__ import annotations

from webnet.api.request.context import Context
from webnet.api.types.plan import PlanStep, PluginPlan
from webnet.api.types.refusals import to_graphql
from webnet.errors import NotFound, Refusal
from webnet.plugins.changes.plans import Plan, PlanAction
from webnet.plugins.manager import manager


def plan(context: Context, *, plugin: str, customer: str | None, action: PlanAction) -> PluginPlan:
    """What the action would do, or why it is refused."""
    found = _ask(context, plugin=plugin, customer=customer, action=action)
    reading = context.reading
    return PluginPlan(
        action=action,
        plugin=reading.find_plugin(plugin),
        customer=reading.find_customer(customer) if customer else None,
        steps=[PlanStep(plugin=reading.platform.plugins[step.plugin], action=step.action) for step in found.steps],
        affected_customer_count=found.affected_customer_count,
        refusal=to_graphql(found.refusal) if found.refusal else None,
    )


def _ask(context: Context, *, plugin: str, customer: str | None, action: PlanAction) -> Plan:
    refusal: Refusal | None = None
    try:
        context.require_in_view(customer)
    except NotFound as error:
        refusal = error
    if refusal is not None:
        return Plan(refusal=refusal)
    return manager.plan(plugin, actor=context.actor, customer=customer, action=action)
