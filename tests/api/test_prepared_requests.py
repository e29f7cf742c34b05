"""What is the same for each request is done once, and not again with each of them."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from django.http import HttpResponse
from strawberry.extensions import SchemaExtension
from strawberry.schema import name_converter

from tests.api.client import GraphQLClient
from webnet.api import responses
from webnet.api.declarations import connections
from webnet.api.engine.limits import EXTENSIONS

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = 'query($first: Int) { customer(slug: "acme") { pluginConfigs(first: $first) { edges { node { id } } } } }'
FILTERED = 'query($first: Int) { plugins(first: $first, filter: {name: ["greeter"]}) { edges { node { name } } } }'
SET = """mutation($input: SetPluginAvailabilityInput!) {
    setPluginAvailability(input: $input) { ... on SetPluginAvailabilityPayload { changed } } }"""


def fail(*_: Any, **__: Any) -> None:
    raise AssertionError("it is done once")


def test_a_request_converts_no_name_and_makes_no_argument(
    platform: GraphQLClient, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> list[Any]:
        change = {"plugin": "greeter", "availability": "DEFAULT_ON"}
        pages = [platform.data(each, first=2) for each in (PAGE, FILTERED)]
        return [*pages, platform.data(SET, input=change)["setPluginAvailability"]]

    (page, filtered, changed) = ask()
    monkeypatch.setattr(name_converter, "to_camel_case", fail)
    monkeypatch.setattr(connections, "KnownArgument", fail)

    assert ask() == [page, filtered, {"changed": False}]
    assert filtered == {"plugins": {"edges": [{"node": {"name": "greeter"}}]}}
    assert changed == {"changed": True} and page["customer"]["pluginConfigs"]["edges"]


def test_an_answer_is_one_response(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.client("platform", view="acme")  # where the answer is kept
    made: list[HttpResponse] = []

    def make(*arguments: Any, **options: Any) -> HttpResponse:
        made.append(HttpResponse(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(responses, "HttpResponse", make)
    for _ in range(2):
        client.data(PAGE, first=3)

    assert len(made) == 2


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_the_steps_of_an_operation_are_calls(extension: Any) -> None:
    """`OperationSteps` makes each call, so that a generator would not even begin; and none around the execution."""
    steps = (extension.on_operation, extension.on_parse, extension.on_validate)

    assert not any(map(inspect.isgeneratorfunction, steps))
    assert extension.on_execute is SchemaExtension.on_execute and extension.resolve is SchemaExtension.resolve
