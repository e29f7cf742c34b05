"""What each mutation of customers, users, members and tokens does, and each refusal it can give."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.api.client import GraphQLClient
from tests.api.mutations.answers import ask, kind
from tests.factories import PASSWORD, make_membership
from webnet.customers.access import Role
from webnet.customers.models import Customer, User

pytestmark = pytest.mark.django_db(transaction=True)


class TestIdentity:
    def test_customer_is_made_renamed_and_closed(self, platform):
        made = platform.mutate("createCustomer", "customer { slug name isActive viewerRole }", slug="new", name="New")
        renamed = platform.mutate("updateCustomer", "changed customer { name isActive }", customer="new", name="Newer")
        same = platform.mutate("updateCustomer", "changed", customer="new", name="Newer", isActive=None)
        closed = platform.mutate("updateCustomer", "customer { name isActive }", customer="new", isActive=False)

        assert made["customer"] == {"slug": "new", "name": "New", "isActive": True, "viewerRole": "ADMIN"}
        assert renamed == {
            "__typename": "UpdateCustomerPayload",
            "changed": True,
            "customer": {"name": "Newer", "isActive": True},
        }
        assert same["changed"] is False
        assert closed["customer"] == {"name": "Newer", "isActive": False}
        assert platform.mutate("updateCustomer", "changed", customer="absent")["code"] == "CUSTOMER_NOT_FOUND"

    @pytest.mark.parametrize(
        ("mutation", "values", "expected"),
        [
            ("createCustomer", {"slug": "acme", "name": "x"}, ("NAME_TAKEN", "slug")),
            ("createCustomer", {"slug": "No Slug", "name": "x"}, ("INVALID_INPUT", "slug")),
            ("createCustomer", {"slug": "new", "name": " "}, ("INVALID_INPUT", "name")),
            ("updateCustomer", {"customer": "acme", "name": "x" * 201}, ("INVALID_INPUT", "name")),
            ("createUser", {"username": "ann"}, ("NAME_TAKEN", "username")),
            ("createUser", {"username": "no name"}, ("INVALID_INPUT", "username")),
            ("createUser", {"username": "new", "email": "x"}, ("INVALID_INPUT", "email")),
            ("createUser", {"username": "new", "password": "1"}, ("INVALID_INPUT", "password")),
            ("createApiToken", {"name": ""}, ("INVALID_INPUT", "name")),
            ("createApiToken", {"name": "x", "expiresAt": "2020-01-01T00:00:00Z"}, ("INVALID_INPUT", "expiresAt")),
        ],
    )
    def test_input_that_cant_be_taken_names_its_field(self, platform, mutation, values, expected):
        before = (Customer.objects.count(), User.objects.count())

        answer = ask(platform, mutation, "... on InvalidInput { field }", **values)

        assert (answer["__typename"], answer["code"], answer["field"]) == ("InvalidInput", *expected)
        assert (Customer.objects.count(), User.objects.count()) == before

    def test_user_is_made(self, platform, nobody):
        values = {"username": "new", "name": "New User", "email": "new@example.com", "password": PASSWORD}

        made = platform.mutate("createUser", "user { username name email }", **values)

        assert made["user"] == {"username": "new", "name": "New User", "email": "new@example.com"}
        assert nobody.mutate("signIn", "viewer { user { name } }", username="new", password=PASSWORD)["viewer"]

    def test_user_is_deactivated_and_reactivated(self, platform, nobody, world):
        world.admin.set_password(PASSWORD)
        world.admin.save()
        admin = world.client("admin")
        robot = GraphQLClient(token=admin.mutate("createApiToken", "token", name="robot")["token"])
        viewer, sign_in = "{ viewer { user { username } } }", {"username": "ann", "password": PASSWORD}
        selection, values = "changed user { username isActive }", {"username": "ann"}

        ended = platform.mutate("updateUser", selection, **values, isActive=False, reason="Left")
        again = platform.mutate("updateUser", selection, **values, isActive=False)
        refused = nobody.mutate("signIn", "__typename", **sign_in)
        wrong = nobody.mutate("signIn", "__typename", **sign_in | {"password": "wrong"})
        during = admin.code(viewer), robot.code(viewer)
        back = platform.mutate("updateUser", selection, **values, isActive=True)

        assert ended == {
            "__typename": "UpdateUserPayload",
            "changed": True,
            "user": {"username": "ann", "isActive": False},
        }
        assert (again["changed"], back["changed"], back["user"]["isActive"]) == (False, True, True)
        assert refused == wrong and kind(refused) == ("PermissionDenied", "BAD_CREDENTIALS")
        assert during == ("UNAUTHENTICATED", "UNAUTHENTICATED")
        assert admin.data(viewer) == robot.data(viewer) == {"viewer": {"user": {"username": "ann"}}}

    def test_who_cant_be_deactivated_is_refused(self, platform, admin):
        own = ask(platform, "updateUser", "... on InvalidInput { field }", username="platform", isActive=False)
        unknown = platform.mutate("updateUser", "changed", username="absent", isActive=False)
        foreign = [admin.mutate("updateUser", "changed", username=name, isActive=False) for name in ("gus", "absent")]

        assert (own["code"], own["field"]) == ("OWN_ACCOUNT", "username")
        assert kind(unknown) == ("NotFound", "USER_NOT_FOUND")
        assert {kind(each) for each in foreign} == {("PermissionDenied", "OPERATORS_ONLY")}

    def test_members_come_change_and_go(self, platform, admin, world):
        selection = "changed membership { role user { username } customer { slug } }"
        values = {"customer": "acme", "username": "gus"}

        added = platform.mutate("setMember", selection, **values, role="VIEWER")
        raised = admin.mutate("setMember", selection, **values, role="OPERATOR")
        same = admin.mutate("setMember", selection, **values, role="OPERATOR")
        removed = [admin.mutate("removeMember", "changed", **values)["changed"] for _ in range(2)]
        unknown = platform.mutate("setMember", "changed", customer="acme", username="absent", role="VIEWER")

        assert added["membership"] == {
            "role": "VIEWER",
            "user": {"username": "gus"},
            "customer": {"slug": "acme"},
        }
        assert [each["changed"] for each in (added, raised, same)] == [True, True, False]
        assert removed == [True, False]
        assert kind(unknown) == ("NotFound", "USER_NOT_FOUND")

    def test_who_is_not_a_member_is_the_same_to_an_admin_whether_they_exist(self, admin, world):
        query = """mutation($input: SetMemberInput!) { setMember(input: $input) {
            __typename ... on Refusal { code message } } }"""

        there, elsewhere, absent = (
            admin.send(
                {"query": query, "variables": {"input": {"customer": "acme", "username": name, "role": "VIEWER"}}}
            ).content.replace(name.encode(), b"?")
            for name in ("platform", "gus", "absent")
        )

        assert there == elsewhere == absent
        assert b"MEMBER_NOT_FOUND" in absent

    def test_last_admin_is_removed_by_operators_only(self, admin, platform):
        values = {"customer": "acme", "username": "ann"}

        assert kind(admin.mutate("removeMember", "changed", **values)) == ("PermissionDenied", "OPERATORS_ONLY")
        assert platform.mutate("removeMember", "changed", **values)["changed"] is True

    def test_whoever_leaves_the_customer_of_the_view_is_told_so_and_sees_nothing_more(self, admin, world):
        make_membership(world.stranger, world.acme, Role.ADMIN)
        inside = admin.at("acme")

        data = inside.data(
            """mutation { removeMember(input: {customer: "acme", username: "ann"}) { __typename
                ... on RemoveMemberPayload { changed } }
            again: setMember(input: {customer: "acme", username: "ann", role: ADMIN}) { __typename } }"""
        )

        assert data["removeMember"] == {"__typename": "RemoveMemberPayload", "changed": True}
        assert data["again"] == {"__typename": "NotFound"}
        assert inside.code("{ currentCustomer { name } }") == "CUSTOMER_NOT_FOUND"

    def test_signing_in_at_a_foreign_view_signs_in_and_shows_nothing(self, world):
        world.stranger.set_password(PASSWORD)
        world.stranger.save()
        browser = GraphQLClient(view="acme")

        answer = browser.mutate(
            "signIn",
            "viewer { user { username } memberships { edges { node { role } } } }",
            username="gus",
            password=PASSWORD,
        )

        assert answer["viewer"] == {"user": {"username": "gus"}, "memberships": {"edges": []}}
        assert browser.code("{ viewer { __typename } }") == "CUSTOMER_NOT_FOUND"
        own = browser.at(None).data("{ viewer { memberships { edges { node { customer { slug } } } } } }")
        assert own["viewer"]["memberships"]["edges"]

    @pytest.mark.parametrize("who", ["viewer", "operator"])
    def test_members_are_the_admins_business(self, world, who):
        answer = world.client(who).mutate("setMember", "changed", customer="acme", username="gus", role="ADMIN")

        assert kind(answer) == ("PermissionDenied", "ROLE_TOO_LOW")

    def test_token_is_shown_once_works_and_ends(self, admin):
        expires = timezone.now() + timedelta(days=1)
        made = admin.mutate(
            "createApiToken",
            "token apiToken { id name expiresAt maximumRole onlyCustomer { slug } revokedAt }",
            name="robot",
            onlyCustomer="acme",
            maximumRole="VIEWER",
            expiresAt=expires.isoformat(),
        )
        robot = GraphQLClient(token=made["token"])
        during = robot.data("{ customers { edges { node { slug viewerRole } } } }")
        taken = admin.mutate("createApiToken", "token", name="robot")
        ended = [
            admin.mutate("revokeApiToken", "changed apiToken { revokedAt }", id=made["apiToken"]["id"])
            for _ in range(2)
        ]

        assert made["apiToken"]["onlyCustomer"] == {"slug": "acme"}
        assert made["apiToken"]["maximumRole"] == "VIEWER"
        assert during["customers"]["edges"] == [{"node": {"slug": "acme", "viewerRole": "VIEWER"}}]
        assert kind(taken) == ("InvalidInput", "NAME_TAKEN")
        assert [each["changed"] for each in ended] == [True, False]
        assert robot.code("{ viewer { __typename } }") == "UNAUTHENTICATED"
        listed = admin.data("{ viewer { apiTokens { edges { node { name revokedAt } } } } }")
        assert "token" not in str(listed).replace("token 0", "")
        assert admin.mutate("createApiToken", "token", name="x", onlyCustomer="globex")["code"] == "CUSTOMER_NOT_FOUND"

    def test_several_mutations_of_one_request_see_each_other(self, platform):
        data = platform.data(
            """mutation {
                one: enablePlugin(input: {plugin: "greeter"}) { ... on EnablePluginPayload { plugin { enabled } } }
                two: enableCustomerPlugin(input: {plugin: "greeter", customer: "acme"}) {
                    ... on EnableCustomerPluginPayload { config { effective } } }
                three: disablePlugin(input: {plugin: "greeter"}) { ... on DisablePluginPayload { plugin { enabled } } }
                four: resetCustomerPlugin(input: {plugin: "greeter", customer: "acme"}) {
                    ... on ResetCustomerPluginPayload { config { ineffectiveCodes } } } }"""
        )

        assert data == {
            "one": {"plugin": {"enabled": True}},
            "two": {"config": {"effective": True}},
            "three": {"plugin": {"enabled": False}},
            "four": {"config": {"ineffectiveCodes": ["DISABLED_GLOBALLY", "NOT_SWITCHED_ON"]}},
        }
