"""An input is refused with everything that is wrong with it, each fault with its path; old clients see the first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.api.mutations.answers import ask
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

FAULTS = "... on InvalidInput { field faults { path message code } }"
FAULTS_OF_SETTINGS = "... on InvalidSettings { issues { path } faults { path message code } }"
PAST = "2020-01-01T00:00:00Z"

# mutation: (who, its input, the faults' paths and codes)
REFUSED = {
    "createCustomer": (
        "platform",
        {"slug": "No Slug", "name": " "},
        [("slug", "INVALID_INPUT"), ("name", "INVALID_INPUT")],
    ),
    "createCustomer, also taken": (
        "platform",
        {"slug": "acme", "name": ""},
        [("name", "INVALID_INPUT"), ("slug", "NAME_TAKEN")],
    ),
    "updateCustomer": ("platform", {"customer": "acme", "name": "a\nb"}, [("name", "INVALID_INPUT")]),
    "createUser": (
        "platform",
        {"username": "no name", "name": "a\nb", "email": "x", "password": "1"},
        # The password has two: it is too short, and too common.
        [(name, "INVALID_INPUT") for name in ("username", "name", "email", "password", "password")],
    ),
    "createUser, also taken": (
        "platform",
        {"username": "ann", "email": "x"},
        [("email", "INVALID_INPUT"), ("username", "NAME_TAKEN")],
    ),
    "createApiToken": (
        "admin",
        {"name": "", "expiresAt": PAST},
        [("name", "INVALID_INPUT"), ("expiresAt", "INVALID_INPUT")],
    ),
    "createApiToken, also taken": (
        "admin",
        {"name": "token 0", "expiresAt": PAST},
        [("expiresAt", "INVALID_INPUT"), ("name", "NAME_TAKEN")],
    ),
    "inviteMember": (
        "admin",
        {"customer": "acme", "role": "VIEWER", "username": "x", "email": "x"},
        [("username", "INVALID_INPUT"), ("email", "INVALID_INPUT")],
    ),
    "setPluginForCustomers": (
        "platform",
        {"plugin": "greeter", "customers": ["acme", "acme", "globex", "acme"], "action": "ENABLE"},
        [("customers.1", "INVALID_INPUT"), ("customers.3", "INVALID_INPUT")],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_every_fault_of_an_input_has_its_path_its_code_and_a_sentence(world, case):
    who, values, expected = REFUSED[case]

    refused = ask(world.client(who), case.partition(",")[0], FAULTS, **values)

    assert refused["__typename"] == "InvalidInput"
    assert [(".".join(fault["path"]), fault["code"]) for fault in refused["faults"]] == [
        (f"input.{path}", code) for path, code in expected
    ]
    assert all(fault["message"].endswith((".", "_")) for fault in refused["faults"])
    assert (refused["field"], refused["code"]) == (expected[0][0].partition(".")[0], expected[0][1])
    row = PluginAuditLog.objects.latest("position")
    assert (row.outcome, row.error_code) == ("refused", expected[0][1])


def test_the_message_names_all_of_several_faults_and_is_that_of_a_single_one(platform):
    one = ask(platform, "createUser", FAULTS, username="new", email="x")
    two = ask(platform, "createUser", FAULTS, username="new", email="x", name="a\nb")

    assert one["message"] == one["faults"][0]["message"] == "This is not an email address."
    assert two["message"] == "name: This can't contain control characters. email: This is not an email address."


def test_who_is_inactive_is_told_together_with_the_rest(platform, admin):
    platform.mutate("updateCustomer", "changed", customer="acme", isActive=False)

    refused = ask(platform, "inviteMember", FAULTS, customer="acme", role="VIEWER", email="x")

    assert [(fault["path"], fault["code"]) for fault in refused["faults"]] == [
        (["input", "email"], "INVALID_INPUT"),
        (["input", "customer"], "CUSTOMER_INACTIVE"),
    ]


def test_a_right_input_is_taken_as_before(platform):
    later = (timezone.now() + timedelta(days=1)).isoformat()

    made = platform.mutate("createApiToken", "apiToken { name }", name="new", expiresAt=later)

    assert made["apiToken"] == {"name": "new"}


def test_where_there_is_no_input_a_path_begins_at_the_argument(platform):
    query = """{ pluginPlan(plugin: "greeter", action: RESET) {
        refusal { ... on InvalidInput { faults { path } } } } }"""

    assert platform.data(query)["pluginPlan"]["refusal"] == {"faults": [{"path": ["action"]}]}


class TestSettings:
    @pytest.fixture(autouse=True)
    def _greeter_is_enabled(self, world):
        manager.enable("greeter", actor=Actor.system("tests"))

    def test_faults_of_settings_have_a_path_from_the_input(self, platform):
        refused = ask(
            platform,
            "updatePluginSettings",
            FAULTS_OF_SETTINGS,
            plugin="greeter",
            settings={"greeting": "x" * 80, "limit": 0, "ty/po": 1},
        )

        assert [fault["path"] for fault in refused["faults"]] == [
            ["input", "settings", "greeting"],
            ["input", "settings", "limit"],
            ["input", "settings", "ty/po"],
        ]
        assert {fault["code"] for fault in refused["faults"]} == {"INVALID_SETTINGS"}
        assert [issue["path"] for issue in refused["issues"]] == ["/greeting", "/limit", "/ty~1po"]

    def test_what_only_the_platform_may_set_is_refused_together_with_the_rest(self, platform, admin):
        settings = {"greeting": "x" * 80, "limit": 0}
        values = {"customer": "acme", "plugin": "greeter", "settings": settings}

        for client in (platform, admin):
            refused = ask(client, "updateCustomerPluginSettings", FAULTS_OF_SETTINGS, **values)

            assert [(fault["path"][-1], "platform" in fault["message"]) for fault in refused["faults"]] == [
                ("limit", True),
                ("greeting", False),
            ]
        assert "changed" in admin.mutate(
            "updateCustomerPluginSettings", "changed", **{**values, "settings": {"greeting": "Hi"}}
        )

    def test_what_only_the_platform_may_set_is_refused_also_if_it_is_the_same(self, admin):
        refused = ask(
            admin,
            "updateCustomerPluginSettings",
            FAULTS_OF_SETTINGS,
            customer="acme",
            plugin="greeter",
            settings={"limit": 5},
        )

        assert [fault["path"] for fault in refused["faults"]] == [["input", "settings", "limit"]]
