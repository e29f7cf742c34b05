"""How many SQL statements an answer takes, in a warm process: few, and as many for thirty rows as for three."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.api.client import GraphQLClient
from tests.api.plugins import numbered
from tests.databases import one_database_is_enough
from tests.factories import PASSWORD, make_customer, make_member, make_operator, make_token
from webnet.accounts import invitations
from webnet.api.http.kept_answers import kept_answers
from webnet.api.vocabulary.node import read_global_id
from webnet.audit.operation import renew_customer, renew_platform
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig, PluginHealth

SYSTEM = Actor.system("tests")

pytestmark = [one_database_is_enough, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def dear(settings):
    """Documents that ask for much are what is counted here."""
    settings.WEBNET_BUDGET_POINTS_PLATFORM = settings.WEBNET_BUDGET_POINTS_VIEWER = 10**9


TEN_FIELDS = "name verboseName version author description status enabled availability settingsRevision syncedAt"
PLUGINS_AND_STATE = f"""
    query($customer: String!) {{
        plugins(first: 100) {{ edges {{ node {{ {TEN_FIELDS} }} }} }}
        customer(slug: $customer) {{
            pluginConfigs {{ edges {{ node {{ plugin {{ name }} effective ineffectiveCodes }} }} }}
        }}
    }}
"""
PLUGINS_AND_OWN_STATE = f"""{{
    plugins(first: 100) {{ edges {{ node {{ {TEN_FIELDS} }} }} }}
    currentCustomer {{ pluginConfigs {{ edges {{ node {{ plugin {{ name }} effective }} }} }} }}
}}"""


def fill(install: Callable[..., None], count: int, *, start: int = 0) -> None:
    """So many plugins, customers, members and choices; the first plugin needs the second one."""
    install(*numbered(count), enabled=True)
    PluginConfig.objects.filter(name="plugin_000").update(dependencies=[{"name": "plugin_001", "specifier": ""}])
    renew_platform()
    for number in range(start, count):
        customer = make_customer(f"customer-{number:03}")
        make_member(f"member-{number:03}", customer, Role.ADMIN)
        manager.enable(f"plugin_{number:03}", actor=SYSTEM, customer=customer.slug, with_dependencies=True)
        plugin = PluginConfig.objects.get(name=f"plugin_{number:03}")
        # Only these pairs have settings that were ever changed.
        plugin.customer_configs.filter(customer=customer).update(settings_revision=1)
        renew_customer(customer)
        for owner, is_latest in ((None, False), (None, True), (customer, False), (customer, True)):
            PluginHealth.objects.create(
                plugin=plugin,
                customer=owner,
                status="healthy",
                checked_at=timezone.now(),
                duration_ms=1,
                is_latest=is_latest,
            )


def count_statements(client: GraphQLClient, query: str, **variables: Any) -> int:
    """The statements of the second of two equal requests, of which the first one's answer is not kept."""
    client.data(query, **variables)
    kept_answers.clear()
    with CaptureQueriesContext(connection) as statements:
        client.data(query, **variables)
    return len(statements)


@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.parametrize("who", ["platform", "member"])
@pytest.mark.slow
def test_plugins_with_one_customers_state_take_three_statements_and_two_in_its_view(install, count, who):
    fill(install, count)
    user = make_operator("ops") if who == "platform" else make_member("ann", make_customer("acme"), Role.VIEWER)
    slug = "customer-001" if who == "platform" else "acme"

    assert count_statements(GraphQLClient.of(user), PLUGINS_AND_STATE, customer=slug) == 3
    # The token's statement reads the view's customer as well.
    assert count_statements(GraphQLClient.of(user, view=slug), PLUGINS_AND_OWN_STATE) == 2


def test_one_plugin_of_the_view_takes_one_statement(install):
    install(*numbered(2), enabled=True)
    user = make_member("ann", make_customer("acme"), Role.VIEWER)
    query = """query($customer: String!, $plugin: String!) {
        customerPluginConfig(customer: $customer, plugin: $plugin) { effective effectiveSettings plugin { name } }
    }"""

    assert count_statements(GraphQLClient.of(user, view="acme"), query, customer="acme", plugin="plugin_001") == 1


@pytest.mark.slow
def test_plugins_with_one_customers_state_take_four_statements_with_a_session(install):
    fill(install, 3)
    make_operator("ops", password=PASSWORD)
    client = GraphQLClient()
    client.mutate("signIn", "viewer { user { username } }", username="ops", password=PASSWORD)

    assert count_statements(client, PLUGINS_AND_STATE, customer="customer-001") == 4


FLAT = {
    "audit pages": "{ pluginAuditLogs(first: 100) { edges { node { action actorName user { username } customer { slug }"
    " plugin { name } ipAddress } } pageInfo { hasNextPage hasPreviousPage } } }",
    "customers' configs": "{ customers(first: 100) { edges { node { slug viewerRole pluginConfigs { edges { node {"
    " effective ineffectiveReasons effectiveSettings"
    " plugin { name dependents { name } health { status } } } } } } } } }",
    "customers' health and permissions": "{ customers(first: 100) { edges { node { viewerPermissions"
    " pluginConfigs { edges { node { health { status } customer { slug } updatedAt } } } } } } }",
    "members": "{ customers(first: 100) { edges { node { members(first: 5) { totalCount"
    " pageInfo { hasNextPage hasPreviousPage } edges { cursor node { id role user { username email } } } } } } } }",
    "customers' audit logs": "{ customers(first: 100) { edges { node { auditLogs(first: 2) {"
    " edges { node { action user { username } plugin { name } } } pageInfo { hasNextPage hasPreviousPage } } } } } }",
    "dependents": "{ plugins(first: 100) { edges { node { dependents { name dependencies { plugin { name } } } } } } }",
    "dependency graphs": "{ plugins(first: 20) { edges { node { upgradeNotes { text } dependencyGraph {"
    " dependent { name version } dependency { name isSatisfied plugin { verboseName status } } } } } } }",
    "plugins' health and logs": "{ plugins(first: 100) { totalCount edges { node { health { status checkedAt }"
    " auditLogs(first: 1) { edges { node { action } } } } } } }",
    "plugins' configs": "{ plugins(first: 100) { edges { node { customerConfigs(first: 5) { totalCount edges { cursor"
    " node { enabled effective customer { slug viewerRole } plugin { name } } } } } } } }",
    "configs": "{ customerPluginConfigs(first: 100) { totalCount edges { node { effective customer { slug name }"
    " plugin { name version } health { status } } } } }",
    "plugins' and configs' health histories": "{ plugins(first: 100) { edges { node { healthHistory(first: 2) {"
    " edges { node { status } } pageInfo { hasNextPage } } } } } customers(first: 100) { edges { node {"
    " pluginConfigs { edges { node { healthHistory { edges { node { status } } } } } } } } } }",
    "settings histories": "{ plugins(first: 100) { edges { node { settingsHistory(first: 2) { edges { node { revision"
    " user { username } } } } } } } customers(first: 100) { edges { node {"
    " pluginConfigs { edges { node { settingsHistory(first: 2) {"
    " edges { node { revision changes { path } } } pageInfo { hasNextPage } } } } } } } } }",
    "surfaces": "{ navigationItems { label plugin { name } } viewer { memberships { totalCount edges { node {"
    " customer { slug } } } } apiTokens { totalCount edges { node { name onlyCustomer { slug } } } } } }",
    "a config's plugin's logs": "{ customers(first: 100) { edges { node { pluginConfigs { edges { node { plugin {"
    " auditLogs(first: 1) { edges { node { action } } } } } } } } } } }",
}


@pytest.mark.slow
def test_statements_do_not_grow_with_rows(install):
    client = GraphQLClient.of(make_operator("ops"))
    fill(install, 3)
    few = {name: count_statements(client, query) for name, query in FLAT.items()}

    fill(install, 30, start=3)

    assert {name: count_statements(client, query) for name, query in FLAT.items()} == few
    assert {name: count for name, count in few.items() if count > 8} == {}


def test_a_page_deep_in_a_list_takes_as_many_statements_as_the_first(install):
    client = GraphQLClient.of(make_operator("ops"))
    fill(install, 3)
    query = """query($after: String) { pluginAuditLogs(first: 2, after: $after) {
        edges { node { id } } pageInfo { hasNextPage startCursor endCursor } } }"""
    page = client.data(query)["pluginAuditLogs"]["pageInfo"]

    first, deep = (count_statements(client, query, after=after) for after in (None, page["endCursor"]))

    assert page["hasNextPage"] and deep == first


# As many of each as are asked for, with what a client would ask of them.
OF_EVERY_TYPE = """{ customers(first: 12) { nodes { id members { nodes { id user { id } } } invitations { nodes { id } }
    pluginConfigs(first: 1) { nodes { id } } auditLogs(first: 1) { nodes { id } } } }
    plugins(first: 12) { nodes { id } } viewer { apiTokens { nodes { id } } } }"""
BY_IDS = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
    ... on Customer { name viewerRole } ... on User { username email } ... on Plugin { name health { status } }
    ... on Membership { role user { username } customer { slug } } ... on ApiToken { name onlyCustomer { slug } }
    ... on Invitation { role invitedBy { username } customer { slug } }
    ... on CustomerPluginConfig { effective health { status } customer { slug } }
    ... on PluginAuditLog { action by: user { username } about: plugin { name } of: customer { slug } } } }"""


@pytest.mark.slow
def test_nodes_take_as_many_statements_for_many_ids_of_a_type_as_for_two(install):
    ops = make_operator("ops")
    client = GraphQLClient.of(ops)
    fill(install, 12)
    for number in range(12):
        invitations.invite(actor=SYSTEM, customer=f"customer-{number:03}", role=Role.VIEWER, username="somebody")
        make_token(ops, name=f"token-{number}", only_customer=Customer.objects.get(slug=f"customer-{number:03}"))
    ids: dict[str, list[str]] = {}
    for each in dict.fromkeys(find_ids(client.data(OF_EVERY_TYPE))):
        ids.setdefault(read_global_id(each)[0], []).append(each)

    taken = {
        name: (count_statements(client, BY_IDS, ids=own[:2]), count_statements(client, BY_IDS, ids=own[:12]))
        for name, own in ids.items()
    }

    assert len(ids) == 8 and all(len(own) >= 12 for own in ids.values())
    assert {name: few for name, (few, _) in taken.items()} == {name: many for name, (_, many) in taken.items()}
    assert all(few <= 4 for few, _ in taken.values()), taken


def find_ids(value: Any) -> Iterator[str]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if key == "id":
            yield inner
        elif isinstance(inner, dict | list):
            yield from find_ids(inner)
