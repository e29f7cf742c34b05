"""The lists of a customer's people over GraphQL: searching members, and invitations by what has become of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_member
from webnet.accounts import invitations, members
from webnet.customers.access import Actor, Role
from webnet.customers.models import Invitation, User
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
MEMBERS = """query($search: String, $username: String, $role: Role) { customer(slug: "acme") {
    members(search: $search, username: $username, role: $role) { totalCount nodes { user { username } } } } }"""
INVITATIONS = """query($status: [InvitationStatus!]) { customer(slug: "acme") {
    invitations(status: $status) { nodes { username status } } } }"""


def find_members(client, **wanted) -> list[str]:
    found = client.data(MEMBERS, **wanted)["customer"]["members"]
    assert found["totalCount"] == len(found["nodes"])
    return [each["user"]["username"] for each in found["nodes"]]


@pytest.fixture
def invited(world) -> None:
    """One invitation of each status, and another customer's."""
    made = {
        name: invitations.invite(actor=SYSTEM, customer="acme", role=Role.VIEWER, username=name)
        for name in ("open", "accepted", "revoked", "late")
    }
    Invitation.objects.filter(username="accepted").update(accepted_at=timezone.now())
    invitations.revoke(actor=SYSTEM, customer="acme", invitation_id=made["revoked"].invitation.pk)
    Invitation.objects.filter(username="late").update(expires_at=timezone.now() - timedelta(seconds=1))
    invitations.invite(actor=SYSTEM, customer="globex", role=Role.VIEWER, username="elsewhere")


def test_members_are_found_by_a_part_of_their_names_or_address(world, admin):
    make_member("bob", world.acme, name="Roberta Ann")

    assert find_members(admin) == ["ann", "bob", "oscar", "vera"]
    assert find_members(admin, search="ANN") == ["ann", "bob"]
    assert find_members(admin, search="vera@EXAMPLE") == ["vera"]
    assert find_members(admin, search="gus") == find_members(admin, search="%") == []


def test_members_are_found_by_their_whole_username_and_their_role(world, admin):
    make_member("anna", world.acme, Role.ADMIN)

    assert find_members(admin, username="ann") == ["ann"]
    assert find_members(admin, username="an") == find_members(admin, username="gus") == []
    assert find_members(admin, role="ADMIN") == ["ann", "anna"]
    assert find_members(admin, role="ADMIN", search="na") == ["anna"]
    assert find_members(admin, username="x" * 10_000) == []


def test_whoever_may_not_see_the_members_finds_none_by_searching(operator, viewer, stranger):
    for client in (operator, viewer):
        assert client.data(MEMBERS, search="ann")["customer"]["members"] is None
    assert stranger.data(MEMBERS, search="ann")["customer"] is None


def test_two_searches_of_one_document_have_each_its_own_rows(admin):
    answer = admin.data(
        '{ customer(slug: "acme") { one: members(search: "ann") { totalCount } all: members { totalCount } } }'
    )

    assert answer["customer"] == {"one": {"totalCount": 1}, "all": {"totalCount": 3}}


def test_an_invitation_says_what_has_become_of_it(admin, invited):
    nodes = admin.data(INVITATIONS)["customer"]["invitations"]["nodes"]

    assert {each["username"]: each["status"] for each in nodes} == {
        "open": "OPEN",
        "accepted": "ACCEPTED",
        "revoked": "REVOKED",
        "late": "EXPIRED",
    }


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["OPEN"], {"open"}),
        (["ACCEPTED", "REVOKED"], {"accepted", "revoked"}),
        (["EXPIRED"], {"late"}),
        ([], set()),
        (None, {"open", "accepted", "revoked", "late"}),
    ],
)
def test_invitations_are_found_by_status(admin, invited, statuses, expected):
    nodes = admin.data(INVITATIONS, status=statuses)["customer"]["invitations"]["nodes"]

    assert {each["username"] for each in nodes} == expected


def test_removing_a_member_revokes_the_invitation(world, admin, invited):
    User.objects.create_user("open")
    members.set(actor=SYSTEM, customer="acme", username="open", role=Role.VIEWER)

    members.remove(actor=SYSTEM, customer="acme", username="open")

    nodes = admin.data(INVITATIONS, status=["OPEN"])["customer"]["invitations"]["nodes"]
    assert nodes == []


def test_permissions_are_found_by_codename_description_and_plugin(admin):
    manager.enable("greeter", actor=SYSTEM)
    ask = """query($search: String) { customer(slug: "acme") { permissions(search: $search) { codename } } }"""

    def find(search: str | None) -> list[str]:
        return [each["codename"] for each in admin.data(ask, search=search)["customer"]["permissions"]]

    assert find(None) == find("") == ["greeter.greet", "greeter.shout"]
    assert find("MAY SHOUT") == find("r.shout") == ["greeter.shout"]
    assert find("nothing") == []


def test_a_search_takes_no_more_statements_than_the_list(admin):
    counts = []
    for wanted in ({}, {"search": "a"}):
        admin.data(MEMBERS, **wanted)
        with CaptureQueriesContext(connection) as captured:
            admin.data(MEMBERS, **wanted)
        counts.append(len(captured))

    assert counts[0] == counts[1]
