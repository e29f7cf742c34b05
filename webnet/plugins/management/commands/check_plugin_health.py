"""Runs the health checks of plugins and prints the results, once or repeatedly."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentTypeError
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from webnet.customers.access import Actor
from webnet.errors import PluginUnavailable, Refusal
from webnet.plugins.changes import pauses
from webnet.plugins.health.checks import CheckOutcome
from webnet.plugins.manager import manager
from webnet.plugins.models import HealthStatus, PluginStatus
from webnet.plugins.runtime import deaths

COLUMNS = ("name", "status", "duration", "message")
HEALTHY_ENOUGH = (HealthStatus.HEALTHY, HealthStatus.DEGRADED)


class Command(BaseCommand):
    help = (
        "Runs the health checks of plugins, in parallel and each with a deadline, and stores the results. Exits with 1 "
        "when a plugin is unhealthy, returns no valid report, or can't run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "plugins", nargs="*", metavar="NAME", help="the plugins to check (default: all that are enabled)"
        )
        parser.add_argument("--customer", metavar="SLUG", help="check for this customer (default: for the platform)")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")
        parser.add_argument("--watch", action="store_true", help="repeat until Ctrl-C")
        parser.add_argument(
            "--interval",
            type=_read_seconds,
            default=10.0,
            metavar="SECONDS",
            help="the pause between two rounds (default: 10)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        self.is_healthy = True  # in the last round
        if options["watch"]:
            self._watch(options)
        else:
            self._check(options)
        if not self.is_healthy:
            sys.exit(1)

    def _watch(self, options: dict[str, Any]) -> None:
        with suppress(KeyboardInterrupt):
            while True:
                self.stdout.write(f"{timezone.now():%Y-%m-%d %H:%M:%S} UTC")
                self._try_round(options)
                self.stdout.flush()
                time.sleep(options["interval"])

    def _try_round(self, options: dict[str, Any]) -> None:
        """Check once. A database error does not end the loop: the next round may succeed."""
        close_old_connections()
        try:
            self._check(options)
        except DatabaseError as error:
            self.is_healthy = False
            self.stdout.write(self.style.ERROR(f"The database is not available: {error}"))

    def _check(self, options: dict[str, Any]) -> None:
        actor = Actor.system("command: check_plugin_health")
        deaths.refresh()  # so that no check that has ended a process ends this one
        try:
            found = manager.check_all_health(
                actor=actor, customer=options["customer"], plugins=options["plugins"], reason=options["reason"]
            )
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from None
        pauses.pause_and_retry()  # also counts what failed in this process
        self.is_healthy = all(each.health is not None and each.health.status in HEALTHY_ENOUGH for each in found)
        if found:
            self._print_table(found)
        else:
            whom = f"effective for '{options['customer']}'" if options["customer"] else "enabled"
            self.stdout.write(f"Nothing to check: no plugin is {whom}.")

    def _print_table(self, found: tuple[CheckOutcome, ...]) -> None:
        rows = [dict(zip(COLUMNS, COLUMNS, strict=True)), *(_row(each) for each in found)]
        widths = {column: max(len(row[column]) for row in rows) for column in COLUMNS}
        for row in rows:
            cells = {column: row[column].ljust(widths[column]) for column in COLUMNS}
            if row is not rows[0]:
                style = self.style.SUCCESS if row["status"] in HEALTHY_ENOUGH else self.style.ERROR
                cells["status"] = style(cells["status"])
            self.stdout.write("  ".join(cells.values()).rstrip())


def _row(outcome: CheckOutcome) -> dict[str, str]:
    """A plugin that could not be checked is shown with its own status, as in `list_plugins`."""
    health, refusal = outcome.health, outcome.refusal
    if health is not None:
        cells = (health.status, f"{health.duration_ms:.0f} ms", " ".join(health.message.split()))
    else:
        status = refusal.status if isinstance(refusal, PluginUnavailable) else PluginStatus.MISSING.value
        cells = (status, "", refusal.message if refusal is not None else "")
    return dict(zip(COLUMNS, (outcome.plugin, *cells), strict=True))


def _read_seconds(text: str) -> float:
    with suppress(ValueError):
        seconds = float(text)
        if 0 < seconds < float("inf"):
            return seconds
    raise ArgumentTypeError(f"must be a number of seconds above 0, not '{text}'")
