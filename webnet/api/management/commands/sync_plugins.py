"""Syncs the database with the installed plugins, and prints what changed; before that, what it changes for clients."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from webnet.api.engine.plugin_schemas import list_plugin_schemas
from webnet.api.schema import full_schema
from webnet.contract.changes import Severity
from webnet.contract.parts import find_part_changes
from webnet.customers.access import Actor
from webnet.plugins.hooks import after_commit
from webnet.plugins.lifecycle.findings import SyncFinding
from webnet.plugins.lifecycle.stored_schemas import read_schemas
from webnet.plugins.lifecycle.sync import SyncReport
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig, PluginStatus


class Command(BaseCommand):
    help = (
        "Syncs the database with the plugins listed in WEBNET_PLUGINS: adds new ones, takes new versions, and marks "
        "those that are gone as 'missing', with their data kept. Exits with 1 when a plugin failed, its "
        "models have changes that are in no migration, or its upgrade was refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--migrate", action="store_true", help="run the plugins' migrations first, each plugin by itself"
        )
        parser.add_argument("--dry-run", action="store_true", help="only show what would change, also for clients")
        parser.add_argument(
            "--force",
            action="store_true",
            help="also take older versions, and upgrades that make stored settings invalid: the plugin is then not "
            "effective for those customers until their settings are valid",
        )
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, *_args: Any, **options: Any) -> None:
        actor = Actor.system("command: sync_plugins")
        full_schema()
        if options["dry_run"]:
            self._preview(manager.preview_sync(actor=actor, migrate=options["migrate"], force=options["force"]))
            return
        report = manager.sync(
            actor=actor,
            migrate=options["migrate"],
            force=options["force"],
            reason=options["reason"],
            schemas=list_plugin_schemas(),
        )
        after_commit.call_due()
        self._print_report(report)
        if report.failed:
            sys.exit(1)

    def _print_report(self, report: SyncReport) -> None:
        rows = PluginConfig.objects.in_bulk(field_name="name")
        for heading in ("added", "updated", "missing", "failed"):
            for name in getattr(report, heading):
                # A plugin that failed is printed once, with its reason; a refused upgrade is not an update.
                if heading == "failed" or name not in report.failed:
                    self._print(heading, rows[name])
        changed = {*report.added, *report.updated, *report.missing, *report.failed}
        for found in report.findings:
            # Also if nothing has changed, since the plugin can't run.
            if found.status == PluginStatus.NEEDS_MIGRATION and found.entry.name not in changed:
                self._print("pending", rows[found.entry.name])
            self._print_issues(found)
        if not changed:
            self.stdout.write(f"Nothing changed: {len(rows)} plugins.")

    def _preview(self, findings: tuple[SyncFinding, ...]) -> None:
        stored, current = read_schemas(), list_plugin_schemas()
        for found in findings:
            self._print_finding(found)
            self._print_issues(found)
            if found.entry.status == "loaded" and found.entry.name in stored:
                self._print_changes(stored[found.entry.name], current.get(found.entry.name, ""))
        gone = PluginConfig.objects.exclude(name__in=[found.entry.name for found in findings])
        for name in gone.values_list("name", flat=True):
            self.stdout.write(f"{name}: missing, since it is no longer installed")
        if any(found.is_bad for found in findings):
            sys.exit(1)

    def _print_finding(self, found: SyncFinding) -> None:
        """One line: what a sync would do with the plugin; then a line for each migration it would run."""
        step, version = found.upgrade, found.entry.identity.version if found.entry.identity else "no version"
        versions = f"{step.from_version} → {step.to_version}" if step else version
        reason = f": {found.reason}" if found.reason else ""
        style = self.style.ERROR if found.is_bad else self.style.SUCCESS
        ending = "refused" if step and step.refusal else found.status.value
        self.stdout.write(f"{found.entry.name} {versions}: {style(ending)}{reason}")
        for migration in found.missing.pending:
            self.stdout.write(f"  migration {migration}")

    def _print_issues(self, found: SyncFinding) -> None:
        for issue in found.upgrade.issues if found.upgrade else ():
            self.stdout.write(f"  {issue.describe()}")

    def _print_changes(self, former: str, current: str) -> None:
        """A line for each change that clients may notice, whether the version is another one or not."""
        for change in find_part_changes(former, current):
            if change.severity is not Severity.SAFE:
                self.stdout.write(f"  {change.severity.value} for clients: {change.description}")

    def _print(self, heading: str, row: PluginConfig) -> None:
        style = self.style.ERROR if heading in ("failed", "missing", "pending") else self.style.SUCCESS
        version = row.version or "no version"
        reason = f": {row.status_reason}" if row.status_reason else ""
        self.stdout.write(f"{style(f'{heading:8}')} {row.name} {version}{reason}")
