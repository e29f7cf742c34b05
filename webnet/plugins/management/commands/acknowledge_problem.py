"""Tells the other operators that somebody knows of a problem."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.customers.access import Actor
from webnet.errors import WebnetError
from webnet.plugins.gate.effective import platform_state
from webnet.plugins.health.problems import find_platform_problems
from webnet.plugins.manager import manager


class Command(BaseCommand):
    help = "Lists what has to be done on the platform, or acknowledges one problem by its key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", nargs="?", help="the problem's key (default: list all)")
        parser.add_argument("--customer", metavar="SLUG", help="a problem of this customer")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, *, key: str | None, customer: str | None, reason: str, **_options: Any) -> None:
        if key is None:
            self._list()
            return
        try:
            problem = manager.acknowledge_problem(
                key, actor=Actor.system("command: acknowledge_problem"), customer=customer, reason=reason
            )
        except WebnetError as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write(f"Acknowledged: {problem.message}")

    def _list(self) -> None:
        problems = find_platform_problems(platform_state())
        for each in problems:
            known = f", known to {each.acknowledged_by}" if each.acknowledged_by else ""
            self.stdout.write(f"{each.key} ({each.severity.value}{known}): {each.message} {each.remedy}")
        if not problems:
            self.stdout.write("There is nothing to do.")
