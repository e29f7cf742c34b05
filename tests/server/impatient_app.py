"""webnet's application, which waits for locks and lets pages live for as long as a test can wait."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webnet.settings")
django.setup(set_prefix=False)

from webnet.console.dashboard import streamed_pages  # noqa: E402 - Django must be set up first
from webnet.server.asgi import admission  # noqa: E402

streamed_pages.LIFE_IN_DEADLINES = 2
admission.WRITE_PATIENCE_SECONDS = admission.WRITE_LOCK_SECONDS = 3.0

from webnet.server.asgi.router import make_application  # noqa: E402

application = make_application(threads=2)
