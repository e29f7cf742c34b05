"""Any JSON document goes through update, read, history and export, and comes back as the value that was given."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_customer, make_member
from tests.fuzzing import EXAMPLES as FUZZ_EXAMPLES
from tests.plugins.test_dependencies import plugin
from webnet.customers.access import Actor
from webnet.customers.models import Role
from webnet.plugins.manager import manager

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# The same few in each `make test`, and many others in `make fuzz`; each is a dozen statements on a growing log.
EXAMPLES = FUZZ_EXAMPLES // 20
UPDATE = """mutation($settings: JSON!) {
  updateCustomerPluginSettings(input: {customer: "acme", plugin: "ledger", settings: $settings}) {
    __typename ... on UpdateCustomerPluginSettingsPayload { changed config { settings effectiveSettings } } } }"""
HISTORY = """{ customerPluginConfig(customer: "acme", plugin: "ledger") { settings
  settingsHistory(first: 1) { edges { node { changes { path after } } } } } }"""

# The numbers, texts and names that are hard to keep, among any others; some of them have to be refused.
numbers = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [1e16, 1e20, 1e22, -0.0, 0.0, 2.0, 5e-324, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 10**20, -(10**400)]
    ),
)
texts = st.one_of(st.text(max_size=6), st.sampled_from(["", "\0", "\ud800", "é", "e\u0301", "%_\\", "2.0", "null"]))
documents = st.recursive(
    st.one_of(st.booleans(), numbers, texts),
    lambda inner: st.one_of(
        st.lists(st.one_of(st.none(), inner), max_size=3), st.dictionaries(texts, inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


def as_text(value):
    """The parsed value, exactly: 1 is not 1.0, and members have an order."""
    return json.dumps(value)


@pytest.fixture
def operator(install):
    from tests.api.client import GraphQLClient

    schema = {"properties": {}}
    install(plugin("ledger", "1.0", get_settings_schema=lambda self: schema), enabled=True)
    acme = make_customer("acme")
    return GraphQLClient.of(make_member("ann", acme, Role.OPERATOR))


@settings(max_examples=EXAMPLES or 25, derandomize=not EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=st.dictionaries(texts, documents, min_size=1, max_size=4))
def test_a_document_comes_back_or_is_refused(operator, document):
    manager.revert_settings("ledger", actor=Actor.system("tests"), customer="acme", revision=0)

    answer = operator.run(UPDATE, settings=document)

    if answer.get("data") is None:
        assert answer["errors"][0]["extensions"]["code"] in {"BAD_USER_INPUT", "BAD_REQUEST"}, answer
        return
    updated = answer["data"]["updateCustomerPluginSettings"]
    if updated["__typename"] != "UpdateCustomerPluginSettingsPayload":
        assert updated["__typename"] == "InvalidSettings", answer
        return
    assert as_text(updated["config"]["settings"]) == as_text(document)
    assert as_text(updated["config"]["effectiveSettings"]) == as_text(document)
    config = operator.data(HISTORY)["customerPluginConfig"]
    assert as_text(config["settings"]) == as_text(document)
    (change,) = config["settingsHistory"]["edges"]
    for each in change["node"]["changes"]:
        assert as_text(each["after"]) == as_text(find(document, each["path"])), each
    exported = io.StringIO()
    call_command(
        "export_audit_log", "--customer", "acme", "--action", "update_customer_plugin_settings", stdout=exported
    )
    last = json.loads(exported.getvalue().strip("\n").split("\n")[-1])
    assert as_text(json.loads(last["text"])["after"]["settings"]) == as_text(document)


def find(document, path):
    """The value at a JSON Pointer."""
    for segment in path.split("/")[1:]:
        document = document[segment.replace("~1", "/").replace("~0", "~")]
    return document
