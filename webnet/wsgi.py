"""WSGI entry point: everything except event streams, which need `webnet.asgi`."""

import os
from multiprocessing.util import Finalize

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webnet.settings")

application = get_wsgi_application()

from webnet.server.background.heartbeat import Heartbeat  # noqa: E402 - Django must be set up first

_heartbeat = Heartbeat()
_heartbeat.start()
# Unlike `atexit`, this also runs in workers that granian starts with `multiprocessing`.
Finalize(None, _heartbeat.stop, exitpriority=0)
