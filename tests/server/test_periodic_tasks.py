"""What a process that serves does beside serving, and before it ends."""

from __future__ import annotations

import pytest

from webnet.plugins.models import PluginFailure
from webnet.plugins.runtime import failures
from webnet.server import heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_failed_in_a_process_is_not_lost_when_it_ends(monkeypatch):
    monkeypatch.setattr(heartbeat, "PERIODIC_TASKS", ())
    monkeypatch.setattr(heartbeat, "TASKS_STOP_SECONDS", 60)
    work = heartbeat.PeriodicTasks()
    work.start()
    failures.count_hook("shelf", customer_id=1, raised=ValueError(), place="in on_enable")

    work.stop()

    assert PluginFailure.objects.get().failures == 1
