"""Sets Django up and creates the ASGI application, for servers that import it by name."""

import os

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webnet.settings")
django.setup(set_prefix=False)

from webnet.server.asgi.router import make_application  # noqa: E402 - Django must be set up first

application = make_application(threads=settings.WEBNET_THREADS)
