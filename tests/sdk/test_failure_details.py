"""With WEBNET_DEBUG, a failed field says to its plugin's author what was raised, and where; never without it."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import pytest
from shelf import schema as shelf_schema

from webnet.api.execution import failure_details
from webnet.customers.models import Customer
from webnet.plugins.models import CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = "{ firstBook { title } }"


@pytest.fixture
def client(world):
    return world.client("acme-viewer", "acme")


@pytest.fixture
def debugging(settings):
    settings.DEBUG = True


def ask(client, query=QUERY):
    (error,) = client.run(query)["errors"]
    assert error["extensions"]["code"] == "PLUGIN_FAILED" and error["message"] == "The plugin 'shelf' failed."
    return error["extensions"]


def lines_of(function):
    lines, first = inspect.getsourcelines(function)
    return range(first, first + len(lines))


@pytest.mark.usefixtures("debugging")
def test_with_debug_the_answer_has_the_exception_and_the_plugins_own_line(client, broken):
    broken(ValueError("no such book"))

    told = ask(client)["debug"]

    assert told["exception"] == "ValueError: no such book"
    assert told["file"] == inspect.getfile(shelf_schema)  # and not that of the test, which is what raised
    assert told["line"] in lines_of(shelf_schema.ShelfQueries.first_book)


@pytest.mark.usefixtures("debugging")
def test_a_value_that_fits_no_answer_is_traced_to_the_resolver_that_returned_it(client, monkeypatch):
    books = SimpleNamespace(objects=SimpleNamespace(order_by=lambda _: 5))
    monkeypatch.setattr(shelf_schema, "models", SimpleNamespace(Book=books))

    told = ask(client)["debug"]

    assert told["file"] == inspect.getfile(shelf_schema) and told["exception"]
    assert told["line"] in lines_of(shelf_schema.ShelfQueries.first_book)


@pytest.mark.usefixtures("debugging")
def test_a_column_that_can_not_be_read_is_traced_to_its_class(client, monkeypatch):
    monkeypatch.setattr(shelf_schema.models.Book, "title", property(lambda _: 1 // 0, lambda *_: None))

    told = ask(client)["debug"]

    assert told["file"] == inspect.getfile(shelf_schema)
    assert told["line"] in lines_of(shelf_schema.Book)
    assert told["exception"] == "ZeroDivisionError: integer division or modulo by zero"


def test_without_debug_nothing_of_it_is_in_the_answer(client, broken):
    broken(ValueError("no such book"))

    assert set(ask(client)) == {"code", "plugin", "requestId"}


@pytest.mark.usefixtures("debugging")
@pytest.mark.parametrize("owner", ["globex", None])
def test_the_text_of_an_exception_is_withheld_if_the_plugin_has_a_secret_setting(client, broken, owner):
    stored = {"/token": {"sealed": "…", "updated_at": "2026-01-01T00:00:00Z"}}
    row = PluginConfig.objects.get(name="shelf")
    if owner is not None:
        row = CustomerPluginConfig.objects.get(plugin=row, customer=Customer.objects.get(slug=owner))
    row.secrets = stored
    row.save()
    broken(ValueError("the token is 'hunter2'"))

    told = ask(client)

    assert told["debug"]["exception"] == "ValueError" and "hunter2" not in str(told)


@pytest.mark.usefixtures("debugging")
def test_a_database_that_fails_too_withholds_the_text_and_not_the_answer(client, broken, monkeypatch):
    broken(ValueError("no such book"))
    monkeypatch.setattr(failure_details, "has_secrets", lambda _: PluginConfig.objects.raw("NO SQL")[0])

    assert ask(client)["debug"]["exception"] == "ValueError"
