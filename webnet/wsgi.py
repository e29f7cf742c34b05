"""WSGI entry point: everything but event streams, for a server of its own beside `webnet.asgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webnet.settings")

application = get_wsgi_application()
