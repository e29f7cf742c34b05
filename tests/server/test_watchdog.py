"""What the watchdog takes for a plugin that hangs, whom it pauses it for, and what it leaves alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread

import pytest
from django.db import transaction
from django.test import Client

from tests.factories import actor_for, make_customer, make_member, make_membership, make_operator, make_token
from webnet.api.events.threads import widen
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig
from webnet.plugins.runtime import open_requests
from webnet.plugins.runtime.open_requests import Work
from webnet.server.asgi.router import answer_request
from webnet.server.background import hung_plugins
from webnet.server.background.hung_plugins import Culprit, HungPlugin, find_culprit
from webnet.server.background.watchdog import Watchdog, watch

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 30
HANGING = "def hang(until, call=None):\n    call() if call else until.wait()\n"
SHELF = Culprit(plugin="shelf", place="shelf.schema.hang, line 2")


@pytest.fixture(autouse=True)
def quick(settings, tmp_path) -> None:
    settings.WEBNET_REQUEST_DEADLINE = 0.2
    settings.WEBNET_DATA_DIR = tmp_path


@pytest.fixture
def shelf() -> None:
    """The plugin is on for everybody: acme, globex and initech."""
    operator = actor_for(make_operator())
    manager.sync(actor=operator)
    manager.enable("shelf", actor=operator, availability=Availability.DEFAULT_ON)
    for slug in ("acme", "globex", "initech"):
        make_customer(slug)


def hang_in(module: str) -> Callable[..., None]:
    """A function of that module, which waits."""
    namespace = {"__name__": module}
    exec(compile(HANGING, module, "exec"), namespace)  # noqa: S102 - our own text above
    return namespace["hang"]


@contextmanager
def requesting(call: Callable[[Event], None], path: str = "/graphql/acme/") -> Iterator[int]:
    """A request on a thread of its own that does this until the end of the block; the thread."""
    until, begun = Event(), Event()

    def work() -> None:
        with open_requests.working(path):
            begun.set()
            call(until)

    thread = Thread(target=work)
    thread.start()
    begun.wait()
    try:
        yield thread.ident or 0
    finally:
        until.set()
        thread.join()


@contextmanager
def watching(leave: Callable[[], None]) -> Iterator[asyncio.AbstractEventLoop]:
    """A watchdog on an event loop of its own."""
    loop, ended, begun = asyncio.new_event_loop(), asyncio.Event(), Event()

    async def serve() -> None:
        with Watchdog(replace_thread=lambda: None, hand_over=leave):
            begun.set()
            await ended.wait()

    thread = Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    begun.wait()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def read_pauses() -> list[tuple[str, str]]:
    rows = PluginAuditLog.objects.filter(action="pause_plugin").order_by("position")
    return list(rows.values_list("plugin_name", "customer_slug"))


def paused_customers() -> set[str]:
    paused = CustomerPluginConfig.objects.filter(paused_until__isnull=False)
    return set(paused.values_list("customer__slug", flat=True))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_culprit_is_the_plugin_called_last_also_through_others_code() -> None:
    inner, outer = hang_in("shelf.schema"), hang_in("labels.schema")

    with requesting(lambda until: outer(until, lambda: sorted([1], key=lambda _: inner(until) or 0))) as thread:
        wait_until(lambda: find_culprit(thread) == SHELF)


@pytest.mark.parametrize("module", ["webnet.api.http.views", "shelfish.schema"])
def test_nobody_is_the_culprit_of_what_is_no_plugins(module: str) -> None:
    with requesting(hang_in(module)) as thread:
        assert find_culprit(thread) is None


def test_a_request_that_hangs_in_a_plugin_pauses_it_for_its_customer_and_the_process_leaves(shelf: None) -> None:
    left = Event()

    with requesting(hang_in("shelf.schema"), "/c/globex/plugins/shelf/"), watching(left.set):
        assert left.wait(PATIENCE_SECONDS)

    assert read_pauses() == [("shelf", "globex")]
    assert paused_customers() == {"globex"}


def test_what_hangs_is_found_once(shelf: None) -> None:
    leaving: list[str] = []

    with requesting(hang_in("shelf.schema")), watching(lambda: leaving.append("again")):
        wait_until(lambda: len(leaving) == 1)
        with requesting(hang_in("shelf.schema"), "/graphql/globex/"):
            wait_until(lambda: len(leaving) == 2)

    assert read_pauses() == [("shelf", "acme"), ("shelf", "globex")]


def test_slow_work_of_the_hosts_own_is_left_alone(shelf: None) -> None:
    left = Event()

    # The second is younger: once it is found, the watchdog has seen the first as well.
    slow = requesting(hang_in("webnet.api.http.views"))
    hanging = requesting(hang_in("shelf.schema"), "/graphql/globex/")
    with watching(left.set), slow, hanging:
        assert left.wait(PATIENCE_SECONDS)

    assert read_pauses() == [("shelf", "globex")]


def test_a_plugin_that_blocks_the_event_loop_is_paused_for_everybody(shelf: None) -> None:
    until, left = Event(), Event()

    def leave() -> None:
        until.set()
        left.set()

    with watching(leave) as loop:
        loop.call_soon_threadsafe(hang_in("shelf.schema"), until)
        assert left.wait(PATIENCE_SECONDS)

    assert read_pauses() == [("shelf", "")]
    assert PluginConfig.objects.get(name="shelf").is_paused


def test_on_the_platforms_view_it_is_paused_for_the_customers_of_the_user(shelf: None) -> None:
    acme, initech = (Customer.objects.get(slug=slug) for slug in ("acme", "initech"))
    user = make_member("ada", acme)
    make_membership(user, initech)
    work = Work(thread=0, path="/graphql/", actor=actor_for(user))

    hung_plugins.pause_all([hung_plugins.describe_hang(work, SHELF)])

    assert paused_customers() == {"acme", "initech"}


def test_a_request_of_the_api_says_for_whom_it_is_made(client: Client) -> None:
    user = make_member("ada", make_customer("acme"))

    with open_requests.working("/graphql/") as work:
        client.post(
            "/graphql/",
            {"query": "{ viewer { username } }"},
            content_type="application/json",
            headers={"Authorization": f"Bearer {make_token(user)}"},
        )

    assert work.actor is not None
    assert work.actor.user_id == user.pk


def test_a_token_for_one_customer_concerns_no_other(shelf: None) -> None:
    acme = Customer.objects.get(slug="acme")
    actor = replace(actor_for(make_operator("root")), only_customer_id=acme.pk)

    hung_plugins.pause_all([hung_plugins.describe_hang(Work(thread=0, path="/graphql/", actor=actor), SHELF)])

    assert paused_customers() == {"acme"}


def test_an_operator_on_the_platforms_view_concerns_everybody(shelf: None) -> None:
    work = Work(thread=0, path="/graphql/", actor=actor_for(make_operator("root")))

    hung_plugins.pause_all([hung_plugins.describe_hang(work, SHELF)])

    assert PluginConfig.objects.get(name="shelf").is_paused


def test_the_reason_names_the_place_and_the_deadline(shelf: None) -> None:
    hung_plugins.pause_all([HungPlugin(plugin="shelf", place=SHELF.place, customer="acme")])

    row = PluginAuditLog.objects.get(action="pause_plugin")
    assert (row.actor_name, row.after["error"]) == ("watchdog", "hung in shelf.schema.hang, line 2")
    assert row.reason == "A request hung in it for more than 0.2 seconds."


def test_what_can_not_be_paused_in_time_is_paused_by_the_next_process(
    shelf: None, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setattr(hung_plugins, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(hung_plugins, "_pause_noted", lambda notes: None)  # the process ends before
    hung_plugins.pause_all([HungPlugin(plugin="shelf", place=SHELF.place, customer="acme")])
    monkeypatch.undo()
    assert read_pauses() == []

    hung_plugins.pause_noted()
    hung_plugins.pause_noted()

    assert read_pauses() == [("shelf", "acme")]
    assert list((tmp_path / "stuck").iterdir()) == []


def test_a_lock_does_not_keep_the_watchdog_waiting(shelf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hung_plugins, "PAUSE_SECONDS", 0.1)

    with transaction.atomic():
        PluginConfig.objects.select_for_update().filter(name="shelf").update(author="nobody")
        hung_plugins.pause_all([HungPlugin(plugin="shelf", place=SHELF.place)])
        is_paused_meanwhile = PluginConfig.objects.get(name="shelf").is_paused

    assert not is_paused_meanwhile
    wait_until(lambda: PluginConfig.objects.get(name="shelf").is_paused)


def test_an_answer_in_pieces_is_timed_from_piece_to_piece() -> None:
    closed: list[bool] = []
    begun: list[float] = []

    class Pieces:
        def __iter__(self) -> Iterator[bytes]:
            for piece in (b"one", b"two"):
                (work,) = open_requests.find_overdue(-1)
                begun.append(work.started)
                yield piece

        def close(self) -> None:
            closed.append(True)

    def application(environ: dict[str, str], start_response: Callable[..., None]) -> Pieces:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Pieces()

    answer = answer_request(application, {"PATH_INFO": "/c/acme/", "REQUEST_METHOD": "GET"})

    assert (answer.status, answer.headers, list(answer.body)) == (
        200,
        [(b"content-type", b"text/plain")],
        [b"one", b"two"],
    )
    assert begun[1] > begun[0]
    assert closed == [True]
    assert open_requests.find_overdue(-1) == []


def test_what_would_end_the_event_loop_is_an_error_like_any_other() -> None:
    def application(environ: dict[str, str], start_response: Callable[..., None]) -> None:
        raise SystemExit(3)

    with pytest.raises(RuntimeError, match="SystemExit"):
        answer_request(application, {"PATH_INFO": "/c/acme/", "REQUEST_METHOD": "GET"})


def test_what_waits_for_a_thread_that_hangs_goes_on_with_another() -> None:
    until = Event()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(until.wait)
        waiting = executor.submit(lambda: "served")

        widen(executor)

        assert waiting.result(timeout=PATIENCE_SECONDS) == "served"
        until.set()


def test_a_thread_is_replaced_however_many_calls_the_executor_has_had_in_its_queue() -> None:
    until, returns, hangs = Event(), Event(), Event()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(until.wait)
        for _ in range(3):
            executor.submit(bool)
        executor.submit(lambda: (hangs.set(), returns.wait()))
        waiting = executor.submit(lambda: "served")
        until.set()
        hangs.wait()

        widen(executor)

        try:
            assert waiting.result(timeout=PATIENCE_SECONDS) == "served"
        finally:
            returns.set()


def test_a_breakpoint_does_not_pause_a_plugin(settings) -> None:
    settings.DEBUG = True

    assert not isinstance(watch(bool, None), Watchdog)
    assert isinstance(watch(bool, lambda: None), Watchdog)
