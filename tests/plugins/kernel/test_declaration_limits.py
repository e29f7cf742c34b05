"""Huge and endless declarations: each is refused with its place, in a time that does not depend on their size."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import count, repeat
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from webnet import containment
from webnet.containment import LoadFailure, TookTooLong, attempt, deadline
from webnet.errors import PluginDefinitionError
from webnet.plugins.base import PluginBase
from webnet.plugins.kernel import identity, manifest
from webnet.plugins.kernel.identity import read_identity
from webnet.plugins.kernel.manifest import read_manifest
from webnet.plugins.kernel.parsing import MAXIMUM_ENTRIES, MAXIMUM_TEXT_LENGTH
from webnet.plugins.schema.definition_errors import MAXIMUM_LENGTH, MAXIMUM_NESTING

ITEM = {"label": "Map", "url": "/map/"}
LONG = "x" * 10_000_000
# Longer than any of these declarations takes to be read, and short enough to wait for.
SHORT_SECONDS = 0.2


def make_plugin(**members: Any) -> PluginBase:
    return type("Plugin", (PluginBase,), {"name": "huge", "version": "1.0", **members})()


def returning(value: Any) -> Any:
    return lambda _: value


def nest(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"inner": schema}}
    return schema


class EndlessItems(dict[str, Any]):
    def items(self) -> Any:
        return ((int, str) for _ in count())


def wait_forever(_: Any) -> Any:
    Event().wait()


def loop_forever(_: Any) -> Any:
    for _number in count():
        try:
            Event().wait(0.001)
        except Exception:  # noqa: BLE001, S112 - as such code does
            continue


@pytest.mark.parametrize(
    ("declaration", "declared"),
    [
        ("get_navigation_items", (ITEM for _ in range(10**9))),
        ("get_navigation_items", [ITEM] * 20_000),
        ("get_navigation_items", repeat(ITEM)),
        ("get_dashboard_widgets", [{"name": "w", "title": "W", "data": dict}] * 20_000),
        ("get_ui_views", [{"name": "v", "path": "", "view": dict}] * 20_000),
        ("get_permissions", ({"name": f"p{number}", "description": "P"} for number in count())),
        ("get_models", [int] * 20_000),
        ("get_graphql_schema", {"types": (int for _ in range(20_000))}),
        ("get_graphql_schema", {"types": [int] * 20_000}),
        ("get_graphql_schema", {"extends": EndlessItems()}),
    ],
)
def test_a_declaration_with_too_many_entries_is_refused(declaration: str, declared: Any) -> None:
    if isinstance(declared, dict) and isinstance(declared.get("types"), Iterator):
        declared = declared | {"types": tuple(declared["types"])}

    with pytest.raises(PluginDefinitionError) as refused:
        read_manifest(make_plugin(**{declaration: returning(declared)}))

    problem = f"has more than {MAXIMUM_ENTRIES:,} entries: declare fewer."
    assert refused.value.message == f"Plugin 'huge', {declaration}(): {problem}"


@pytest.mark.parametrize("name", ["dependencies", "keywords"])
def test_metadata_with_too_many_entries_is_refused(name: str) -> None:
    with pytest.raises(PluginDefinitionError, match=f"{name}: has more than 100 entries"):
        read_identity(make_plugin(**{name: [f"word{number}" for number in range(20_000)]}))


def test_as_many_entries_as_are_allowed_are_taken() -> None:
    declared = make_plugin(get_navigation_items=returning(ITEM for _ in range(MAXIMUM_ENTRIES)))

    assert len(read_manifest(declared).navigation_items) == MAXIMUM_ENTRIES


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"description": LONG}, "'description' has 10,000,000 characters"),
        ({"version": LONG}, "'version' has 10,000,000 characters"),
        ({"name": LONG}, "'name' has 10,000,000 characters"),
        ({"keywords": [LONG]}, "'keyword' has 10,000,000 characters"),
        ({"dependencies": [LONG]}, "is not a dependency"),
        ({"get_navigation_items": returning([ITEM | {"label": LONG}])}, "'label' has 10,000,000 characters"),
        ({"get_navigation_items": returning([ITEM | {LONG: "x"}])}, "has no field 'xxx"),
        ({"get_permissions": returning([{"name": LONG, "description": "x"}])}, "'name' has 10,000,000 characters"),
        ({"get_settings_schema": returning({"title": LONG})}, f"use at most {MAXIMUM_LENGTH:,}"),
        ({"get_settings_schema": returning({"type": LONG})}, "the settings schema"),
    ],
)
def test_a_text_that_is_too_long_is_refused_with_a_short_reason(members: dict[str, Any], place: str) -> None:
    with pytest.raises(PluginDefinitionError) as refused:
        read_manifest(make_plugin(**members))

    assert place in refused.value.message
    assert len(refused.value.message) < 1_000


def test_a_text_may_be_as_long_as_the_limit() -> None:
    text = "x" * MAXIMUM_TEXT_LENGTH

    assert read_identity(make_plugin(description=text)).description == text


def test_a_deeply_nested_settings_schema_is_refused() -> None:
    with pytest.raises(PluginDefinitionError, match=f"is nested deeper than {MAXIMUM_NESTING} levels"):
        read_manifest(make_plugin(get_settings_schema=returning(nest(100))))


def test_a_settings_schema_may_be_as_deep_as_settings_may_be() -> None:
    declared = make_plugin(get_settings_schema=returning(nest(32)))

    assert read_manifest(declared).settings_schema is not None


def test_the_time_in_which_others_have_the_processors_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    # When the deadline begins, when it would be over, and when that time has passed as well.
    kept_waiting = iter([5.0, 5.0 + SHORT_SECONDS, 5.0 + SHORT_SECONDS])
    monkeypatch.setattr(containment, "_count_seconds_kept_waiting", lambda: next(kept_waiting))
    began = monotonic()

    with pytest.raises(TookTooLong), deadline(SHORT_SECONDS):
        Event().wait()

    assert monotonic() - began >= 2 * SHORT_SECONDS


@pytest.mark.parametrize("never_returns", [wait_forever, loop_forever])
@pytest.mark.parametrize("declaration", ["get_permissions", "get_settings_schema", "get_graphql_schema"])
def test_a_declaration_that_never_returns_is_refused(
    declaration: str, never_returns: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "DECLARATION_SECONDS", SHORT_SECONDS)

    with pytest.raises(PluginDefinitionError) as refused:
        read_manifest(make_plugin(**{declaration: never_returns}))

    assert refused.value.message == f"Plugin 'huge', {declaration}(): took longer than {SHORT_SECONDS} s."


def test_metadata_that_never_comes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "DECLARATION_SECONDS", SHORT_SECONDS)
    plugin = make_plugin(homepage=property(wait_forever))

    failure = attempt(lambda: read_identity(plugin), doing="Reading 'huge'")

    assert isinstance(failure, LoadFailure)
    assert failure.reason == f"Reading 'huge' took longer than {SHORT_SECONDS} s."
    assert "wait_forever" in failure.traceback


def test_a_deadline_leaves_the_alarms_of_others_as_they_were() -> None:
    before = signal.getsignal(signal.SIGALRM)

    with pytest.raises(TookTooLong), deadline(60), deadline(SHORT_SECONDS):
        wait_forever(None)

    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_an_outer_deadline_goes_on_after_an_inner_one() -> None:
    began = monotonic()

    def finish_something_and_wait() -> None:
        with deadline(60):
            pass
        wait_forever(None)

    with pytest.raises(TookTooLong) as raised, deadline(SHORT_SECONDS):
        finish_something_and_wait()

    assert raised.value.seconds == SHORT_SECONDS
    assert monotonic() - began >= SHORT_SECONDS


def test_another_thread_has_no_deadline() -> None:
    returned = []

    def run() -> None:
        with deadline(0.001):
            Event().wait(0.05)
        returned.append(True)

    thread = Thread(target=run)
    thread.start()
    thread.join()

    assert returned == [True]
