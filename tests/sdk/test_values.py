"""Values of clients that no column or JSON gives back as they were are refused, and no plugin is blamed for them."""

from __future__ import annotations

import json

import pytest
from gauges.models import Gauge

from webnet.plugins.runtime import failures

BEYOND = 20_000_000_000_000_000_001


@pytest.fixture(autouse=True)
def enabled(enable_plugin):
    enable_plugin("gauges")
    failures.counter.take()


@pytest.fixture
def client(make_webnet_client):
    return make_webnet_client("admin")


def post(client, body):
    """Send the text itself: Python's JSON has no number with more digits than a float keeps."""
    return client._api.post(client.address, body, content_type="application/json", headers=client.headers).json()


def refusals(answer):
    return [(error["extensions"]["code"], error["message"]) for error in answer.get("errors", ())]


def codes(answer):
    return [code for code, _ in refusals(answer)]


def gauges(kind, value):
    return f"{{ gauges(filter: {{{kind}: {value}}}) {{ edges {{ node {{ title }} }} }} }}"


WRONG = {
    "price": ['["NaN"]', '["sNaN"]', '["Infinity"]', '["1e999999"]', '["1e99999999999999999999"]', '["1_0"]', "[true]"],
    "octets": ["[9223372036854775808]", "[-9223372036854775809]", "[1.0]", '["1e3"]', "[true]"],
    "count": ["[2147483648]"],
    "ratioFrom": ["1e400", "NaN", '"1"'],
    "day": ['"0000-01-01"', '"10000-01-01"', '"20260101"', '"2026-02-30"', "20260101"],
    "momentFrom": ['"0001-01-01T00:00:00+01:00"', '"9999-12-31T23:59:59-01:00"', '"2026-01-01T00:00:00"'],
    "hour": ['["24:00:00"]', '["12:00:00+02:00"]', '["12"]'],
    "spanTo": ['"P999999999D"', '"P107000000D"', '"1 day"', "1", '"P1Y"'],
    "key": ['"x"', "1"],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_value_of_the_type_is_refused_in_a_literal_and_in_a_variable(client, name):
    query = "query($f: GaugeFilter) { gauges(filter: $f) { totalCount } }"

    for value in WRONG[name]:
        literal = codes(client.run(gauges(name, value)))
        ((code, message),) = refusals(
            post(client, f'{{"query": "{query}", "variables": {{"f": {{"{name}": {value}}}}}}}')
        )

        assert literal in (["GRAPHQL_VALIDATION_FAILED"], ["BAD_USER_INPUT"]), value
        if value == "NaN":  # which is not JSON
            assert code == "BAD_REQUEST"
        else:
            assert (code, message.partition(": ")[0].partition("[")[0]) == (
                "BAD_USER_INPUT",
                f"Variable '$f' has invalid value at .{name}",
            )
    assert failures.counter.take() == {}


RIGHT = {
    "price": ["[0.1]", '["-0.00"]', '["1e2"]', "[123456789.12]", "[-5]", "[]"],
    "octets": ["[9223372036854775807]", '["-9223372036854775808"]'],
    "ratioFrom": ["1e308", "-0.0", "5"],
    "day": ['"0001-01-01"', '"9999-12-31"'],
    "yearOfDay": ["0", "-1", "2147483647", "9999"],
    "momentFrom": ['"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59.999999Z"'],
    "dayOfMoment": ['"0001-01-01"', '"9999-12-31"'],
    "hour": ['["23:59:59.999999"]', '["00:00"]'],
    "spanTo": ['"P106751991D"', '"-P106751991D"', '"PT0.000001S"'],
    "id": ['"R2F1Z2U6OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"', '"x"', '""', "5"],
    "noteHas": ['"%_\\\\"', '"\\ud83d\\ude00"'],
    "data": ["{a: [1, null]}", "7", '"x"'],
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_first_and_last_value_of_a_type_are_answered(client, webnet_customer, name):
    Gauge.objects.create(customer=webnet_customer, title="other")

    for value in RIGHT[name]:
        answer = client.run(gauges(name, value))

        # Not every year has days that `year` can be compared by.
        assert codes(answer) in ([], ["BAD_USER_INPUT"] if name == "yearOfDay" else []), value
    assert failures.counter.take() == {}


def test_a_decimal_that_the_column_would_round_is_refused_with_its_path(client):
    for arguments, place in (
        ('price: ["1", "1.005"]', "filter.price.1"),
        ('price: ["12345678901"]', "filter.price.0"),
        ('priceTo: "1e30"', "filter.priceTo"),
        ('priceTo: "0.001"', "filter.priceTo"),
    ):
        told = refusals(client.run(f"{{ gauges(filter: {{{arguments}}}) {{ totalCount }} }}"))

        assert told == [("BAD_USER_INPUT", f"'{place}' must have at most 10 digits before the point and 2 after it.")]


def test_what_only_fails_in_the_database_is_the_clients_error_at_its_path(client):
    for query in (
        '{ gauges(filter: {countAsText: "many"}) { totalCount } }',
        '{ gauges(filter: {keyAsText: "no key"}) { totalCount } }',
        '{ gaugeByKey(key: "x") { title } }',
        '{ gaugeByKey(key: "17") { title } }',
        '{ gaugeByKey(key: "99999999999999999999999") { title } }',
    ):
        (error,) = client.run(query)["errors"]

        assert error["extensions"]["code"] == "BAD_USER_INPUT" and error["path"][0] in query, query
    # What the plugin makes of it has 65 bits: SQLite has no such integers, and PostgreSQL compares with them.
    answer = client.run('{ gaugesFrom(price: "1e30", octets: 9223372036854775807) { edges { node { title } } } }')
    assert codes(answer) in ([], ["BAD_USER_INPUT"])
    assert failures.counter.take() == {}


def test_a_text_that_is_longer_than_the_database_searches_for_is_the_clients_error(client):
    client.mutate("addGauge", title="x")

    for query in (
        f'{{ gauges(filter: {{noteHas: "{"x" * 60_000}"}}) {{ totalCount }} }}',
        f'{{ plugins(filter: {{search: "{"x" * 60_000}"}}) {{ totalCount }} }}',
        f'{{ pluginAuditLogs(filter: {{search: "{"x" * 60_000}"}}) {{ edges {{ node {{ id }} }} }} }}',
    ):
        # PostgreSQL has no such limit, and finds nothing.
        assert codes(client.run(query)) in ([], ["BAD_USER_INPUT"])
    assert failures.counter.take() == {}


ADD = "mutation($i: GaugeInput!) { addGauge(input: $i) { __typename ... on GaugePayload { gauge { title } } } }"


def test_a_row_that_the_database_refuses_is_the_clients_error(client):
    client.mutate("addGauge", title="twin")

    for given in (
        {"title": "x" * 1000},
        {"small": -1},
        {"small": 2_000_000_000},
        {"price": "12345678901"},
        {"title": "twin"},
        {"address": "no address"},
        {"data": {"id": BEYOND}},
        {"data": [{"a": "fine"}, {"a": 2**63}]},
    ):
        # SQLite takes texts and numbers that are too long for their columns.
        assert codes(client.run(ADD, i=given)) in ([], ["BAD_USER_INPUT"]), given
    assert codes(client.run(ADD, i={"title": "twin"})) == ["BAD_USER_INPUT"]
    assert codes(client.run(ADD, i={"small": -1})) == ["BAD_USER_INPUT"]
    assert failures.counter.take() == {}


def test_a_mistake_of_the_plugin_still_counts(client):
    assert client.error_code("{ broken(count: 1) }") == "PLUGIN_FAILED"
    assert client.error_code("{ broken }") == "PLUGIN_FAILED"
    assert sum(count.failures for count in failures.counter.take().values()) == 2


def test_a_value_of_the_plugin_itself_counts_unless_the_client_gave_one_as_well(client):
    assert client.error_code("{ stuck }") == "PLUGIN_FAILED"
    assert failures.counter.take()

    assert client.error_code('{ stuck echo(data: "x") }') == "BAD_USER_INPUT"  # nobody can tell the two apart
    assert failures.counter.take() == {}


def test_a_missing_value_counts_since_the_schema_could_require_it(client):
    assert codes(client.run(ADD, i={"note": None})) == ["PLUGIN_FAILED"]


ECHO = "query($v: {kind}) {{ echo(data: {literal}) }}"


def test_a_variable_that_was_not_given_is_left_out_of_json_and_null_in_a_list(client):
    literals = {"{a: $v}": {}, "{a: $v, b: 1}": {"b": 1}, "[$v, 1]": [None, 1], "{a: [{b: $v}]}": {"a": [{}]}}

    answers = {literal: client.query(ECHO.format(kind="Int", literal=literal))["echo"] for literal in literals}

    assert answers == literals


def test_a_variable_inside_of_json_stays_what_it_is(client):
    sent = [("ID", "123"), ("String", "123"), ("Float", 1e20), ("JSON", {"a": ["1", 1.5, None, True]}), ("Int", None)]

    answers = [client.query(ECHO.format(kind=kind, literal="{at: $v}"), v=value)["echo"] for kind, value in sent]

    assert json.dumps(answers) == json.dumps([{"at": value} for _, value in sent])


def test_a_variable_inside_of_json_that_is_no_json_is_refused(client):
    for kind, value in (("DateTime", "2026-01-01T00:00:00Z"), ("Decimal", "1"), ("UUID", "0" * 32)):
        assert client.error_code(ECHO.format(kind=kind, literal="[$v]"), v=value) == "BAD_USER_INPUT"


def test_numbers_that_json_would_alter_are_refused_with_their_path(client):
    for number in (str(BEYOND), str(-(2**63) - 1), "1e400"):
        for document in (
            f'{{"query": "{{ echo(data: {{a: [{number}]}}) }}"}}',
            f'{{"query": "query($d: JSON!) {{ echo(data: $d) }}", "variables": {{"d": {{"a": [{number}]}}}}}}',
        ):
            ((code, message),) = refusals(post(client, document))

            assert code == "BAD_USER_INPUT" and message.startswith("'data.a.0' must "), document


def test_json_comes_back_as_it_was_given(client):
    sent = [2**63 - 1, -(2**63), 1e20, -0.0, 0.1, "\U0001f600", {"b": [], "": None, "a": True}]

    answer = client.query("query($d: JSON!) { echo(data: $d) }", d=sent)

    assert json.dumps(answer["echo"]) == json.dumps(sent)


def test_a_decimal_in_a_literal_keeps_its_digits(client):
    prices = ("0.1234567890123456789", "19.99", "1e2")

    told = [codes(client.run(f"{{ gauges(filter: {{price: [{price}]}}) {{ totalCount }} }}")) for price in prices]

    assert told == [["BAD_USER_INPUT"], [], []]


def test_a_decimal_of_more_digits_than_a_number_keeps_is_asked_for_as_a_text(client):
    body = '{"query": "query($p: Decimal) { echo(data: 1, price: $p) }", "variables": {"p": 0.1234567890123456789}}'

    ((code, message),) = refusals(post(client, body))

    assert code == "BAD_USER_INPUT" and "must be a string" in message


def test_what_can_not_be_stored_as_text_is_refused(client):
    for document in (
        b'{"query": "{ echo(data: \\"\\\\u{0}\\") }"}',
        b'{"query": "{ echo(data: \\"\\\\u0000\\") }"}',
        b'{"query": "{ echo(data: {a: \\"\\\\u{000000}\\"}) }"}',
        b'{"query": "query($d: JSON!) { echo(data: $d) }", "variables": {"d": ["a", "\\u0000"]}}',
        b'{"query": "query($d: JSON!) { echo(data: $d) }", "variables": {"d": {"\\ud800": 1}}}',
        b'{"query": "query($d: JSON!) { echo(data: $d) }", "variables": {"d": "\\udfff"}}',
        b'{"query": "{ echo(data: \\"\\ud800\\") }"}',
        b'{"query": "{ echo(data: 1) }", "variables": {"d": ' + b"9" * 5000 + b"}}",
        b'{"query": "{ echo(data: 1) }", "variables": {"d": Infinity}}',
        b'{"query": "{ echo(data: 1) }", "variables": {"d": "\xff"}}',
    ):
        assert codes(post(client, document)) == ["BAD_REQUEST"], document


def test_json_that_is_nested_too_deeply_is_refused(client):
    told = {n: codes(client.run("{ echo(data: " + "[" * n + "]" * n + ") }")) for n in (99, 101, 300, 450)}

    assert told.pop(99) == []
    assert all(len(refused) == 1 and refused[0] not in ("INTERNAL_ERROR", "PLUGIN_FAILED") for refused in told.values())


def test_a_scalar_that_fails_in_its_own_way_is_the_clients_error_without_the_value():
    from graphql import GraphQLError

    from webnet.api.errors import describe_error

    inner = GraphQLError("x", original_error=ValueError("secret"))
    said = "Variable '$v' has invalid value at .raw: Expected value of type 'Base64'"
    message = f"{said}, but encountered error 'secret: x'; found: 'secret'."

    described = describe_error(GraphQLError(message, original_error=inner), request_id="1")

    assert described.extensions == {"code": "BAD_USER_INPUT"}
    assert described.message == f"{said}."
