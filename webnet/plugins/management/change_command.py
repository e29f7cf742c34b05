"""The base of the commands that change plugins for everybody or for customers, and the options that they share."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from webnet.customers.access import Actor
from webnet.errors import InvalidSettings, WebnetError
from webnet.plugins.changes import pauses
from webnet.plugins.changes.switching import PluginChange
from webnet.program import PROGRAM

STANDARD_INPUT = "-"


class ChangeCommand(BaseCommand):
    """A command that makes one change for everybody, or the same for each of some customers.

    Each customer has a transaction, a line of output and an audit row of its own, so that some can be refused while
    others succeed; the command then exits with 1.
    """

    # Whether the change exists for customers only.
    needs_customers = False

    def add_arguments(self, parser: CommandParser) -> None:
        nobody = "" if self.needs_customers else " (default: for all)"
        parser.add_argument(
            "--customer",
            metavar="SLUG",
            action="append",
            default=[],
            help=f"for this customer; can be repeated{nobody}",
        )
        parser.add_argument(
            "--customers-from",
            metavar="FILE",
            help="for the customers in this file, a slug on each line ('-': standard input)",
        )
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        customers = self.read_customers(options)
        try:
            if len(customers) > 1:
                self._change_each(customers, options)
            else:
                self.change_one(customers[0] if customers else None, options)
        except WebnetError as refusal:
            raise CommandError(describe_refusal(refusal)) from None
        finally:
            pauses.pause_and_retry()  # also counts a hook that failed in this process

    def read_customers(self, options: dict[str, Any]) -> tuple[str, ...]:
        """The slugs of --customer and --customers-from, each once; empty only if neither was given."""
        source = options["customers_from"]
        listed = list(_read_slugs(read_input(source))) if source is not None else []
        if source is not None and not listed:
            raise CommandError(f"'{source}' names no customer; nothing was changed.")
        named = options["customer"]
        if named is None or isinstance(named, str):  # as `call_command(…, customer="acme")` passes it on
            named = [named] if named is not None else []
        customers = tuple(dict.fromkeys([*named, *listed]))
        if self.needs_customers and not customers:
            raise CommandError("This is for single customers: give --customer or --customers-from.")
        return customers

    def change_one(self, customer: str | None, options: dict[str, Any]) -> None:
        """Make the change for one customer, or for everybody, and print it."""
        self.stdout.write(self.describe(self.change(customer, options), options))

    def change(self, customer: str | None, options: dict[str, Any]) -> PluginChange:
        """Make the change for one customer, or for everybody; raises the refusal."""
        raise NotImplementedError

    def change_many(
        self, customers: tuple[str, ...], options: dict[str, Any]
    ) -> Iterator[tuple[str, PluginChange | WebnetError]]:
        """Make the change for each of the customers, in this order; yields it, or why it was refused."""
        for customer in customers:
            try:
                yield customer, self.change(customer, options)
            except WebnetError as refusal:
                yield customer, refusal

    def describe(self, change: PluginChange, options: dict[str, Any]) -> str:
        """What is printed about a change that was made."""
        raise NotImplementedError

    def actor(self) -> Actor:
        """The command, as the audit log names it."""
        return Actor.system(f"command: {type(self).__module__.rpartition('.')[2]}")

    def _change_each(self, customers: tuple[str, ...], options: dict[str, Any]) -> None:
        refused = 0
        bar = tqdm(self.change_many(customers, options), total=len(customers), unit=" customers", disable=None)
        for customer, outcome in bar:
            with tqdm.external_write_mode():  # so that no line is written into the bar
                if isinstance(outcome, PluginChange):
                    self.stdout.write(self.describe(outcome, options))
                else:
                    refused += 1
                    self.stderr.write(f"'{customer}': {describe_refusal(outcome)}")
        if refused:
            raise CommandError(f"Refused for {refused} of {len(customers)} customers.")


def add_plugin_argument(parser: CommandParser) -> None:
    """The positional argument of a command that changes one plugin."""
    parser.add_argument("plugin", help=f"the plugin's name, as '{PROGRAM} list_plugins' prints it")


def read_input(name: str) -> str:
    """The text of a file, or of standard input for '-'."""
    try:
        if name == STANDARD_INPUT:
            return sys.stdin.read()
        return Path(name).read_text(encoding="utf-8-sig")  # editors on Windows write a byte order mark
    except OSError as error:
        raise CommandError(f"'{name}' can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"'{name}' can't be read: it is not UTF-8.") from None


def describe_where(change: PluginChange) -> str:
    """For whom the change was made, as the end of a sentence; empty for everybody."""
    return f" for '{change.customer.slug}'" if change.customer is not None else ""


def describe_refusal(refusal: WebnetError) -> str:
    """The refusal's sentence and code, with the paths of settings that are not valid."""
    issues = refusal.issues if isinstance(refusal, InvalidSettings) else ()
    lines = [f"  {issue.path or '/'}: {issue.message}" for issue in issues]
    return "\n".join([f"{refusal.message} ({refusal.code})", *lines])


def _read_slugs(text: str) -> Iterable[str]:
    """One on each line; empty lines and those that start with '#' are skipped."""
    lines = (line.strip() for line in text.splitlines())
    return (line for line in lines if line and not line.startswith("#"))
