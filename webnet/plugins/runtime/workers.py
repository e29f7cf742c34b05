"""Which processes serve now, and which plugins they have loaded: a row each, renewed while the process lives."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from packaging.version import Version

import webnet
from webnet.plugins.models import Worker
from webnet.plugins.registry import registry

BEAT_SECONDS = 15
# Four missed beats: a process may be busy, and the clocks of two hosts may differ.
DEAD_AFTER_SECONDS = 60


# More than one database serves; and of their plugins, as many as somebody reads.
MOST_WORKERS, MOST_OUTDATED_PLUGINS = 200, 100


@dataclass(frozen=True, kw_only=True)
class OutdatedPlugin:
    """A plugin that a process runs in another version than the one that the last sync found."""

    name: str
    version: str
    installed_version: str


@dataclass(frozen=True, kw_only=True)
class RunningWorker:
    """A live process, and what of its code is old; `runs_old_webnet` is whether another one runs a newer webnet."""

    row: Worker
    outdated_plugins: tuple[OutdatedPlugin, ...]
    runs_old_webnet: bool


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
            webnet_version=webnet.__version__,
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


def find_running(installed: Mapping[str, str | None]) -> list[RunningWorker]:
    """The live processes, the oldest first, compared with the `installed` versions that the last sync found."""
    rows = list(find_alive()[:MOST_WORKERS])
    newest = max((Version(row.webnet_version) for row in rows if row.webnet_version), default=None)
    return [
        RunningWorker(
            row=row,
            outdated_plugins=find_outdated_plugins(row, installed),
            # A row without a version is of a webnet that did not write it yet.
            runs_old_webnet=newest is not None and (not row.webnet_version or Version(row.webnet_version) < newest),
        )
        for row in rows
    ]


def find_outdated_plugins(worker: Worker, installed: Mapping[str, str | None]) -> tuple[OutdatedPlugin, ...]:
    """What the process runs in another version than the `installed` one, by name.

    A plugin whose version is not known, here or there, does not count.
    """
    return tuple(
        OutdatedPlugin(name=name, version=version, installed_version=found)
        for name, version in sorted(worker.plugins.items())
        if version and (found := installed.get(name)) and found != version
    )


def _dead_since() -> datetime:
    return timezone.now() - timedelta(seconds=DEAD_AFTER_SECONDS)
