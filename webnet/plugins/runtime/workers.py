"""Which processes serve now, and whose code they have: a row each, renewed while the process lives."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from django.utils import timezone

from webnet.plugins.models import Worker
from webnet.plugins.registry import registry

BEAT_SECONDS = 15
# Long enough for a process that is busy, and for the clocks of two hosts.
DEAD_AFTER_SECONDS = 60


def beat(token: str) -> None:
    """Say that the process of this token lives; its row is made anew where somebody took it away."""
    now = timezone.now()
    if not Worker.objects.filter(token=token).update(seen_at=now):
        Worker.objects.filter(seen_at__lt=_dead_since()).delete()
        Worker.objects.create(token=token, started_at=now, seen_at=now, **_describe_process())


def leave(token: str) -> None:
    """Say that the process of this token serves no more."""
    Worker.objects.filter(token=token).delete()


def find_workers(plugin: str) -> list[Worker]:
    """The processes that live and have the plugin's code, the oldest first."""
    alive = Worker.objects.filter(seen_at__gte=_dead_since()).order_by("started_at")
    return [worker for worker in alive if plugin in worker.plugins]


def _describe_process() -> dict[str, object]:
    entries = registry.entries()
    plugins = {entry.name: entry.identity.version if entry.identity else "" for entry in entries}
    return {"host": socket.gethostname()[:255], "process_id": os.getpid(), "plugins": plugins}


def _dead_since() -> datetime:
    return timezone.now() - timedelta(seconds=DEAD_AFTER_SECONDS)
