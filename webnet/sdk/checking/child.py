"""Runs the check, in an interpreter that `run_check` starts: `python -m webnet.sdk.checking.child MODULE REPORT`.

The plugin's code runs here, on a temporary database. Rules are checked in order; an error skips those that depend on
it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webnet.sdk.checking.plugin_under_test import PluginUnderTest
    from webnet.sdk.checking.report import Report, RuleFinding
    from webnet.sdk.checking.two_customers import Scenario

# The checks that need an enabled plugin, as the report names them when they are skipped.
RUNTIME_CHECKS = "hooks, pages, queries and leaks"


def main(arguments: Sequence[str]) -> None:
    """Check the plugin of this module, and write the report as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("report_file", type=Path)
    parser.add_argument("--against")
    parser.add_argument("--store", action="store_true")
    options = parser.parse_args(arguments)
    import django
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment()
    report = _check(options.module, against=options.against, store=options.store)
    options.report_file.write_text(json.dumps(report.to_json()), encoding="utf-8")


def _check(module: str, *, against: str | None, store: bool) -> Report:
    from webnet.sdk.checking import contract_rules
    from webnet.sdk.checking.plugin_under_test import PluginUnderTest
    from webnet.sdk.checking.report import Grade, Report

    subject = PluginUnderTest.find(module)
    found = list(_check_statically(subject))
    skipped: list[str] = []
    if subject.is_loaded:
        found += contract_rules.check_deprecations(subject)
        found += contract_rules.check_changes(subject, against) if against is not None else []
        found += _check_at_runtime(subject, skipped)
    else:
        skipped.append(RUNTIME_CHECKS)
    order = list(Grade)
    found.sort(key=lambda finding: (order.index(finding.grade), finding.rule, finding.place))
    identity = subject.entry.identity
    is_stored = store and subject.is_loaded and not any(finding.grade is Grade.ERROR for finding in found)
    return Report(
        plugin=subject.name,
        version=identity.version if identity is not None else "",
        findings=tuple(dict.fromkeys(found)),
        skipped=tuple(skipped),
        stored=str(contract_rules.store(subject)) if is_stored else "",
    )


def _check_statically(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """The rules that need no database."""
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


def _check_at_runtime(subject: PluginUnderTest, skipped: list[str]) -> Iterator[RuleFinding]:
    """The rules that need tables, customers and rows."""
    from webnet.plugins.loading import migrations as plugin_migrations
    from webnet.plugins.registry import registry
    from webnet.sdk.checking import hook_rules, model_rules
    from webnet.sdk.checking.two_customers import Scenario
    from webnet.sdk.trial.fixtures_data import FixtureFactory

    plugin_migrations.migrate_host()
    failures = plugin_migrations.migrate_plugins(registry.loaded())
    found = [*model_rules.check_applying(subject, failures), *model_rules.check_missing_migrations(subject)]
    yield from found
    if found:
        skipped.append(RUNTIME_CHECKS)
        return
    scenario = Scenario.make(subject, FixtureFactory())
    yield from hook_rules.check_enabling(scenario)
    if subject.name in scenario.effective:
        yield from _check_enabled(scenario)
        yield from hook_rules.check_disabling(scenario)
    else:
        skipped.append(RUNTIME_CHECKS)
    yield from hook_rules.check_unloading(subject)
    if not list(model_rules.check_reversibility(subject)):
        yield from model_rules.check_reversing(subject)


def _check_enabled(scenario: Scenario) -> Iterator[RuleFinding]:
    """The rules on what acme is shown: with few rows, with more, and once another customer has rows too."""
    from webnet.sdk.checking import graphql_rules, hook_rules, page_and_widget_rules, subscription_rules

    scenario.fill(scenario.acme, rows=2)
    yield from graphql_rules.check_answers(scenario)
    yield from graphql_rules.check_lists(scenario)
    yield from graphql_rules.check_answers_of_mutations(scenario)
    yield from hook_rules.check_health(scenario)
    yield from page_and_widget_rules.check_widgets(scenario)
    yield from page_and_widget_rules.check_pages(scenario)
    find_slow_answers = graphql_rules.measure_growth(scenario)
    find_slow_surfaces = page_and_widget_rules.measure_growth(scenario)
    scenario.fill(scenario.acme, rows=6)
    yield from find_slow_answers()
    yield from find_slow_surfaces()
    find_leaking_answers, find_leaking_surfaces = (
        graphql_rules.watch_answers(scenario),
        page_and_widget_rules.watch_surfaces(scenario),
    )
    scenario.fill(scenario.globex, rows=3)
    yield from find_leaking_answers()
    yield from find_leaking_surfaces()
    yield from subscription_rules.check_streams(scenario)
    yield from graphql_rules.check_mutations(scenario)
    for label, problem in scenario.failed_models.items():
        message = f"no row could be created, so leaks and statements are not checked ({problem})"
        way_out = "accept rows that have a value in every column"
        yield scenario.subject.finding("check.rows", f"model '{label}'", message, way_out)


if __name__ == "__main__":
    main(sys.argv[1:])
