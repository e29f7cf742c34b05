"""Who may use which root field and fetch which node: each of them, by each kind of person, with own and other ids."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from graphql import GraphQLObjectType

from tests.databases import one_database_is_enough
from tests.sdk.access.documents import Asked, batches, fields_of, find_wrong, root_fields, send, show, write_document
from tests.sdk.access.table import FOREIGN, MISSING, NODES, OWN, PEOPLE, PLATFORM_WIDE, ROOTS, STREAMS, Access
from webnet.api.schema import full_schema

pytestmark = pytest.mark.django_db
QUICK_REFERENCE = Path(__file__).parents[3] / "docs" / "plugin-quick-reference.md"
OWN_NODES = """{ viewer { user { id } memberships { edges { node { id } } } apiTokens { edges { node { id } } } } }"""
# Who has no role for a customer.
OTHERS = {"signed out": OWN, "viewer": FOREIGN, "operator": FOREIGN, "admin": FOREIGN, "stranger": OWN}


def node_types() -> set[str]:
    kinds = full_schema().schema.graphql.type_map.values()
    return {
        each.name
        for each in kinds
        if isinstance(each, GraphQLObjectType) and any(interface.name == "Node" for interface in each.interfaces)
    }


def mutations_of_plugins() -> set[str]:
    return {name for kind, name in full_schema().owners.fields if kind == "Mutation"}


def read_documented_roles() -> dict[str, set[str]]:
    """The mutations by what they require, as the docs' table has them."""
    section = QUICK_REFERENCE.read_text().split("## Who may do what")[1].split("## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")][2:]
    return {required: set(re.findall(r"`(\w+)`", names)) for required, names in rows}


def nodes_at(view: str | None) -> list[Asked]:
    (node,) = fields_of({"node": ROOTS["node"]})
    return [
        Asked(
            label=name,
            kind=node.kind,
            name=node.name,
            declared=node.declared,
            access=Access(
                lowest=lowest,
                given={"id": f"{{{name}}}"},
                too_low="null",
                hidden="null",
                view=view,
                selection="{ id }",
            ),
        )
        for name, lowest in NODES.items()
    ]


def test_each_field_and_each_node_has_an_expectation():
    fields = [(kind, name) for kind, name, _ in root_fields()]

    assert {name for kind, name in fields if kind != "subscription"} == set(ROOTS)
    assert {name for kind, name in fields if kind == "subscription"} == set(STREAMS)
    assert node_types() == {*NODES, "Plugin"}  # plugins are nobody's


def test_each_mutation_requires_what_the_docs_say():
    """Plugins' mutations have permissions, which each plugin documents itself."""
    documented = read_documented_roles()

    mutations = {name for kind, name, _ in root_fields() if kind == "mutation"}
    assert mutations - mutations_of_plugins() == {name for names in documented.values() for name in names}
    for name in documented["nothing"]:
        assert ROOTS[name].signed_out != "NOT_SIGNED_IN"
    for table in (ROOTS, PLATFORM_WIDE):
        for name in table.keys() & mutations - mutations_of_plugins() - documented["nothing"]:
            required = {"viewer": "to be signed in", "platform": "platform operator"}
            lowest = table[name].lowest
            assert name in documented[required.get(lowest, lowest)], name


@pytest.mark.slow
@one_database_is_enough
@pytest.mark.django_db(transaction=True)  # within one, nothing is cached
def test_whoever_reads_or_is_refused_is_answered_as_expected(world, settings):
    settings.WEBNET_PAUSE_AFTER_FAILURES = 1_000  # some fields fail for everybody
    settings.WEBNET_BUDGET_POINTS_SIGNED_OUT = 10**6  # for many changes in one document
    fields = [*fields_of(ROOTS), *fields_of(PLATFORM_WIDE), *nodes_at(None), *nodes_at(OWN)]

    wrong = [each for who in PEOPLE for each in find_wrong(world, who, fields)]

    assert wrong == []


@pytest.mark.slow
def test_whoever_changes_something_is_answered_as_expected(world):
    fields = [*fields_of(ROOTS), *fields_of(PLATFORM_WIDE)]

    wrong = [each for who in PEOPLE for each in find_wrong(world, who, fields, changing=True)]

    assert wrong == []


@pytest.mark.slow
def test_everybody_fetches_themselves_their_memberships_and_their_tokens(world):
    fetched = {}
    for who in PEOPLE[1:]:
        own = json.dumps(world.clients[who].data(OWN_NODES))
        ids = re.findall(r'"id": "([^"]+)"', own)
        found = [
            world.clients[who].data("query($key: ID!) { node(id: $key) { __typename id } }", key=key) for key in ids
        ]
        assert [each["node"] and each["node"]["id"] for each in found] == ids, who
        fetched[who] = {each["node"]["__typename"] for each in found}

    assert fetched.pop("platform") == {"User", "ApiToken"}
    assert all(types == {"User", "Membership", "ApiToken"} for types in fetched.values()), fetched


@pytest.mark.slow
def test_no_field_tells_the_view_of_another_customer_from_that_of_none(world):
    wrong = []
    for who, foreign in OTHERS.items():
        # Who is signed in does not come as far as the fields, like a stranger.
        fields = [each.at(OWN) for each in fields_of(ROOTS)]
        for batch in batches(fields, who if who == "signed out" else "stranger", OWN):
            document = write_document(batch, OWN, world)
            answers = {view: send(world.clients[who].at(view), document, is_undone=True) for view in (foreign, MISSING)}
            shown = {show(answer, document, view) for view, answer in answers.items()}
            if len(shown) > 1 or (who != "signed out" and b'"CUSTOMER_NOT_FOUND"' not in answers[foreign].content):
                wrong.append(f"{', '.join(each.name for each in batch)} for {who}: {shown}")

    assert wrong == []
