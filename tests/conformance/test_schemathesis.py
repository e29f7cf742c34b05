"""Operations that schemathesis makes up from the schema, plugins included, sent as four kinds of people.

Each is answered, or refused with a code. `make test` sends the same few each time; `make fuzz` many, and others each
time.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import graphql
import pytest
import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import response_schema_conformance
from schemathesis.config import SchemathesisConfig
from schemathesis.graphql import nodes

from tests.conformance.conftest import PLUGINS, Target
from tests.fuzzing import EXAMPLES, examples
from webnet.sdk.trial.client import HttpClient

# Who asks, at which view, and which customer is mostly named: not Acme by the platform, so that its members stay.
PEOPLE = [
    ("signed out", "", "acme"),
    ("viewer", "acme/", "acme"),
    ("admin", "acme/", "acme"),
    ("platform", "", "globex"),
    ("platform", "globex/", "globex"),
]
# These fail whatever they are given; the last one for null, which its schema allows and its columns do not.
FAILING = {"Query.broken", "Query.stuck", "Mutation.addGauge"}
BLAMED = {"INTERNAL_ERROR", "PLUGIN_FAILED", "DEADLINE_EXCEEDED", "DATABASE_UNAVAILABLE"}
BUILT_IN = {"Boolean", "Float"}
# Of a hundred operations, users get the data of so many at least.
ANSWERED_PERCENT = 20
# What a process may still keep in its caches after half of the operations.
MOST_MIB = 20


def texts(*known: str) -> st.SearchStrategy[str]:
    """Mostly one that leads somewhere, else any."""
    return st.one_of(st.sampled_from(known), st.sampled_from(known), st.text(st.characters(codec="utf-8"), max_size=20))


def write_scalars(customer: str, ids: tuple[str, ...]) -> dict[str, st.SearchStrategy[Any]]:
    """A strategy for the literals of each scalar."""
    names = texts(customer, customer, *PLUGINS, "id").map(nodes.String)
    leaves = st.one_of(
        st.integers(-(2**64), 2**64).map(nodes.Int),
        st.floats(allow_nan=False, allow_infinity=False).map(nodes.Float),
        st.booleans().map(nodes.Boolean),
        st.just(nodes.Null),
        names,
    )
    members = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
    document = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(nodes.List),
            st.dictionaries(members, inner, max_size=3).map(write_object),
        ),
        max_leaves=5,
    )
    return {
        "Base64": st.binary(max_size=9).map(lambda each: nodes.String(b64encode(each).decode())),
        "BigInt": st.integers(-(2**64), 2**64).map(nodes.Int),
        "Date": st.dates().map(nodes.String),
        "DateTime": st.datetimes().map(lambda each: nodes.String(f"{each.isoformat()}Z")),
        "Decimal": st.decimals(allow_nan=False, allow_infinity=False).map(nodes.String),
        "Duration": st.integers(-(10**12), 10**12).map(lambda seconds: nodes.String(f"PT{seconds}S")),
        "ID": texts(*ids).map(nodes.String),
        "Int": st.one_of(st.integers(0, 20), st.integers(-(2**31), 2**31 - 1)).map(nodes.Int),
        "JSON": document,
        "String": names,
        "Time": st.times().map(nodes.String),
        "UUID": st.uuids().map(nodes.String),
    }


def write_object(members: dict[str, Any]) -> graphql.ObjectValueNode:
    return nodes.Object(
        [graphql.ObjectFieldNode(name=graphql.NameNode(value=name), value=value) for name, value in members.items()]
    )


@dataclass
class Sender:
    """Sends operations to the target, and counts what comes of them."""

    target: Target
    who: str
    view: str
    http: requests.Session = field(default_factory=requests.Session)
    sent: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def send(self, case: Case) -> None:
        token = self.target.tokens.get(self.who)
        case.path = f"/graphql/{self.view}"

        response = case.call(session=self.http, headers={"Authorization": f"Bearer {token}"} if token else {})

        assert response.status_code < 500, (case.body, response.content)
        case.validate_response(response, checks=[response_schema_conformance])
        errors = response.json().get("errors", ())
        codes = {error["extensions"]["code"] for error in errors}
        assert not codes & BLAMED, (case.body, errors)
        self.sent[case.operation.label] += 1
        self.outcomes.update(codes or {"answered"})


@pytest.fixture
def schema(target: Target) -> Any:
    """The schema as a platform operator reads it at Acme's view, once all plugins are enabled again."""
    client = HttpClient(who="platform", slug=None, url=target.server.url, token=target.token)
    for plugin in PLUGINS:
        client.mutate("enablePlugin", plugin=plugin, availability="OFFERED", enableDependencies=True)
        for customer in ("acme", "globex"):
            client.mutate("enableCustomerPlugin", customer=customer, plugin=plugin, enableDependencies=True)
    headers = {"Authorization": f"Bearer {target.token}"}
    url = f"{target.server.url}/graphql/acme/"
    return schemathesis.graphql.from_url(url, headers=headers, config=SchemathesisConfig())


def test_each_scalar_of_the_schema_has_a_strategy(schema: Any) -> None:
    kinds = schema.client_schema.type_map.values()

    names = {kind.name for kind in kinds if isinstance(kind, graphql.GraphQLScalarType)}

    assert {"JSON", "Decimal", "Duration"} <= names <= write_scalars("acme", ("x",)).keys() | BUILT_IN


@pytest.mark.slow
@pytest.mark.parametrize(("who", "view", "customer"), PEOPLE)
def test_every_operation_is_answered_or_refused_with_a_code(
    target: Target, schema: Any, who: str, view: str, customer: str
) -> None:
    for name, strategy in write_scalars(customer, target.ids).items():
        schemathesis.graphql.scalar(name, strategy)
    found = [each.ok() for each in schema.get_all_operations()]
    operations = [each for each in found if each.label not in FAILING]
    if not EXAMPLES:  # some of them for each
        operations = operations[PEOPLE.index((who, view, customer)) :: len(PEOPLE)]
    count = EXAMPLES // len(PEOPLE) or 30
    sender, memory = Sender(target, who, view), []
    target.read_failures()

    @examples(count)
    @given(case=st.sampled_from(operations).flatmap(lambda operation: operation.as_strategy()))
    def send(case: Case) -> None:
        sender.send(case)
        if sender.sent.total() == count // 2:
            memory.append(target.resident_mib())

    with sender.http:
        send()

    assert target.read_failures() == []
    assert target.resident_mib() - memory[0] < MOST_MIB
    if who != "signed out":
        assert sender.outcomes["answered"] > sender.sent.total() * ANSWERED_PERCENT / 100, sender.outcomes
