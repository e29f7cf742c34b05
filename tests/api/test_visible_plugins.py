"""Which plugins exist for a member: read from the states of few customers, and by one statement for many."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.client import GraphQLClient
from tests.api.plugins import numbered
from tests.factories import actor_for, make_customer, make_member, make_membership, make_user
from tests.plugins.audit_logs import write_rows
from webnet.api.request import reader
from webnet.api.request.reader import Reading
from webnet.audit.models import Generation
from webnet.audit.operation import renew_platform
from webnet.customers.models import Role
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = 'SELECT "plugins_pluginconfig"."name"'
OWN = ("", *Availability.values)
KINDS = [
    *product((True,), Availability.values, OWN, OWN),
    *product((False,), Availability.values, ("",), ("required",)),
]


@pytest.fixture
def every_kind(install):
    """A plugin for each state that it may have globally and for two customers; returns somebody of both."""
    install(*numbered(len(KINDS)))
    acme, globex = make_customer("acme"), make_customer("globex")
    ann = make_member("ann", acme)
    make_membership(ann, globex)
    for plugin, (enabled, availability, for_acme, for_globex) in zip(PluginConfig.objects.all(), KINDS, strict=True):
        PluginConfig.objects.filter(pk=plugin.pk).update(enabled=enabled, availability=availability)
        for customer, own in ((acme, for_acme), (globex, for_globex)):
            if own:
                CustomerPluginConfig.objects.create(customer=customer, plugin=plugin, availability=own)
    renew_platform()
    return ann


def names_for(user, *, reads_customers: bool) -> frozenset[str]:
    token = Generation.objects.get(customer=None).token
    reading = Reading(actor=actor_for(user), platform_token=token)
    if reads_customers:
        reading.all_customers()
    return reading.visible_plugin_names


def test_states_and_the_statement_agree(every_kind, monkeypatch):
    with CaptureQueriesContext(connection) as asked:
        by_states = names_for(every_kind, reads_customers=True)
    assert not any(NAMES in query["sql"] for query in asked)

    assert by_states == names_for(every_kind, reads_customers=False)
    assert 0 < len(by_states) < len(KINDS)

    monkeypatch.setattr(reader, "FEW_CUSTOMERS", 1)
    with CaptureQueriesContext(connection) as asked:
        assert names_for(every_kind, reads_customers=True) == by_states
    assert NAMES in asked[-1]["sql"]


def test_who_has_no_customer_sees_no_plugin(install):
    install(*numbered(1), enabled=True)

    stranger = make_user("stranger")

    assert names_for(stranger, reads_customers=True) == names_for(stranger, reads_customers=False) == frozenset()


PAGE = """{ pluginAuditLogs(first: 50) { edges { node { action outcome createdAt after plugin { name } user { username }
    } } pageInfo { hasNextPage endCursor } } }"""


@pytest.mark.parametrize("view", [None, "acme"])
def test_a_page_of_the_log_with_names_takes_at_most_four_statements(install, view):
    install(*numbered(3), enabled=True)
    acme = make_customer("acme")
    write_rows(60, customers=[acme])
    ann = GraphQLClient.of(make_member("ann", acme, Role.OPERATOR), view=view)
    ann.data(PAGE)

    with CaptureQueriesContext(connection) as asked:
        ann.data(PAGE)

    assert len(asked) <= 4
