"""Resolvers that are called for each row are known by name while they run, and only then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextvars import copy_context
from pathlib import Path

import pytest

from webnet import black_box
from webnet.containment import PluginAborted
from webnet.plugin_calls import PluginCall, current_call, host_code
from webnet.plugins.runtime.calls import calling
from webnet.plugins.runtime.resolver_calls import PluginResolver, ResolverCalls

LABEL, TITLE = PluginResolver("labels", "Book.label"), PluginResolver("shelf", "Book.title")


@pytest.fixture
def calls() -> Iterator[ResolverCalls]:
    with ResolverCalls(customer_id=7, user_id=3) as calls:
        yield calls


def place() -> str | None:
    call = current_call()
    return call.place if call is not None else None


def test_a_resolver_is_named_while_it_runs_and_the_host_runs_in_between(calls: ResolverCalls) -> None:
    seen = [place()]
    for resolver in (LABEL, TITLE):
        outer = calls.enter(resolver)
        seen.append(place())
        calls.leave(resolver, outer)
        seen.append(place())

    assert seen == [None, "Book.label", None, "Book.title", None]


def test_a_call_is_the_same_to_all_who_ask_and_another_one_for_the_next_row(calls: ResolverCalls) -> None:
    found: list[PluginCall | None] = []
    for _ in range(2):
        outer = calls.enter(LABEL)
        found += [current_call(), current_call()]
        calls.leave(LABEL, outer)

    first, again, second, _ = found
    assert first is again and first is not second
    assert first is not None and (first.plugin, first.customer_id, first.user_id) == ("labels", 7, 3)


def test_a_resolver_within_another_one_returns_to_it(calls: ResolverCalls) -> None:
    outer = calls.enter(TITLE)
    before = current_call()
    inner = calls.enter(LABEL)
    within = place()
    calls.leave(LABEL, inner)

    assert (within, current_call()) == ("Book.label", before)
    calls.leave(TITLE, outer)
    assert current_call() is None


def test_other_calls_and_the_hosts_code_within_a_resolver_are_what_runs(calls: ResolverCalls) -> None:
    outer = calls.enter(LABEL)
    with calling("shelf", "on_enable"):
        seen = [place()]
    with host_code():
        seen.append(place())
    seen.append(place())
    calls.leave(LABEL, outer)

    assert seen == ["on_enable", None, "Book.label"]


def test_what_is_not_an_exception_is_raised_as_one(calls: ResolverCalls) -> None:
    outer = calls.enter(LABEL)

    with pytest.raises(PluginAborted):
        calls.leave(LABEL, outer, SystemExit(1))

    assert current_call() is None


def test_an_exception_is_left_to_whoever_has_called(calls: ResolverCalls) -> None:
    outer = calls.enter(LABEL)

    calls.leave(LABEL, outer, ValueError())

    assert current_call() is None


def test_a_thread_that_works_for_a_resolver_is_named_and_leaves_no_trace(calls: ResolverCalls) -> None:
    seen: list[str | None] = []
    outer = calls.enter(LABEL)
    thread = threading.Thread(target=copy_context().run, args=(lambda: seen.append(place()),))
    thread.start()
    thread.join()
    calls.leave(LABEL, outer)

    assert (seen, place()) == (["Book.label"], None)


def test_the_black_box_names_the_innermost_resolver_and_nobody_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = black_box.BlackBox(tmp_path)
    monkeypatch.setattr(black_box, "own", box)

    def noted() -> list[tuple[str, int | None, int | None]]:
        found = black_box._read(box.path.read_bytes())
        return [(call.place, call.customer_id, call.user_id) for call in found.calls] if found is not None else []

    with ResolverCalls(customer_id=7, user_id=3) as calls:
        seen = [noted()]
        outer = calls.enter(TITLE)
        inner = calls.enter(LABEL)
        seen.append(noted())
        calls.leave(LABEL, inner)
        seen.append(noted())
        calls.leave(TITLE, outer)
        seen.append(noted())

    assert seen == [[], [("Book.label", 7, 3)], [("Book.title", 7, 3)], []]
    box.close()
