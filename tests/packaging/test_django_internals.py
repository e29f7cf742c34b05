"""The private names of Django that `webnet/django_internals.py` uses are there, and do what it takes them to do."""

from __future__ import annotations

import inspect
from functools import partial

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.apps.registry import Apps
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model
from django.db.models.options import Options
from django.dispatch import Signal
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from django.test import RequestFactory, TransactionTestCase

from webnet import django_internals
from webnet.customers.models import Customer

LOOK = "Look at {} in Django's source, and change webnet/django_internals.py with it."


def test_options_expire_their_cache_of_related_objects() -> None:
    assert hasattr(Options, "_expire_cache"), LOOK.format("django.db.models.options.Options")
    _ = Customer._meta.related_objects
    assert "related_objects" in vars(Customer._meta), LOOK.format("Options.related_objects, a cached property")

    django_internals.expire_relation_caches([Customer])

    assert "related_objects" not in vars(Customer._meta), LOOK.format("Options._expire_cache")


def test_the_registry_keeps_what_waits_for_a_model_as_partials() -> None:
    registry = Apps()
    assert hasattr(registry, "_pending_operations"), LOOK.format("django.apps.registry.Apps")

    registry.lazy_model_operation(partial(print, Customer), ("nowhere", "missing"))

    waiting = registry._pending_operations
    message = LOOK.format("Apps.lazy_model_operation and Apps._pending_operations")
    assert list(waiting) == [("nowhere", "missing")], message
    assert [inspect.isfunction(each) or isinstance(each, partial) for each in waiting["nowhere", "missing"]], message


def test_only_operations_that_concern_the_models_are_discarded() -> None:
    def connect(related: type[Model], *, model: type[Model]) -> None:
        raise AssertionError("The model that this waits for never comes.")

    missing = ("nowhere", "missing")
    before = {awaited: list(waiting) for awaited, waiting in apps._pending_operations.items()}
    apps.lazy_model_operation(partial(connect, model=Customer), missing)
    apps.lazy_model_operation(partial(connect, model=Group), missing)
    try:
        django_internals.discard_pending_operations({Customer})
        (left,) = apps._pending_operations[missing]
        assert django_internals._mentions(left, {Group}), LOOK.format("Apps.lazy_model_operation")

        django_internals.discard_pending_operations({Group})
        assert missing not in apps._pending_operations
    finally:
        apps._pending_operations.pop(missing, None)

    assert apps._pending_operations == before


def test_an_admin_site_keeps_its_pages_by_model() -> None:
    site = AdminSite()
    assert site._registry == {}, LOOK.format("django.contrib.admin.sites.AdminSite")
    before = django_internals.registered_admin_pages(site)

    site.register(Group)
    assert list(django_internals.registered_admin_pages(site)) == [Group], LOOK.format("AdminSite.register")

    django_internals.restore_admin_pages(site, before)
    assert not site.is_registered(Group), LOOK.format("AdminSite.is_registered")


def test_the_csrf_check_hands_its_reason_to_reject() -> None:
    signature = inspect.signature(CsrfViewMiddleware._reject)
    assert list(signature.parameters) == ["self", "request", "reason"], LOOK.format("CsrfViewMiddleware._reject")
    factory = RequestFactory(enforce_csrf_checks=True)

    assert _refuses(factory.post("/graphql/")) == "CSRF cookie not set."
    assert _refuses(factory.get("/graphql/")) is None


def test_the_csrf_check_knows_the_origins_that_it_believes() -> None:
    factory = RequestFactory()

    def find(**headers: str) -> str | None:
        return django_internals.find_origin_failure(factory.post("/graphql/", headers=headers))

    found = [find(), find(Origin="http://testserver"), find(Origin="null")]
    reason = "Origin checking failed - null does not match any trusted origins."
    assert found == [None, None, reason], LOOK.format("CsrfViewMiddleware._origin_verified")


def test_committing_test_cases_have_a_teardown_that_can_be_replaced() -> None:
    teardown = getattr(TransactionTestCase, "_fixture_teardown", None)

    message = "Look at django.test.TransactionTestCase, and change webnet/sdk/testing/database.py with it."
    assert teardown is not None, message
    assert list(inspect.signature(teardown).parameters) == ["self"], message
    assert "self._fixture_teardown()" in inspect.getsource(TransactionTestCase), message


def _refuses(request: HttpRequest) -> str | None:
    request._dont_enforce_csrf_checks = False  # type: ignore[attr-defined]  # The request factory sets it.
    return django_internals.find_csrf_failure(request)


@pytest.mark.django_db(transaction=True)
def test_durable_blocks_fit_directly_into_a_block_that_allows_them() -> None:
    with django_internals.allow_durable_blocks(transaction.atomic()):
        with transaction.atomic(durable=True):
            pass
        with (
            transaction.atomic(),
            pytest.raises(RuntimeError, match="durable"),
            transaction.atomic(durable=True),
        ):
            raise AssertionError(LOOK.format("Atomic._from_testcase"))


@pytest.mark.django_db(transaction=True)
def test_a_commit_hook_that_raises_lets_the_others_be_called() -> None:
    called: list[str] = []
    with transaction.atomic():
        transaction.on_commit(lambda: called.append("first") or 1 / 0)
        transaction.on_commit(lambda: called.append("second"))
        django_internals.make_commit_hooks_robust()

    assert called == ["first", "second"], LOOK.format("BaseDatabaseWrapper.run_on_commit")


def test_the_receivers_of_a_signal_can_be_listed_and_put_back() -> None:
    signal = Signal()
    signal.connect(_receive, weak=False)
    before = django_internals.list_receivers(signal)

    signal.disconnect(_receive)
    django_internals.restore_receivers(signal, before)

    assert [receiver for receiver, _ in signal.send(sender=None)] == [_receive], LOOK.format("Signal.receivers")
    assert not django_internals.is_dead(before[0])


def test_a_receiver_that_is_gone_is_dead() -> None:
    signal = Signal()
    gone = partial(_receive)
    signal.connect(gone)
    (listed,) = django_internals.list_receivers(signal)

    del gone

    assert django_internals.is_dead(listed), LOOK.format("Signal.connect")


def test_every_way_of_sending_asks_for_receivers_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, signal = [], Signal()
    monkeypatch.setattr(Signal, "_live_receivers", django_internals.receiver_finder())
    signal.connect(_receive)
    django_internals.replace_receiver_finder(lambda _, sender: (asked.append(sender), ([], []))[1])

    signal.send(sender=1)
    signal.send_robust(sender=2)
    async_to_sync(signal.asend)(sender=3)
    async_to_sync(signal.asend_robust)(sender=4)

    assert asked == [1, 2, 3, 4], LOOK.format("Signal._live_receivers")


def _receive(**_: object) -> None:
    """A receiver."""


def test_all_settings_can_be_listed() -> None:
    listed = django_internals.list_settings()

    assert listed["ROOT_URLCONF"] == settings.ROOT_URLCONF, LOOK.format("django.conf.LazySettings")
    assert "DATE_FORMAT" in listed, "Those that webnet does not set are missing."
