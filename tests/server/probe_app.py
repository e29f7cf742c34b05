"""The split with one thread before the probe's addresses, for a server to run."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.server.probe_settings"
django.setup(set_prefix=False)

from webnet.server.asgi.django_handlers import StreamHandler  # noqa: E402
from webnet.server.asgi.router import make_application  # noqa: E402 - Django must be set up first

StreamHandler.urlconf = "tests.server.probe_urls"
application = make_application(threads=1)
