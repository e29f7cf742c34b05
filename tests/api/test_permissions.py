"""Permissions over GraphQL: the matrix, and giving and taking."""

from __future__ import annotations

import pytest

from webnet.customers.access import Actor
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

MATRIX = """query($customer: String!) { customer(slug: $customer) { permissions {
    codename description effective plugin { name } roles { role granted grantedByDefault decision } } } }"""
CHANGED = "changed permission { codename effective roles { role granted decision } }"
VIEWERS_OWN = '{ customer(slug: "acme") { viewerPermissions } }'


@pytest.fixture(autouse=True)
def _greeter_is_on_for_acme(world):
    manager.enable("greeter", actor=Actor.system("tests"))
    manager.enable("greeter", actor=Actor.system("tests"), customer="acme")


def grant(role: str, granted: bool, by_default: bool, decision: bool | None = None) -> dict[str, object]:
    return {"role": role, "granted": granted, "grantedByDefault": by_default, "decision": decision}


def matrix(client, customer="acme"):
    return client.data(MATRIX, customer=customer)["customer"]["permissions"]


def test_the_matrix_tells_who_has_what_and_what_is_the_default(admin):
    admin.mutate(
        "setRolePermission", CHANGED, customer="acme", role="OPERATOR", permission="greeter.shout", granted=True
    )

    assert matrix(admin) == [
        {
            "codename": "greeter.greet",
            "description": "May greet.",
            "effective": True,
            "plugin": {"name": "greeter"},
            "roles": [grant("VIEWER", True, True), grant("OPERATOR", True, True), grant("ADMIN", True, True)],
        },
        {
            "codename": "greeter.shout",
            "description": "May shout.",
            "effective": True,
            "plugin": {"name": "greeter"},
            "roles": [
                grant("VIEWER", False, False),
                grant("OPERATOR", True, False, True),
                grant("ADMIN", True, True),
            ],
        },
    ]


def test_the_matrix_is_for_operators_of_the_customer(operator, viewer, stranger, platform):
    assert len(matrix(operator)) == len(matrix(platform)) == 2
    assert matrix(viewer) is None
    assert stranger.data(MATRIX, customer="acme")["customer"] is None


def test_the_matrix_has_plugins_that_are_not_effective_yet_and_says_so(stranger):
    assert [each["effective"] for each in matrix(stranger, "globex")] == [False, False]


def test_giving_a_permission_holds_on_the_next_request_and_taking_it_too(admin, viewer):
    given = admin.mutate(
        "setRolePermission", CHANGED, customer="acme", role="VIEWER", permission="greeter.shout", granted=True
    )
    after_giving = viewer.data(VIEWERS_OWN)["customer"]["viewerPermissions"]
    admin.mutate(
        "setRolePermission", CHANGED, customer="acme", role="VIEWER", permission="greeter.greet", granted=False
    )
    after_taking = viewer.data(VIEWERS_OWN)["customer"]["viewerPermissions"]

    assert given["changed"] is True
    assert given["permission"]["roles"][0] == {"role": "VIEWER", "granted": True, "decision": True}
    assert (after_giving, after_taking) == (["greeter.greet", "greeter.shout"], ["greeter.shout"])


def test_null_goes_back_to_the_default(admin, viewer):
    values = {"customer": "acme", "role": "VIEWER", "permission": "greeter.shout"}
    admin.mutate("setRolePermission", CHANGED, **values, granted=True)

    reset = admin.mutate("setRolePermission", CHANGED, **values, granted=None)
    again = admin.mutate("setRolePermission", CHANGED, **values)

    assert (reset["changed"], again["changed"]) == (True, False)
    assert viewer.data(VIEWERS_OWN)["customer"]["viewerPermissions"] == ["greeter.greet"]


def test_a_menu_follows_what_is_given(admin, viewer):
    admin.mutate("setRolePermission", CHANGED, customer="acme", role="VIEWER", permission="greeter.shout", granted=True)

    items = viewer.data("{ navigationItems { label } }")["navigationItems"]

    assert [item["label"] for item in items] == ["Shouting", "Greetings"]


@pytest.mark.parametrize(
    ("who", "values", "code"),
    [
        ("operator", {}, "ROLE_TOO_LOW"),
        ("viewer", {}, "ROLE_TOO_LOW"),
        ("stranger", {}, "CUSTOMER_NOT_FOUND"),
        ("admin", {"customer": "globex"}, "CUSTOMER_NOT_FOUND"),
        ("admin", {"permission": "greeter.unheard"}, "PERMISSION_NOT_FOUND"),
        ("admin", {"permission": "unheard.greet"}, "PLUGIN_NOT_FOUND"),
        ("admin", {"permission": "inventory.greet"}, "PLUGIN_NOT_FOUND"),
        ("platform", {"permission": "inventory.greet"}, "PERMISSION_NOT_FOUND"),
    ],
)
def test_who_may_not_give_what(world, who, values, code):
    values = {"customer": "acme", "role": "VIEWER", "permission": "greeter.shout", "granted": True, **values}

    refused = world.client(who).mutate("setRolePermission", CHANGED, **values)

    assert refused["code"] == code


def test_another_customers_view_does_not_know_the_customer(world, platform):
    values = {"customer": "acme", "role": "VIEWER", "permission": "greeter.shout", "granted": True}

    assert platform.at("globex").mutate("setRolePermission", CHANGED, **values)["code"] == "CUSTOMER_NOT_FOUND"


def test_a_decision_is_in_the_customers_audit_log_with_its_reason(admin):
    values = {"customer": "acme", "role": "VIEWER", "permission": "greeter.shout", "granted": True}
    admin.mutate("setRolePermission", CHANGED, **values, reason="The choir asked.")

    query = '{ customer(slug: "acme") { auditLogs(first: 1) { edges { node { action pluginName reason after } } } } }'
    (edge,) = admin.data(query)["customer"]["auditLogs"]["edges"]

    assert edge["node"] == {
        "action": "set_role_permission",
        "pluginName": "greeter",
        "reason": "The choir asked.",
        "after": {"permission": "greeter.shout", "role": "viewer", "granted": True},
    }
