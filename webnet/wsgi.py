"""WSGI entry point: everything except event streams, which need `webnet.asgi`."""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from multiprocessing.util import Finalize
from typing import Any

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webnet.settings")

django.setup(set_prefix=False)

# Django must be set up first.
from webnet.api.http.addresses import is_graphql_path  # noqa: E402
from webnet.plugins.runtime import open_requests  # noqa: E402
from webnet.server.asgi.admission import READING_METHODS  # noqa: E402
from webnet.server.asgi.django_handlers import make_wsgi_handler  # noqa: E402
from webnet.server.background.heartbeat import Heartbeat  # noqa: E402
from webnet.server.observability.request_log import tracing_requests  # noqa: E402

requests = make_wsgi_handler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Serve a request within its time. WSGI does not say that a client has left, so only the time ends its work."""
    path = environ["PATH_INFO"]
    # A mutation says so itself when it begins.
    is_graphql = is_graphql_path(path.removeprefix(settings.WEBNET_SCRIPT_NAME))
    writes = environ["REQUEST_METHOD"] not in READING_METHODS and not is_graphql
    with open_requests.working(path, open_requests.make_deadline(writes=writes)):
        return requests(environ, start_response)


_serving = ExitStack()
_serving.enter_context(Heartbeat())
_serving.enter_context(tracing_requests())
# Unlike `atexit`, this also runs in workers that granian starts with `multiprocessing`.
Finalize(None, _serving.close, exitpriority=0)
