"""The metrics of all workers of one server, which share a folder of files."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from webnet import metrics

# Below WEBNET_DATA_DIR.
FOLDER = "metrics"


@contextmanager
def sharing_metrics() -> Iterator[None]:
    """Around a server with several workers, which inherit the name of the folder that they share."""
    folder = settings.WEBNET_DATA_DIR / FOLDER / f"{socket.gethostname()}-{os.getpid()}"
    for former in folder.parent.glob(f"{socket.gethostname()}-*"):
        # Of a server that was killed.
        if former == folder or not _is_alive(int(former.name.rpartition("-")[2])):
            shutil.rmtree(former, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[metrics.FOLDER_VARIABLE] = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def collect() -> bytes:
    """What this process has counted, or all workers that share a folder."""
    if not metrics.folder:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    _forget_ended(Path(metrics.folder))
    MultiProcessCollector(registry, path=metrics.folder)  # type: ignore[no-untyped-call]  # the library's
    return generate_latest(registry)


def _forget_ended(folder: Path) -> None:
    """Remove what ended workers say about the present, such as how many streams they have open."""
    for process in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*.db")}:
        if not _is_alive(process):
            mark_process_dead(process, folder)  # type: ignore[no-untyped-call]  # the library's


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
