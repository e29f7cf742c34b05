"""Run by `running` in an interpreter of its own: `python -m webnet.sdk.checking.child MODULE REPORT_FILE`.

Here the plugin's code runs on a throw-away database. The rules go in order, and an error ends what builds on it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webnet.sdk.checking.plugin_under_test import Subject
    from webnet.sdk.checking.report import Finding, Report
    from webnet.sdk.checking.two_customers import World

LIVED = "hooks, pages, queries and leaks"


def main(module: str, report_file: str) -> None:
    """Check the plugin of this module, and write the report as JSON."""
    import django
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment()
    Path(report_file).write_text(json.dumps(_check(module).to_json()), encoding="utf-8")


def _check(module: str) -> Report:
    from webnet.sdk.checking.plugin_under_test import Subject
    from webnet.sdk.checking.report import Grade, Report

    subject = Subject.find(module)
    found = list(_check_as_written(subject))
    skipped: list[str] = []
    if subject.is_loaded:
        found += _check_alive(subject, skipped)
    else:
        skipped.append(LIVED)
    order = list(Grade)
    found.sort(key=lambda finding: (order.index(finding.grade), finding.rule, finding.place))
    identity = subject.entry.identity
    return Report(
        plugin=subject.name,
        version=identity.version if identity is not None else "",
        findings=tuple(dict.fromkeys(found)),
        skipped=tuple(skipped),
    )


def _check_as_written(subject: Subject) -> Iterator[Finding]:
    """What can be told without a database."""
    from webnet.sdk.checking import documentation_rules, manifest_rules, model_rules

    yield from manifest_rules.check_loading(subject)
    yield from model_rules.check_tenancy(subject)
    if not subject.is_loaded:
        return
    yield from manifest_rules.check_metadata(subject)
    yield from manifest_rules.check_settings(subject)
    yield from model_rules.check_types(subject)
    yield from model_rules.check_added_fields(subject)
    yield from model_rules.check_uniqueness(subject)
    yield from documentation_rules.check_readme(subject)
    yield from documentation_rules.check_descriptions(subject)
    yield from model_rules.check_reversibility(subject)


def _check_alive(subject: Subject, skipped: list[str]) -> Iterator[Finding]:
    """What must be tried: with tables, customers and rows."""
    from webnet.plugins.loading import migrations as plugin_migrations
    from webnet.plugins.registry import registry
    from webnet.sdk.checking import hook_rules, model_rules
    from webnet.sdk.checking.two_customers import World
    from webnet.sdk.trial.fixtures_data import House

    plugin_migrations.migrate_host()
    failures = plugin_migrations.migrate_plugins(registry.loaded())
    found = [*model_rules.check_applying(subject, failures), *model_rules.check_missing_migrations(subject)]
    yield from found
    if found:
        skipped.append(LIVED)
        return
    world = World.make(subject, House())
    refused = list(hook_rules.check_enabling(world))
    yield from refused
    if subject.name in world.effective:
        yield from _check_enabled(world)
        yield from hook_rules.check_disabling(world)
    else:
        skipped.append(LIVED)
    yield from hook_rules.check_unloading(subject)
    if not list(model_rules.check_reversibility(subject)):
        yield from model_rules.check_taking_back(subject)


def _check_enabled(world: World) -> Iterator[Finding]:
    """What acme sees: with few rows, with more, and once another customer has rows too."""
    from webnet.sdk.checking import graphql_rules, hook_rules, page_and_widget_rules, subscription_rules

    world.fill(world.acme, rows=2)
    yield from graphql_rules.check_answers(world)
    yield from hook_rules.check_health(world)
    yield from page_and_widget_rules.check_widgets(world)
    yield from page_and_widget_rules.check_pages(world)
    find_slow_answers = graphql_rules.measure_growth(world)
    find_slow_surfaces = page_and_widget_rules.measure_growth(world)
    world.fill(world.acme, rows=6)
    yield from find_slow_answers()
    yield from find_slow_surfaces()
    find_told, find_shown = graphql_rules.watch_answers(world), page_and_widget_rules.watch_surfaces(world)
    world.fill(world.globex, rows=3)
    yield from find_told()
    yield from find_shown()
    yield from subscription_rules.check_streams(world)
    yield from graphql_rules.check_mutations(world)
    for label, problem in world.unmade.items():
        words = "let a row with a value in every column be one that it takes"
        place, message = (
            f"model '{label}'",
            f"no row could be made, so its leaks and statements are unchecked ({problem})",
        )
        yield world.subject.finding("check.rows", place, message, words)


if __name__ == "__main__":
    main(*sys.argv[1:])
