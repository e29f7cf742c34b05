"""Brings the database up to date and serves webnet, all in one process: what `make run` calls."""

import contextlib
import io
import logging
import socket
from typing import Any

import uvicorn
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from webnet.server.listening_socket import describe_address, listen

LAST_LINE = "Ctrl-C ends it."


class Command(BaseCommand):
    """Migrate, read the plugins, make the demo data on a first start while debugging, serve."""

    help = "Migrates, syncs the plugins, makes the demo data on a first start with WEBNET_DEBUG, and serves webnet."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute; migrate runs the checks

    def handle(self, **_options: Any) -> None:
        """Serve until the process is told to end."""
        # First of all, so that a port that is taken changes nothing.
        listener = listen(settings.WEBNET_HOST, settings.WEBNET_PORT)
        call_command("migrate", host_only=True, interactive=False, verbosity=0, stdout=io.StringIO())
        self._sync_plugins()
        if settings.DEBUG and not get_user_model().objects.exists():
            call_command("demo", stdout=self.stdout, stderr=self.stderr)
        connections.close_all()
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again once everything is closed
            server = _make_server()
            self._tell_where_to_look(listener)
            server.run(sockets=[listener])

    def _sync_plugins(self) -> None:
        """A plugin that failed is shown and withheld; the house opens all the same."""
        try:
            call_command("sync_plugins", migrate=True, stdout=self.stdout)
        except (CommandError, SystemExit) as problem:
            self.stderr.write(f"Not every plugin can be used: {problem}")

    def _tell_where_to_look(self, listener: socket.socket) -> None:
        address = describe_address(listener)
        lines = [
            f"webnet serves {address}",
            f"  GraphiQL  {address}graphql/",
            f"  Admin     {address}admin/",
        ]
        if settings.DEBUG:
            lines += [
                f"Sign in at {address}sign-in/ as platform, acme-admin, acme-operator, acme-viewer or globex-admin;",
                "the password was printed on the first start, and 'manage.py changepassword platform' sets a new one.",
            ]
        self.stdout.write("\n".join([*lines, LAST_LINE]))
        self.stdout.flush()


def _make_server() -> uvicorn.Server:
    """uvicorn before the whole of webnet, logging as the settings say."""
    from webnet.server.asgi_application import application  # only now, when the database is up to date

    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=settings.DEBUG,
        # Only a proxy may say who the client is, and only where there is one.
        proxy_headers=settings.WEBNET_HTTPS,
        timeout_graceful_shutdown=10,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # the command says itself what is served
    return uvicorn.Server(config)
