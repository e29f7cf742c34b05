"""Serves webnet in production with several workers on one port, which SIGHUP replaces one by one."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand
from django.db import connections

from webnet.server.environment import read_number
from webnet.server.granian_workers import serve
from webnet.server.listening_socket import describe_address, listen
from webnet.server.observability.shared_metrics import sharing_metrics

LAST_LINE = "SIGHUP replaces the workers one by one; Ctrl-C or SIGTERM stops the server."


class Command(BaseCommand):
    """Serves only: migrating the database is a step of its own in a deployment."""

    help = "Serves webnet with several workers. SIGHUP replaces them one by one, with the code that is installed then."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute; migrate runs the checks

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workers",
            type=_workers,
            default=max(2, os.cpu_count() or 1),
            help="the number of processes (default: one per core, at least 2)",
        )
        parser.add_argument("--host", default=settings.WEBNET_HOST, help="the address to listen on (default: HOST)")
        parser.add_argument(
            "--port", type=_port, default=settings.WEBNET_PORT, help="the port to listen on (default: PORT)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve until a signal ends the process."""
        listener = listen(options["host"], options["port"])
        connections.close_all()
        self.stdout.write(f"webnet serves {describe_address(listener)} with {options['workers']} workers")
        self.stdout.write(LAST_LINE)
        self.stdout.flush()
        with sharing_metrics():
            serve(listener, workers=options["workers"])


def _workers(text: str) -> int:
    return _number(text, lowest=1, highest=256)


def _port(text: str) -> int:
    return _number(text, lowest=0, highest=65_535)


def _number(text: str, *, lowest: int, highest: int) -> int:
    try:
        return read_number("it", text, lowest=lowest, highest=highest)
    except ImproperlyConfigured as problem:
        raise ArgumentTypeError(str(problem)) from None
