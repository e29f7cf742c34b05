"""`after_enable` and `after_disable`: after the commit, at least once, in order, and never in anybody's way."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import actor_for, make_customer, make_member, make_operator
from tests.plugins.test_concurrency import in_threads
from webnet.accounts import customers
from webnet.audit.models import PluginAuditLog, new_token
from webnet.customers.access import Role
from webnet.errors import HookFailed
from webnet.plugins.base import PluginBase
from webnet.plugins.hooks import after_commit, outbox
from webnet.plugins.manager import manager
from webnet.plugins.models import OwedCall, PluginConfig
from webnet.plugins.registry import registry

pytestmark = pytest.mark.django_db(transaction=True)

# For what hangs, and long enough for a thread to begin on a machine that is busy with others.
SHORT_SECONDS = 0.5


class Telling(PluginBase):
    """Notes each call of its after-hooks, and then does what the test says."""

    name = "telling"
    version = "1.0"

    def __init__(self):
        self.calls = []
        self.then = lambda: None

    def after_enable(self, context):
        self.calls.append(("after_enable", context, threading.current_thread()))
        self.then()

    def after_disable(self, context):
        self.calls.append(("after_disable", context, threading.current_thread()))
        self.then()

    @property
    def called(self):
        return [(hook, context.customer.slug if context.customer else None) for hook, context, _ in self.calls]


@pytest.fixture(autouse=True)
def _fresh_lanes():
    after_commit._lane.cache_clear()


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.fixture
def telling(install):
    plugin = Telling()
    install(plugin)
    return plugin


@pytest.fixture
def hanging():
    """What hangs until the test is over, or until it is let go."""
    let_go = threading.Event()
    yield let_go
    let_go.set()


def raising():
    raise ConnectionError("a secret detail")


def let_time_pass():
    """To the end of every claim and of every pause."""
    OwedCall.objects.update(due_at=timezone.now())


def test_the_hook_is_called_after_the_commit_off_the_callers_thread_and_the_row_is_gone(telling, operator):
    telling.then = lambda: seen.append(PluginConfig.objects.get().enabled)
    seen = []

    manager.enable("telling", actor=operator)

    assert telling.called == [("after_enable", None)] and seen == [True]
    assert telling.calls[0][2] is not threading.current_thread()
    assert not OwedCall.objects.exists()


def test_what_already_holds_calls_nothing(telling, operator):
    manager.enable("telling", actor=operator)
    manager.enable("telling", actor=operator)

    assert telling.called == [("after_enable", None)]


def test_a_plugin_without_after_hooks_is_owed_nothing(install, operator, monkeypatch):
    monkeypatch.setattr(outbox, "add", lambda *_: pytest.fail("It has no after_enable."))
    install(type("Quiet", (PluginBase,), {"name": "quiet", "version": "1.0"})())

    assert manager.enable("quiet", actor=operator).changed


def test_a_change_that_is_rolled_back_owes_nothing(install, operator):
    telling = Telling()
    needing = {"name": "needing", "version": "1.0", "dependencies": ["telling"], "on_enable": lambda _: raising()}
    install(telling, type("Needing", (PluginBase,), needing)())

    with pytest.raises(HookFailed):
        manager.enable("needing", actor=operator, with_dependencies=True)

    assert telling.calls == [] and not OwedCall.objects.exists()


def test_the_context_is_made_anew_with_actor_customer_and_todays_settings(telling):
    acme = make_customer("acme")
    PluginConfig.objects.update(enabled=True)
    limits = {"maximum_role": Role.OPERATOR, "token_expires_at": datetime(2030, 1, 1, tzinfo=UTC), "request_id": "r1"}
    ann = actor_for(make_member("ann", acme, Role.ADMIN), only_customer_id=acme.pk, ip_address="10.0.0.1", **limits)
    telling.then = raising
    manager.enable("telling", actor=ann, customer="acme")
    PluginConfig.objects.update(settings={"since": "then"})
    let_time_pass()

    telling.then = lambda: None
    after_commit.call_due()

    first, second = (context for _, context, _ in telling.calls)
    assert (second.actor, second.customer) == (ann, acme)
    assert (dict(first.settings), dict(second.settings)) == ({}, {"since": "then"})


def test_a_hook_that_raises_is_called_again_after_a_pause_and_not_before(telling, operator):
    telling.then = raising
    assert manager.enable("telling", actor=operator).changed

    after_commit.call_due()
    assert len(telling.calls) == 1
    telling.then = lambda: None
    let_time_pass()
    after_commit.call_due()

    assert len(telling.calls) == 2 and not OwedCall.objects.exists()


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, RecursionError])
def test_whatever_a_hook_raises_is_a_failure_like_others(telling, operator, error):
    telling.then = lambda: (_ for _ in ()).throw(error)

    assert manager.enable("telling", actor=operator).changed

    assert OwedCall.objects.get().attempts == 1


def test_after_growing_pauses_it_is_given_up_and_the_audit_log_says_so(telling, operator):
    telling.then = raising
    pauses = []
    manager.enable("telling", actor=operator)
    while (call := OwedCall.objects.first()) is not None:
        pauses.append(call.due_at - timezone.now())
        let_time_pass()
        after_commit.call_due()

    assert pauses == sorted(pauses) and len(pauses) == len(outbox.PAUSES_SECONDS)
    assert len(telling.calls) == outbox.MAXIMUM_ATTEMPTS
    row = PluginAuditLog.objects.latest("position")
    assert (row.action, row.outcome, row.error_code) == ("give_up_hook", "failed", "HOOK_FAILED")
    assert (row.plugin_name, row.actor_name) == ("telling", "platform")
    why = "its after_enable raised ConnectionError."
    assert row.after == {"hook": "after_enable", "attempts": outbox.MAXIMUM_ATTEMPTS, "error": why}


def test_a_hook_that_takes_its_process_down_is_given_up_as_well(telling, operator):
    """Each attempt is counted before it is made, so that what is left of it counts."""
    telling.then = raising
    manager.enable("telling", actor=operator)
    OwedCall.objects.update(attempts=outbox.MAXIMUM_ATTEMPTS)
    let_time_pass()

    after_commit.call_due()

    assert len(telling.calls) == 1 and not OwedCall.objects.exists()
    row = PluginAuditLog.objects.latest("position")
    assert row.action == "give_up_hook" and "before its process ended" in row.after["error"]


@pytest.mark.slow
def test_a_hook_that_hangs_costs_its_caller_the_deadline_and_is_tried_again(telling, operator, hanging, monkeypatch):
    monkeypatch.setattr(after_commit, "DEADLINE_SECONDS", SHORT_SECONDS)
    telling.then = lambda: hanging.wait(60)

    assert manager.enable("telling", actor=operator).changed

    assert OwedCall.objects.get().attempts == 1
    assert not hanging.is_set()


@pytest.mark.slow
def test_a_hook_that_ends_late_was_called_all_the_same(telling, operator, hanging, monkeypatch):
    monkeypatch.setattr(after_commit, "DEADLINE_SECONDS", SHORT_SECONDS)
    telling.then = lambda: hanging.wait(60)
    manager.enable("telling", actor=operator)

    hanging.set()
    telling.calls[0][2].join(30)

    assert not OwedCall.objects.exists()


@pytest.mark.slow
def test_of_hooks_that_hang_only_a_few_threads_are_kept_and_other_plugins_are_called(
    install, operator, hanging, monkeypatch
):
    monkeypatch.setattr(after_commit, "DEADLINE_SECONDS", SHORT_SECONDS)
    telling, other = Telling(), Telling()
    other.name = "other"
    install(telling, other, enabled=True)
    telling.then = lambda: hanging.wait(60)

    for number in range(5):
        make_customer(f"c{number}")
        manager.enable("telling", actor=operator, customer=f"c{number}")
    manager.enable("other", actor=operator, customer="c0")

    stuck = [each for each in threading.enumerate() if each.name == "lane-telling"]
    assert len(stuck) == len(telling.calls) == after_commit.THREADS_PER_PLUGIN
    assert other.called == [("after_enable", "c0")]
    assert OwedCall.objects.count() == 5


def test_while_one_worker_has_the_claim_no_other_calls_the_hook_until_it_runs_out(telling, operator, monkeypatch):
    """The first worker dies between its commit and the hook."""
    with monkeypatch.context() as dead:
        dead.setattr(after_commit, "_call_claimed", lambda _: None)
        manager.enable("telling", actor=operator)

    after_commit.call_due()
    assert telling.calls == []
    let_time_pass()
    after_commit.call_due()

    assert telling.called == [("after_enable", None)]


def test_of_many_workers_one_gets_what_is_due(telling, operator):
    telling.then = raising
    manager.enable("telling", actor=operator)
    telling.then = lambda: None
    let_time_pass()

    in_threads(6, lambda _: after_commit.call_due())

    assert len(telling.calls) == 2 and not OwedCall.objects.exists()


def test_of_two_workers_that_saw_the_same_row_one_claims_it(telling, operator, monkeypatch):
    telling.then = raising
    manager.enable("telling", actor=operator)
    let_time_pass()
    both_have_looked, lease = threading.Barrier(2), outbox._lease
    monkeypatch.setattr(outbox, "_lease", lambda: lease() if both_have_looked.wait(30) >= 0 else None)

    claims = in_threads(2, lambda _: outbox.claim_due())

    assert [claim is None for claim in claims].count(True) == 1


def test_a_worker_whose_claim_ran_out_does_not_begin(telling, operator, monkeypatch):
    monkeypatch.setattr(after_commit, "_call_claimed", lambda _: None)
    manager.enable("telling", actor=operator)
    call = OwedCall.objects.get()
    OwedCall.objects.update(claim=new_token())

    assert not outbox.begin(call)


def test_the_hooks_of_a_pair_are_called_in_the_order_of_the_changes(telling, operator):
    """The next one waits, and the former has one more chance at once: what the last change wanted is what counts."""
    telling.then = raising
    manager.enable("telling", actor=operator)
    manager.disable("telling", actor=operator)
    assert telling.called == [("after_enable", None)]

    let_time_pass()
    after_commit.call_due()
    telling.then = lambda: None
    after_commit.call_due()

    assert telling.called == [("after_enable", None), ("after_enable", None), ("after_disable", None)]
    assert PluginAuditLog.objects.filter(action="give_up_hook").count() == 1
    assert not OwedCall.objects.exists()


def test_what_waits_for_one_customer_holds_up_no_other(telling, operator):
    make_customer("acme")
    make_customer("globex")
    telling.then = raising
    manager.enable("telling", actor=operator)
    telling.then = lambda: None

    for slug in ("acme", "globex"):
        manager.enable("telling", actor=operator, customer=slug)

    assert telling.called[1:] == [("after_enable", "acme"), ("after_enable", "globex")]


def test_the_hook_of_a_plugin_that_is_not_here_waits_until_it_is(telling, operator, registered):
    telling.then = raising
    manager.enable("telling", actor=operator)
    let_time_pass()
    registered()
    after_commit.call_due()
    assert OwedCall.objects.get().attempts == 1

    telling.then = lambda: None
    registered(telling)
    after_commit.call_due()

    assert registry.find("telling") and len(telling.calls) == 2


@pytest.mark.parametrize("slug", [None, "acme"])
def test_a_pause_keeps_nothing_back_that_a_change_has_promised(telling, operator, slug):
    """What the last change wanted outside of webnet comes about, as it would have without the pause."""
    make_customer("acme")
    manager.enable("telling", actor=operator)
    telling.then = raising
    manager.enable("telling", actor=operator, customer="acme")
    manager.pause("telling", actor=operator, customer=slug)
    telling.then, telling.calls = (lambda: None), []
    let_time_pass()

    after_commit.call_due()
    manager.disable("telling", actor=operator, customer="acme")

    assert telling.called == [("after_enable", "acme"), ("after_disable", "acme")]
    assert not OwedCall.objects.exists()


def test_what_is_owed_goes_with_the_customer(telling, operator):
    make_customer("acme")
    PluginConfig.objects.update(enabled=True)
    telling.then = raising
    manager.enable("telling", actor=operator, customer="acme")
    let_time_pass()

    customers.purge(actor=operator, customer="acme")
    after_commit.call_due()

    assert len(telling.calls) == 1 and not OwedCall.objects.exists()


def test_looking_for_what_is_due_takes_one_statement_where_there_is_nothing(telling, django_assert_num_queries):
    with django_assert_num_queries(1):
        after_commit.call_due()


def test_the_hooks_of_a_plan_are_called_in_its_order(install, operator):
    order = []
    needed = type("Needed", (PluginBase,), {"after_enable": lambda self: order.append(self.name)})
    plugins = [("top", ["middle"]), ("middle", ["bottom"]), ("bottom", [])]
    made = [type(name, (needed,), {"name": name, "version": "1.0", "dependencies": needs})() for name, needs in plugins]
    install(*made)

    manager.enable("top", actor=operator, with_dependencies=True)

    assert order == ["bottom", "middle", "top"]


@pytest.mark.slow
def test_what_can_not_be_begun_in_time_is_left_to_whoever_looks_next(install, operator, hanging, monkeypatch):
    slow, late = Telling(), Telling()
    late.name, late.dependencies = "late", ["telling"]
    install(slow, late)
    slow.then = lambda: hanging.wait(60)

    with monkeypatch.context() as impatient:
        impatient.setattr(after_commit, "DEADLINE_SECONDS", SHORT_SECONDS)
        manager.enable("late", actor=operator, with_dependencies=True)
    assert late.calls == []
    after_commit.call_due()

    assert late.called == [("after_enable", None)]


def test_a_claim_holds_longer_than_a_call_may_take():
    assert timedelta(seconds=outbox.LEASE_SECONDS) > 3 * timedelta(seconds=after_commit.DEADLINE_SECONDS)
