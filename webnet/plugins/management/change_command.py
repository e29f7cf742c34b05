"""The base of the commands that change plugins for everybody or for customers, and the options that they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from webnet.customers.access import Actor
from webnet.errors import InvalidSettings, WebnetError
from webnet.plugins.changes import pauses
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.customer_list import CustomerList, read_customers
from webnet.plugins.runtime import deaths
from webnet.program import PROGRAM


class ChangeCommand(BaseCommand):
    """A command that makes one change for everybody, or the same for each of some customers.

    Each customer has a line of output and an audit row of its own, and some can be refused while others succeed; the
    command then exits with 1.
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
            help="for the customers in this file, a slug on each line, and '#' before comments ('-': standard input)",
        )
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        customers = self.read_customers(options)
        deaths.refresh()  # so that no hook that has ended a process ends this one
        try:
            if len(customers.slugs) > 1 or customers.places:
                self._change_each(customers, options)
            else:
                self.change_one(customers.slugs[0] if customers.slugs else None, options)
        except WebnetError as refusal:
            raise CommandError(describe_refusal(refusal)) from None
        finally:
            pauses.pause_and_retry()  # also counts a hook that failed in this process

    def read_customers(self, options: dict[str, Any]) -> CustomerList:
        """The customers of --customer and --customers-from, each once; empty only if neither was given."""
        named = options["customer"]
        if named is None or isinstance(named, str):  # as `call_command(…, customer="acme")` passes it on
            named = [named] if named is not None else []
        customers = read_customers(named, options["customers_from"])
        if self.needs_customers and not customers.slugs:
            raise CommandError("This is for single customers: give --customer or --customers-from.")
        for sentence in customers.repeated:
            self.stderr.write(sentence)
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

    def _change_each(self, customers: CustomerList, options: dict[str, Any]) -> None:
        """Make the change for each of them, and print how many were changed, refused, or so already.

        Whoever starts the command again after it was killed changes those that are left: the others are so already.
        """
        changed, refused, total = 0, Counter[str](), len(customers.slugs)
        bar = tqdm(self.change_many(customers.slugs, options), total=total, unit=" customers", disable=None)
        for customer, outcome in bar:
            with tqdm.external_write_mode():  # so that no line is written into the bar
                if isinstance(outcome, PluginChange):
                    changed += outcome.changed
                    self.stdout.write(self.describe(outcome, options))
                else:
                    refused[outcome.code] += 1
                    self.stderr.write(f"{customers.label(customer)}: {describe_refusal(outcome)}")
        unchanged = total - changed - refused.total()
        why = ", ".join(f"{count:,} {code}" for code, count in sorted(refused.items()))
        counts = f"{changed:,} changed, {unchanged:,} unchanged, {refused.total():,} refused"
        self.stdout.write(f"{total:,} customers: {counts}{f' ({why})' if why else ''}.")
        if refused:
            raise CommandError(f"Refused for {refused.total():,} of {total:,} customers.")


def add_plugin_argument(parser: CommandParser) -> None:
    """The positional argument of a command that changes one plugin."""
    parser.add_argument("plugin", help=f"the plugin's name, as '{PROGRAM} list_plugins' prints it")


def describe_where(change: PluginChange) -> str:
    """For whom the change was made, as the end of a sentence; empty for everybody."""
    return f" for '{change.customer.slug}'" if change.customer is not None else ""


def describe_refusal(refusal: WebnetError) -> str:
    """The refusal's sentence and code, with the paths of settings that are not valid."""
    issues = refusal.issues if isinstance(refusal, InvalidSettings) else ()
    lines = [f"  {issue.path or '/'}: {issue.message}" for issue in issues]
    return "\n".join([f"{refusal.message} ({refusal.code})", *lines])
