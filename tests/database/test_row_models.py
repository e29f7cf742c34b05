"""Instances of rows are made in a short way, and are those that Django makes; where they could differ, Django does."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.db.models.signals import post_init, pre_init

from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer, Membership, User
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.values import row_models
from webnet.values.row_models import RowModel, make_instances

MODELS = [model for model in apps.get_models() if issubclass(model, RowModel)]


def djangos_own(model: type[Model], names: list[str], values: list[Any]) -> Model:
    """What `Model.from_db` makes."""
    made: Model = Model.from_db.__func__(model, "replica", names, values)  # type: ignore[attr-defined]
    return made


def everything_of(row: Model) -> tuple[object, ...]:
    stored = {name: value for name, value in vars(row).items() if name != "_state"}
    # The cache is made when it is first asked for; to set a foreign key asks for it.
    state = {"fields_cache": {}, **vars(row._state)}
    return type(row), list(stored.items()), state, row.get_deferred_fields(), row.pk


def columns_of(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[type[Model]]:
    """The models of which instances are made the short way."""
    made: list[type[Model]] = []
    fill = row_models._fill
    monkeypatch.setattr(row_models, "_fill", lambda model, *others: made.append(model) or fill(model, *others))
    return made


def test_the_models_that_answers_are_made_of_take_the_short_way(counted: list[type[Model]]) -> None:
    for model in MODELS:
        model.from_db("default", columns_of(model), [None] * len(columns_of(model)))

    assert counted == MODELS
    assert {PluginAuditLog, Customer, Membership, User, PluginConfig, CustomerPluginConfig} <= set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_an_instance_is_the_one_that_django_makes(model: type[RowModel]) -> None:
    names = columns_of(model)
    values = [object() for _ in names]

    made = model.from_db("replica", names, values)

    expected = everything_of(djangos_own(model, names, values))
    assert everything_of(made) == expected
    (of_many,) = make_instances(model, "replica", [dict(zip(names, values, strict=True))])
    assert everything_of(of_many) == expected


@pytest.mark.parametrize("model", MODELS)
def test_columns_that_were_not_read_are_deferred(model: type[RowModel]) -> None:
    names = [name for number, name in enumerate(columns_of(model)) if number % 2 == 0]
    values = [object() for _ in names]

    made = model.from_db("replica", names, values)

    assert everything_of(made) == everything_of(djangos_own(model, names, values))
    assert made.get_deferred_fields() == set(columns_of(model)) - set(names)


def test_the_way_in_which_deferred_columns_are_read_is_kept() -> None:
    made = Customer.from_db("default", ["id"], [1], fetch_mode="together")

    assert vars(made._state)["fetch_mode"] == "together"


def test_a_changed_reference_is_not_taken_for_the_former_one() -> None:
    one, other = Customer(pk=1, slug="acme"), Customer(pk=2, slug="globex")
    made = CustomerPluginConfig.from_db("default", ["id", "customer_id", "plugin_id"], [5, 1, 9])
    made.customer = one

    made.customer_id = 2

    assert not CustomerPluginConfig._meta.get_field("customer").is_cached(made)
    made.customer = other
    assert made.customer is other


def test_no_two_instances_share_a_state() -> None:
    first, second = make_instances(Customer, "default", [{"id": 1, "slug": "acme"}, {"id": 2, "slug": "globex"}])

    first._state.fields_cache["plugin"] = "one"

    assert second._state.fields_cache == {}


@pytest.mark.parametrize("signal", [pre_init, post_init])
def test_whoever_listens_to_the_making_of_instances_is_called(signal: Any) -> None:
    heard: list[type[Model]] = []

    def listen(sender: type[Model], **_: object) -> None:
        heard.append(sender)

    signal.connect(listen, sender=Customer)
    try:
        Customer.from_db("default", ["id"], [1])
        make_instances(Customer, "default", [{"id": 1, "slug": "acme"}])
        User.from_db("default", ["id"], [1])
    finally:
        signal.disconnect(listen, sender=Customer)

    assert heard == [Customer, Customer]


def constructed(self: Model, *args: Any, **kwargs: Any) -> None:
    Model.__init__(self, *args, **kwargs)
    vars(self)["was_constructed"] = True


def test_a_constructor_of_the_models_own_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Customer, "__init__", constructed)
    row_models._is_plain.cache_clear()
    try:
        made = Customer.from_db("default", ["id"], [1])
        (of_many,) = make_instances(Customer, "default", [{"id": 1, "slug": "acme"}])
    finally:
        monkeypatch.undo()
        row_models._is_plain.cache_clear()

    assert "was_constructed" in vars(made) and "was_constructed" in vars(of_many)


def test_a_setter_of_a_column_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    class Upper:
        def __set__(self, row: Model, value: str) -> None:
            vars(row)["slug"] = value.upper()

    monkeypatch.setattr(Customer, "slug", Upper())
    row_models._is_plain.cache_clear()
    try:
        made = Customer.from_db("default", ["id", "slug"], [1, "acme"])
    finally:
        monkeypatch.undo()
        row_models._is_plain.cache_clear()

    assert vars(made)["slug"] == "ACME"
