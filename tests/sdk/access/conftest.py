"""Two customers that have everything: people of every kind, a row of each type, a problem; asked by `documents.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.utils import timezone

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from tests.sdk.access.table import FOREIGN, OWN
from webnet.accounts import invitations
from webnet.api.paging.keyset import write_cursor
from webnet.api.resolvers import orders
from webnet.api.resolvers.contributions import models_of
from webnet.api.vocabulary.node import global_id
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor, Role
from webnet.customers.models import ApiToken, Customer, User
from webnet.plugins.gate import effective
from webnet.plugins.gate.effective import customer_state, platform_state
from webnet.plugins.health.problems import find_customer_problems
from webnet.plugins.manager import manager
from webnet.plugins.models import HealthStatus, PluginConfig, PluginHealth
from webnet.plugins.registry import registry
from webnet.sdk.trial.rows import RowMaker
from webnet.sdk.trial.traces import collect_traces

SYSTEM = Actor.system("tests")
PLUGINS = ("gauges", "labels", "site_map", "reachability", "hello_world")


@dataclass(frozen=True, kw_only=True)
class World:
    """A client of each person, the id of a row of each type by the customer's slug, and the log's start by view."""

    clients: dict[str, GraphQLClient]
    ids: dict[str, dict[str, str]]
    cursors: dict[str | None, str]


@pytest.fixture
def world() -> Iterator[World]:
    manager.sync(actor=SYSTEM)
    customers = [make_customer(slug) for slug in (OWN, FOREIGN)]
    for plugin in PLUGINS:
        manager.enable(plugin, actor=SYSTEM, with_dependencies=True)
    people: dict[str, User | None] = {"signed out": None, "platform": make_operator("platform")}
    for role in Role:
        people[role.value] = make_member(f"acme-{role.value}", customers[0], role)
    people["stranger"] = make_member("globex-admin", customers[1], Role.ADMIN)
    for customer in customers:
        make_member(f"{customer.slug}-member", customer, Role.VIEWER)
    make_problem(None)
    rows = RowMaker()
    for customer in customers:
        for plugin in PLUGINS:
            manager.enable(plugin, actor=SYSTEM, customer=customer.slug, with_dependencies=True)
        for model in dict.fromkeys(each for name in plugins_of(customer) for each in models_of(registry.get(name))):
            rows.make(model, customer, rows=1)
        make_problem(customer)
    first = PluginAuditLog.objects.order_by("position")[0]
    yield World(
        clients={name: GraphQLClient.of(user) if user else GraphQLClient() for name, user in people.items()},
        ids={each.slug: find_ids(each) for each in customers},
        cursors={view: write_cursor(orders.AUDIT_LOGS, first, view=view or "") for view in (None, OWN, FOREIGN)},
    )
    effective.platforms.clear()
    effective.customers.clear()


def plugins_of(customer: Customer) -> list[str]:
    """The plugins that are effective, those that others need first."""
    names = customer_state(Customer.objects.select_related("generation").get(pk=customer.pk)).effective
    return [entry.name for entry in registry.loaded() if entry.name in names]


def make_problem(customer: Customer | None) -> None:
    """The customer's plugin is unhealthy, or that of the platform."""
    plugin = PluginConfig.objects.get(name="hello_world")
    found = {"status": HealthStatus.UNHEALTHY, "checked_at": timezone.now(), "duration_ms": 1.0}
    PluginHealth.objects.create(plugin=plugin, customer=customer, **found)


def find_ids(customer: Customer) -> dict[str, str]:
    """The id of a row of each type that has ids, and the key of the problem."""
    found = {name: ids[0] for name, ids in collect_traces(plugins_of(customer), customer).ids.items()}
    member = User.objects.get(username=f"{customer.slug}-member")
    invitation = invitations.invite(actor=SYSTEM, customer=customer.slug, role=Role.VIEWER, username="x").invitation
    token = ApiToken.objects.create(user=member, name="robot", prefix="x", digest=customer.slug, only_customer=customer)
    row = PluginAuditLog.objects.filter(customer_slug=customer.slug).order_by("position")[0]
    manager.update_settings("site_map", actor=SYSTEM, customer=customer.slug, patch={"show_names": False})
    change = PluginAuditLog.objects.filter(customer_slug=customer.slug).latest("position")
    health = PluginHealth.objects.get(customer=customer)
    stored = Customer.objects.select_related("generation").get(pk=customer.pk)
    return found | {
        "Customer": global_id("Customer", customer.slug),
        "CustomerPermission": global_id("CustomerPermission", f"{customer.slug}/shelf.arrange"),
        "PluginHealth": global_id("PluginHealth", health.pk),
        "SettingsChange": global_id("SettingsChange", f"{change.chain}/{change.sequence}"),
        "User": global_id("User", member.pk),
        "CustomerPluginConfig": global_id("CustomerPluginConfig", f"{customer.slug}/shelf"),
        "Membership": global_id("Membership", f"{customer.slug}/{member.username}"),
        "Invitation": global_id("Invitation", invitation.pk),
        "PluginAuditLog": global_id("PluginAuditLog", f"{row.chain}/{row.sequence}"),
        "ApiToken": global_id("ApiToken", token.pk),
        "Plugin": global_id("Plugin", "shelf"),
        "problem": find_customer_problems(platform_state(), [stored])[0].key,
    }
