"""What a process that serves does beside serving, and before it ends."""

from __future__ import annotations

from threading import Event

import pytest

from webnet.plugins.models import PluginFailure
from webnet.plugins.runtime import failures
from webnet.server.background import heartbeat, quarantine

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_failed_in_a_process_is_not_lost_when_it_ends(monkeypatch):
    monkeypatch.setattr(heartbeat, "PERIODIC_TASKS", ())
    monkeypatch.setattr(heartbeat, "TASKS_STOP_SECONDS", 60)
    work = heartbeat.PeriodicTasks()
    work.start()
    failures.count_hook("shelf", customer_id=1, raised=ValueError(), place="in on_enable")

    work.stop()

    assert PluginFailure.objects.get().failures == 1


def test_what_failed_is_stored_soon_and_not_only_with_the_next_periodic_task(monkeypatch):
    stored = Event()
    monkeypatch.setattr(quarantine, "STORE_SECONDS", 0.01)
    monkeypatch.setattr(quarantine.pauses, "store_and_pause", lambda now: stored.set())
    thread = quarantine.QuarantineThread()
    thread.start()
    try:
        assert not stored.wait(0.1)  # nothing has failed
        failures.count_hook("shelf", customer_id=1, raised=ValueError(), place="in on_enable")
        assert stored.wait(30)
    finally:
        thread.stop()
    assert quarantine.STORE_SECONDS < heartbeat.TASK_INTERVAL_SECONDS
