"""Plugins' receivers of Django's signals: what one raises harms nobody, and a plugin that is off is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.core.signals import request_started
from django.db import connection, transaction
from django.db.models.signals import class_prepared, post_init, post_save, pre_save
from django.dispatch import Signal

from tests.factories import make_customer
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Membership, User
from webnet.plugin_calls import current_call
from webnet.plugins.hooks import receivers
from webnet.plugins.loading.snapshots import imported_by
from webnet.plugins.manager import manager
from webnet.plugins.runtime.failures import counter

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def connected(signal: Signal, receiver: Callable[..., Any], module: str) -> Iterator[None]:
    """The receiver, as if a plugin's module had defined and connected it."""
    receiver.__module__ = module
    signal.connect(receiver, weak=False)
    try:
        yield
    finally:
        signal.disconnect(receiver)


def make_receiver(then: Callable[[], object] = list) -> tuple[Callable[..., Any], list[Any]]:
    """A receiver, and what it has received."""
    received: list[Any] = []

    def on_saved(*, instance: Any = None, **_: Any) -> None:
        received.append(instance)
        then()

    return on_saved, received


def fail() -> None:
    raise RuntimeError("no such thing")


def counted() -> list[tuple[str, int]]:
    return [(key.plugin, key.customer_id) for key in counter.take()]


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    counter.take()
    yield
    counter.take()


@pytest.fixture
def acme() -> Customer:
    """Where `hello_world` is effective."""
    me, acme = Actor.system("tests"), make_customer("acme")
    manager.sync(actor=me)
    for customer in (None, "acme"):
        manager.enable("hello_world", actor=me, customer=customer)
    return acme


def test_a_receiver_is_called_where_its_plugin_is_effective_and_nowhere_else(acme: Customer) -> None:
    globex = make_customer("globex")
    receiver, received = make_receiver()

    with connected(post_save, receiver, "hello_world.signals"):
        for customer in (acme, globex):
            customer.save()
            Membership.objects.create(user=User.objects.create(username=customer.slug), customer=customer)

    ours = [each for each in received if not isinstance(each, User)]
    assert [type(each) for each in ours] == [Customer, Membership]
    assert all(getattr(each, "customer", each) == acme for each in ours)


def test_a_receiver_of_a_row_without_a_customer_is_called_while_its_plugin_is_enabled(acme: Customer) -> None:
    receiver, received = make_receiver()

    with connected(post_save, receiver, "hello_world.signals"):
        first = User.objects.create(username="first")
        manager.disable("hello_world", actor=Actor.system("tests"))
        User.objects.create(username="second")
        acme.save()

    assert received == [first]


@pytest.mark.parametrize("raised", [RuntimeError, SystemExit, GeneratorExit, KeyError])
def test_what_a_receiver_raises_does_not_stop_the_host(
    raised: type[BaseException], acme: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    def end() -> None:
        raise raised("no such thing")

    receiver, received = make_receiver(end)

    with connected(post_save, receiver, "hello_world.signals"), transaction.atomic():
        acme.name = "New"
        acme.save()

    assert received == [acme]
    assert Customer.objects.get(pk=acme.pk).name == "New"
    assert counted() == [("hello_world", acme.pk)]
    (record,) = [record for record in caplog.records if record.name == "webnet.plugins.runtime.failures"]
    message = f"raised {raised.__name__}."
    assert record.getMessage().startswith("Plugin 'hello_world' for 'acme': its receiver ")
    assert record.getMessage().endswith(message)


def test_a_failed_statement_of_a_receiver_does_not_spoil_the_transaction(acme: Customer) -> None:
    def fail_in_the_database() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM nowhere")

    receiver, received = make_receiver(fail_in_the_database)

    with connected(pre_save, receiver, "hello_world.signals"), transaction.atomic():
        acme.name = "New"
        acme.save()

    assert received == [acme]
    assert Customer.objects.get(pk=acme.pk).name == "New"


def test_a_receiver_runs_as_a_call_of_its_plugin(acme: Customer) -> None:
    calls: list[Any] = []
    receiver, _ = make_receiver(lambda: calls.append(current_call()))

    with connected(post_save, receiver, "hello_world.signals"):
        acme.save()

    (call,) = calls
    assert (call.plugin, call.customer_id) == ("hello_world", acme.pk)


def test_receivers_of_everything_are_not_asked_about_what_the_gate_reads(acme: Customer) -> None:
    receiver, received = make_receiver()

    with connected(post_init, receiver, "hello_world.signals"):
        Customer.objects.get(pk=acme.pk)

    assert received == [acme]


def test_an_asynchronous_receiver_is_contained_too(acme: Customer) -> None:
    received = []

    async def on_started(**_: Any) -> None:
        received.append(True)
        await asyncio.sleep(0)
        fail()

    with connected(request_started, on_started, "hello_world.signals"):
        request_started.send(sender=None)

    assert received == [True]
    assert counted() == [("hello_world", 0)]
    assert acme


def test_other_ways_to_be_a_receiver_are_found_too(acme: Customer) -> None:
    class Listener:
        def listen(self, **_: Any) -> None:
            fail()

        def __call__(self, **_: Any) -> None:
            fail()

    Listener.__module__ = Listener.listen.__module__ = "hello_world"
    listener = Listener()
    kinds: list[Any] = [listener.listen, listener, partial(listener.listen, more=1)]

    for receiver in kinds:
        post_save.connect(receiver, weak=False)
    try:
        acme.save()
    finally:
        for receiver in kinds:
            post_save.disconnect(receiver)

    assert counter.take().popitem()[1].failures == len(kinds)


def test_a_receiver_of_a_library_that_a_plugin_imported_is_contained_but_not_silenced(
    acme: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(imported_by, "some_library", "hello_world")
    manager.disable("hello_world", actor=Actor.system("tests"))
    receiver, received = make_receiver(fail)

    with connected(post_save, receiver, "some_library.models"):
        acme.save()

    assert received == [acme]
    assert [plugin for plugin, _ in counted()] == ["hello_world"]


def test_a_receiver_of_the_host_is_called_as_django_does(acme: Customer) -> None:
    receiver, _ = make_receiver(fail)

    with connected(post_save, receiver, "webnet.customers.models"), pytest.raises(RuntimeError):
        acme.save()


@pytest.mark.parametrize("module", ["hello_world.models", "webnet.audit.models"])
def test_while_webnet_starts_only_receivers_of_plugins_are_contained(
    module: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(receivers.apps, "ready", False)
    receiver, received = make_receiver(fail)

    with connected(class_prepared, receiver, module):
        if module.startswith("webnet"):
            with pytest.raises(RuntimeError):
                class_prepared.send(sender=Customer)
        else:
            class_prepared.send(sender=Customer)

    assert received == [None]
    assert ("Plugin 'hello_world': Its receiver " in caplog.text) is module.startswith("hello_world")
