"""The plugin on its own, since a plugin is a class like any other; and with a webnet around it."""

from types import SimpleNamespace

import pytest
from hello_world.plugin import Plugin

from webnet.plugins.base import HookContext
from webnet.sdk.models import Customer
from webnet.sdk.testing import MakeClient, SetSettings, SwitchPlugin, WebnetClient, assert_vanishes_when_disabled

DEFAULTS = {"greeting": "Hello", "punctuation": "!"}


def context_for(customer: str | None = "Acme", **settings: str) -> HookContext:
    return HookContext(
        customer=SimpleNamespace(name=customer) if customer else None, actor=None, settings=DEFAULTS | settings
    )


def test_the_widget_greets_the_customer_by_name() -> None:
    assert Plugin().greet(context_for("Acme")) == {"text": "Hello, Acme!"}


def test_the_widget_greets_the_world_where_there_is_no_customer() -> None:
    assert Plugin().greet(context_for(None)) == {"text": "Hello, world!"}


def test_a_customer_chooses_the_words() -> None:
    greeted = Plugin().greet(context_for("Globex", greeting="Good morning", punctuation="."))

    assert greeted == {"text": "Good morning, Globex."}


def test_it_is_healthy_with_its_defaults() -> None:
    assert Plugin().health_check(context_for()).status == "healthy"


def test_a_greeting_that_shouts_is_degraded_health() -> None:
    report = Plugin().health_check(context_for(greeting="HELLO"))

    assert (report.status, report.details) == ("degraded", {"setting": "/greeting"})


def test_settings_of_the_first_versions_are_carried_over() -> None:
    assert Plugin().migrate_settings("0.9", {"text": "Hi"}) == {"greeting": "Hi"}
    assert Plugin().migrate_settings("1.0.0", {"greeting": "Hi"}) == {"greeting": "Hi"}


@pytest.mark.parametrize("hook", ["on_enable", "on_disable", "after_enable", "after_disable"])
def test_each_change_is_logged_with_the_customer(hook: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="hello_world.plugin")

    getattr(Plugin(), hook)(context_for("Acme"))

    assert "Acme" in caplog.text


def test_nobody_who_runs_a_command_reads_that_it_was_loaded(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="hello_world.plugin")

    Plugin().on_load()
    Plugin().on_unload()

    assert caplog.text == ""


# With a whole webnet around it: the kit's fixtures are an operator of Acme, other people, and its plugins.


@pytest.fixture
def viewer(make_webnet_client: MakeClient, enable_plugin: SwitchPlugin) -> WebnetClient:
    """A viewer of Acme, which has the plugin."""
    enable_plugin("hello_world")
    return make_webnet_client("viewer")


@pytest.mark.django_db(transaction=True)  # widgets are drawn in threads, which see only what is committed
def test_each_customer_is_greeted_on_its_dashboard_in_its_own_words(
    viewer: WebnetClient, webnet_customer: Customer, webnet_settings: SetSettings
) -> None:
    webnet_settings("hello_world", greeting="Welcome")
    webnet_settings("hello_world", customer=webnet_customer, punctuation=".")

    assert viewer.query("{ dashboardWidgets { data error } }")["dashboardWidgets"] == [
        {"data": {"text": "Welcome, Acme."}, "error": None}
    ]


def test_its_entry_of_the_menu_leads_to_its_page(viewer: WebnetClient) -> None:
    page = viewer.get_page("hello_world").content.decode()

    assert viewer.query("{ navigationItems { url } }")["navigationItems"] == [{"url": "/c/acme/plugins/hello_world/"}]
    assert "Hello, Acme!" in page


def test_disabled_it_is_gone(viewer: WebnetClient) -> None:
    assert_vanishes_when_disabled("hello_world", client=viewer)
