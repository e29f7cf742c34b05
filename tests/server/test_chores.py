"""What a process that serves does beside serving, and before it ends."""

from __future__ import annotations

import pytest

from webnet.plugins import failure_counts
from webnet.plugins.models import PluginFailure
from webnet.server import chores

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_failed_in_a_process_is_not_lost_when_it_ends(monkeypatch):
    monkeypatch.setattr(chores, "CHORES", ())
    monkeypatch.setattr(chores, "STOP_SECONDS", 60)
    work = chores.Chores()
    work.start()
    failure_counts.count("shelf", customer_id=1, raised=ValueError(), place="in on_enable")

    work.stop()

    assert PluginFailure.objects.get().failures == 1
