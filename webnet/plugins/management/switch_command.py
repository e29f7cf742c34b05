"""The base of the commands that switch a plugin on or off, or leave that to its availability."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from webnet.errors import WebnetError
from webnet.plugins.changes.batches import CHUNK_SIZE, let_others_write
from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.change_command import (
    ChangeCommand,
    add_plugin_argument,
    describe_refusal,
    describe_where,
)
from webnet.plugins.management.customer_list import CustomerList
from webnet.plugins.manager import manager


class SwitchCommand(ChangeCommand):
    """A command that switches a plugin; `verb` is the participle that it prints."""

    action: PlanAction
    verb: str

    def add_arguments(self, parser: CommandParser) -> None:
        add_plugin_argument(parser)
        super().add_arguments(parser)
        parser.add_argument(
            "--with-dependencies",
            action="store_true",
            help="also enable its dependencies, or disable its dependents",
        )
        parser.add_argument("--dry-run", action="store_true", help="only show what would be switched, in order")

    def handle(self, **options: Any) -> None:
        if options["dry_run"]:
            self._print_plans(self.read_customers(options), options)
        else:
            super().handle(**options)

    def change_many(
        self, customers: tuple[str, ...], options: dict[str, Any]
    ) -> Iterator[tuple[str, PluginChange | WebnetError]]:
        # One transaction a call, so that the bar moves with each, and whatever was printed is committed.
        for start in range(0, len(customers), CHUNK_SIZE):
            if start:
                let_others_write()
            outcomes = manager.apply_to_customers(
                options["plugin"],
                actor=self.actor(),
                customers=customers[start : start + CHUNK_SIZE],
                action=self.action,
                cascade=options["with_dependencies"],
                reason=options["reason"],
            )
            for outcome in outcomes:
                found = outcome.change or outcome.refusal
                if found is not None:
                    yield outcome.customer_slug, found

    def describe(self, change: PluginChange, options: dict[str, Any]) -> str:  # noqa: ARG002 - the others need them
        names, where = (*change.also, change.plugin), describe_where(change)
        if not change.changed:
            return f"'{change.plugin}' was {self.verb}{where}."
        return "\n".join(f"'{name}' is {self.verb}{where}." for name in names)

    def _print_plans(self, customers: CustomerList, options: dict[str, Any]) -> None:
        refusals = [
            f"{customers.label(customer)}: {refusal}" if customer is not None else refusal
            for customer in customers.slugs or (None,)
            if (refusal := self._print_plan(customer, options)) is not None
        ]
        if refusals:
            raise CommandError("\n".join(refusals))

    def _print_plan(self, customer: str | None, options: dict[str, Any]) -> str | None:
        """Print what would be switched; returns why it would be refused."""
        plugin, where = options["plugin"], f" for '{customer}'" if customer is not None else ""
        plan = manager.plan(plugin, actor=self.actor(), action=self.action, customer=customer)
        if plan.refusal is not None:
            return describe_refusal(plan.refusal)
        others = [f"'{step.plugin}'" for step in plan.steps if step.plugin != plugin]
        if others and not options["with_dependencies"]:
            return f"This needs --with-dependencies, for {', '.join(others)}."
        for step in plan.steps:
            self.stdout.write(f"{step.action.label} '{step.plugin}'{where}.")
        if not plan.steps:
            self.stdout.write(f"'{plugin}' is {self.verb}{where} already.")
        return None
