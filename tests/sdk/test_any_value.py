"""Whatever a client gives as an argument of any field is answered or refused with a code, and no plugin is blamed.

`make test` runs the same few examples each time; `make fuzz` runs many, and others each time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from gauges.models import Gauge
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_required_input_field,
    parse,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzzing import EXAMPLES
from tests.sdk.test_columns import VALUES, WHOLE
from webnet.api.engine.limits import MAXIMUM_TOKENS
from webnet.api.paging import cursors
from webnet.api.schema import full_schema
from webnet.api.vocabulary.node import global_id
from webnet.plugins.runtime import failures
from webnet.sdk.trial.selections import Selector

BLAMED = {"INTERNAL_ERROR", "PLUGIN_FAILED"}

# What has been hard for a parser, a driver, a column or JSON. Characters of all planes, half of a pair among them.
TEXTS = st.one_of(
    st.text(st.characters(), max_size=12),
    st.sampled_from(
        ["", "\0", "\ud800", "%_\\", "'\"", "x" * 300, "globex", "shelf", "plugin", "\U0001f600", "NaN", "-1"]
    ),
)
INTEGERS = st.one_of(
    st.integers(-(2**31), 2**31 - 1),
    st.sampled_from([0, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**40]),
)
NUMBERS = st.one_of(INTEGERS, st.floats(), st.sampled_from([1e308, -0.0, 1e20]))
DECIMALS = st.one_of(
    st.decimals().map(str),
    NUMBERS,
    st.sampled_from(
        ["NaN", "sNaN", "Infinity", "1e999999", "1e-999999", "9" * 40, "0." + "3" * 40, "1e30", "1_0", " 1 "]
    ),
)
DATES = st.one_of(
    st.dates().map(str),
    st.sampled_from(["0001-01-01", "9999-12-31", "0000-01-01", "10000-01-01", "2026-02-30", "20260101"]),
)
TIMES = st.one_of(st.times().map(str), st.sampled_from(["24:00:00", "23:59:60", "12:00+02:00", "00:00", "12"]))
INSTANTS = st.one_of(
    st.datetimes().map(lambda each: f"{each.isoformat()}Z"),
    st.sampled_from(
        [
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999Z",
        ]
    ),
)
DURATIONS = st.one_of(
    st.integers(-(10**12), 10**12).map(lambda seconds: f"PT{seconds}S"),
    st.sampled_from(["P999999999D", "-P106751991D", "P1Y", "1 day", "PT1E9S", "P"]),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
KEYS = st.one_of(INTEGERS.map(str), TEXTS)
TYPES = st.sampled_from(["Gauge", "Shelf", "Book", "Customer", "Plugin", "PluginAuditLog", ""])
IDS = st.one_of(
    # Only webnet makes ids, so none has a key that no database could store.
    st.builds(lambda name, key: global_id(name, key.replace("\0", "").encode(errors="replace").decode()), TYPES, KEYS),
    TEXTS,
    INTEGERS,
)
ORDERS = [
    "id",
    "-id",
    "-position",
    "slug",
    "name",
    "price,id",
    "-ratio,id",
    "moment,id",
    "span,id",
    "-key,id",
    "octets,id",
]
# What somebody could seal who had the key.
CURSORS = st.one_of(
    st.builds(
        lambda view, order, values: cursors.seal(values, view=view, order=order),
        st.sampled_from(["", "acme"]),
        st.sampled_from(ORDERS),
        st.lists(st.one_of(JSON, DECIMALS, DATES, INSTANTS, DURATIONS, IDS), min_size=1, max_size=2),
    ),
    TEXTS,
)
SCALARS = {
    "Int": st.one_of(st.integers(-1, 100), INTEGERS),
    "BigInt": st.one_of(INTEGERS, INTEGERS.map(str)),
    "Float": NUMBERS,
    "Decimal": DECIMALS,
    "Boolean": st.booleans(),
    "Date": DATES,
    "Time": TIMES,
    "DateTime": INSTANTS,
    "Duration": DURATIONS,
    "UUID": st.one_of(st.uuids().map(str), TEXTS),
    "JSON": JSON,
    "ID": IDS,
    "String": TEXTS,
}
# Rarely, a value of another type.
ANY = st.one_of(*SCALARS.values())


class Literal(str):
    """The name of an enum's member, which a literal has without quotes."""

    __slots__ = ()


@cache
def values_of(kind: Any, name: str = "") -> st.SearchStrategy[Any]:
    """What could be given for an argument, or a field of an input, of this name and type."""
    if isinstance(kind, GraphQLNonNull):
        return values_of(kind.of_type, name)
    if isinstance(kind, GraphQLList):
        return st.lists(values_of(kind.of_type, name), max_size=3)
    if isinstance(kind, GraphQLEnumType):
        return st.sampled_from([Literal(each) for each in kind.values])
    if isinstance(kind, GraphQLInputObjectType):
        required = {n: values_of(f.type, n) for n, f in kind.fields.items() if is_required_input_field(f)}
        optional = {n: values_of(f.type, n) for n, f in kind.fields.items() if not is_required_input_field(f)}
        return st.deferred(lambda: st.fixed_dictionaries(required, optional=optional))
    if name in ("after", "before"):
        return CURSORS
    return st.one_of(SCALARS[kind.name], SCALARS[kind.name], SCALARS[kind.name], ANY)


# The checks of `reachability` would reach for any address.
PLUGINS = ("gauges", "labels", "site_map")


def roots() -> Iterator[tuple[str, str, GraphQLField]]:
    """(operation, name, field) of every root field with arguments; subscriptions are streams, and tested elsewhere."""
    full = full_schema()
    schema, asked = full.schema.graphql, (None, *PLUGINS, "shelf", "device_inventory")
    for operation, kind in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        for name, field in kind.fields.items():
            # `broken` is, whatever it is given.
            if field.args and name != "broken" and full.owners.fields.get((kind.name, name)) in asked:
                yield operation, name, field


@cache
def selection_of(type_name: str) -> str:
    """As many fields of the answer as a document may have."""
    schema = full_schema().schema.graphql
    selector = Selector(schema, dict.fromkeys(schema.type_map, ""))
    for depth in (3, 2, 1):
        text = selector.select(schema.type_map[type_name], depth=depth)
        try:
            parse(f"{{ x {text} }}", max_tokens=MAXIMUM_TOKENS - 200)
        except GraphQLError:
            continue
        return text
    return "{ __typename }"


def write_literal(value: Any) -> str:
    """The value as GraphQL; a text is written with escapes, as in JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {write_literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write_literal, value)) + "]"
    return str(value) if isinstance(value, Literal) else json.dumps(value)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """The body of a request with one field, whose arguments are variables or literals."""
    operation, name, field = draw(st.sampled_from(list(roots())))
    passed, declared, variables = [], [], {}
    for argument, declaration in field.args.items():
        if not isinstance(declaration.type, GraphQLNonNull) and not draw(st.booleans()):
            continue
        value = draw(values_of(declaration.type, argument))
        if draw(st.booleans()):
            passed.append(f"{argument}: {write_literal(value)}")
            continue
        passed.append(f"{argument}: ${argument}")
        declared.append(f"${argument}: {declaration.type}")
        variables[argument] = value
    head = f"{operation}({', '.join(declared)})" if declared else operation
    call = f"{name}({', '.join(passed)})" if passed else name
    return {"query": f"{head} {{ {call} {selection_of(get_named_type(field.type).name)} }}", "variables": variables}


@pytest.fixture
def clients(enable_plugin, make_webnet_client, make_webnet_customer, webnet_customer):
    """An admin at the customer's view and an operator at the platform's, with rows of every kind."""
    for plugin in PLUGINS:
        enable_plugin(plugin)
    make_webnet_customer("globex")
    Gauge.objects.create(customer=webnet_customer, **WHOLE)
    for number in range(3):
        given = {name: values[number % len(values)] for name, values in VALUES.items()}
        Gauge.objects.create(customer=webnet_customer, **given)
    return [make_webnet_client("admin"), make_webnet_client("platform")]


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES or 150,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(body=requests(), at_platform=st.booleans())
def test_any_value_of_any_argument_is_answered_or_refused_with_a_code(clients, body, at_platform):
    client = clients[at_platform]

    response = client._api.post(
        client.address, json.dumps(body), content_type="application/json", headers=client.headers
    )

    errors = response.json().get("errors", ())
    assert response.status_code < 500 and not BLAMED & {error["extensions"]["code"] for error in errors}, errors
    assert failures.counter.take() == {}


def test_the_examples_reach_what_they_are_for(clients):
    names = {name for _, name, _ in roots()}

    answer = clients[0].query('{ gauges(filter: {price: ["0.10"]}) { totalCount } }')

    assert {
        "gauges",
        "addGauge",
        "echo",
        "books",
        "createDevice",
        "updatePluginSettings",
        "pluginAuditLogs",
        "node",
    } <= names
    assert answer["gauges"]["totalCount"] == 1
