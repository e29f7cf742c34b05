"""The console's own pages: the frame, the dashboard and the list of customers."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tests.console.conftest import SYSTEM
from tests.databases import one_database_is_enough
from tests.factories import make_customer, make_membership
from webnet.customers.models import Customer, Membership, Role, User
from webnet.plugins.base import DashboardWidget, NavigationItem, PluginBase, UIView
from webnet.plugins.manager import manager

pytestmark = [one_database_is_enough, pytest.mark.django_db(transaction=True)]

FRAMED = "/c/acme/plugins/pages/framed/"


def links(html: str, *, around: str = "nav") -> list[tuple[str, str]]:
    """(address, label) of the links in that element, without the console's own menu."""
    part = re.search(rf"<{around}\b.*?</{around}>", html, re.S)
    above, _heading, _menu = (part.group() if part else "").partition('class="side-title"')
    found = re.findall(r'<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>', above, re.S)
    return [(address, re.sub(r"<[^>]*>", "", label).replace("↗", "").strip()) for address, label in found]


def test_the_frame_has_the_menu_in_order_with_the_addresses_of_this_customer(browse):
    page = browse("oscar").get(FRAMED).text

    assert links(page)[:4] == [
        ("/c/acme/", "Dashboard"),
        ("/c/acme/plugins/pages/", "Pages"),
        ("/c/acme/plugins/pages/secret/", "Secrets"),
        ("https://example.org/", "Elsewhere"),
    ]


def test_the_menu_has_what_the_role_may_use_only(browse):
    page = browse("vera").get(FRAMED).text

    assert [label for address, label in links(page) if "/manage/" not in address][:3] == [
        "Dashboard",
        "Pages",
        "Elsewhere",
    ]
    assert "Secrets" not in page


def test_the_bar_says_who_operates_the_platform_on_pages_of_customers_too(browse):
    for viewer, role in (("platform", "Platform operator"), ("ann", "Admin"), ("vera", "Viewer")):
        page = browse(viewer).get("/c/acme/").text
        assert re.findall(r'<span class="who">.*?<span class="tag">(.*?)</span>', page, re.S) == [role]


def test_on_the_view_of_several_customers_the_default_has_the_links_to_pages(acme, browse):
    """Of a plugin that is effective there: for the other customer it would lead to a missing page."""
    vera, defaults = browse("vera"), Membership.objects.filter(user__username="vera")
    make_membership(User.objects.get(username="vera"), Customer.objects.get(slug="globex"), Role.VIEWER)
    seen = []

    for default in ("acme", "globex", None):
        defaults.update(is_default=False)
        defaults.filter(customer__slug=default).update(is_default=True)
        answer = vera.get("/graphql/", {"query": "{ navigationItems { url } }"}).json()
        seen.append([item["url"] for item in answer["data"]["navigationItems"]])

    assert seen == [["/c/acme/plugins/pages/", "https://example.org/"], *[["https://example.org/"]] * 2]


def test_the_page_is_titled_and_marked_in_the_menu(browse):
    vera = browse("vera")

    assert "<title>Framed · Acme Corp · webnet</title>" in vera.get(FRAMED).text
    marked = '<a href="/c/acme/" aria-current="page">Dashboard</a>'
    assert marked in vera.get("/c/acme/").text
    assert marked not in vera.get(FRAMED).text


def test_the_switcher_has_the_viewers_other_customers_only(browse):
    make_membership(User.objects.get(username="vera"), make_customer("initech", name="Initech"), Role.VIEWER)

    assert links(browse("vera").get(FRAMED).text, around="details") == [
        ("/c/initech/", "Initech"),
        ("/customers/", "All customers"),
    ]


def test_messages_of_plugins_are_shown_once(browse, install):
    def leave_message(request: HttpRequest) -> HttpResponse:
        messages.success(request, "Done & dusted.")
        return redirect("/c/acme/")

    class Messenger(PluginBase):
        name = "messenger"
        version = "1"

        def get_ui_views(self) -> list[UIView]:
            return [UIView(name="leave", path="leave/", view=leave_message)]

    install(Messenger(), enabled=True)
    manager.enable("messenger", actor=SYSTEM, customer="acme")
    vera = browse("vera")

    vera.get("/c/acme/plugins/messenger/leave/")

    assert "Done &amp; dusted." in vera.get("/c/acme/").text
    assert "Done" not in vera.get("/c/acme/").text


def test_the_dashboard_draws_each_widget_and_names_the_one_that_failed(browse, caplog):
    page = browse("vera").get("/c/acme/").text

    assert "<dt>In service</dt><dd>3</dd>" in page
    assert "<dt>&lt;b&gt;</dt><dd>&lt;i&gt;</dd>" in page
    assert '<th scope="col">Name</th>' in page and "<td>r1</td><td>yes</td>" in page
    assert page.count("<p>Nothing yet.</p>") == 1
    assert "<em>Hi</em>" in page and "alert(1)" not in page
    assert "The widget &#x27;broken&#x27; of &#x27;pages&#x27; failed." in page


def test_what_became_of_a_widget_is_said_in_the_viewers_language(browse):
    page = browse("vera").get("/c/acme/", headers={"Accept-Language": "de"}).text

    assert "Das Widget &#x27;broken&#x27; von &#x27;pages&#x27; ist fehlgeschlagen." in page


def test_the_dashboard_shows_the_graphql_of_its_widgets(browse):
    page = browse("vera").get("/c/acme/").text

    shown = re.search(r'<details class="graphql">.*?</details>', page, re.S).group()
    assert "query Dashboard" in shown and "/graphql/acme/" in shown


def test_the_dashboard_of_a_customer_without_plugins_says_what_would_be_there(browse):
    page = browse("gus").get("/c/globex/").text

    assert "Nothing to show yet." in page
    assert links(page)[0] == ("/c/globex/", "Dashboard")
    assert not [address for address, _ in links(page) if address.startswith("/c/globex/plugins/")]


def test_the_dashboard_takes_no_other_method(browse):
    assert browse("vera").post("/c/acme/").status_code == 405


def test_the_list_of_customers_has_the_users_own_only(browse):
    page = browse("vera").get("/customers/").text

    assert 'href="/c/acme/"' in page
    assert "globex" not in page


def test_customers_are_found_by_name_and_listed_in_pages(browse):
    for number in range(60):
        make_customer(f"customer-{number:02}")
    platform = browse("platform")

    first = platform.get("/customers/").text
    address = html.unescape(re.search(r'rel="next" href="([^"]*)"', first).group(1))
    second, found = platform.get(f"/customers/{address}").text, platform.get("/customers/?q=LOBE").text

    assert 'href="/c/globex/"' not in re.search(r"<main.*</main>", first, re.S).group()
    assert 'href="/c/globex/"' in re.search(r"<main.*</main>", second, re.S).group()
    assert 'href="/c/globex/"' in found and 'href="/c/acme/"' not in re.search(r"<main.*</main>", found, re.S).group()


@pytest.mark.parametrize("query", ["q=%00", "q=" + "x" * 5000, "q=<script>alert(1)</script>"])
def test_the_list_of_customers_takes_any_words(browse, query):
    answer = browse("vera").get(f"/customers/?{query}")

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("after=x", "This page of the list does not exist"),
        ("before=%00", "a character that can&#x27;t be stored"),
        ("after=" + "x" * 5000, "This page of the list does not exist"),
    ],
)
def test_a_cursor_that_is_none_is_refused_on_a_page(browse, query, reason):
    answer = browse("vera").get(f"/customers/?{query}")

    assert answer.status_code == 400
    assert reason in answer.text


def test_someone_without_a_customer_is_told_what_to_do(browse):
    User.objects.create_user("nobody")

    assert "You are not a member of any customer yet" in browse("nobody").get("/customers/").text


def test_a_label_of_a_plugin_is_text_and_no_markup(browse, install):
    class Sly(PluginBase):
        name = "sly"
        version = "1"

        def get_navigation_items(self) -> list[NavigationItem]:
            return [NavigationItem(label="<script>alert(1)</script>", url='/x"onmouseover=alert(1)')]

    install(Sly(), enabled=True)
    manager.enable("sly", actor=SYSTEM, customer="acme")

    page = browse("vera").get("/c/acme/").text

    assert "<script>alert" not in page
    assert '/x"on' not in page


def test_the_menu_marks_the_page_and_the_one_above_it_alone(browse):
    ann = browse("ann")

    def marked(address: str) -> list[tuple[str, bool]]:
        menu = ann.get(address).context["frame"].menu
        return [(item.url, item.is_current) for item in menu if item.is_within]

    assert marked("/c/acme/manage/") == [("/c/acme/manage/", True)]
    assert marked("/c/acme/manage/members/invitations/") == [("/c/acme/manage/members/", False)]
    assert marked("/c/acme/manage/permissions/") == [("/c/acme/manage/permissions/", True)]


HOSTILE = """<em>Kept</em><a href="/c/acme/" hx-get="/" data-hx-post="/x" hx-on:click="steal()">Link</a>
<div hx-boost="true" onclick="steal()" style="position: fixed"><script>steal()</script></div>
<form action="/sign-out/"><button hx-delete="/x">Go</button></form><iframe srcdoc="<script>steal()</script>"></iframe>
<img src="https://elsewhere.example/x.png"><a href="javascript:steal()">Run</a><base href="https://elsewhere.example/">"""


def test_scripts_and_attributes_of_htmx_in_a_widget_are_taken_out_and_the_rest_is_shown(browse, install):
    class Sly(PluginBase):
        name = "sly"
        version = "1"

        def get_dashboard_widgets(self) -> list[DashboardWidget]:
            empty = DashboardWidget(name="empty", title="Empty", html=lambda: "<script></script>")
            return [DashboardWidget(name="sly", title="Sly", html=lambda: HOSTILE), empty]

    install(Sly(), enabled=True)
    manager.enable("sly", actor=SYSTEM, customer="acme")

    page = browse("vera").get("/c/acme/").text
    widget = re.search(r'<section[^>]*aria-labelledby="sly-sly".*?</section>', page, re.S).group()
    container, shown = re.search(r'(<div class="html"[^>]*>)(.*)</div>', widget, re.S).groups()

    # htmx would not even look at it.
    assert "hx-disable" in container
    assert "<em>Kept</em>" in shown and "Link</a>" in shown
    for part in ("hx-", "steal", "script", "style=", "<form", "<button", "<iframe", "elsewhere.example", "<base"):
        assert part not in shown, part
    # Of which nothing is left.
    assert re.search(r'aria-labelledby="sly-empty".*?<p>Nothing yet', page, re.S)


def test_a_widget_with_a_hostile_title_is_text(browse, install):
    class Sly(PluginBase):
        name = "sly"
        version = "1"

        def get_dashboard_widgets(self) -> list[DashboardWidget]:
            return [DashboardWidget(name="sly", title='<b hx-get="/">x</b>', data=lambda: '<i hx-get="/">y</i>')]

    install(Sly(), enabled=True)
    manager.enable("sly", actor=SYSTEM, customer="acme")

    page = browse("vera").get("/c/acme/").text

    assert "&lt;b hx-get" in page and "&lt;i hx-get" in page
    assert "<b hx-get" not in page and "<i hx-get" not in page


def test_a_page_of_a_plugin_has_the_frame_with_both_menus(browse):
    page = browse("ann").get(FRAMED).text

    assert '<a href="/c/acme/plugins/pages/"' in page and '<a href="/c/acme/manage/members/"' in page
    assert 'class="switcher"' in page and "Signed in as" in page
