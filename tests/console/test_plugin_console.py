"""The pages of one plugin: its state in a sentence, what it adds, its health, what was done, and its versions."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from tests.console.pages import Pages
from tests.databases import one_database_is_enough
from webnet.audit.models import PluginAuditLog
from webnet.audit.operation import renew_platform
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.plugins.base import ExternalHost, HealthReport, PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, PluginConfig, PluginHealth, PluginStatus

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

SYSTEM = Actor.system("tests")
MANAGE = "/c/acme/manage/plugins/pages/"
TABS = ("Overview", "Contributions", "Health", "Activity", "Versions")
Browse = Callable[..., Client]


class Weather(PluginBase):
    name = "weather"
    verbose_name = "Weather <b>&amp; wind</b>"
    version = "2.0"
    changelog = "https://example.com/changes"
    dependencies = ("pages", "clouds>=1")
    upgrade_notes = MappingProxyType({"2.0": "Set the <new> address first.", "1.0": "Nothing."})

    def get_external_hosts(self) -> list[ExternalHost]:
        return [ExternalHost(name="api.example.com:443", description="Asks for the <weather>.")]

    def health_check(self, context: Any) -> HealthReport:
        return HealthReport(status="degraded", message="Half of the <stations> answer.", details={"stations": 3})


def text_of(response: Any) -> str:
    """The page's own part without tags."""
    main = response.text[response.text.index("<main") : response.text.index("</main>")]
    text = re.sub(r"<[^>]*>", " ", main.partition('<details class="graphql">')[0])
    return " ".join(text.replace("&#x27;", "'").split())


def tabs_of(response: Any) -> list[str]:
    [nav] = re.findall(r'<nav class="tabs".*?</nav>', response.text, re.DOTALL)
    return re.findall(r">([^<>]+)</a>", nav)


@pytest.fixture
def weather(acme: Customer, install: Callable[..., None]) -> None:
    """`weather` needs `pages`, and a plugin that is not installed."""
    install(Pages(), Weather(), enabled=True)


@pytest.fixture
def platform(browse: Browse) -> Client:
    return browse("platform")


STATES = {
    "off": ({"enabled": False}, "Off It is off for everybody. Customers don't see it."),
    "withheld": (
        {"availability": "withheld"},
        "Enabled It is enabled, and only customers that it is offered to",
    ),
    "offered": ({}, "Enabled It is enabled, and each customer decides whether to switch it on."),
    "default": ({"availability": "default_on"}, "Enabled It is on for every customer that has not switched it off."),
    "required": (
        {"availability": "required"},
        "Enabled It is on for every customer, and can't be switched off",
    ),
    "failed": (
        {"status": "failed", "status_reason": "It <raised>.", "status_traceback": "at line 7"},
        "Can't run It failed to load, and is on for nobody. It &lt;raised&gt;. Traceback at line 7",
    ),
    "incompatible": ({"status": "incompatible"}, "Can't run The installed version does not fit, and is on for"),
    "unmigrated": ({"status": "needs_migration"}, "Can't run Its tables are not up to date: it is on for nobody until"),
    "missing": (
        {"status": "missing"},
        "Can't run Its code is no longer installed. Its settings and its data are kept.",
    ),
    "paused": ({"status": "paused"}, "Can't run It failed too often, and is paused for a while."),
}


def test_each_page_of_a_plugin_has_a_title_of_its_own(browse, platform):
    """Somebody who has several open sees which is which, and a screen reader says where it is."""
    for client, pages in ((platform, "/plugins/pages/"), (browse("ann"), MANAGE)):
        page = client.get(pages).text
        [tabs] = re.findall(r'<nav class="tabs".*?</nav>', page, re.DOTALL)
        addresses = re.findall(r'href="([^"]*)"', tabs)

        titles = [re.findall("<title>(.*?)</title>", client.get(each).text)[0] for each in addresses]

        assert len(set(titles)) == len(titles) > 5


@pytest.mark.parametrize("state", STATES)
def test_the_overview_says_the_state_in_a_sentence(state, platform):
    changes, sentence = STATES[state]
    PluginConfig.objects.filter(name="pages").update(**changes)
    renew_platform()

    assert sentence in text_of(platform.get("/plugins/pages/"))


def test_a_plugin_that_is_enabled_but_effective_for_nobody_says_why(weather, platform):
    assert "Not effective It is enabled, but effective for nobody: 'weather' needs 'clouds&gt;=1', which" in text_of(
        platform.get("/plugins/weather/")
    )


def test_a_customer_reads_its_own_state(browse):
    assert "On It is on for Acme Corp." in text_of(browse("vera").get(MANAGE))

    manager.disable("pages", actor=SYSTEM, customer="acme")
    assert "Off 'acme' has switched 'pages' off." in text_of(browse("vera").get(MANAGE))

    manager.set_availability("pages", actor=SYSTEM, availability=Availability.REQUIRED)
    assert "On It is on for Acme Corp, and can't be switched off." in text_of(browse("vera").get(MANAGE))


def test_links_lead_from_a_widget_to_its_plugin_and_on_to_the_platform_for_those_who_operate_it(browse):
    assert f'<a href="{MANAGE}">A Book of Pages</a>' in browse("vera").get("/c/acme/").text
    assert 'href="/plugins/pages/"' in browse("platform").get(MANAGE).text
    assert 'href="/plugins/pages/"' not in browse("ann").get(MANAGE).text


def test_nobody_but_platform_operators_sees_why_code_cannot_run(browse):
    PluginConfig.objects.filter(name="pages").update(
        status=PluginStatus.FAILED, status_reason="s3cret reason", status_traceback="s3cret line"
    )
    renew_platform()

    page = browse("ann").get(MANAGE).text

    assert "s3cret" not in page and "can&#x27;t run at the moment" in page
    assert browse("platform").get("/plugins/pages/").text.count("s3cret") == 2


@pytest.mark.parametrize(
    ("viewer", "tabs"),
    [("vera", ("Overview", "Health", "Versions")), ("oscar", TABS), ("ann", TABS), ("platform", TABS)],
)
def test_a_customers_tabs_are_those_that_the_role_may_open(viewer, tabs, browse):
    client = browse(viewer)
    page = client.get(MANAGE)

    shown = tabs_of(page)

    # Pages that other modules add, such as the settings, are tabs as well.
    assert [tab for tab in shown if tab in TABS] == list(tabs)
    [nav] = re.findall(r'<nav class="tabs".*?</nav>', page.text, re.DOTALL)
    assert {client.get(address).status_code for address in re.findall(r'href="([^"]+)"', nav)} == {200}
    assert nav.count('aria-current="page"') == 1


def test_a_viewer_is_told_which_role_may_see_a_page(browse):
    page = browse("vera").get(f"{MANAGE}activity/")

    assert (page.status_code, "members with the role operator or a higher one" in page.text) == (403, True)


def test_a_reviewer_sees_hosts_permissions_pages_and_dependencies(weather, platform):
    page = platform.get("/plugins/weather/contributions/").text

    for shown in ("api.example.com:443", "Asks for the &lt;weather&gt;.", "does not enforce it"):
        assert shown in page
    assert 'aria-label="A Book of Pages, 1.0"' in page and 'href="/plugins/pages/"' in page
    assert 'class="box missing"' in page and "not available" in page
    assert "<b>&amp;amp; wind" not in page and escape(Weather.verbose_name) in page
    assert "pages.read" in platform.get("/plugins/pages/contributions/").text


def test_only_what_needs_another_version_is_at_fault(platform, install):
    """Neither the plugin nor the others that need it."""

    class Picky(PluginBase):
        name, verbose_name, version = "picky", "Picky", "1.0"
        dependencies = ("pages>=9",)

    install(Pages(), Weather(), Picky())

    response = platform.get("/plugins/pages/contributions/")

    assert 'class="box plain center"' in response.text and 'class="arrow unsatisfied"' in response.text
    shown = text_of(response)
    assert "Picky needs A Book of Pages >=9 1.0, does not fit" in shown.replace("&gt;", ">")
    assert "wind</b> needs A Book of Pages (1.0)" in unescape(shown)
    # So that a name from right to left does not change the order of what is around it.
    assert 'needs <a href="/plugins/pages/"><bdi>A Book of Pages</bdi></a>' in response.text


def test_what_a_plugin_adds_is_unknown_while_it_is_not_loaded(weather, platform, install):
    install(Pages())  # and not `weather`, whose row stays

    assert "not loaded, so what it adds is not known" in platform.get("/plugins/weather/contributions/").text


def test_a_check_runs_now_and_its_result_is_shown(weather, platform):
    address = "/plugins/weather/health/"
    assert "It was not checked yet. Run a check" in text_of(platform.get(address))

    page = platform.post(address, {"reason": "A station was mended."}, follow=True)

    assert page.redirect_chain == [(address, 302)]
    assert PluginAuditLog.objects.get(action="check_plugin_health").reason == "A station was mended."
    shown = text_of(page)
    assert "Half of the &lt;stations&gt; answer." in shown and "degraded" in shown and "stations 3" in shown
    assert page.text.count('class="mark degraded"') == 1 and 'role="img"' in page.text
    # The page after the redirect teaches the mutation, too.
    assert "mutation CheckPluginHealth" in page.text and "query PluginHealth" in page.text


def test_the_history_of_checks_has_pages(weather, platform):
    plugin = PluginConfig.objects.get(name="weather")
    now = timezone.now()
    for number in range(120):
        values = {"message": f"check {number}", "duration_ms": number, "checked_at": now, "is_latest": False}
        PluginHealth.objects.create(plugin=plugin, status="healthy", **values)

    first = platform.get("/plugins/weather/health/")
    [after] = re.findall(r'href="(\?after=[^"]+)"', first.text)
    second = platform.get(f"/plugins/weather/health/{after}")

    assert (first.text.count('class="mark '), second.text.count('class="mark ')) == (100, 20)


def test_a_member_runs_a_check_for_the_own_customer_from_operator_up(browse):
    assert browse("oscar").post(f"{MANAGE}health/").status_code == 302
    assert PluginHealth.objects.get().customer.slug == "acme"

    refused = browse("vera").post(f"{MANAGE}health/")

    assert (refused.status_code, 'data-code="ROLE_TOO_LOW"' in refused.text) == (422, True)
    assert "Run a check now" not in refused.text and PluginHealth.objects.count() == 1


def test_a_check_of_what_does_not_exist_is_not_found_for_everybody_alike(browse):
    for viewer in ("platform", "ann"):
        client = browse(viewer)
        assert client.post("/plugins/nothing/health/").status_code == 404
        assert client.post("/c/acme/manage/plugins/nothing/health/").status_code == 404
    assert (
        browse("ann").post("/plugins/pages/health/").content == browse("ann").post("/plugins/nothing/health/").content
    )
    assert PluginHealth.objects.count() == 0


def test_activity_has_who_did_what_and_for_htmx_the_rows_alone(browse, platform):
    manager.disable("pages", actor=SYSTEM, customer="acme", reason="On <Monday>")

    page = platform.get("/plugins/pages/activity/")
    rows = platform.get("/plugins/pages/activity/", headers={"HX-Request": "true"}).text
    own = browse("ann").get(f"{MANAGE}activity/").text

    assert "On &lt;Monday&gt;" in page.text and 'href="/c/acme/">Acme Corp</a>' in page.text
    assert "<html" in page.text and "<html" not in rows and "<h1" not in rows
    assert "disable_customer_plugin" in rows and "On &lt;Monday&gt;" in rows
    # Others' rows are not those of the customer.
    assert "On &lt;Monday&gt;" in own and "enable_plugin</code>" not in own


def test_activity_follows_a_subscription_from_the_newest_row_on(browse, platform, settings):
    manager.disable("pages", actor=SYSTEM, customer="acme")

    streams = {}
    for client, address in ((platform, "/plugins/pages/activity/"), (browse("ann"), f"{MANAGE}activity/")):
        [stream] = re.findall(r'sse-connect="([^"]+)"', client.get(address).text)
        parts = urlsplit(stream.replace("&amp;", "&"))
        query = parse_qs(parts.query)
        streams[parts.path] = query["variables"][0]
        assert query["query"][0].startswith("subscription PluginEvents(")
        # The address is one that the server takes: without events as the answer, it says so.
        answer = client.get(stream.replace("&amp;", "&"), headers={"Accept": "application/json"})
        assert answer.json()["errors"][0]["extensions"]["code"] == "EVENT_STREAM_REQUIRED"

    assert list(streams) == ["/graphql/", "/graphql/acme/"]
    assert all('"plugin":"pages","after":"' in each for each in streams.values())
    settings.WEBNET_TRUSTED_DOCUMENTS_ONLY = True
    assert "sse-connect" not in platform.get("/plugins/pages/activity/").text


def test_versions_say_since_when_each_was_installed(weather, platform, browse, install):
    class Newer(Weather):
        version = "2.1"

    install(Pages(), Newer())
    manager.sync(actor=SYSTEM)

    page = text_of(platform.get("/plugins/weather/versions/"))

    assert re.search(r"Version Since By Reason 2\.1 .* tests 2\.0 \d", page), page
    assert "Set the &lt;new&gt; address first." in page and page.index("2.0 Set") < page.index("1.0 Nothing.")
    own = browse("ann").get("/c/acme/manage/plugins/weather/versions/")
    assert "Version 2.1 is installed." in text_of(own) and "tests" not in text_of(own)


GONE = "Acme Corp has no plugin “pages”"


@pytest.mark.parametrize(
    "page", ["", "contributions/", "health/", "activity/", "versions/", "switch/", "settings/", "settings/history/"]
)
def test_a_plugin_that_is_gone_is_explained_and_looks_as_one_that_never_was(page, browse):
    ann = browse("ann")
    address = f"{MANAGE}{page}"
    never = ann.get(address.replace("pages", "nothing"))

    manager.disable("pages", actor=SYSTEM)
    off = ann.get(address)
    manager.enable("pages", actor=SYSTEM, availability=Availability.WITHHELD)
    withheld = ann.get(address)

    assert [each.status_code for each in (never, off, withheld)] == [404] * 3
    assert GONE in text_of(off) and "switched it off" in text_of(off)
    assert text_of(off) == text_of(withheld) == text_of(never).replace("nothing", "pages")


@pytest.mark.parametrize("page", ["health", "activity", "versions"])
@pytest.mark.parametrize("query", ["after=x", "before=%00", f"after={'x' * 10_000}"])
def test_a_cursor_that_is_none_gives_a_message(page, query, browse, platform):
    for client, start in ((platform, "/plugins/pages/"), (browse("ann"), MANAGE)):
        response = client.get(f"{start}{page}/?{query}")

        assert 400 <= response.status_code < 500 or (start == MANAGE and page == "versions")


@pytest.mark.parametrize("name", ["x" * 10_000, "PAGES", "-", "0"])
def test_a_name_that_no_plugin_can_have_is_not_found(name, browse, platform):
    assert platform.get(f"/plugins/{name}/").status_code == 404
    assert browse("ann").get(f"/c/acme/manage/plugins/{name}/activity/").status_code == 404


@pytest.mark.slow
def test_two_hundred_plugins_take_no_more_statements_and_are_drawn_to_an_end(acme, install, platform):
    def needing(number: int) -> PluginBase:
        members = {"name": f"user_{number:03}", "version": "1.0", "dependencies": ("pages",)}
        made: PluginBase = type(f"User{number}", (PluginBase,), members)()
        return made

    address = "/plugins/pages/contributions/"
    counts = []
    for count in (1, 200):
        install(Pages(), *map(needing, range(count)), enabled=True)
        platform.get(address)  # so that what a process reads once is there
        with CaptureQueriesContext(connection) as captured:
            page = platform.get(address).text
        counts.append(len(captured))

    assert counts[0] == counts[1] <= 12
    assert "and 188 more that need it" in page
    assert page.count("<polygon") == 13 and page.count(" needs ") >= 200
