"""Migrates the database and serves webnet, in one process; `make run` calls it."""

import asyncio
import contextlib
import io
import logging
import os
import socket
import sys
from typing import Any

import uvicorn
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from webnet.program import PROGRAM
from webnet.server.listening_socket import describe_address, listen
from webnet.server.observability.logs import RecordFormatter

logger = logging.getLogger(__name__)

LAST_LINE = "Press Ctrl-C to stop."


class Command(BaseCommand):
    """Migrates, syncs the plugins, creates demo data on a first start with WEBNET_DEBUG, and serves."""

    help = "Migrates, syncs the plugins, creates demo data on a first start with WEBNET_DEBUG, and serves webnet."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute; migrate runs the checks

    def handle(self, **_options: Any) -> None:
        """Serve until a signal ends the process."""
        # Before anything else, so that nothing is changed when the port is in use.
        listener = listen(settings.WEBNET_HOST, settings.WEBNET_PORT)
        call_command("migrate", host_only=True, interactive=False, verbosity=0, stdout=io.StringIO())
        self._sync_plugins()
        if settings.DEBUG and not get_user_model().objects.exists():
            call_command("demo", stdout=self.stdout, stderr=self.stderr)
        connections.close_all()
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again once everything is closed
            server = _make_server()
            self._print_addresses(listener)
            RecordFormatter.shows_plugin_tracebacks = True
            try:
                server.run(sockets=[listener])
            except (Exception, asyncio.CancelledError, SystemExit):
                # Python would first wait for threads, some of which may hang, while nobody is answered any more.
                logger.exception("The server has failed, and ends.")
                sys.stderr.flush()
                os._exit(1)

    def _sync_plugins(self) -> None:
        """Sync the plugins; one that fails is printed and disabled, and webnet is served in any case."""
        try:
            call_command("sync_plugins", migrate=True, stdout=self.stdout)
        except CommandError as problem:
            self.stderr.write(f"The plugins could not be synced: {problem}")
        except SystemExit:
            self.stderr.write("Some plugins can't be used; the reasons are above.")

    def _print_addresses(self, listener: socket.socket) -> None:
        address = describe_address(listener)
        lines = [
            f"webnet serves {address}",
            f"  GraphiQL  {address}graphql/",
            f"  Admin     {address}admin/",
        ]
        if settings.DEBUG:
            lines += [
                f"Sign in at {address}sign-in/ as platform, acme-admin, acme-operator, acme-viewer or globex-admin;",
                f"the password was printed on the first start; '{PROGRAM} changepassword platform' sets a new one.",
            ]
        self.stdout.write("\n".join([*lines, LAST_LINE]))
        self.stdout.flush()


def _make_server() -> uvicorn.Server:
    """uvicorn with webnet's application and logging."""
    from webnet.server.asgi.application import application  # plugins' code must not run before the migrations

    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,  # `request_log` does
        loop="webnet.server.event_loop:ServingLoop",
        # Trust headers about the client only if there is a proxy, which sets them itself.
        proxy_headers=settings.WEBNET_HTTPS,
        forwarded_allow_ips=settings.WEBNET_TRUSTED_PROXIES,
        timeout_graceful_shutdown=10,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # this command prints the address itself
    return uvicorn.Server(config)
