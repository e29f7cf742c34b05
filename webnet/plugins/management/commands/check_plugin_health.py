"""Asks the plugins how they are and prints their answers, once or over and over."""

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

COLUMNS = ("name", "status", "duration", "message")
WELL = (HealthStatus.HEALTHY, HealthStatus.DEGRADED)


class Command(BaseCommand):
    help = (
        "Asks plugins how they are, all at the same time and each with a deadline, and stores their answers. Exits "
        "with 1 when one is unhealthy, gives no usable answer, or can't run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("plugins", nargs="*", metavar="NAME", help="these plugins; otherwise all that are enabled")
        parser.add_argument("--customer", metavar="SLUG", help="for this customer; otherwise for the platform")
        parser.add_argument("--watch", action="store_true", help="ask over and over, until Ctrl-C")
        parser.add_argument(
            "--interval", type=_read_seconds, default=10.0, metavar="SECONDS", help="between two rounds (10)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        self.is_well = True  # in the last round
        if options["watch"]:
            self._watch(options)
        else:
            self._ask(options)
        if not self.is_well:
            sys.exit(1)

    def _watch(self, options: dict[str, Any]) -> None:
        with suppress(KeyboardInterrupt):
            while True:
                self.stdout.write(f"{timezone.now():%Y-%m-%d %H:%M:%S} UTC")
                self._try_round(options)
                self.stdout.flush()
                time.sleep(options["interval"])

    def _try_round(self, options: dict[str, Any]) -> None:
        """A database that does not answer now may do so in the next round."""
        close_old_connections()
        try:
            self._ask(options)
        except DatabaseError as error:
            self.is_well = False
            self.stdout.write(self.style.ERROR(f"The database does not answer: {error}"))

    def _ask(self, options: dict[str, Any]) -> None:
        actor = Actor.system("command: check_plugin_health")
        try:
            found = manager.check_all_health(actor=actor, customer=options["customer"], plugins=options["plugins"])
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from None
        pauses.pause_and_retry()  # a check that failed in this process is counted by no server
        self.is_well = all(each.health is not None and each.health.status in WELL for each in found)
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
                style = self.style.SUCCESS if row["status"] in WELL else self.style.ERROR
                cells["status"] = style(cells["status"])
            self.stdout.write("  ".join(cells.values()).rstrip())


def _row(outcome: CheckOutcome) -> dict[str, str]:
    """One that could not be asked has its own status, as `list_plugins` prints it, instead of its health's."""
    health, refusal = outcome.health, outcome.refusal
    if health is not None:
        told = (health.status, f"{health.duration_ms:.0f} ms", " ".join(health.message.split()))
    else:
        status = refusal.status if isinstance(refusal, PluginUnavailable) else PluginStatus.MISSING.value
        told = (status, "", refusal.message if refusal is not None else "")
    return dict(zip(COLUMNS, (outcome.plugin, *told), strict=True))


def _read_seconds(text: str) -> float:
    with suppress(ValueError):
        seconds = float(text)
        if 0 < seconds < float("inf"):
            return seconds
    raise ArgumentTypeError(f"'{text}' is no number of seconds above 0")
