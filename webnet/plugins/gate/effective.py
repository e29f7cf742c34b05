"""The gate: which plugin is effective for which customer now, and why not. Every surface asks here."""

from __future__ import annotations

from functools import reduce
from operator import and_

from django.db.models import Exists, OuterRef, Q, QuerySet

from webnet.customers.access import Actor, visible_customers
from webnet.customers.models import Customer
from webnet.plugins.gate.rules import CustomerState, IneffectiveCode, PlatformState, Reason
from webnet.plugins.gate.state_cache import customer_states, platform_state
from webnet.plugins.models import OVERRIDES, Availability, CustomerPluginConfig, PluginConfig

__all__ = [
    "CustomerState",
    "IneffectiveCode",
    "PlatformState",
    "Reason",
    "customer_state",
    "customer_states",
    "effective_customers",
    "is_effective",
    "platform_state",
    "switched_on",
    "visible_plugins",
]


def is_effective(plugin: str, customer: Customer) -> bool:
    """Whether the plugin is effective for the customer now."""
    return plugin in customer_state(customer).effective


def customer_state(customer: Customer) -> CustomerState:
    """What holds for one customer now."""
    return customer_states([customer])[customer.pk]


def effective_customers(plugin: str, platform: PlatformState | None = None) -> QuerySet[Customer]:
    """The customers for whom the plugin is effective: the gate as a subquery, for sets of rows."""
    # The same rule as `CustomerState.reasons` computes for one customer. Tests compare the two, so change both.
    state = platform or platform_state()
    needed = state.needed_by(plugin)
    if needed is None:
        return Customer.objects.none()
    rows = [state.plugins[name] for name in needed]
    on_for_all = (switched_on(row, row.availability) & _has_usable_settings(row) & _is_not_paused(row) for row in rows)
    return Customer.objects.filter(reduce(and_, on_for_all, Q(is_active=True)))


def switched_on(plugin: PluginConfig, availability: str) -> Q:
    """Customers that have the plugin on by availability and choice, if the plugin's availability were this one."""
    # Most customers have no row for the plugin, so its own availability decides whether "no row" means on: the query
    # then looks for the rows that switch it on, or for those that switch it off.
    own = CustomerPluginConfig.objects.filter(plugin=plugin.pk, customer=OuterRef("pk"))
    on = (
        Q(availability=Availability.REQUIRED)
        | Q(availability=Availability.OFFERED, enabled=True)
        # Not `enabled=True`: on by default, a plugin is on without a choice, which is NULL.
        | Q(availability=Availability.DEFAULT_ON) & ~Q(enabled=False)
    )
    if availability == Availability.OFFERED:
        return Q(Exists(own.filter(on | Q(availability="", enabled=True))))
    if availability == Availability.WITHHELD:
        return Q(Exists(own.filter(on)))
    off = ~Q(availability="") & ~on
    if availability == Availability.DEFAULT_ON:
        off |= Q(availability="", enabled=False)
    return ~Q(Exists(own.filter(off)))


def _has_usable_settings(plugin: PluginConfig) -> Q:
    """Customers whose merged settings fit; without an override they have the global ones."""
    own = CustomerPluginConfig.objects.filter(plugin=plugin.pk, customer=OuterRef("pk"))
    if not plugin.settings_fault:
        return ~Q(Exists(own.filter(OVERRIDES).exclude(settings_fault="")))
    return Q(Exists(own.filter(OVERRIDES, settings_fault="")))


def _is_not_paused(plugin: PluginConfig) -> Q:
    own = CustomerPluginConfig.objects.filter(plugin=plugin.pk, customer=OuterRef("pk"))
    return ~Q(Exists(own.filter(paused_until__isnull=False)))


def visible_plugins(actor: Actor, customer: Customer | None = None) -> QuerySet[PluginConfig]:
    """The plugins that exist for this actor: all for a platform operator.

    For others those that are enabled globally and not withheld from each of their customers, or not from `customer`,
    where one is given.
    """
    if actor.is_platform_operator:
        return PluginConfig.objects.all()
    customers = Customer.objects.filter(pk=customer.pk) if customer else visible_customers(actor)
    # Two levels up is the plugin: these rows are looked up within the customers, and those within the plugins.
    override = CustomerPluginConfig.objects.filter(plugin=OuterRef(OuterRef("pk")), customer=OuterRef("pk"))
    override = override.exclude(availability="")
    offered = Exists(customers.filter(Exists(override.exclude(availability=Availability.WITHHELD))))
    inherited = Exists(customers.filter(~Exists(override)))
    not_withheld = ~Q(availability=Availability.WITHHELD) & Q(inherited)
    return PluginConfig.objects.filter(Q(enabled=True) & (Q(offered) | not_withheld))
