"""`on_enable` and `on_disable`: in the transaction, in order, once per change, and undone with it."""

import pytest
from django.db import OperationalError, connection

from tests.factories import actor_for, make_customer, make_operator
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer
from webnet.errors import HookFailed
from webnet.plugins.base import PluginBase
from webnet.plugins.gate import effective
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

SCOPES = [None, "acme"]


class Writing(PluginBase):
    """Writes a row in each of its hooks, and then does what the test says."""

    name = "writing"
    version = "1.0"

    def __init__(self, calls, then=lambda: None):
        self.calls, self.then = calls, then

    def on_enable(self, context):
        self.note("enable", context)

    def on_disable(self, context):
        self.note("disable", context)

    def note(self, hook, context):
        self.calls.append((hook, self.name, context.customer.slug if context.customer else None))
        Customer.objects.create(slug=f"made-{len(self.calls)}", name=self.name)
        self.then()


def chain(calls, then=lambda: None):
    """`top` needs `middle`, which needs `bottom`; what `top` does then is up to the test."""
    needs = [("top", ["middle"], then), ("middle", ["bottom"], lambda: None), ("bottom", [], lambda: None)]
    return [type(name, (Writing,), {"name": name, "dependencies": needed})(calls, do) for name, needed, do in needs]


def made():
    """How many rows of hooks there are."""
    return Customer.objects.filter(slug__startswith="made-").count()


def raising():
    raise ValueError("not today")


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.fixture
def calls():
    make_customer("acme")
    return []


@pytest.mark.parametrize("customer", SCOPES)
def test_dependencies_are_enabled_first_and_disabled_last(install, operator, calls, customer):
    install(*chain(calls), enabled=customer is not None)

    manager.enable("top", actor=operator, customer=customer, with_dependencies=True)
    manager.disable("bottom", actor=operator, customer=customer, with_dependents=True)

    up = [("enable", name, customer) for name in ("bottom", "middle", "top")]
    down = [("disable", name, customer) for name in ("top", "middle", "bottom")]
    assert calls == up + down and made() == 6


@pytest.mark.parametrize("customer", SCOPES)
def test_when_the_last_of_a_plan_raises_all_is_undone_and_audited(install, operator, calls, customer):
    install(*chain(calls, raising), enabled=customer is not None)

    with pytest.raises(HookFailed, match="'top' refused: its on_enable raised ValueError"):
        manager.enable("top", actor=operator, customer=customer, with_dependencies=True)

    assert len(calls) == 3 and made() == 0  # all were called, and nothing is left of it
    assert not CustomerPluginConfig.objects.exists()
    assert customer is not None or not PluginConfig.objects.filter(enabled=True).exists()
    assert PluginAuditLog.objects.latest("position").outcome == "failed"


def test_a_hook_that_raises_keeps_the_plugin_on(install, operator, calls):
    writing = Writing(calls)
    install(writing)
    manager.enable("writing", actor=operator)
    writing.then = raising

    with pytest.raises(HookFailed, match="its on_disable raised ValueError"):
        manager.disable("writing", actor=operator)

    assert PluginConfig.objects.get().enabled and made() == 1


def test_hooks_run_inside_the_transaction_of_the_change(install, operator, calls):
    seen = []
    install(Writing(calls, lambda: seen.append((connection.in_atomic_block, PluginConfig.objects.get().enabled))))

    manager.enable("writing", actor=operator)

    assert seen == [(True, True)]


def test_what_commits_after_the_hooks_fails_with_them(install, operator, calls, monkeypatch):
    """The audit row is the last act of the transaction: where it can't be written, nothing has happened."""
    install(Writing(calls))
    monkeypatch.setattr("webnet.audit.log.record_all", lambda _: raising())

    with pytest.raises(ValueError, match="not today"):
        manager.enable("writing", actor=operator)

    assert len(calls) == 1 and made() == 0 and not PluginConfig.objects.get().enabled


def test_after_a_deadlock_they_run_again_and_the_first_time_is_undone(install, operator, calls):
    class Deadlock(Exception):
        sqlstate = "40P01"

    def lose_the_first():
        if len(calls) == 1:
            raise OperationalError from Deadlock()

    install(Writing(calls, lose_the_first))

    assert manager.enable("writing", actor=operator).changed

    assert len(calls) == 2 and made() == 1


def test_what_holds_already_calls_none(install, operator, calls):
    install(Writing(calls))

    for _ in range(2):
        manager.enable("writing", actor=operator)

    assert len(calls) == 1


def test_other_workers_obey_a_change_and_call_no_hook_for_it(install, registered, operator, calls):
    ours, theirs = Writing(calls), Writing([])
    install(ours)
    manager.enable("writing", actor=operator)

    registered(theirs)  # as another process, with nothing in its caches
    effective.platforms.clear()

    assert manager.plan("writing", actor=operator, action="disable").steps
    assert len(calls) == 1 and theirs.calls == []
