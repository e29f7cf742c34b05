"""A worker process of `manage.py serve`: it loads the application, with the code that is installed at that time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from threading import Thread

from webnet import black_box
from webnet.server import collector
from webnet.server.asgi.draining import DRAIN_SECONDS, Draining
from webnet.server.asgi.types import Application

GRACE_SECONDS = 3


def load_application(listener: int, *, workers: int) -> Application:
    """The application with what only a worker needs, which is one of so many.

    `listener` is the file descriptor of the shared socket.
    """
    import django
    from django.conf import settings

    collector.relax(is_starting=True)
    django.setup(set_prefix=False)
    from webnet.api.events.log_tail import end_all
    from webnet.api.request.rates import rates
    from webnet.server.asgi.router import make_application

    rates.processes = workers
    application = make_application(threads=settings.WEBNET_THREADS, hand_over=hand_over)
    complete = Draining(behind_proxy(application), listener=listener, end_streams=end_all)
    collector.keep_all()
    return complete


def hand_over() -> None:
    """Have this worker replaced, in which a thread hangs. It serves on other threads until the new one does."""
    if not black_box.ask_for_replacement():
        leave()


def leave() -> None:
    """End this worker by force, since a hung thread would keep it alive.

    Other requests get a few seconds to finish. A worker that is still starting ends at once.
    """
    black_box.announce_end()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(DRAIN_SECONDS + GRACE_SECONDS)
    os._exit(1)


def try_to_load() -> None:
    """Load what a worker would load, in a process of its own, and exit even if plugins have started threads."""
    Thread(target=stop_with_parent, name="parent", daemon=True).start()
    import webnet.server.asgi.application  # noqa: F401 - importing it is the trial

    os._exit(0)


def behind_proxy(application: Application) -> Application:
    """Trust the proxy's headers about the client if there is a proxy, like uvicorn does for `manage.py run`."""
    from django.conf import settings
    from granian.utils.proxies import wrap_asgi_with_proxy_headers

    if not settings.WEBNET_HTTPS:
        return application
    wrapped: Application = wrap_asgi_with_proxy_headers(application, trusted_hosts=settings.WEBNET_TRUSTED_PROXIES)
    return wrapped


def stop_with_parent() -> None:
    """Stop when the parent process is gone, which frees the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        leave()
