"""Invitations through the API: what the admin and the invited person see, and whose email address anybody sees."""

from __future__ import annotations

import pytest

from tests.api.client import GraphQLClient
from tests.api.mutations.answers import ask, kind
from tests.factories import make_membership, make_user
from webnet.accounts.authentication import SESSION_BACKEND
from webnet.api.vocabulary.node import global_id
from webnet.customers.models import Customer, Membership, Role, User

pytestmark = pytest.mark.django_db(transaction=True)

LIST = """{ customer(slug: "acme") { invitations(first: 1) {
    pageInfo { hasNextPage }
    edges { node { username email role acceptedAt revokedAt customer { slug }
        invitedBy { username } acceptedBy { username } } } } } }"""


def browser_of(user: User, view: str | None = None) -> GraphQLClient:
    """Somebody who has signed in, and has no API token."""
    browser = GraphQLClient(view=view)
    browser.http.force_login(user, backend=SESSION_BACKEND)
    return browser


def invite(client: GraphQLClient, **values: str) -> dict:
    return client.mutate(
        "inviteMember", "token address invitation { id username email }", customer="acme", role="OPERATOR", **values
    )


def test_an_invited_person_joins_and_leaves_the_list_of_the_open(admin, world):
    make_user("mail", email="mail@example.com")
    made = [invite(admin, username="gus"), invite(admin, email="Mail@Example.com")]

    joined = browser_of(world.stranger).mutate(
        "acceptInvitation", "membership { role customer { slug } }", token=made[0]["token"]
    )
    first = admin.data(LIST)["customer"]["invitations"]

    assert made[0]["address"] == f"http://testserver/invitations/{made[0]['token']}/"
    assert joined["membership"] == {"role": "OPERATOR", "customer": {"slug": "acme"}}
    assert first["pageInfo"]["hasNextPage"]
    assert first["edges"][0]["node"] == {
        "username": None, "email": "mail@example.com", "role": "OPERATOR", "acceptedAt": None, "revokedAt": None,
        "customer": {"slug": "acme"}, "invitedBy": {"username": "ann"}, "acceptedBy": None,
    }  # fmt: skip


@pytest.mark.parametrize("who", ["operator", "viewer"])
def test_only_admins_see_them(world, admin, who):
    invite(admin, username="gus")

    assert world.client(who).data(LIST)["customer"]["invitations"] is None


def test_an_api_token_does_not_accept(admin, stranger):
    made = invite(admin, username="gus")

    assert kind(stranger.mutate("acceptInvitation", "__typename", token=made["token"])) == (
        "PermissionDenied", "SESSION_REQUIRED",
    )  # fmt: skip


def test_a_revoked_one_is_refused_with_its_field(admin, world):
    made = invite(admin, username="gus")
    revoke = {"customer": "acme", "id": made["invitation"]["id"]}

    changes = [admin.mutate("revokeInvitation", "changed", **revoke)["changed"] for _ in range(2)]
    refused = ask(browser_of(world.stranger), "acceptInvitation", "... on InvalidInput { field }", token=made["token"])

    assert changes == [True, False]
    assert (refused["code"], refused["field"]) == ("INVITATION_REVOKED", "token")


def test_a_customers_view_shows_no_other_customers_invitations(admin, world):
    make_membership(world.admin, world.globex, Role.ADMIN)
    made = invite(admin, username="gus")

    inside = admin.at("globex")

    assert invite(inside, username="gus")["code"] == "CUSTOMER_NOT_FOUND"
    assert inside.data("query($id: ID!) { node(id: $id) { id } }", id=made["invitation"]["id"]) == {"node": None}


def test_the_default_customer_is_used_where_one_is_needed(platform, world, admin):
    needing = "{ dashboardWidgets { name } viewer { defaultCustomer { slug } } }"
    browser = browser_of(world.admin)
    alone = browser.data(needing)["viewer"]

    platform.mutate("setMember", "changed", customer="globex", username="ann", role="VIEWER")
    kept = browser.data(needing)["viewer"]
    chosen = browser.mutate("setDefaultCustomer", "changed viewer { defaultCustomer { slug } }", customer="globex")
    Membership.objects.filter(user=world.admin).update(is_default=False)
    Customer.objects.create(slug="initech", name="Initech")

    assert alone == kept == {"defaultCustomer": {"slug": "acme"}}
    assert chosen == {
        "__typename": "SetDefaultCustomerPayload", "changed": True, "viewer": {"defaultCustomer": {"slug": "globex"}},
    }  # fmt: skip
    assert browser.code("{ dashboardWidgets { name } }") == "CUSTOMER_REQUIRED"
    assert browser.data("{ viewer { defaultCustomer { slug } } }")["viewer"]["defaultCustomer"] is None


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("viewer", {"vera": "vera@example.com"}),
        ("operator", {"ann": None, "vera": None, "oscar": None}),
        ("admin", {"ann": "ann@example.com", "vera": "vera@example.com", "oscar": None}),
        ("platform", {"ann": "ann@example.com", "vera": "vera@example.com", "platform": "platform@example.com"}),
        ("stranger", {"gus": "gus@example.com"}),
    ],
)
@pytest.mark.parametrize("view", [None, "acme"])
def test_an_email_address_is_shown_to_its_owner_to_admins_and_to_operators(world, who, expected, view):
    """By id; members and the log are below."""
    User.objects.filter(username="gus").update(email="gus@example.com")
    if who == "stranger":
        view = None
    client = world.client(who, view=view)
    ids = {user.username: user.pk for user in User.objects.all()}
    seen = {}

    for name in expected:
        query = "query($id: ID!) { node(id: $id) { ... on User { email } } }"
        node = client.data(query, id=global_id("User", ids[name]))["node"]
        seen[name] = node["email"] if node else "hidden"

    # In a customer's view, only its members are there.
    assert seen == {name: "hidden" if view and name == "platform" and who != "platform" else email
                    for name, email in expected.items()}  # fmt: skip


def test_the_user_of_a_row_in_the_log_keeps_their_email_address(world, admin, operator):
    invite(admin, username="gus")
    query = '{ customer(slug: "acme") { auditLogs { edges { node { user { email } } } } } }'

    seen = [client.data(query)["customer"]["auditLogs"]["edges"][0]["node"]["user"] for client in (operator, admin)]

    assert [each["email"] for each in seen] == [None, "ann@example.com"]
