"""Signed out: the viewer is null, signing in works, and everything else says who may ask."""

from __future__ import annotations

import pytest
from graphql import parse

from tests.factories import PASSWORD, make_user
from webnet.accounts.known_devices import COOKIE_NAME
from webnet.accounts.models import SignInAttempts
from webnet.api.visibility import visible_schema

pytestmark = pytest.mark.django_db(transaction=True)

ARGUMENTS = {
    "node": '(id: "x")',
    "nodes": '(ids: ["x"])',
    "customer": '(slug: "acme")',
    "plugin": '(name: "greeter")',
    "customerPluginConfig": '(customer: "acme", plugin: "greeter")',
    "pluginPlan": '(plugin: "greeter", action: ENABLE)',
    "pluginSettingsPlan": '(plugin: "greeter", settings: {})',
    "pluginSettingsRevertPlan": '(plugin: "greeter", revision: 1)',
}


def fields_of(root: str) -> list:
    (definition,) = (each for each in parse(visible_schema(None).export()).definitions if each.name.value == root)
    return list(definition.fields)


@pytest.mark.parametrize("field", [each.name.value for each in fields_of("Query") if each.name.value != "viewer"])
@pytest.mark.parametrize("view", [None, "acme", "nowhere"])
def test_query_answers_unauthenticated(nobody, world, field, view):
    query = f"{{ {field}{ARGUMENTS.get(field, '')} {{ __typename }} }}"

    assert nobody.at(view).code(query) == "UNAUTHENTICATED"


@pytest.mark.parametrize("view", [None, "acme", "nowhere"])
def test_viewer_is_null(nobody, world, view):
    assert nobody.at(view).data("{ viewer { user { id } } }") == {"viewer": None}


MUTATIONS = {
    "changePassword": {"currentPassword": "x", "newPassword": "x"},
    "createApiToken": {"name": "x"},
    "revokeApiToken": {"id": "x"},
    "createCustomer": {"slug": "new", "name": "New"},
    "updateCustomer": {"customer": "acme"},
    "createUser": {"username": "new"},
    "updateUser": {"username": "ann", "isActive": False},
    "setMember": {"customer": "acme", "username": "ann", "role": "VIEWER"},
    "inviteMember": {"customer": "acme", "username": "ann", "role": "VIEWER"},
    "acceptInvitation": {"token": "x"},
    "revokeInvitation": {"customer": "acme", "id": "x"},
    "setDefaultCustomer": {"customer": "acme"},
    "removeMember": {"customer": "acme", "username": "ann"},
    "enablePlugin": {"plugin": "greeter"},
    "disablePlugin": {"plugin": "greeter"},
    "updatePluginSettings": {"plugin": "greeter", "settings": {}},
    "revertPluginSettings": {"plugin": "greeter", "revision": 1},
    "enableCustomerPlugin": {"customer": "acme", "plugin": "greeter"},
    "disableCustomerPlugin": {"customer": "acme", "plugin": "greeter"},
    "setPluginAvailability": {"plugin": "greeter", "availability": "REQUIRED"},
    "acknowledgeProblem": {"key": "paused:greeter"},
    "resumePlugin": {"plugin": "greeter"},
    "resetCustomerPlugin": {"customer": "acme", "plugin": "greeter"},
    "setPluginForCustomers": {"plugin": "greeter", "customers": ["acme"], "action": "ENABLE"},
    "updateCustomerPluginSettings": {"customer": "acme", "plugin": "greeter", "settings": {}},
    "revertCustomerPluginSettings": {"customer": "acme", "plugin": "greeter", "revision": 1},
    "setRolePermission": {"customer": "acme", "role": "VIEWER", "permission": "greeter.greet", "granted": True},
    "syncPlugins": {},
    "checkPluginHealth": {"plugin": "greeter"},
}


def test_every_mutation_is_tried_here():
    assert {each.name.value for each in fields_of("Mutation")} == {*MUTATIONS, "signIn", "signOut"}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_mutation_is_refused_as_not_signed_in(nobody, world, mutation):
    answer = nobody.mutate(mutation, "__typename", **MUTATIONS[mutation])

    assert (answer["__typename"], answer["code"]) == ("PermissionDenied", "NOT_SIGNED_IN")


def test_sign_in_starts_a_session_and_sign_out_ends_it(nobody):
    make_user("ann", password=PASSWORD, name="Ann")

    signed_in = nobody.mutate("signIn", "viewer { user { name } }", username="ann", password=PASSWORD)
    during = nobody.data(
        "{ viewer { user { username } memberships { edges { node { role } } } apiTokens { edges { node { name } } } } }"
    )
    first = nobody.data("mutation { signOut { changed } }")
    second = nobody.data("mutation { signOut { changed } }")

    assert signed_in["viewer"] == {"user": {"name": "Ann"}}
    assert during == {"viewer": {"user": {"username": "ann"}, "memberships": {"edges": []}, "apiTokens": {"edges": []}}}
    assert (first["signOut"], second["signOut"]) == ({"changed": True}, {"changed": False})
    assert nobody.data("{ viewer { __typename } }") == {"viewer": None}


def test_a_browser_that_signs_in_over_graphql_is_a_known_device(nobody):
    make_user("ann", password=PASSWORD)
    sign_in = """mutation($password: String!) {
        signIn(input: {username: "ann", password: $password}) { __typename } }"""

    wrong, right = (
        nobody.send({"query": sign_in, "variables": {"password": password}}) for password in ("wrong", PASSWORD)
    )

    assert COOKIE_NAME not in wrong.cookies
    assert right.cookies[COOKIE_NAME]["httponly"]


def test_wrong_password_and_unknown_user_get_the_same_refusal(nobody):
    make_user("ann", password=PASSWORD)

    answers = [
        nobody.mutate("signIn", "__typename", username=username, password="wrong") for username in ("ann", "nobody")
    ]

    assert answers[0] == answers[1]
    assert (answers[0]["__typename"], answers[0]["code"]) == ("PermissionDenied", "BAD_CREDENTIALS")


@pytest.mark.parametrize(
    "document",
    [
        "mutation { a: %s b: %s }",
        "mutation { %s b: %s }",
        "mutation { ...two } fragment two on Mutation { a: %s ... on Mutation { ...one } } "
        "fragment one on Mutation { b: %s }",
        "mutation { ...two ... { b: %s } } fragment two on Mutation { ...two a: %s }",
    ],
    ids=["aliases", "one alias", "fragments", "a circle"],
)
def test_an_operation_tries_one_password(nobody, document: str):
    field = 'signIn(input: {username: "ann", password: "x"}) { __typename }'

    refused = nobody.run(document % (field, field))

    assert "TOO_MANY_SIGN_INS" in {error["extensions"]["code"] for error in refused["errors"]}
    assert "data" not in refused
    assert not SignInAttempts.objects.exists()


def test_an_operation_that_signs_in_changes_no_password(nobody):
    change = 'changePassword(input: {currentPassword: "x", newPassword: "x"}) { __typename }'
    sign_in = 'signIn(input: {username: "ann", password: "x"}) { __typename }'

    refused = [nobody.run(f"mutation {{ a: {change} b: {other} }}") for other in (change, sign_in)]

    codes = [{error["extensions"]["code"] for error in each["errors"]} for each in refused]
    assert codes == [{"TOO_MANY_SIGN_INS"}] * 2


def test_a_sign_in_that_is_written_twice_and_done_once_is_one(nobody):
    field = 'signIn(input: {username: "ann", password: "x"}) { __typename }'

    answer = nobody.data(
        f"mutation {{ {field} ...again ...again signOut {{ changed }} }} fragment again on Mutation {{ {field} }}"
    )

    assert answer["signIn"] == {"__typename": "PermissionDenied"}


def test_too_many_tries_are_rate_limited(nobody):
    query = """mutation($input: SignInInput!) { signIn(input: $input) {
        ... on RateLimited { code message retryAfterSeconds } } }"""
    answers = [nobody.data(query, input={"username": "ann", "password": "x"})["signIn"] for _ in range(6)]

    assert answers[-1]["code"] == "RATE_LIMITED"
    assert answers[-1]["retryAfterSeconds"] > 0


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { name } } }",
        'query { viewer { __typename } hidden: __type(name: "Plugin") { name } }',
        "{ ...A } fragment A on Query { __schema { queryType { name } } }",
        "{ __schema { directive } }",
    ],
)
def test_signed_out_the_schema_is_not_read(nobody, platform, query):
    response = nobody.send({"query": query})

    assert response.status_code == 401
    error, *_ = response.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert "Sign in first" in error["message"]
    assert "Sign in first" not in str(platform.run(query))  # nor for users who sent the same document before


def test_signed_out_the_name_of_a_type_in_the_answer_is_there(nobody):
    assert nobody.data("{ __typename }") == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("query", "suggested"),
    [
        ("{ pluginz { edges { cursor } } }", "plugins"),
        ("{ viewer { ... on Plugni { name } } }", "Plugin"),
        ("{ plugin(nam: 3) { name } }", "name"),
        ("{ plugins(order: [{ field: NAM }]) { edges { cursor } } }", "NAME"),
        ("{ viewer }", "viewer { ... }"),
    ],
)
def test_signed_out_no_name_of_the_schema_is_suggested(nobody, platform, query, suggested):
    (suggesting,) = (each["message"] for each in platform.run(query)["errors"] if "Did you mean" in each["message"])
    assert suggested in suggesting

    assert "Did you mean" not in str(nobody.run(query))


def test_no_name_is_suggested_for_a_variable_either(nobody, platform):
    query = "query($order: [PluginOrder!]) { plugins(order: $order) { edges { cursor } } }"
    order = [{"field": "NAME", "directoin": "ASC"}]
    assert "Did you mean 'direction'" in str(platform.run(query, order=order))

    assert "Did you mean" not in str(nobody.run(query, order=order))


@pytest.mark.parametrize(
    ("directives", "message"),
    [
        ("@aa " * 10, "Unknown directive '@aa'."),
        ("@aa @bb @deprecated", "Unknown directive '@aa'."),
        ("@include(if: true) " * 10, "The directive '@include' can only be used once at this location."),
    ],
)
def test_of_many_wrong_directives_the_first_is_refused(nobody, platform, directives, message):
    for client in (nobody, platform):
        # A rule for each kind of mistake: "@aa" is repeated, too.
        messages = [error["message"] for error in client.run(f"{{ __typename {directives} }}")["errors"]]

        assert messages.count(message) == 1
        assert len(messages) <= 2
