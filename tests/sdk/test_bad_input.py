"""Whatever stands wherever a client can put something is answered or refused: no 5xx, no traceback, no flood."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, RequestFactory
from gauges.models import Gauge
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, is_required_input_field

from tests.databases import one_database_is_enough
from tests.fuzzing import EXAMPLES
from tests.sdk.test_any_value import PLUGINS, roots
from tests.sdk.test_columns import WHOLE
from webnet.api.vocabulary.node import global_id
from webnet.server.asgi.django_handlers import make_wsgi_handler
from webnet.server.observability.logs import RecordFormatter

ANSWER_BYTES = 4_000
LOG_BYTES = 4_000
DIGITS = "9" * 5_000

# As JSON, and as a literal of GraphQL.
BAD = {
    "NUL": (json.dumps("a\0b"), r'"a\u{0}b"'),
    "another NUL": (json.dumps("\0"), r'"\u0000"'),
    "half a character": (json.dumps("\ud800"), r'"\ud800"'),
    "long text": (json.dumps("x" * 50_000), json.dumps("x" * 50_000)),
    "5,000 digits": (DIGITS, DIGITS),
    "4,000 digits": (DIGITS[:4_000], DIGITS[:4_000]),
    "digits as a text": (json.dumps(DIGITS), json.dumps(DIGITS)),
    "1e400": ("1e400", "1e400"),
    "long members": (json.dumps({"x" * 50_000: "\0"}), '{x: "\\u0000"}'),
}
HARMLESS = {"Int": 1, "Float": 1.5, "Boolean": True, "Date": "2030-01-01", "Time": "12:00", "Duration": "P1D"}
BAD_VALUE = "__bad__"
REFUSED = {"BAD_REQUEST", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}


def find_places(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each value that is not an input itself, within the argument of this type."""
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    if not isinstance(kind, GraphQLInputObjectType):
        yield path
        return
    for name, field in kind.fields.items() if len(path) < 3 else ():
        yield from find_places(field.type, (*path, name))


def make_value(kind: Any, path: tuple[str, ...] | None) -> Any:
    """A value of the type with a bad one at the path."""
    if isinstance(kind, GraphQLNonNull):
        return make_value(kind.of_type, path)
    if isinstance(kind, GraphQLList):
        return [make_value(kind.of_type, path)]
    if path == ():
        return BAD_VALUE
    if isinstance(kind, GraphQLInputObjectType):
        wanted = {name for name, field in kind.fields.items() if is_required_input_field(field)} | set((path or ())[:1])
        return {
            name: make_value(kind.fields[name].type, path[1:] if path and path[0] == name else None)
            for name in sorted(wanted)
        }
    if isinstance(kind, GraphQLEnumType):
        return f"enum {next(iter(kind.values))}"
    return HARMLESS.get(kind.name, "shelf")


def as_json(value: Any, bad: str) -> str:
    return json.dumps(value).replace(json.dumps(BAD_VALUE), bad).replace('"enum ', '"')


def as_literal(value: Any, bad: str) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {as_literal(each, bad)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_literal(each, bad) for each in value) + "]"
    if value == BAD_VALUE:
        return bad
    return value[5:] if isinstance(value, str) and value.startswith("enum ") else json.dumps(value)


def write_bodies() -> Iterator[tuple[str, bytes]]:
    """A request for each place within the arguments of all root fields, with one bad value after the other."""
    values, number = list(BAD.items()), 0
    for operation, name, field in roots():
        required = {n: a for n, a in field.args.items() if isinstance(a.type, GraphQLNonNull)}
        selection = "" if is_leaf(field) else "{ __typename }"
        for argument, declaration in field.args.items():
            for path in find_places(declaration.type):
                given = {n: make_value(a.type, None) for n, a in required.items()}
                given[argument] = make_value(declaration.type, path)
                # All of them everywhere would take minutes: NUL is in each place, and the others come in turn.
                number += 1
                kind, (variable, literal) = values[number % len(values)]
                place = f"{name}({argument}: {'.'.join(path)})"
                for each_kind, bad in {"NUL": BAD["NUL"][1], kind: literal}.items():
                    passed = ", ".join(f"{n}: {as_literal(each, bad)}" for n, each in given.items())
                    query = f"{operation} {{ {name}({passed}) {selection} }}"
                    yield f"{place} {each_kind}, a literal", json.dumps({"query": query}).encode()
                head = ", ".join(f"${n}: {field.args[n].type}" for n in given)
                query = f"{operation}({head}) {{ {name}({', '.join(f'{n}: ${n}' for n in given)}) {selection} }}"
                body = f'{{"query": {json.dumps(query)}, "variables": {as_json(given, variable)}}}'
                yield f"{place} {kind}, a variable", body.encode()


def is_leaf(field: Any) -> bool:
    kind = field.type
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    return not hasattr(kind, "fields") and not hasattr(kind, "types")


class Watched:
    """Posts bodies, and looks at what they leave in the log."""

    def __init__(self, caplog: Any, headers: dict[str, str], address: str) -> None:
        self.caplog, self.headers, self.address = caplog, headers, address
        self.http = Client(raise_request_exception=False)

    def check(self, label: str, response: Any, *, is_graphql: bool = True) -> set[str]:
        """The codes of the answer, which must be small, and harmless."""
        lines = [RecordFormatter().format(record) for record in self.caplog.records]
        assert response.status_code < 500, (label, response.content[:500])
        assert len(response.content) < ANSWER_BYTES, (label, len(response.content), response.content[:300])
        assert not [record for record in self.caplog.records if record.exc_info], (label, lines)
        assert sum(map(len, lines)) < LOG_BYTES, (label, lines)
        self.caplog.clear()
        errors = response.json().get("errors", ()) if is_graphql else ()
        codes = {error["extensions"]["code"] for error in errors}
        assert not codes & {"INTERNAL_ERROR", "PLUGIN_FAILED"}, (label, errors)
        return codes

    def post(self, label: str, body: bytes, content_type: str = "application/json", **headers: str) -> set[str]:
        response = self.http.post(self.address, body, content_type=content_type, headers=self.headers | headers)
        return self.check(label, response)


@pytest.fixture(params=["nobody", "viewer"])
def watched(request, caplog, make_webnet_client):
    caplog.set_level(logging.INFO)
    client = make_webnet_client("viewer")
    return Watched(caplog, client.headers if request.param == "viewer" else {}, client.address)


@pytest.mark.slow
def test_every_argument_refuses_what_it_can_not_be(watched, enable_plugin):
    for plugin in PLUGINS:
        enable_plugin(plugin)
    for number, (label, body) in enumerate(write_bodies()):
        # What is refused before anything runs takes no time; of the others `make test` sends some, `make fuzz` all.
        if " NUL, a literal" in label or EXAMPLES or number % 4 == 0:
            codes = watched.post(label, body)
            refused = any(word in label for word in ("NUL", "half", "5,000"))
            assert not refused or codes & REFUSED, label


DOCUMENTS = {
    "900,000 digits": f"{{ plugins(first: {'9' * 900_000}) {{ totalCount }} }}",
    "digits in a list": f"{{ node(id: [{DIGITS}]) {{ id }} }}",
    "a long name": f"{{ {'a' * 900_000} }}",
    "a long alias": f"{{ {'a' * 900_000}: __typename }}",
    "a long text in the wrong place": f'{{ viewer(a: "{"x" * 900_000}") {{ user {{ username }} }} }}',
    "a long text instead of a field": f'{{ "{"x" * 900_000}" }}',
    "a long comment": f"{{ __typename # {'x' * 900_000}\n }} }}",
    "a long directive": f"{{ __typename @{'x' * 900_000} }}",
    "a long variable": f"query(${'x' * 900_000}: Int) {{ __typename }}",
    "many errors": f"{{ {' '.join(f'f{index}' for index in range(900))} }}",
    "a long word of nothing": "x" * 900_000,
    "a long unfinished text": f'{{ node(id: "{"x" * 900_000}',
    "a NUL": "{ __typename \0 }",
}


@one_database_is_enough
@pytest.mark.slow
def test_a_document_is_refused_in_few_words(watched):
    for name, document in DOCUMENTS.items():
        assert watched.post(name, json.dumps({"query": document}).encode()), name


def test_the_name_of_an_operation_is_not_repeated(watched):
    for operation in ("x" * 900_000, "\0", "\ud800"):
        body = {"query": "{ __typename }", "operationName": operation}

        assert watched.post("operationName", json.dumps(body).encode()) == {"OPERATION_NOT_FOUND"}


QUERY = '{"query": "query($n: JSON) { __typename }", "variables": {"n": %s}}'
BODIES = {
    "900,000 digits": QUERY % ("9" * 900_000),
    "NaN": QUERY % "NaN",
    "-Infinity": QUERY % "-Infinity",
    "deep": QUERY % ("[" * 5_000 + "]" * 5_000),
    "a member twice": '{"query": "{ __typename }", "query": "{ viewer { user { username } } }"}',
    "a variable twice": QUERY % '{"a": 1, "a": 2}',
    "a BOM": "\ufeff" + QUERY % "1",
    "UTF-16": (QUERY % "1").encode("utf-16"),
    "Latin-1": (QUERY % '"é"').encode("latin-1"),
    "overlong UTF-8": (QUERY % '"?"').encode().replace(b"?", b"\xc0\x80"),
    "nothing": " ",
    "half of it": (QUERY % "1")[:-5],
}


def test_a_body_that_is_not_plain_json_is_refused(watched):
    for name, body in BODIES.items():
        codes = watched.post(name, body if isinstance(body, bytes) else body.encode())
        assert codes == {"QUERY_TOO_DEEP" if name == "deep" else "BAD_REQUEST"}, name


def test_a_compressed_body_is_refused(watched):
    headers = {"Content-Encoding": "gzip"}

    assert watched.post("gzip", b"\x1f\x8b\x08\x00", **headers) == {"UNSUPPORTED_MEDIA_TYPE"}


def test_a_wrong_length_of_a_body_is_refused(watched):
    for length in ("abc", "-1", "1e3", "999999", "5", "9" * 5_000):
        sent = {"wsgi.input": io.BytesIO(b'{"query": "{ __typename }"}'), "CONTENT_LENGTH": length}

        response = watched.http.generic("POST", watched.address, CONTENT_TYPE="application/json", **sent)

        assert watched.check(length, response) <= {"BAD_REQUEST", "BODY_TOO_LARGE"}


@pytest.mark.django_db
def test_a_charset_is_not_looked_at(caplog):
    answers = []
    for charset in ("hex", "rot13", "idna", "utf-16", "x" * 3_000):
        asked = RequestFactory().get("/graphql/?query=%7B__typename%7D&x=%ff").environ
        asked["CONTENT_TYPE"] = f"application/json; charset={charset}"

        b"".join(make_wsgi_handler()(asked, lambda status, _: answers.append(status)))

    assert answers == ["401 Unauthorized"] * 5
    assert not [record for record in caplog.records if record.exc_info]


STRINGS = {
    "invalid UTF-8": "query=%7B__typename%7D&variables=%7B%22a%22%3A%22%FF%22%7D",
    "a parameter twice": "query=%7B__typename%7D&query=%7B__typename%7D",
    "too many parameters": "query=%7B__typename%7D&" + "&".join(f"p{index}=1" for index in range(2_000)),
    "NUL": "query=%7B__typename%20%00%7D",
    "a number in variables": f"query=%7B__typename%7D&variables=%7B%22a%22%3A{DIGITS}%7D",
    "a member twice": "query=%7B__typename%7D&variables=%7B%22a%22%3A1%2C%22a%22%3A2%7D",
}


def test_a_query_string_is_as_strict_as_a_body(watched):
    for name, text in STRINGS.items():
        response = watched.http.get(f"{watched.address}?{text}", headers=watched.headers)

        # Signed out, nothing of it is read.
        assert watched.check(name, response) == {"BAD_REQUEST" if watched.headers else "UNAUTHENTICATED"}, name


def test_an_address_is_not_repeated(watched):
    for address in ("/graphql/{}/", "/c/{}/", "/c/acme/plugins/{}/", "/{}"):
        for slug in ("a%00b", "x" * 3_000, "%ff", "..%2f", "%ud800", "a%0d%0ab"):
            response = watched.http.get(address.format(slug), headers=watched.headers)

            watched.check(slug, response, is_graphql=False)
            assert response.status_code in {302, 400, 401, 404}


HEADERS = [
    ("X-Request-Id", "x" * 5_000),
    ("X-Request-Id", "a\tb"),
    ("Authorization", "Bearer " + "é" * 3_000),
    ("Authorization", "Bearer \0"),
    ("Accept-Language", "x" * 5_000),
    ("Accept", "text/html;" * 500),
    ("Cookie", r'sessionid="aaaaaaaa\000bbbb"'),
    ("Cookie", r'sessionid="aaaaaaaa\355\240\200bbbb"'),
    ("Cookie", "sessionid=" + "é" * 20),
    ("Cookie", r'csrftoken="\000"'),
    ("Cookie", "messages=" + "x" * 3_000),
    ("Cookie", r'django_language="\000"'),
    ("Traceparent", "x" * 3_000),
]


def test_a_header_is_harmless(watched):
    for name, value in HEADERS:
        response = watched.http.get(
            f"{watched.address}?query=%7B__typename%7D", headers=watched.headers | {name: value}
        )

        watched.check(f"{name}: {value[:30]}", response)
        assert not any(len(each) > 300 for each in response.headers.values())


def test_an_id_has_one_form(make_webnet_client, enable_plugin, webnet_customer):
    enable_plugin("gauges")
    row = Gauge.objects.create(customer=webnet_customer, **WHOLE)
    client, key = make_webnet_client("viewer"), str(row.pk)
    arabic = "".join(chr(0x660 + int(digit)) for digit in key)
    others = [f" {key}", f"{key} ", f"+{key}", f"0{key}", f"{key}_0", f"{key}\n", f"{key}.0", arabic]
    read = "query($id: ID!) { node(id: $id) { id } }"

    found = [client.query(read, id=global_id("Gauge", each))["node"] for each in (key, *others)]

    assert [each is not None for each in found] == [True, *[False] * len(others)]
    assert client.query(read, id=global_id("Gauge", key) + "=")["node"] is None
