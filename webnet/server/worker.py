"""What a worker of `manage.py serve` serves; made in the worker itself, with the code that is installed by then."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from threading import Thread

from webnet.server.asgi_types import Application
from webnet.server.draining import DRAIN_SECONDS, Draining

LEAST_AGE_SECONDS = 6
PATIENCE_SECONDS = 3

_born = time.monotonic()


def load_application(listener: int) -> Application:
    """All of webnet, behind what only a worker needs. `listener` is the file descriptor of the shared socket."""
    import django
    from django.conf import settings

    django.setup(set_prefix=False)
    from webnet.api.events.log_tail import end_all
    from webnet.server.asgi_router import make_application

    Thread(target=_end_with_parent, name="parent", daemon=True).start()
    application = make_application(threads=settings.WEBNET_THREADS, leave=leave)
    return Draining(behind_proxy(application), listener=listener, end_streams=end_all)


def leave() -> None:
    """End this worker, which a thread that hangs would keep from ending by itself; granian makes another.

    What else it has in hand gets a few seconds.
    """
    # A worker that ends earlier looks to granian as if none could live, and it gives up.
    time.sleep(max(0.0, LEAST_AGE_SECONDS - (time.monotonic() - _born)))
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(DRAIN_SECONDS + PATIENCE_SECONDS)
    os._exit(1)


def try_to_load() -> None:
    """Load what a worker would, in a process of its own, and end it; plugins' threads must not keep it."""
    import webnet.server.asgi_application  # noqa: F401 - it is the trial

    os._exit(0)


def behind_proxy(application: Application) -> Application:
    """Only a proxy may say who the client is, and only where there is one: as uvicorn does for `manage.py run`."""
    from django.conf import settings
    from granian.utils.proxies import wrap_asgi_with_proxy_headers

    if not settings.WEBNET_HTTPS:
        return application
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
    wrapped: Application = wrap_asgi_with_proxy_headers(application, trusted_hosts=trusted)
    return wrapped


def _end_with_parent() -> None:
    """Give the port free when nobody is left to look after this worker."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
