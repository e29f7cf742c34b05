"""The lease: one process at a time has it, and another takes it over once the holder no longer renews it."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection

from webnet.plugins.models import Lease
from webnet.plugins.runtime import lease
from webnet.plugins.runtime.lease import LEASE_SECONDS, Candidate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock(monkeypatch):
    """The monotonic clock, which stands still; `clock(5)` moves it on."""
    now = [1000.0]
    monkeypatch.setattr(lease, "monotonic", lambda: now[0])

    def advance(seconds):
        now[0] += seconds

    return advance


@pytest.fixture
def make(clock):
    """Makes a candidate that has tried once to get the lease."""

    def make_candidate(token):
        candidate = Candidate("work", token=token)
        candidate.keep()
        return candidate

    return make_candidate


def test_the_first_one_has_it_and_no_other(make):
    first, second = make("first"), make("second")

    assert (first.is_holder, second.is_holder) == (True, False)
    assert Lease.objects.get().holder == "first"


def test_nobody_takes_over_while_it_is_renewed(make, clock):
    first, second = make("first"), make("second")

    for _ in range(10):
        clock(LEASE_SECONDS - 1)
        first.keep()
        second.keep()

    assert (first.is_holder, second.is_holder) == (True, False)


def test_another_one_takes_over_when_the_renewals_stop_and_the_first_knows_by_then(make, clock):
    first, second = make("first"), make("second")
    clock(LEASE_SECONDS - 1)
    second.keep()
    assert (first.is_holder, second.is_holder) == (True, False)

    clock(1)
    assert not first.is_holder
    second.keep()

    assert second.is_holder
    first.keep()
    assert not first.is_holder and Lease.objects.get().holder == "second"


def test_one_that_has_just_begun_to_look_waits_as_long_as_the_others(make, clock):
    make("first")
    clock(10 * LEASE_SECONDS)
    late = make("late")
    assert not late.is_holder

    clock(LEASE_SECONDS)
    late.keep()

    assert late.is_holder


def test_one_that_ends_gives_it_to_the_next_at_once(make):
    first, second = make("first"), make("second")

    first.release()
    second.keep()

    assert (first.is_holder, second.is_holder) == (False, True)


def test_the_one_that_has_lost_it_does_not_take_it_from_others_when_it_ends(make, clock):
    first, second = make("first"), make("second")
    clock(LEASE_SECONDS)
    second.keep()

    first.release()

    assert Lease.objects.get().holder == "second"


def test_a_holder_from_a_restored_backup_is_waited_for_no_longer_than_others(make, clock):
    candidate = make("candidate")
    Lease.objects.update(holder="gone", renewals=7_000_000)
    candidate.keep()
    assert not candidate.is_holder

    clock(LEASE_SECONDS)
    candidate.keep()

    assert candidate.is_holder


def test_leases_of_other_names_are_others(make):
    first = make("first")
    other = Candidate("other work", token="second")

    other.keep()

    assert first.is_holder and other.is_holder


def test_of_two_that_take_over_at_the_same_moment_one_has_it(make, clock):
    for number in range(10):
        Lease.objects.update_or_create(name="work", defaults={"holder": f"dead {number}"})
        candidates = [make("left"), make("right")]
        clock(LEASE_SECONDS)
        both_are_here = Barrier(2)

        def take(candidate, both_are_here=both_are_here):
            read = candidate._rows.values_list

            def read_together(*columns):
                found = read(*columns).get()
                both_are_here.wait(timeout=20)
                return type("Read", (), {"get": lambda _: found})()

            candidate._rows.values_list = read_together
            candidate.keep()
            connection.close()

        threads = [Thread(target=take, args=(each,)) for each in candidates]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [each.is_holder for each in candidates].count(True) == 1
