"""The ASGI application: event streams and everything else on one port, each by the handler that is best at it."""

import os

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webnet.settings")
django.setup(set_prefix=False)

from webnet.server.asgi_router import make_application  # noqa: E402 - Django must be set up first

application = make_application(threads=settings.WEBNET_THREADS)
