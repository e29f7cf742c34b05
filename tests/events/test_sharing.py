"""One answer for many subscribers: made once, and never told to somebody who must not get it."""

from __future__ import annotations

import asyncio
import gc
import weakref
from types import SimpleNamespace

import pytest
from django.http import HttpRequest
from strawberry.http import GraphQLRequestData

from webnet.api.events.shared_answers import KEPT_ANSWERS, ROW_FIELDS, SharedAnswers, depends_only_on_row, question_of
from webnet.api.schema import full_schema
from webnet.customers.access import Actor

ROW_ONLY = "subscription { pluginEvents { cursor node { __typename id actorName action before } } }"
# What depends on who asks: their rights, or what they may see of it.
OF_THE_VIEWER = {"user", "customer", "plugin", "ipAddress"}


class Row:
    """As much of a row as counts here."""


def test_one_answer_is_made_for_all_who_ask_the_same_of_one_row():
    made = []

    async def make():
        made.append(number := len(made))
        await asyncio.sleep(0)
        return number

    async def ask():
        shared, one, other = SharedAnswers(), Row(), Row()
        asked = [(one, "a"), (one, "a"), (one, "b"), (other, "a"), (one, "a")]
        return await asyncio.gather(*(shared.get(row, question, make) for row, question in asked))

    answers = asyncio.run(ask())

    assert len(made) == 3
    assert answers[0] == answers[1] == answers[4] and len(set(answers)) == 3


def test_who_goes_away_while_the_answer_is_made_takes_it_from_nobody():
    async def ask():
        going = asyncio.Event()

        async def make():
            await going.wait()
            return "told"

        shared, row = SharedAnswers(), Row()
        first, second = (asyncio.create_task(shared.get(row, "a", make)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        going.set()
        return await second

    assert asyncio.run(ask()) == "told"


def test_few_answers_are_kept_and_none_once_nobody_follows():
    async def make():
        return "told"

    async def ask():
        shared, rows = SharedAnswers(), [Row() for _ in range(KEPT_ANSWERS + 1)]
        for row in rows:
            await shared.get(row, "a", make)
        seen = [weakref.ref(row) for row in rows]
        del rows, row
        gc.collect()
        alive = sum(ref() is not None for ref in seen)
        shared.forget()
        gc.collect()
        return alive, sum(ref() is not None for ref in seen)

    assert asyncio.run(ask()) == (KEPT_ANSWERS, 0)


def executor_of(query):
    schema = full_schema().schema
    wanted = GraphQLRequestData(query=query, variables={"x": True}, operation_name=None, extensions=None)
    viewer = SimpleNamespace(
        is_signed_in=True,
        actor=Actor.system("tests"),
        identity=None,
        request=HttpRequest(),
        cost=0,
        choose_columns=lambda find: None,
    )
    prepared = schema.prepare_subscription(wanted, viewer)
    assert not isinstance(prepared, list), prepared
    return prepared


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ROW_ONLY, True),
        ("subscription { pluginEvents { node { ...F } } } fragment F on PluginAuditLog { hash reason }", True),
        ("subscription { pluginEvents { node { id: ipAddress } } }", False),
        ("subscription { pluginEvents { node { user { username } } } }", False),
        ("subscription { pluginEvents { node { ...F } } } fragment F on PluginAuditLog { customer { slug } }", False),
        (
            "subscription { pluginEvents { node { ... on Node { id ... on PluginAuditLog { plugin { id } } } } } }",
            False,
        ),
        ("subscription($x: Boolean!) { pluginEvents { node { id user @include(if: $x) { id } } } }", False),
    ],
)
def test_only_what_the_row_says_is_shared_whoever_asks(query, expected):
    assert depends_only_on_row(executor_of(query)) is expected


def test_what_a_guard_takes_out_for_one_is_not_shared_with_those_who_have_the_plugin():
    """A plugin that brings nothing to the schema makes no other schema either."""
    wanted = GraphQLRequestData(query=ROW_ONLY, variables=None, operation_name=None, extensions=None)
    executor, schema = executor_of(ROW_ONLY), full_schema().schema

    def ask(*guards):
        watch = SimpleNamespace(view_id=None, credential=None, context=SimpleNamespace(guards=frozenset(guards)))
        return question_of(wanted, executor, schema=schema, watch=watch)

    assert ask("greeter") == ask("greeter") != ask()


def test_every_field_of_a_row_is_known_to_depend_on_the_viewer_or_not():
    """A new field has to be put into one or the other."""
    types = full_schema().schema.graphql.type_map

    assert set(types["PluginAuditLog"].fields) == ROW_FIELDS["PluginAuditLog"] | OF_THE_VIEWER
    assert set(types["PluginAuditLogEdge"].fields) == ROW_FIELDS["PluginAuditLogEdge"]


def test_what_platform_operators_alone_see_of_a_row_is_not_shared_with_others(client, root):
    query = "subscription { pluginEvents { node { sequence machineTime hash } } }"
    streams = [client(person).subscribe("acme", query) for person in ("root", "acme-admin", "acme-operator", "root")]

    root.mutate("updateCustomer", customer="acme", name="acme once more")

    nodes = [stream.next()[1]["data"]["pluginEvents"]["node"] for stream in streams]
    first, admin, operator, again = nodes
    assert first == again and admin == operator
    assert first["sequence"] == admin["sequence"]
    assert first["machineTime"] and admin["machineTime"] is None and first["hash"] != admin["hash"]


@pytest.mark.parametrize("fields", ["id reason", "reason user { username email } ipAddress"])
def test_people_with_other_rights_follow_together_and_each_gets_their_own(client, root, fields):
    query = f"subscription {{ pluginEvents {{ node {{ {fields} }} }} }}"
    people = ["acme-operator", "acme-admin", "acme-operator", "root"]
    streams = [client(person).subscribe("acme", query) for person in people]

    root.mutate("updateCustomer", customer="acme", name=f"acme {fields}", reason="who gets what")

    operator, admin, again, platform = (stream.next()[1]["data"]["pluginEvents"]["node"] for stream in streams)
    assert operator["reason"] == "who gets what"
    assert operator == again
    if "ipAddress" in fields:
        assert admin["ipAddress"] == platform["ipAddress"] == "127.0.0.1" and operator["ipAddress"] is None
        assert platform["user"]["username"] == "root" and operator["user"] is None
    else:
        assert operator == admin == platform
