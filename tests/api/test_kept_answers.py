"""Answers that depend on the plugins' state alone are kept until that changes, and are the same as without."""

from __future__ import annotations

import json
import logging
import tracemalloc
from collections.abc import Callable
from typing import Any
from weakref import ref

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.api.client import GraphQLClient
from tests.api.conftest import World
from webnet.accounts import customers, members
from webnet.api.http.kept_answers import LARGEST_BYTES, AnswerKey, KeptAnswer, KeptAnswers, kept_answers, make_etag
from webnet.api.request import rates
from webnet.customers.access import Actor
from webnet.customers.models import Role
from webnet.plugins.gate import effective
from webnet.plugins.gate.effective import platform_state
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability
from webnet.server.observability.logs import JsonFormatter

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
LOGGER = "webnet.server.observability.request_log"
CONFIGS = """query Configs($n: Int = 10, $withSettings: Boolean = true) { currentCustomer { slug name viewerRole
    viewerPermissions permissions { codename roles { role granted } } pluginConfigs(first: $n) { totalCount edges {
    cursor node { ...Config } } } } navigationItems { label url plugin { name } } }
    fragment Config on CustomerPluginConfig { id enabled availability effective ineffectiveReasons updatedAt
    ... @include(if: $withSettings) { settings effectiveSettings secretSettings { path isSet } settingSources { path
    layer } } plugin { name version verboseName settingsSchema dependencies { name isSatisfied plugin { name } } } }"""
PLUGINS = """{ plugins(first: 100, order: [{field: NAME}]) { totalCount edges { node { name enabled status
    effectiveSettings ineffectiveReasons dependents { name } contributions { queries } } } } }"""
ONE = """{ plugin(name: "inventory") { name enabled } customer(slug: "acme") { name }
    customerPluginConfig(customer: "acme", plugin: "inventory") { effective } }"""
EFFECTIVE = "{ effectivePlugins { id plugin { name version } types(kind: OBJECT) fields } }"
DOCUMENTS = (CONFIGS, PLUGINS, ONE, EFFECTIVE)


def is_kept(client: GraphQLClient, query: str) -> bool:
    """Whether the answer is in memory after it was given once."""
    kept_answers.clear()
    client.data(query)
    return len(kept_answers) == 1


def turn_on(plugin: str = "inventory") -> None:
    manager.enable(plugin, actor=SYSTEM)
    manager.enable(plugin, actor=SYSTEM, customer="acme")


CHANGES: dict[str, Callable[[], object]] = {
    "enabled for everybody": lambda: manager.enable("inventory", actor=SYSTEM),
    "enabled": lambda: manager.enable("inventory", actor=SYSTEM, customer="acme"),
    "global settings": lambda: manager.update_settings("greeter", actor=SYSTEM, patch={"limit": 7}),
    "own settings": lambda: manager.update_settings("greeter", actor=SYSTEM, customer="acme", patch={"greeting": "Hi"}),
    "availability": lambda: manager.set_availability("inventory", actor=SYSTEM, availability=Availability.DEFAULT_ON),
    "own availability": lambda: manager.set_availability(
        "map", actor=SYSTEM, customer="acme", availability=Availability.WITHHELD
    ),
    "renamed": lambda: customers.update(actor=SYSTEM, customer="acme", name="Acme Limited"),
    "inactive": lambda: customers.update(actor=SYSTEM, customer="acme", is_active=False),
    "active": lambda: customers.update(actor=SYSTEM, customer="acme", is_active=True),
    "disabled": lambda: manager.disable("inventory", actor=SYSTEM, customer="acme", with_dependents=True),
    "forgotten": lambda: manager.reset("inventory", actor=SYSTEM, customer="acme", cascade=True),
    "disabled for everybody": lambda: manager.disable("inventory", actor=SYSTEM, with_dependents=True),
}


@pytest.mark.slow
def test_after_every_change_everybody_gets_what_they_would_get_without(world: World) -> None:
    clients = [world.client(who, view="acme") for who in ("viewer", "operator", "admin", "platform")]
    clients.append(world.client("platform"))
    asked = [(client, query) for client in clients for query in DOCUMENTS]
    for client, query in asked:
        client.run(query)

    differing = []
    for name, change in CHANGES.items():
        change()
        given = [client.run(query) for client, query in asked]
        given_again = [client.run(query) for client, query in asked]
        kept_answers.clear()
        fresh = [client.run(query) for client, query in asked]
        differing += [name for a, b, c in zip(given, given_again, fresh, strict=True) if not a == b == c]

    assert differing == []


def test_a_role_that_was_taken_away_counts_from_the_next_request(world: World) -> None:
    turn_on()
    client = world.client("admin", view="acme")
    before = client.data(CONFIGS)["currentCustomer"]

    members.set(actor=SYSTEM, customer="acme", username="ann", role=Role.VIEWER)

    after = client.data(CONFIGS)["currentCustomer"]
    assert (before["viewerRole"], after["viewerRole"]) == ("ADMIN", "VIEWER")
    assert before["permissions"] is not None
    assert after["permissions"] is None


def test_an_unchanged_answer_takes_no_statement_but_those_that_find_the_viewer(world: World) -> None:
    client = world.client("viewer", view="acme")
    first = client.send({"query": PLUGINS}).content

    with CaptureQueriesContext(connection) as statements:
        second = client.send({"query": PLUGINS}).content

    assert first == second
    assert all("webnet_plugins" not in each["sql"] or "generation" in each["sql"] for each in statements)
    assert len(statements) <= 2


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (CONFIGS, True),
        (PLUGINS, True),
        (ONE, True),
        (EFFECTIVE, True),
        ("{ viewer { user { username } } }", False),
        ("{ plugins { edges { node { name health { status } } } } }", False),
        ("{ plugins(filter: { health: [HEALTHY] }) { edges { node { name } } } }", False),
        ("{ customers { edges { node { slug } } } }", False),
        ('{ node(id: "UGx1Z2luOm1hcA==") { id } }', False),
        ("{ currentCustomer { members { totalCount } } }", False),
        ('{ plugin(name: "map") { name } problems { key } }', False),
        ('{ __schema { queryType { name } } plugin(name: "map") { name } }', False),
    ],
)
def test_only_answers_of_the_plugins_state_are_kept(world: World, query: str, kept: bool) -> None:
    assert is_kept(world.client("admin", view="acme"), query) is kept


def test_the_platforms_view_keeps_answers_for_its_operators_that_name_no_customer(world: World) -> None:
    operator, member = world.client("platform"), world.client("viewer")

    assert is_kept(operator, PLUGINS) and is_kept(operator, EFFECTIVE)
    assert not is_kept(operator, ONE)
    assert not is_kept(member, PLUGINS) and not is_kept(member, EFFECTIVE)


def test_a_cost_that_was_asked_for_is_in_the_answer(world: World) -> None:
    client = world.client("viewer", view="acme")
    client.data(PLUGINS)

    answer = client.send({"query": PLUGINS}, **{"Webnet-Explain": "cost"}).json()

    assert answer["extensions"]["cost"]["requested"] > 0


def test_each_language_variable_and_operation_has_an_answer_of_its_own(world: World) -> None:
    manager.enable("inventory", actor=SYSTEM)
    manager.enable("map", actor=SYSTEM)
    client = world.client("viewer", view="acme")
    query = (
        'query A($n: Int) { plugins(first: $n) { edges { node { name } } } } query B { plugin(name: "map") { name } }'
    )
    ask = [
        {"query": query, "operationName": "A", "variables": {"n": 1}},
        {"query": query, "operationName": "A", "variables": {"n": 2}},
        {"query": query, "operationName": "B"},
    ]

    first = [client.send(each).content for each in ask]
    second = [client.send(each).content for each in ask]
    client.send(ask[0], **{"Accept-Language": "de"})

    assert first == second
    assert len(set(first)) == 3
    assert len(kept_answers) == 4


def test_it_is_charged_like_any_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.client("viewer", view="acme")
    charged: list[list[int]] = []
    charge = rates.charge

    def note(*args: Any, points: int, **options: Any) -> None:
        charged[-1].append(points)
        charge(*args, points=points, **options)

    monkeypatch.setattr(rates, "charge", note)
    for _ in range(2):
        charged.append([])
        client.data(PLUGINS)

    assert len(charged[0]) == 2
    assert charged == [charged[0]] * 2


def test_who_has_spent_everything_gets_no_kept_answer_either(world: World) -> None:
    client = world.client("viewer", view="acme")
    client.data(PLUGINS)
    rates.rates.buckets = rates.Buckets()

    with override_settings(WEBNET_USER_POINTS_PER_MINUTE=150):
        answers = [client.run(PLUGINS) for _ in range(3)]

    assert [("errors" in each) for each in answers] == [False, True, True]
    assert answers[1]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


def test_a_get_with_the_tag_of_the_bytes_that_the_client_has_is_answered_with_304(world: World) -> None:
    client = world.client("viewer", view="acme")
    address = {"path": client.url, "data": {"query": PLUGINS}, "headers": client._headers}
    first = client.http.get(**address)
    known = {**address, "headers": {**client._headers, "If-None-Match": first["ETag"]}}

    second = client.http.get(**known)
    turn_on()
    third = client.http.get(**known)

    assert (first.status_code, second.status_code, third.status_code) == (200, 304, 200)
    assert first["ETag"] == make_etag(first.content)
    assert first["Cache-Control"] == "private, no-cache"
    assert second.content == b""
    assert {name: second[name] for name in ("ETag", "Cache-Control", "Webnet-Schema")} == {
        name: first[name] for name in ("ETag", "Cache-Control", "Webnet-Schema")
    }
    assert "Authorization" in second["Vary"]
    # They would take the place of those of the answer that the client has.
    assert not {"Content-Length", "Content-Security-Policy"} & set(second.headers)
    assert third["ETag"] != first["ETag"]


def test_a_change_elsewhere_leaves_the_tag_as_it_is(world: World) -> None:
    client = world.client("viewer", view="acme")
    address = {"path": client.url, "data": {"query": CONFIGS}, "headers": client._headers}
    first = client.http.get(**address)

    manager.set_availability("map", actor=SYSTEM, customer="globex", availability=Availability.WITHHELD)
    customers.update(actor=SYSTEM, customer="globex", name="Globex Limited")

    assert client.http.get(**address)["ETag"] == first["ETag"]


def test_what_is_of_a_person_has_no_tag_and_is_not_stored(world: World) -> None:
    client = world.client("viewer", view="acme")

    answer = client.http.get(client.url, {"query": "{ viewer { user { username } } }"}, headers=client._headers)

    assert "ETag" not in answer
    assert answer["Cache-Control"] == "no-store"


def test_the_log_line_of_a_kept_answer_says_what_was_asked(world: World, caplog: pytest.LogCaptureFixture) -> None:
    client = world.client("viewer", view="acme")

    with caplog.at_level(logging.INFO, LOGGER):
        for _ in range(2):
            client.data(CONFIGS)

    lines = [json.loads(JsonFormatter().format(each)) for each in caplog.records if each.name == LOGGER]
    asked = [{name: line[name] for name in ("operation", "operation_type", "cost", "customer")} for line in lines]
    assert asked[0]["operation"] == "Configs"
    assert asked == [asked[0]] * 2


def make_key(number: int) -> AnswerKey:
    return AnswerKey("schema", number, False, Role.VIEWER, "en", "{ plugins }", None, b"{}")


def make_answer(state: Any, size: int) -> KeptAnswer:
    return KeptAnswer(state=ref(state), body=b"x" * size, cost=1, operation_type="query", operation_name="")


def test_memory_is_bounded_and_the_answers_used_last_stay(world: World) -> None:
    state = platform_state()
    kept = KeptAnswers(most_bytes=10_000)

    for number in range(100):
        kept.put(make_key(number), make_answer(state, 2_000))
        kept.get(make_key(0), state)
    kept.put(make_key(500), make_answer(state, LARGEST_BYTES + 1))

    assert len(kept) == 3
    assert kept.get(make_key(0), state) is not None
    assert kept.get(make_key(500), state) is None


def test_what_is_kept_takes_no_more_memory_than_is_counted(world: World) -> None:
    """orjson's results keep the whole buffer that they were written into: 4 KiB for `{}`."""
    client = world.client("viewer", view="acme")
    client.data(ONE)
    kept_answers.clear()
    tracemalloc.start()
    try:
        for number in range(100):
            client.data(f'{{ a{number}: plugin(name: "inventory") {{ name }} }}')
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()

    assert len(kept_answers) == 100
    makers = [tracemalloc.Filter(True, f"*/webnet/api/{name}.py") for name in ("responses", "http/kept_answers")]
    taken = sum(trace.size for trace in snapshot.filter_traces(makers).traces)
    assert 0 < taken <= kept_answers._bytes


def test_a_kept_answer_keeps_no_state_alive(world: World) -> None:
    kept = KeptAnswers()
    state = platform_state()
    kept.put(make_key(1), make_answer(state, 10))
    gone = ref(state)

    effective.platforms.clear()
    del state

    assert gone() is None
    assert kept.get(make_key(1), platform_state()) is None
