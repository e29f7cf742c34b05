"""A field that leaves something on the database connection has failed, and what it left meets nobody."""

from __future__ import annotations

import logging
import signal
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from shelf import schema as shelf_schema
from shelf.models import Book, Shelf

from tests.database.leavers import LEAVERS
from webnet.api.execution.isolation import runs_code
from webnet.containment import raise_operator_interrupt
from webnet.plugins.changes import pauses
from webnet.plugins.models import CustomerPluginConfig, PluginFailure
from webnet.plugins.runtime import failures
from webnet.plugins.runtime.failures import FailureCounter

pytestmark = pytest.mark.django_db(transaction=True)

BOOK = "{ currentCustomer { slug } firstBook { title } }"


@pytest.fixture(autouse=True)
def _counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "counter", FailureCounter())


@pytest.fixture
def _told_from_ctrl_c() -> Iterator[None]:
    """As in a process of webnet's, where a KeyboardInterrupt is not the operator's."""
    former = signal.signal(signal.SIGINT, raise_operator_interrupt)
    yield
    signal.signal(signal.SIGINT, former)


class Abort(BaseException):
    """Home-made."""


def do(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have the resolver of `firstBook` do that first."""

    def order_by(*names: str) -> QuerySet[Book]:
        act()
        return Book.objects.order_by(*names)

    books = SimpleNamespace(objects=SimpleNamespace(order_by=order_by))
    monkeypatch.setattr(shelf_schema, "models", SimpleNamespace(Book=books))


def test_whatever_a_field_leaves_it_has_failed_and_others_are_answered(
    world: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ann, gus = world.client("acme-viewer", "acme"), world.client("globex-viewer", "globex")

    for name, leave in LEAVERS.items():
        caplog.clear()
        do(monkeypatch, leave)
        answer = ann.run(BOOK)
        do(monkeypatch, bool)
        others = gus.run(BOOK)

        assert answer["data"] == {"currentCustomer": {"slug": "acme"}, "firstBook": None}, name
        (error,) = answer["errors"]
        assert (error["extensions"]["code"], error["extensions"].get("plugin")) == ("PLUGIN_FAILED", "shelf"), (
            name,
            answer,
        )
        title = {"title": "globex-book-0-0"}
        assert others == {"data": {"currentCustomer": {"slug": "globex"}, "firstBook": title}}, name
        assert "'shelf'" in caplog.text and " left " in caplog.text, name


def test_an_attribute_whose_value_is_computed_is_guarded_as_well(
    world: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def read(book: Book) -> str:
        LEAVERS["BEGIN"]()
        return str(vars(book)["title"])

    def write(book: Book, value: str) -> None:
        vars(book)["title"] = value

    monkeypatch.setattr(Book, "title", property(read, write))
    answer = world.client("acme-viewer", "acme").run(BOOK)
    monkeypatch.undo()

    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["plugin"]) == (["firstBook", "title"], "shelf")
    assert "plugin 'shelf' failed in Book.title" in caplog.text and " left " in caplog.text
    title = {"title": "globex-book-0-0"}
    assert world.client("globex-viewer", "globex").run("{ firstBook { title } }") == {"data": {"firstBook": title}}


class Row:
    """What a resolver may return in place of a model's row."""

    plain = "text"

    @property
    def computed(self) -> str:
        return "text"

    @cached_property
    def kept(self) -> str:
        return "text"

    def method(self) -> str:
        return "text"


class Slotted:
    __slots__ = ("slot",)


class Guessing:
    def __getattr__(self, name: str) -> str:
        return name


@pytest.mark.parametrize(
    ("kind", "attribute", "expected"),
    [
        (Row, "plain", False),
        (Row, "set_by_init", False),
        (Row, "method", False),
        (Slotted, "slot", False),
        (Book, "title", False),
        (Book, "shelf", False),
        (Shelf, "books", False),
        (Row, "computed", True),
        (Row, "kept", True),
        (Guessing, "anything", True),
    ],
)
def test_plain_attributes_columns_and_relations_are_read_without_a_call(
    kind: type, attribute: str, *, expected: bool
) -> None:
    assert runs_code(kind, attribute) is expected


def test_a_plugin_that_goes_on_leaving_things_is_paused(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    do(monkeypatch, LEAVERS["BEGIN"])
    for user in ("acme-viewer", "acme-operator"):
        for _ in range(3):
            world.client(user, "acme").run(BOOK)

    pauses.pause_and_retry(timezone.now())

    (paused,) = CustomerPluginConfig.objects.exclude(paused_until=None)
    assert (paused.customer.slug, paused.plugin.name) == ("acme", "shelf")
    assert "ConnectionLeftDirty at Query.firstBook" in paused.pause_reason


def test_a_clean_field_costs_no_statement(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, former = world.client("acme-viewer", "acme"), connection.connection
    counts = []

    ann.run(BOOK)  # fills caches
    for act in (bool, lambda: connection.cursor().execute("SELECT 1")):
        do(monkeypatch, act)
        with CaptureQueriesContext(connection) as queries:
            ann.run(BOOK)
        counts.append(len(queries))

    assert counts == [counts[0], counts[0] + 1]
    assert connection.connection is former


@pytest.mark.usefixtures("_told_from_ctrl_c")
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), GeneratorExit(), CancelledError(), SystemExit(3), Abort("secret")], ids=repr
)
def test_what_is_not_an_exception_fails_one_field_and_is_counted(
    world: Any, broken: Callable[[BaseException], None], error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    broken(error)

    answer = world.client("acme-viewer", "acme").run(BOOK)

    assert answer["data"] == {"currentCustomer": {"slug": "acme"}, "firstBook": None}
    (told,) = answer["errors"]
    assert (told["extensions"]["code"], told["extensions"]["plugin"]) == ("PLUGIN_FAILED", "shelf")
    assert "secret" not in str(answer)
    (record,) = (each for each in caplog.records if each.levelno >= logging.ERROR)
    assert "'shelf'" in record.getMessage() and record.exc_info and record.exc_info[1] is error
    pauses.pause_and_retry(timezone.now())
    (counted,) = PluginFailure.objects.all()
    assert (counted.plugin_name, counted.failures) == ("shelf", 1)
