"""Who may use which root field and fetch which node: each of them, by each kind of person, with own and other ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument, is_union_type

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from tests.sdk.access_table import FOREIGN, NODES, OWN, PEOPLE, ROOTS, STREAMS, TARGETS, Access, theirs
from webnet.accounts import invitations
from webnet.api.resolvers.contributions import models_of
from webnet.api.schema import full_schema
from webnet.api.vocabulary.node import global_id
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor, Role
from webnet.customers.models import ApiToken, Customer, User
from webnet.plugins.gate import effective
from webnet.plugins.gate.effective import customer_state
from webnet.plugins.manager import manager
from webnet.plugins.registry import registry
from webnet.sdk.trial.rows import RowMaker
from webnet.sdk.trial.samples import make_sample
from webnet.sdk.trial.traces import collect_traces

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("tests")
PLUGINS = ("gauges", "labels", "site_map", "reachability", "hello_world")


@dataclass
class World:
    """A client of each person, and the id of a row of each type by the customer's slug."""

    clients: dict[str, GraphQLClient]
    ids: dict[str, dict[str, str]]


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
    rows = RowMaker()
    for customer in customers:
        for plugin in PLUGINS:
            manager.enable(plugin, actor=SYSTEM, customer=customer.slug, with_dependencies=True)
        names = customer_state(Customer.objects.select_related("generation").get(pk=customer.pk)).effective
        found = (each for entry in registry.loaded() if entry.name in names for each in models_of(entry))
        for model in dict.fromkeys(found):
            rows.make(model, customer, rows=1)
    clients = {name: GraphQLClient.of(user) if user else GraphQLClient() for name, user in people.items()}
    yield World(clients=clients, ids={each.slug: find_ids(each) for each in customers})
    effective.platforms.clear()
    effective.customers.clear()


def root_fields():
    schema = full_schema().schema.graphql
    for kind in (schema.query_type, schema.mutation_type, schema.subscription_type):
        for name, each in kind.fields.items():
            yield kind.name, name, each


def node_types() -> set[str]:
    kinds = full_schema().schema.graphql.type_map.values()
    return {
        each.name
        for each in kinds
        if isinstance(each, GraphQLObjectType) and any(interface.name == "Node" for interface in each.interfaces)
    }


def find_ids(customer: Customer) -> dict[str, str]:
    """The id of a row of each type that has ids."""
    plugins = customer_state(Customer.objects.select_related("generation").get(pk=customer.pk)).effective
    found = {name: ids[0] for name, ids in collect_traces(plugins, customer).ids.items()}
    member = User.objects.get(username=f"{customer.slug}-member")
    invitation = invitations.invite(actor=SYSTEM, customer=customer.slug, role=Role.VIEWER, username="x").invitation
    token = ApiToken.objects.create(user=member, name="robot", prefix="x", digest=customer.slug)
    row = PluginAuditLog.objects.filter(customer_slug=customer.slug).order_by("position")[0]
    return found | {
        "Customer": global_id("Customer", customer.slug),
        "User": global_id("User", member.pk),
        "CustomerPluginConfig": global_id("CustomerPluginConfig", f"{customer.slug}/shelf"),
        "Membership": global_id("Membership", f"{customer.slug}/{member.username}"),
        "Invitation": global_id("Invitation", invitation.pk),
        "PluginAuditLog": global_id("PluginAuditLog", f"{row.chain}/{row.sequence}"),
        "ApiToken": global_id("ApiToken", token.pk),
        "Plugin": global_id("Plugin", "shelf"),
    }


def fill(value: Any, target: str, world: World) -> Any:
    """The value with the target's slug, member and ids."""
    if isinstance(value, dict):
        return {name: fill(each, target, world) for name, each in value.items()}
    if isinstance(value, list):
        return [fill(each, target, world) for each in value]
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    name = value.strip("{}")
    if name in ("customer", "user"):
        return target if name == "customer" else f"{target}-member"
    return world.ids[target][name] if target in world.ids else global_id(name, "99")


def write_body(name: str, declared: Any, access: Access, target: str, world: World) -> dict[str, Any]:
    """The request, with variables."""
    given = fill(access.given, target, world)
    if "input" in declared.args:
        given = {"input": make_sample(declared.args["input"].type) | given}
    given = {n: make_sample(each.type) for n, each in declared.args.items() if is_required_argument(each)} | given
    kind = get_named_type(declared.type)
    selection = access.selection
    if not selection and not is_leaf_type(kind):
        fields = getattr(kind, "fields", {})
        selection = "{ edges { node { __typename } } }" if "edges" in fields else "{ __typename }"
        if is_union_type(kind) and name != "findShelf":
            selection = "{ __typename ... on Refusal { code message } }"
    head = ", ".join(f"${n}: {declared.args[n].type}" for n in given)
    call = f"{name}({', '.join(f'{n}: ${n}' for n in given)})" if given else name
    operation = next(kind for kind, each, _ in root_fields() if each == name).lower()
    return {"query": f"{operation}{f'({head})' if head else ''} {{ {call} {selection} }}", "variables": given}


def outcome_of(answer: dict[str, Any]) -> str:
    """The code of the first error or refusal; else whether there is something."""
    if "errors" in answer:
        return answer["errors"][0]["extensions"]["code"]
    (value,) = answer["data"].values()
    if isinstance(value, dict):
        value = value.get("refusal", value) or value
        if "code" in value:
            return value["code"]
        value = value.get("edges", value)
        for outcome in value.get("outcomes", ()) if isinstance(value, dict) else ():
            return outcome["refusal"]["code"] if outcome["refusal"] else "ok"
    return "null" if value is None else "empty" if value == [] else "ok"


def send(client: GraphQLClient, body: dict[str, Any]) -> Any:
    """The response to a request whose changes are undone."""
    before = connection.savepoint()  # no `atomic`, in which the host may not begin a durable one
    response = client.send(body)
    connection.savepoint_rollback(before)
    return response


def show(response: Any, sent: dict[str, Any]) -> tuple[Any, ...]:
    """All that a client gets, without what it has sent itself, and what tells requests from each other."""
    text = response.content.decode()
    for value in find_texts(sent["variables"]):
        text = text.replace(value, "?")
    request_id = response.headers["X-Request-Id"]
    headers = {n: v for n, v in response.headers.items() if n not in ("X-Request-Id", "Date", "Content-Length")}
    return response.status_code, text.replace(request_id, "?"), headers


def find_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from find_texts(each)


@pytest.mark.slow
def test_each_root_field_answers_each_person_as_expected(world):
    wrong = []
    for kind, name, declared in root_fields():
        access = ROOTS.get(name)
        for who in PEOPLE if access and kind != "Subscription" else ():
            shown = {}
            for target in access.targets:
                body = write_body(name, declared, access, target, world)
                response = send(world.clients[who].at(access.view), body)
                shown[target] = show(response, body)
                got, expected = outcome_of(response.json()), access.expect(who, target)
                if got != expected:
                    wrong.append(f"{name} of {target} for {who}: {got}, not {expected}")
            hidden = [shown[target] for target in shown if target not in theirs(who, access.view)]
            if any(each != hidden[0] for each in hidden):
                wrong.append(f"{name} for {who}: {hidden}")

    assert wrong == []


def test_each_field_and_each_node_has_an_expectation():
    fields = [(kind, name) for kind, name, _ in root_fields()]

    assert {name for kind, name in fields if kind != "Subscription"} == set(ROOTS)
    assert {name for kind, name in fields if kind == "Subscription"} == set(STREAMS)
    assert node_types() == {*NODES, "Plugin"}  # plugins are nobody's


@pytest.mark.slow
@pytest.mark.parametrize("view", [None, OWN])
def test_each_node_is_fetched_by_whom_it_is_for(world, view):
    wrong = []
    for name, lowest in NODES.items():
        given = {"id": f"{{{name}}}"}
        own = "null" if name == "ApiToken" else "ok"
        access = Access(lowest=lowest, given=given, own=own, too_low="null", hidden="null", view=view)
        for who in PEOPLE:
            shown = {}
            for target in TARGETS:
                body = {"query": "query($id: ID!) { node(id: $id) { id } }", "variables": fill(given, target, world)}
                response = send(world.clients[who].at(view), body)
                shown[target] = show(response, body)
                got, expected = outcome_of(response.json()), access.expect(who, target)
                if got != expected:
                    wrong.append(f"{name} of {target} for {who}: {got}, not {expected}")
            hidden = [shown[target] for target in shown if target not in theirs(who, view)]
            if any(each != hidden[0] for each in hidden):
                wrong.append(f"{name} for {who}: {hidden}")

    assert wrong == []
