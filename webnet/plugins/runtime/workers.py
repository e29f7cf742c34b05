"""Which processes serve now, and which plugins they have loaded: a row each, renewed while the process lives."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from webnet.plugins.models import Worker
from webnet.plugins.registry import registry

BEAT_SECONDS = 15
# Four missed beats: a process may be busy, and the clocks of two hosts may differ.
DEAD_AFTER_SECONDS = 60


def beat(token: str) -> None:
    """Renew the row of the process with this token; insert it if it does not exist (yet, or any more)."""
    now = timezone.now()
    if not Worker.objects.filter(token=token).update(seen_at=now):
        Worker.objects.filter(seen_at__lt=_dead_since()).delete()
        plugins = {entry.name: entry.identity.version if entry.identity else "" for entry in registry.entries()}
        Worker.objects.create(
            token=token,
            started_at=now,
            seen_at=now,
            host=socket.gethostname()[:255],
            process_id=os.getpid(),
            plugins=plugins,
        )


def leave(token: str) -> None:
    """Delete the row of a process that stops serving."""
    Worker.objects.filter(token=token).delete()


def find_workers(plugin: str) -> list[Worker]:
    """The live processes that have the plugin loaded, the oldest first."""
    return [worker for worker in find_alive() if plugin in worker.plugins]


def find_alive() -> QuerySet[Worker]:
    """The live processes, the oldest first."""
    return Worker.objects.filter(seen_at__gte=_dead_since()).order_by("started_at")


def _dead_since() -> datetime:
    return timezone.now() - timedelta(seconds=DEAD_AFTER_SECONDS)
