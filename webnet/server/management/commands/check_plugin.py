"""Checks that a plugin conforms to webnet's rules, on a temporary database."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from webnet.plugins.registry import Entry, registry
from webnet.sdk.checking.report import Grade, Report
from webnet.sdk.checking.run_check import check_plugin


class Command(BaseCommand):
    help = (
        "Checks a plugin: its declarations, migrations, tenancy, leaks, SQL statements, hooks, deprecations and "
        "documentation, and with --against what it changes for clients of an earlier version. It uses a temporary "
        "database and touches no other. Exits with 1 when it finds errors."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute; another process runs the checks

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the plugin's name, or its module if it is not in WEBNET_PLUGINS")
        parser.add_argument(
            "--format", choices=["text", "json"], default="text", help="the format of the report (default: text)"
        )
        parser.add_argument(
            "--against",
            metavar="VERSION",
            help="also list what clients of this version would notice in the plugin's schema; --store has stored it "
            "as schemas/VERSION.graphql in the plugin's package",
        )
        parser.add_argument(
            "--store", action="store_true", help="without errors, store the schema of this version for --against"
        )
        parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings as well")

    def handle(self, *, name: str, **options: Any) -> None:
        module, needs = _find_modules(name)
        report = check_plugin(module, needs=needs, against=options["against"], store=options["store"])
        if options["format"] == "json":
            self.stdout.write(json.dumps(report.to_json(), indent=2))
        else:
            self._print(report)
        if report.count(Grade.ERROR) or (options["strict"] and report.count(Grade.WARNING)):
            sys.exit(1)

    def _print(self, report: Report) -> None:
        for finding in report.findings:
            self.stdout.write(str(finding))
        if report.skipped:
            self.stdout.write(f"Not checked because of these errors: {', '.join(report.skipped)}.")
        counts = [f"{count} {grade.value}{'s' * (count > 1)}" for grade in Grade if (count := report.count(grade))]
        plugin = f"'{report.plugin}' {report.version}".rstrip()
        summary = ", ".join(counts).replace("advices", "pieces of advice") or "nothing found"
        self.stdout.write(f"{plugin}: {summary}.")
        if report.stored:
            self.stdout.write(f"Its schema is stored in {report.stored}.")


def _find_modules(name: str) -> tuple[str, tuple[str, ...]]:
    """The plugin's module and those of its dependencies; for a plugin not loaded here, of all in WEBNET_PLUGINS."""
    entry = next((each for each in registry.entries() if name in (each.name, each.module)), None)
    if entry is not None:
        return entry.module, tuple(each.module for each in _dependencies_of(entry))
    top = name.partition(".")[0]
    if not all(part.isidentifier() for part in name.split(".")) or find_spec(top) is None:
        raise CommandError(
            f"There is no plugin '{name}' and no package '{name}': list it in WEBNET_PLUGINS, or put its package on "
            "the Python path."
        )
    return name, tuple(settings.WEBNET_PLUGINS)


def _dependencies_of(entry: Entry) -> list[Entry]:
    """What the plugin depends on, directly or not, dependencies first."""
    found: dict[str, Entry] = {}

    def visit(each: Entry) -> None:
        for need in each.identity.dependencies if each.identity is not None else ():
            other = registry.find(need.name)
            if other is not None and other.name not in found and other.name != entry.name:
                visit(other)
                found[other.name] = other

    visit(entry)
    return list(found.values())
