"""Each rule of the conformance check finds the fault that it is there for, and names plugin, place and way out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.databases import with_files_of_its_own
from tests.sdk.checking.bad_plugins import write_plugins
from webnet.sdk.checking.report import RULES, Grade, Report, RuleFinding
from webnet.sdk.checking.run_check import check_plugin

pytestmark = with_files_of_its_own

# (rule, plugin): a place, and words of the message; where a rule has several faults to find, each of them.
EXPECTED = {
    ("check.crashed", "ending"): [("the check itself", "")],
    ("check.rows", "careless"): [("model 'careless.Odd'", "ValueError: there is never a row of this")],
    ("docs.field", "careless"): [
        ("Query.carelessNotes", "no description"),
        ("type 'CarelessNote'", "there is no description of 'text'"),
    ],
    ("docs.readme", "careless"): [("careless'", "there is no README")],
    ("docs.setting", "careless"): [("get_settings_schema(), '/limit'", "it has no description")],
    ("docs.type", "careless"): [("type 'CarelessNote'", "no description"), ("type 'CarelessChangeInput'", "")],
    ("hooks.disable", "careless"): [("on_disable()", "it raised ValueError: I stay")],
    ("hooks.enable", "refusing"): [("on_enable()", "it raised ValueError: not on a Monday")],
    ("hooks.health", "careless"): [("health_check()", "for the platform it raised AttributeError")],
    ("hooks.load", "unloadable"): [("on_load()", "raised ValueError: not on a Monday")],
    ("hooks.page", "careless"): [("page 'broken'", "it raised KeyError: 'nothing'")],
    ("hooks.unload", "careless"): [("on_unload()", "it raised ValueError: I stay")],
    ("hooks.widget", "careless"): [("widget 'broken'", "for a customer it raised KeyError: 'nothing'")],
    ("leaks.health", "careless"): [("health_check()", "its result for a customer depends on rows of another one")],
    ("leaks.mutation", "careless"): [("Mutation.carelessChange", "another customer's row, it changed that row")],
    ("leaks.node", "careless"): [("node(CarelessComment)", "it shows 'globex-text-")],
    ("leaks.page", "careless"): [("page 'everybody'", "it shows 'globex-text-")],
    ("leaks.query", "careless"): [
        ("Query.carelessBeside", "queried with the id of another customer's row, it shows 'globex-text-"),
        ("Query.carelessCount", "its result for a customer depends on rows of another one"),
        ("Query.carelessLatest", "which webnet withheld"),
        ("Query.carelessText", "queried with the id of another customer's row, it shows 'globex-text-"),
        ("Query.carelessTexts", "it shows 'globex-text-"),
        ("Subscription.carelessStream", "it shows 'globex-text-"),
        ("Subscription.carelessNoteStream", "which webnet withheld"),
    ],
    ("leaks.widget", "careless"): [("widget 'everybody'", "it shows 'globex-text-")],
    ("load.failed", "dependent"): [("when it is enabled", "'no_such_plugin'")],
    ("load.failed", "misspelt"): [("'misspelt'", "In 'misspelt/schema.py', line 6, the type 'MisspeltQueries'")],
    ("load.failed", "broken"): [("'broken'", "No module named 'no_such_module'")],
    ("metadata.author", "careless"): [("class Plugin", "it has no author")],
    ("metadata.description", "careless"): [("class Plugin", "it has no description")],
    ("metadata.homepage", "careless"): [("class Plugin", "it has no homepage")],
    ("metadata.verbose_name", "careless"): [("class Plugin", "it has no verbose_name")],
    ("metadata.webnet_version", "careless"): [("class Plugin", "it has no webnet_version")],
    ("migrations.failed", "unmigrated"): [("its migrations", "no_such_column")],
    ("migrations.irreversible", "careless"): [
        ("migration 'careless.0001_initial'", "it can't be reversed: Raw Python operation")
    ],
    ("migrations.missing", "unmigrated"): [("models of 'unmigrated'", "no migration for: Create model Note")],
    ("mutations.failing", "careless"): [("Mutation.carelessAdd", "it raised WrongReturnTypeForUnion")],
    ("pages.blocked", "careless"): [
        ("page 'scripted'", "browsers block an inline <script>"),
        ("page 'scripted'", "browsers block the attribute onclick of <p>"),
        ("page 'scripted'", "browsers block <img> loads from 'cdn.example'"),
    ],
    ("queries.failing", "careless"): [
        ("Query.carelessNotes(filter: half)", "it raised ZeroDivisionError"),
        ("Query.carelessFailing", "it raised ZeroDivisionError"),
        ("Query.carelessUnguarded", "it raised DoesNotExist"),
        ("Subscription.carelessBrokenStream", "it raised ZeroDivisionError"),
    ],
    ("queries.growing", "careless"): [
        ("Query.carelessNotes", "SQL statements with more rows, "),
        ("page 'everybody'", "SQL statements with more rows, "),
    ],
    ("schema.announced", "refusing"): [
        ("its schema since 0.9", "Field Query.refusingLost was removed (FIELD_REMOVED)")
    ],
    ("schema.baseline", "unmigrated"): [("its schema since 1.0", "no schema is stored")],
    ("schema.breaking", "careless"): [
        ("its schema since 1.0rc1", "CarelessGone was removed (TYPE_REMOVED)"),
        ("its schema since 1.0rc1", "Field Query.carelessLost was removed (FIELD_REMOVED)"),
        ("its schema since 1.0rc1", "A required argument Query.carelessText(id:) was added (REQUIRED_ARG_ADDED)"),
    ],
    ("schema.compatible", "careless"): [
        ("its schema since 1.0rc1", "Field Query.carelessNotes was added (FIELD_ADDED)"),
        ("its schema since 1.0rc1", "CarelessNote was added (TYPE_ADDED)"),
    ],
    ("schema.dangerous", "careless"): [("its schema since 1.0rc1", "argument Query.carelessCount(of:) was added")],
    ("schema.deprecation", "careless"): [
        (
            "Query.carelessOld",
            "the reason of its deprecation does not end like 'Use `x`. Deprecated since 0.1, ",
        ),
        ("Query.carelessOlder", "it should be gone, since it is removed in 1.0 and this is 1.0"),
    ],
    ("settings.defaults", "unmigrated"): [("get_settings_schema(), '/key'", "the defaults are invalid: is required")],
    ("settings.open", "careless"): [("get_settings_schema()", "it accepts misspelt settings")],
    ("tenancy.field", "careless"): [("Customer.carelessGreeting", "for customers without the plugin")],
    ("tenancy.model", "ownerless"): [("model 'ownerless.Loose'", "it does not declare who owns its rows")],
    ("tenancy.type", "careless"): [
        ("type 'CarelessComment'", "it shows the rows of 'careless.Comment' of all customers")
    ],
    ("tenancy.unique", "careless"): [("model 'careless.Note', code", "it is unique across customers")],
}


# The version with which some are compared.
AGAINST = {"careless": "1.0rc1", "refusing": "0.9", "unmigrated": "1.0"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """What was found of each bad plugin; checked two at a time, since each starts an interpreter of its own."""
    folder = tmp_path_factory.mktemp("bad_plugins")
    modules = write_plugins(folder)

    def check(module: str) -> Report:
        return check_plugin(module, path=[folder], against=AGAINST.get(module))

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(modules, pool.map(check, modules), strict=True))


def find(reports: dict[str, Report], rule: str, plugin: str) -> list[RuleFinding]:
    return [finding for finding in reports[plugin].findings if finding.rule == rule]


def test_there_is_a_bad_plugin_for_every_rule() -> None:
    assert {rule for rule, _ in EXPECTED} == set(RULES)


@pytest.mark.parametrize(("rule", "plugin"), EXPECTED)
def test_a_rule_finds_its_fault(reports: dict[str, Report], rule: str, plugin: str) -> None:
    found = find(reports, rule, plugin)

    for place, words in EXPECTED[rule, plugin]:
        assert [each for each in found if each.place.endswith(place) and words in each.message], reports[plugin]
    for each in found:
        assert each.plugin == plugin and each.way_out and not each.way_out.endswith(".") and "\n" not in str(each)


def test_what_is_in_order_is_not_found(reports: dict[str, Report]) -> None:
    """The negative control: of the careless plugin, too, only what is at fault is told."""
    found = {(each.rule, each.place) for each in reports["careless"].findings}

    assert ("queries.failing", "Query.carelessNotes") not in found
    assert not any(place.startswith("Query.carelessNotes(order: ") for _, place in found)
    assert {place for rule, place in found if rule == "mutations.failing"} == {"Mutation.carelessAdd"}
    assert ("leaks.query", "Query.carelessNotes") not in found
    assert ("leaks.node", "node(CarelessNote)") not in found
    assert {place for _, place in found if place.startswith("Subscription.")} == {
        "Subscription.carelessStream",
        "Subscription.carelessNoteStream",
        "Subscription.carelessBrokenStream",
    }
    assert {place for rule, place in found if rule == "queries.growing"} <= {
        "Query.carelessNotes",
        "Query.carelessLatest",
        "node(CarelessNote)",
        "health_check()",
        "page 'everybody'",
        "widget 'everybody'",
    }
    assert {place for rule, place in found if rule == "tenancy.field"} == {"Customer.carelessGreeting"}
    assert {place for rule, place in found if rule == "tenancy.unique"} == {"model 'careless.Note', code"}


def test_findings_come_by_grade_and_tell_what_they_kept_from_being_checked(reports: dict[str, Report]) -> None:
    grades = [list(Grade).index(each.grade) for each in reports["careless"].findings]

    assert grades == sorted(grades) and set(grades) == {0, 1, 2}
    assert reports["careless"].skipped == ()
    for plugin in ("refusing", "unloadable", "broken", "dependent", "misspelt", "ownerless", "unmigrated"):
        assert reports[plugin].skipped == ("hooks, pages, queries and leaks",)


def test_a_report_is_the_same_when_it_is_read_again(reports: dict[str, Report]) -> None:
    report = reports["careless"]

    assert Report.from_json(report.to_json()) == report
    assert report.to_json()["counts"]["error"] == report.count(Grade.ERROR) > 5
