"""A plugin's failure stays in its own field: a stable code, the plugin's name, and the rest of the answer stands."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from shelf import schema as shelf_schema
from shelf.models import Shelf

from tests.sdk.raising import Raising
from webnet.api.errors import INTERNAL_MESSAGE
from webnet.api.types.plugin import Plugin
from webnet.errors import PermissionDenied, RequestError

pytestmark = pytest.mark.django_db(transaction=True)

HOST_AND_PLUGIN = "{ currentCustomer { slug } firstBook { title } shelves { name } labelCount }"


@pytest.fixture
def client(world):
    return world.client("acme-viewer", "acme")


def recurse():
    return recurse()


def too_deep():
    try:
        recurse()
    except RecursionError as error:
        return error


@pytest.mark.parametrize("error", [ValueError("a secret"), SystemExit(3), too_deep(), NotImplementedError()], ids=repr)
def test_a_failing_field_is_null_and_everything_else_is_answered(client, broken, error, caplog):
    broken(error)

    response = client.send({"query": HOST_AND_PLUGIN}, **{"X-Request-Id": "wish-1"})

    answer = response.json()
    assert response.status_code == 200
    assert answer["data"]["firstBook"] is None
    assert answer["data"]["currentCustomer"] == {"slug": "acme"} and answer["data"]["labelCount"] == 2
    assert len(answer["data"]["shelves"]) == 2
    (told,) = answer["errors"]
    assert told["extensions"] == {"code": "PLUGIN_FAILED", "plugin": "shelf", "requestId": "wish-1"}
    assert told["path"] == ["firstBook"] and told["message"] == "The plugin 'shelf' failed."
    assert "secret" not in str(answer)
    (record,) = (each for each in caplog.records if each.levelno >= logging.ERROR)
    assert "wish-1" in record.getMessage() and "'shelf'" in record.getMessage() and record.exc_info[1] is error


def test_a_value_that_fits_no_answer_is_the_plugins_failure_too(client, monkeypatch):
    books = SimpleNamespace(objects=SimpleNamespace(order_by=lambda _: 5))
    monkeypatch.setattr(shelf_schema, "models", SimpleNamespace(Book=books))

    (told,) = client.run(HOST_AND_PLUGIN)["errors"]

    assert told["extensions"]["code"] == "PLUGIN_FAILED" and told["extensions"]["plugin"] == "shelf"


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", [{1, 2}, {"at": [object()]}, {("a", "b"): 1}, nested(20_000)], ids=lambda _: "no JSON"
)
def test_what_is_no_json_fails_in_its_own_field(client, monkeypatch, value):
    monkeypatch.setattr(shelf_schema, "len", lambda _: value, raising=False)

    answer = client.run("{ currentCustomer { slug } shelfFacts }")

    assert answer["data"] == {"currentCustomer": {"slug": "acme"}, "shelfFacts": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["PLUGIN_FAILED"]


def test_what_is_json_is_answered(client):
    assert client.data("{ shelfFacts }") == {"shelfFacts": {"materials": 2}}


def test_a_field_that_can_not_be_null_takes_its_nearest_nullable_place_with_it(client, world, monkeypatch):
    monkeypatch.setattr(shelf_schema, "Material", Raising(ValueError()))
    (own,) = world.ids(world.acme, Shelf)[:1]
    query = """query($id: ID!) { currentCustomer { slug }
        broken: shelf(id: $id) { material } whole: shelf(id: $id) { name } }"""

    answer = client.run(query, id=own)

    assert answer["data"] == {
        "currentCustomer": {"slug": "acme"},
        "broken": None,
        "whole": {"name": "acme-shelf-0"},
    }
    (told,) = answer["errors"]
    assert (told["path"], told["extensions"]["plugin"]) == (["broken", "material"], "shelf")


def test_each_failing_field_of_each_plugin_is_told_by_its_name(client, broken, monkeypatch):
    from labels import schema as labels_schema

    broken(ValueError())
    monkeypatch.setattr(labels_schema, "models", Raising(KeyError()))

    answer = client.run("{ currentCustomer { slug } again: firstBook { title } firstBook { title } labelCount }")

    assert answer["data"] is None  # 'labelCount' can't be null, and nothing is above it
    answer = client.run("{ currentCustomer { slug } again: firstBook { title } firstBook { title } }")
    assert [error["extensions"]["plugin"] for error in answer["errors"]] == ["shelf", "shelf"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionDenied("Not here.", code="OPERATORS_ONLY"), "OPERATORS_ONLY"),
        (RequestError("Ask otherwise.", code="BAD_PAGE"), "BAD_PAGE"),
    ],
)
def test_what_a_field_refuses_is_no_failure(client, broken, error, code):
    broken(error)

    (told,) = client.run(HOST_AND_PLUGIN)["errors"]

    assert told["extensions"] == {"code": code} and told["message"] == error.message


def test_an_argument_that_does_not_fit_is_no_failure(client):
    assert client.code("{ thickBooks(pages: 99999999999) { totalCount } }") == "GRAPHQL_VALIDATION_FAILED"
    assert client.code("query($n: Int!) { thickBooks(pages: $n) { totalCount } }", n="x") == "BAD_USER_INPUT"


def test_a_bug_of_the_host_names_no_plugin(client, monkeypatch):
    field = next(each for each in Plugin.__strawberry_definition__.fields if each.python_name == "dependents")
    monkeypatch.setattr(field.base_resolver.wrapped_func, "__code__", fail.__code__)

    (told,) = client.run('{ plugin(name: "shelf") { name dependents { name } } }')["errors"]

    assert told["message"] == INTERNAL_MESSAGE and "plugin" not in told["extensions"]


def test_a_field_of_the_host_that_fails_in_a_plugins_code_names_the_plugin(client, monkeypatch):
    field = next(each for each in Plugin.__strawberry_definition__.fields if each.python_name == "dependents")
    monkeypatch.setattr(field.base_resolver.wrapped_func, "__code__", fail_in_a_plugin.__code__)

    (told,) = client.run('{ plugin(name: "shelf") { name dependents { name } } }')["errors"]

    assert (told["extensions"]["code"], told["extensions"]["plugin"]) == ("PLUGIN_FAILED", "labels")


def fail(root, info):
    raise ValueError("a bug")


def fail_in_a_plugin(root, info):
    exec("raise ValueError('a bug')", {"__name__": "labels.managers"})  # noqa: S102 - as if it stood there


def test_a_failing_field_of_another_view_is_isolated_in_a_derived_schema(world, broken):
    from tests.sdk.conftest import SYSTEM
    from webnet.plugins.manager import manager

    manager.disable("labels", actor=SYSTEM, customer="acme")
    broken(ValueError())

    answer = world.client("acme-viewer", "acme").run("{ currentCustomer { slug } firstBook { title } }")

    assert answer["data"] == {"currentCustomer": {"slug": "acme"}, "firstBook": None}
    assert answer["errors"][0]["extensions"]["plugin"] == "shelf"
