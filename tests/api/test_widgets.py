"""Widgets are drawn at once and off the request's thread; one that hangs or fails is shown so, and harms nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member
from webnet.api.resolvers import widgets
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.database.deadlines import current_deadline
from webnet.plugins.base import DashboardWidget, HookContext, PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.runtime import failures

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
WIDGETS = "{ dashboardWidgets { name data html error } }"


@pytest.fixture(autouse=True)
def _fresh_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    widgets._lane.cache_clear()


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets what hangs go on; set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def ask(install: Callable[..., None]) -> Callable[..., dict[str, dict[str, str]]]:
    """Call it with plugins' widgets by plugin: what the dashboard of a customer with them shows, by widget."""

    def ask_dashboard(**declared: list[DashboardWidget]) -> dict[str, dict[str, str]]:
        if declared:
            install(*(plugin_with(name, of_plugin) for name, of_plugin in declared.items()), enabled=True)
            acme = make_customer("acme")
            make_member("vera", acme, Role.VIEWER)
            for name in declared:
                manager.enable(name, actor=SYSTEM, customer="acme")
        client = GraphQLClient.of(Customer.objects.get().memberships.get().user, view="acme")
        return {each["name"]: each for each in client.data(WIDGETS)["dashboardWidgets"]}

    return ask_dashboard


def plugin_with(plugin: str, declared: list[DashboardWidget]) -> PluginBase:
    body = {"name": plugin, "version": "1", "get_dashboard_widgets": lambda self: declared}
    return type(plugin, (PluginBase,), body)()


def widget(name: str, data: Callable[..., object]) -> DashboardWidget:
    return DashboardWidget(name=name, title=name, data=data)


def test_a_widget_that_hangs_fails_by_its_budget_and_the_others_are_there(ask, release, monkeypatch, caplog):
    monkeypatch.setattr(widgets, "BUDGET_SECONDS", 0.2)

    shown = ask(bad=[widget("hanging", lambda: release.wait(30))], good=[widget("fine", lambda: 7)])

    assert shown["fine"] == {"name": "fine", "data": 7, "html": None, "error": None}
    assert shown["hanging"]["error"] == "The widget 'hanging' of 'bad' took longer than 0.2 seconds."
    assert "Plugin 'bad': its widget 'hanging' took longer" in caplog.text


def test_the_budget_is_two_seconds():
    assert widgets.BUDGET_SECONDS == 2.0


def test_a_plugin_whose_threads_all_hang_is_refused_at_once_and_harms_no_other(ask, release, monkeypatch):
    monkeypatch.setattr(widgets, "BUDGET_SECONDS", 0.2)
    hanging = [widget(f"hanging_{n}", lambda: release.wait(30)) for n in range(6)]
    ask(bad=hanging, good=[widget("fine", lambda: 7)])

    started = time.monotonic()
    shown = ask()

    assert time.monotonic() - started < 5
    assert shown["fine"]["data"] == 7
    assert sum(thread.name == "lane-bad" for thread in threading.enumerate()) == 4
    assert all(shown[f"hanging_{n}"]["error"] for n in range(6))


def test_a_widget_that_fails_or_hangs_is_counted_for_its_customer_and_viewer(ask, release, monkeypatch):
    monkeypatch.setattr(widgets, "BUDGET_SECONDS", 0.2)
    ask(
        bad=[widget("failing", lambda: 1 / 0)],
        hanging=[widget("waiting", lambda: release.wait(30))],
        good=[widget("fine", lambda: 7)],
    )

    counted = failures.counter.take()
    member = Customer.objects.get().memberships.get()
    assert {each.plugin: count.error for each, count in counted.items()} == {
        "bad": "ZeroDivisionError in the widget 'failing'",
        "hanging": "Timeout in the widget 'waiting'",
    }
    assert {(each.customer_id, each.user_id) for each in counted} == {(member.customer_id, member.user_id)}


def test_widgets_are_drawn_at_the_same_time(ask):
    """Each waits until both are there: one after the other they would never be."""
    barrier = threading.Barrier(2, timeout=30)

    def meet() -> int:
        return barrier.wait()

    shown = ask(first=[widget("a", meet)], second=[widget("b", meet)])

    assert {shown["a"]["data"], shown["b"]["data"]} == {0, 1}


def test_a_widget_is_drawn_off_the_requests_thread_with_the_database_at_hand(ask):
    def look(context: HookContext) -> dict[str, object]:
        return {"thread": threading.current_thread().name, "customers": Customer.objects.count()}

    assert ask(looking=[widget("look", look)])["look"]["data"] == {"thread": "lane-looking", "customers": 1}


def test_a_widget_that_exits_fails_alone(ask, caplog):
    def leave() -> None:
        raise SystemExit(3)

    assert ask(bad=[widget("leaving", leave)])["leaving"]["error"] == "The widget 'leaving' of 'bad' failed."


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>Hi <b>you</b></p>", "<p>Hi <b>you</b></p>"),
        ("<script>alert(1)</script>Hi", "Hi"),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<img src="x" onerror="alert(1)">', '<img src="x">'),
        ("<svg onload=alert(1)></svg><iframe src=/></iframe>", ""),
        ('<p style="position:fixed" onclick="alert(1)">x</p>', "<p>x</p>"),
        ('<img src="/static/my/x.png" alt="x">', '<img src="/static/my/x.png" alt="x">'),
        ('<img src="data:image/png;base64,AA==">', '<img src="data:image/png;base64,AA==">'),
        ('<img src="data:text/html,x">', "<img>"),
        ('<a href="d\tata:text/html,x">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<p title="data: 5">x</p>', '<p title="data: 5">x</p>'),
        ("<style>p { background: url(https://cdn.example/x) }</style>", ""),
        ('<p style="background: url(https://cdn.example/x)">x</p>', "<p>x</p>"),
        ('<table background="https://cdn.example/x"></table>', "<table></table>"),
        ('<video poster="https://cdn.example/x" src="https://cdn.example/y"></video>', ""),
        ('<picture><source srcset="https://cdn.example/x 2x"></picture>', ""),
        ('<svg><image href="https://cdn.example/x"/></svg>', ""),
    ],
)
def test_html_is_sanitised(ask, html, shown):
    drawn = ask(page=[DashboardWidget(name="page", title="Page", html=lambda: html)])

    assert drawn["page"]["html"] == shown


@pytest.mark.parametrize(
    "address",
    ["https://cdn.example/x", "//cdn.example/x", r"/\cdn.example/x", r"\\cdn.example/x", "/\t/cdn.example/x",
     "&#47;/cdn.example/x", " //cdn.example/x", "http:cdn.example/x", "HTTPS:/cdn.example/x"],
)  # fmt: skip
def test_no_image_of_another_server_is_left(ask, address):
    html = f'<img src="{address}" srcset="{address} 2x" alt="x">'

    drawn = ask(page=[DashboardWidget(name="page", title="Page", html=lambda: html)])

    assert drawn["page"]["html"] == '<img alt="x">'


def test_html_that_is_no_text_fails(ask, caplog):
    assert ask(page=[DashboardWidget(name="page", title="Page", html=lambda: 5)])["page"]["error"]


def test_a_statement_of_a_widget_has_the_time_of_a_request(ask, settings):
    found = []

    ask(looking=[widget("look", lambda: found.append(current_deadline()))])

    assert [(each.seconds, each.writes) for each in found] == [(settings.WEBNET_REQUEST_SECONDS, False)]
