"""`/metrics`: what all workers of this server have counted, for Prometheus."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from webnet import metrics
from webnet.accounts.authentication import ip_address
from webnet.console.customer_pages import not_found

# Below WEBNET_DATA_DIR.
FOLDER = "metrics"
# What proxies add: then the address is the proxy's, and says nothing about the client's.
FORWARDING_HEADERS = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """The metrics, for who has the token, and without a token for this machine; for others there is no such page."""
    if not may_read(request):
        return not_found(request)
    return HttpResponse(collect(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def may_read(request: HttpRequest) -> bool:
    """Whether the request has the token that is set, or else comes from this machine and not through a proxy on it."""
    if settings.WEBNET_METRICS_TOKEN:
        sent = request.META.get("HTTP_AUTHORIZATION", "")
        return constant_time_compare(sent, f"Bearer {settings.WEBNET_METRICS_TOKEN}")
    address = ip_address(request)
    is_local = address is not None and ipaddress.ip_address(address).is_loopback
    return is_local and not any(header in request.META for header in FORWARDING_HEADERS)


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


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
