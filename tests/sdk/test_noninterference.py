"""Whatever happens in one customer, no answer to another one changes: not a byte of it, of its cost or its headers.

`make test` compares the answers to the same few documents each time; `make fuzz` to many, and others each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import cycle
from random import Random, randrange
from typing import Any

import pytest
from django.utils import timezone
from graphql import GraphQLSchema, build_client_schema, get_introspection_query
from hypothesis import strategies as st
from labels.models import Label

from tests.api.client import GraphQLClient
from tests.databases import one_database_is_enough
from tests.factories import make_customer, make_member
from tests.fuzzing import EXAMPLES as FUZZ_EXAMPLES
from tests.generated_documents import GeneratedDocument, documents, sample
from tests.sdk.changes_of_others import (
    CANARY,
    CHANGES,
    PLUGINS,
    SYSTEM,
    Change,
    Other,
    add_rows,
    apply,
    rename_customer,
)
from webnet.accounts import invitations
from webnet.api.engine import limits
from webnet.api.http import views
from webnet.api.resolvers.contributions import models_of
from webnet.api.schema import full_schema
from webnet.api.visibility import schema_without, visible_schema
from webnet.api.vocabulary.node import global_id
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Role
from webnet.customers.models import ApiToken, Customer, Invitation
from webnet.plugins.gate import effective
from webnet.plugins.manager import manager
from webnet.plugins.registry import registry
from webnet.sdk.trial.rows import RowMaker
from webnet.sdk.trial.traces import collect_traces

pytestmark = [one_database_is_enough, pytest.mark.django_db(transaction=True), pytest.mark.slow]

# A tenth of what the other long forms try, since each compares two answers after some changes.
EXAMPLES = max(1_000, FUZZ_EXAMPLES // 10) if FUZZ_EXAMPLES else 25
FIRST_SEED = randrange(10**9) if FUZZ_EXAMPLES else 0  # noqa: S311 - it is no secret
OWN, OTHER = "acme", "globex"
# Rows of the other customer are made with texts that begin so; no document says it.
TRACES = (CANARY, f"{OTHER}-")
# `broken` and `stuck` count as failures, for which the customer's own plugin would be paused.
FAILING = {"broken", "stuck"}
DIFFERENT_EACH_TIME = {"X-Request-Id", "Date"}
Case = tuple[str, str | None, GeneratedDocument]
PEOPLE = ("viewer", "operator", "admin", "")


@dataclass
class World:
    """The customer that asks, as each of its people at each view, and the other one."""

    other: Other
    clients: dict[tuple[str, str | None], GraphQLClient]
    schemas: dict[tuple[str, str | None], GraphQLSchema]
    ids: list[str]
    texts: list[str]
    cursors: list[str]


@dataclass
class Tally:
    """What was asked, how much of it was answered with something; which changes were made, and what they changed."""

    asked: set[str] = field(default_factory=set)
    answered: int = 0
    invalid: int = 0
    made: set[str] = field(default_factory=set)
    differences: list[str] = field(default_factory=list)


@pytest.fixture
def world() -> Iterator[World]:
    manager.sync(actor=SYSTEM)
    for plugin in PLUGINS:
        manager.enable(plugin, actor=SYSTEM, with_dependencies=True)
    own, other = (make_customer(slug) for slug in (OWN, OTHER))
    rows = RowMaker()
    for customer in (own, other):
        for plugin in PLUGINS:
            manager.enable(plugin, actor=SYSTEM, customer=customer.slug, with_dependencies=True)
        for model in dict.fromkeys(model for name in PLUGINS for model in models_of(registry.get(name))):
            rows.make(model, customer, rows=2)
        make_history(customer)
    people = {role.value: make_member(f"{role.value}-of-{OWN}", own, role) for role in Role}
    strangers = [make_member(name, other, role) for name, role in (("gus", Role.ADMIN), ("gil", Role.VIEWER))]
    clients = {
        (name, view): GraphQLClient.of(people[name], view=view) if name else GraphQLClient(view=view)
        for name in PEOPLE
        for view in (OWN, None)
    }
    others = Other(customer=other, clients=[GraphQLClient.of(user, view=OTHER) for user in strangers], rows=rows)
    # When a token was used is noted now and then, and its owner sees that.
    ApiToken.objects.update(last_used_at=timezone.now() + timedelta(days=1))
    seen = {view: read_schema(clients["admin", view]) for view in (OWN, None)}
    for_anybody = visible_schema(None).graphql
    yield World(
        other=others,
        clients=clients,
        schemas={(who, view): seen[view] if who else for_anybody for who, view in clients},
        ids=[*find_ids(own), *find_ids(other)],
        texts=[OWN, OTHER, *PLUGINS, "viewer-of-acme", "gus", "shelf.audit", "ENABLE"],
        cursors=[*find_cursors(clients["admin", OWN]), *find_cursors(others.clients[0]), "made up"],
    )
    effective.platforms.clear()
    effective.customers.clear()


def make_history(customer: Customer) -> None:
    """Something in each list of the customer's."""
    invitations.invite(actor=SYSTEM, customer=customer.slug, role=Role.VIEWER, email=f"i@{customer.slug}.example")
    manager.update_settings("shelf", actor=SYSTEM, customer=customer.slug, patch={"limit": 7, "key": "a secret"})
    manager.check_health("shelf", actor=SYSTEM, customer=customer.slug)
    manager.pause("reachability", actor=SYSTEM, customer=customer.slug)


def read_schema(client: GraphQLClient) -> GraphQLSchema:
    return build_client_schema(client.data(get_introspection_query(descriptions=False)))


def find_ids(customer: Customer) -> list[str]:
    """The ids of a row of each type."""
    found = [ids[0] for ids in collect_traces(PLUGINS, customer).ids.values()]
    row = PluginAuditLog.objects.filter(customer_slug=customer.slug).order_by("position")[0]
    user = customer.memberships.order_by("pk")[0].user
    return [
        *found,
        global_id("User", user.pk),
        global_id("Membership", f"{customer.slug}/{user.username}"),
        global_id("Customer", customer.slug),
        global_id("CustomerPluginConfig", f"{customer.slug}/shelf"),
        global_id("PluginAuditLog", f"{row.chain}/{row.sequence}"),
        global_id("Invitation", Invitation.objects.get(customer=customer).pk),
    ]


def find_cursors(client: GraphQLClient) -> Iterator[str]:
    fields = ("plugins", "allShelves", "books", "devices", "pluginAuditLogs", "customerPluginConfigs")
    for name in fields:
        yield client.data(f"{{ {name}(first: 1) {{ edges {{ cursor }} }} }}")[name]["edges"][0]["cursor"]


def ask(client: GraphQLClient, document: GeneratedDocument) -> tuple[int, dict[str, str], str]:
    """All that the client gets, without what differs each time."""
    response = client.send(document.body, **{"Webnet-Explain": "cost"})
    headers = {name: value for name, value in response.headers.items() if name not in DIFFERENT_EACH_TIME}
    text = response.content.decode().replace(response.headers["X-Request-Id"], "?")
    return response.status_code, headers | {"cookies": str(response.cookies)}, text


def cases(world: World) -> st.SearchStrategy[Case]:
    """Who asks at which view, and what; those who are signed in ask four times as often."""
    made = {
        each: documents(
            schema,
            fields=[name for name in schema.query_type.fields if name not in FAILING],
            ids=world.ids,
            texts=world.texts,
            cursors=world.cursors,
        )
        for each, schema in world.schemas.items()
    }
    often = [each for each in world.clients for _ in range(4 if each[0] else 1)]
    return st.sampled_from(often).flatmap(lambda each: st.tuples(st.just(each[0]), st.just(each[1]), made[each]))


def compare(
    world: World, asked: st.SearchStrategy[Case], *, examples: int, changes: Sequence[Change] = CHANGES
) -> Tally:
    """Ask before and after changes in the other customer."""
    tally, turns = Tally(), cycle(changes)
    missed: list[Change] = []
    made_up = st.tuples(asked, st.lists(st.sampled_from(changes), max_size=2), st.integers(0, 10**6))
    for seed in range(FIRST_SEED, FIRST_SEED + examples):
        (who, view, document), drawn, number = sample(made_up, seed=seed)
        client, random = world.clients[who, view], Random(number)  # noqa: S311 - which change it is, is no secret
        # More rows each time, so that it does not take luck to find a list that has them; and each change in turn, once
        # more where the customer's state did not allow it.
        chosen = [add_rows, next(turns), *missed, *drawn]
        before = ask(client, document)
        tally.made |= {change.__name__ for change in chosen if apply(change, world.other, random)}
        missed = [change for change in dict.fromkeys(chosen) if change.__name__ not in tally.made]
        after = ask(client, document)
        tally.asked.add(document.text)
        tally.answered += '"data":{' in after[2]
        tally.invalid += "GRAPHQL_VALIDATION_FAILED" in after[2]
        if before != after or any(trace in after[2] for trace in TRACES):
            names = [change.__name__ for change in chosen]
            tally.differences.append(f"seed {seed}, {who} at {view}: {document}\n{names}\n{before}\n{after}")
    return tally


def test_nothing_that_happens_in_another_customer_changes_an_answer(world: World) -> None:
    tally = compare(world, cases(world), examples=EXAMPLES)

    assert not tally.differences, "\n\n".join(tally.differences[:5])
    # Else it would say nothing. If documents were not valid any more, acme's own plugins would have been paused.
    assert tally.invalid == 0
    assert tally.answered >= EXAMPLES / 2
    assert len(tally.asked) >= EXAMPLES * 0.9
    assert tally.made == {change.__name__ for change in CHANGES}


def test_a_leak_in_a_field_a_header_or_the_cost_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = schema_without(full_schema().owners.plugins - set(PLUGINS)).graphql
    count = schema.query_type.fields["labelCount"]
    name = schema.type_map["Customer"].fields["name"]
    make_response = views.make_response
    leaks: tuple[tuple[str, object, str, object], ...] = (
        ("{ labelCount }", count, "resolve", lambda *_: Label.objects.count()),
        ("{ currentCustomer { name } }", name, "resolve", lambda *_: str(PluginAuditLog.objects.count())),
        ("{ currentCustomer { name } }", name, "resolve", lambda *_: f"not like {CANARY}-0"),
        ("{ __typename }", limits, "budget_of", lambda _: 1_000 + Label.objects.count()),
        ("{ __typename }", views, "make_response", partial(add_header, make_response)),
    )
    found = []

    for text, where, what, leaking in leaks:
        with monkeypatch.context() as patched:
            patched.setattr(where, what, leaking)
            asked = st.just(("viewer", OWN, GeneratedDocument(text, {})))
            found.append(len(compare(world, asked, examples=1, changes=[rename_customer]).differences))

    assert found == [1] * len(leaks)


def add_header(make_response: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    response = make_response(*arguments, **options)
    response["Webnet-Labels"] = str(Label.objects.count())
    return response
