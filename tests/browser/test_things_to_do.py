"""The start page in a real browser: somebody comes, reads what has to be done, and does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_console import look, overflow, sign_in
from tests.databases import with_files_of_its_own
from tests.servers import Server, run_command

pytestmark = [pytest.mark.browser, with_files_of_its_own]

TROUBLES = """
from django.utils import timezone
from webnet.audit.operation import renew_platform
from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import HealthStatus, PluginConfig, PluginHealth
manager.pause("hello_world", actor=Actor.system("tests"), customer="acme", reason="5 failures.", error="ValueError")
PluginConfig.objects.filter(name="site_map").update(status="needs_migration", status_reason="")
health = {"status": HealthStatus.UNHEALTHY, "message": "The disk is full.", "checked_at": timezone.now()}
PluginHealth.objects.filter(plugin__name="hello_world").update(is_latest=False)
plugin = PluginConfig.objects.get(name="hello_world")
PluginHealth.objects.create(plugin=plugin, duration_ms=1, is_latest=True, **health)
renew_platform()
"""


@pytest.fixture(autouse=True)
def troubles(webnet: Server, data_dir: Path) -> None:
    """A plugin that is not migrated, and one that is unhealthy, and paused for Acme."""
    made = run_command("shell", "-c", TROUBLES, data_dir=data_dir)
    assert made.returncode == 0, made.stderr


@pytest.fixture(params=[(1280, "light"), (380, "dark")], ids=["wide", "narrow"])
def shown(request: pytest.FixtureRequest, page: Page) -> Page:
    width, scheme = request.param
    page.set_viewport_size({"width": width, "height": 860})
    page.emulate_media(color_scheme=scheme)
    return page


def test_an_operator_reads_what_has_to_be_done(shown: Page) -> None:
    sign_in(shown, "platform")

    expect(shown.get_by_role("heading", level=1)).to_have_text("Things to do")
    expect(shown.get_by_role("listitem").filter(has_text="sync_plugins --migrate")).to_be_visible()
    expect(shown.get_by_role("heading", name="The disk is full.")).to_be_visible()
    look(shown, "things-to-do")
    assert not overflow(shown)


def test_a_command_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, "platform")

    page.get_by_role("button", name="Copy the command").click()

    expect(page.locator("#announcer")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "manage.py sync_plugins --migrate"


def test_an_operator_checks_the_health_of_a_plugin_by_keyboard(page: Page) -> None:
    sign_in(page, "platform")
    page.get_by_role("button", name="Check its health now").focus()

    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("healthy")
    expect(page.get_by_text("The disk is full.")).to_have_count(0)


def test_an_admin_resumes_a_paused_plugin_without_scripts(browser: Browser, webnet: Server) -> None:
    context = browser.new_context(
        base_url=webnet.url, java_script_enabled=False, viewport={"width": 380, "height": 800}
    )
    page = context.new_page()
    sign_in(page, "acme-admin")
    expect(page.get_by_role("heading", name="'hello_world' is paused for 'acme'")).to_be_visible()
    look(page, "things-to-do-of-an-admin")
    page.get_by_role("navigation").get_by_role("link", name="Things to do")

    page.get_by_role("button", name="Resume it").click()

    expect(page.get_by_role("status")).to_have_text("It runs again.")
    expect(page.get_by_text("Nothing to do.")).to_be_visible()
    page.get_by_text("Show as GraphQL").click()
    expect(page.get_by_text("mutation ResumePlugin")).to_be_visible()
    look(page, "nothing-to-do")
    context.close()
