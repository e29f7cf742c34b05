"""The audit log's pages: filters, what was searched, one row with what changed, what is new, and verification."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.console.test_statements import MOST
from tests.plugins.audit_logs import write_many, write_rows
from webnet.api.vocabulary.node import global_id
from webnet.audit import retention, search_range
from webnet.audit.log import AuditEntry, record
from webnet.audit.models import AuditOutcome, PluginAuditLog
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true"}
Browse = Callable[..., Client]


@transaction.atomic
def write(**values: Any) -> PluginAuditLog:
    actor = Actor(name=values.pop("actor", "ada"), request_id=values.pop("request", "r-1"))
    return record(AuditEntry(actor=actor, **{"action": "enable_plugin", **values}))


def entries(page: str) -> list[str]:
    """The text of each entry of the list, in order."""
    _, *parts = page.split('<li class="entry"')
    # What comes after the last one is the rest of the page.
    parts[-1:] = [part.partition("</ol>")[0].partition('<input type="hidden"')[0] for part in parts[-1:]]
    return [text_of(f"<li{part}") for part in parts]


def text_of(markup: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))).strip()


def links(page: str, rel: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(rf'<a rel="{rel}" href="([^"]+)"', page)]


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("customer=globex", {"globex"}),
        ("plugin=shelf", {"shelf"}),
        ("actor=bob", {"bob"}),
        ("action=disable_plugin", {"disabled"}),
        ("outcome=REFUSED", {"refused"}),
        ("code=ROLE_TOO_LOW", {"refused"}),
        ("request=r-special", {"special"}),
        ("q=NEEDLE", {"needle"}),
        ("plugin=shelf&actor=bob", set()),
        ("from=2999-01-01T00:00:00", set()),
        ("until=2999-01-01T00:00:00&plugin=shelf", {"shelf"}),
        ("until=2000-01-01T12:30:05", set()),
    ],
)
def test_each_filter_selects_its_rows(acme: Customer, browse: Browse, query: str, matches: set[str]) -> None:
    globex = Customer.objects.get(slug="globex")
    write(reason="globex", customer=globex)
    write(reason="shelf", plugin_name="shelf")
    write(reason="bob", actor="bob")
    write(reason="disabled", action="disable_plugin")
    write(reason="refused", outcome=AuditOutcome.REFUSED, error_code="ROLE_TOO_LOW")
    write(reason="special", request="r-special")
    write(reason="needle", after={"settings": {"word": "a needle in it"}})

    page = browse("platform").get(f"/audit/?{query}").text

    reasons = {each for row in entries(page) for each in re.findall(r"· (\w+)", row.split("What changed")[0])[-1:]}
    known = {"globex", "shelf", "bob", "disabled", "refused", "special", "needle"}
    assert reasons & known == matches
    for name, value in (pair.split("=") for pair in query.split("&")):
        field = page.split(f' id="{name}"')[1].partition("</div>")[0]
        assert f'value="{value}" selected' in field or f'value="{value}"' in field.partition(">")[0]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("outcome=SOMETHING", "Choose one of the list."),
        ("from=yesterday", "Write a date and a time"),
        ("until=9999999999", "Write a date and a time"),
        ("from=0001-01-01T00:00%2B23:00", "Write a date and a time"),
    ],
)
def test_what_a_field_can_not_use_is_said_beside_it_and_kept(
    acme: Customer, browse: Browse, query: str, says: str
) -> None:
    response = browse("platform").get(f"/audit/?{query}&plugin=shelf")

    assert response.status_code == 400
    assert says in response.text and 'aria-invalid="true"' in response.text
    assert 'value="shelf"' in response.text and "<details open>" in response.text


def test_times_are_in_the_persons_zone(acme: Customer, browse: Browse) -> None:
    client = browse("platform")
    client.cookies["webnet_timezone"] = "Europe/Berlin"

    page = client.get("/audit/?from=2026-01-31T12:00&until=2026-02-01").text

    variables = html.unescape(page.partition('<details class="graphql">')[2])
    assert '"createdFrom": "2026-01-31T11:00:00Z"' in variables
    assert '"createdUntil": "2026-01-31T23:00:00Z"' in variables
    assert 'value="2026-01-31T12:00:00"' in page and 'value="2026-02-01T00:00:00"' in page


@pytest.mark.parametrize("name", ["q", "plugin", "actor", "action", "code", "request", "customer", "from", "outcome"])
@pytest.mark.parametrize("value", ["%00", "x" * 10_000, "%E2%80%AE%F0%9F%92%A5"])
def test_no_text_breaks_the_page(acme: Customer, browse: Browse, name: str, value: str) -> None:
    assert browse("platform").get(f"/audit/?{name}={value}").status_code in (200, 400)


@pytest.mark.parametrize("query", ["after=nonsense", "before=nonsense", "after=%00", "after=" + "x" * 10_000])
def test_a_wrong_cursor_is_the_requests_fault(acme: Customer, browse: Browse, query: str) -> None:
    assert browse("platform").get(f"/audit/?{query}").status_code == 400


def test_pages_go_back_and_forth_and_keep_the_filters(acme: Customer, browse: Browse) -> None:
    write_rows(120, customers=[acme])
    client = browse("ann")

    first = client.get("/c/acme/manage/audit/?plugin=inventory").text
    second = client.get("/c/acme/manage/audit/" + links(first, "next")[0]).text
    back = client.get("/c/acme/manage/audit/" + links(second, "prev")[0]).text

    assert "ticket 119" in entries(first)[0] and "ticket 69" in entries(second)[0]
    assert [len(entries(each)) for each in (first, second, back)] == [50, 50, 50]
    assert "plugin=inventory" in links(first, "next")[0] and entries(back) == entries(first)


def test_a_search_says_that_there_is_more_to_search_until_all_of_the_log_was_searched(
    acme: Customer, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_range, "SEARCHED_ROWS", 10)
    write(reason="the needle")
    write_rows(14)
    client = browse("platform")

    first = client.get("/audit/?q=needle").text
    second = client.get("/audit/" + links(first, "next")[0]).text

    assert entries(first) == [] and "There is more to search" in first and "No entry matches" not in first
    assert "Search older entries" in first
    assert len(entries(second)) == 1 or "There is more to search" in second
    nothing = client.get("/audit/?q=haystack").text
    while links(nothing, "next"):
        nothing = client.get("/audit/" + links(nothing, "next")[0]).text
    assert "No entry matches; the whole log has been searched." in nothing


def test_a_row_opens_to_what_it_changed_field_by_field(acme: Customer, browse: Browse) -> None:
    settings = {"limit": 5, "name": "<b>old</b>", "same": 1, "kind": 1, "absent": None}
    before = {"revision": 1, "settings": settings, "secretsSet": []}
    after = {
        "revision": 2,
        "settings": {"limit": 6, "name": "new", "same": 1, "kind": "1", "absent": "null", "list": [1, 2]},
        "secretsSet": ["/key"],
        "secretsChanged": ["/key"],
    }
    write(customer=acme, action="update_customer_plugin_settings", before=before, after=after, reason="a <reason>")
    client = browse("oscar")

    page = client.get("/c/acme/manage/audit/").text

    (row,) = [each for each in entries(page) if "update_customer" in each]
    assert "settings → limit 5 6" in row and "settings → list not set [1, 2]" in row
    assert "settings → name <b>old</b> new" in row and "same" not in row
    # What only its type tells apart is written as JSON.
    assert 'settings → kind 1 "1"' in row and 'settings → absent null "null"' in row
    assert "key changed; a secret is never shown" in row
    assert "<b>old" not in page and "a <reason>" not in page
    address = re.search(r'href="(/c/acme/manage/audit/[^"?]+/)"><code>update_customer', page)[1]
    own = text_of(client.get(address).text)
    assert "settings → limit 5 6" in own and "a <reason>" in own and "Number in its chain" in own


def test_many_changes_and_long_values_are_cut_in_the_list_and_whole_on_the_rows_own_page(
    acme: Customer, browse: Browse
) -> None:
    long = "x" * 5_000
    after = {"settings": {f"field {number}": number for number in range(40)} | {"field 0": long}}
    write(customer=acme, after=after)
    client = browse("ann")

    page = client.get("/c/acme/manage/audit/").text
    address = re.search(r'href="([^"]+)">Show all of it', page)[1]
    own = client.get(address).text

    assert "field 19" in page and "field 20" not in page and long not in page
    assert "field 39" in own and long in own


def test_a_row_of_another_customer_looks_as_one_that_does_not_exist(acme: Customer, browse: Browse) -> None:
    write(customer=Customer.objects.get(slug="globex"), reason="of globex")
    write(reason="of the platform")
    page = browse("platform").get("/audit/").text
    rows = re.findall(r'href="/audit/([^"?/]+)/"><code>', page)

    found = {browse("ann").get(f"/c/acme/manage/audit/{row}/").status_code for row in [*rows[:2], "missing"]}
    also = {browse("ann").get(f"/audit/{row}/").status_code for row in rows[:2]}

    assert found == also == {404}
    assert browse("platform").get(f"/audit/{rows[0]}/").status_code == 200


def test_an_id_of_something_else_is_no_row(acme: Customer, browse: Browse) -> None:
    for row in (global_id("Customer", "acme"), "%00", "x" * 2_000):
        assert browse("platform").get(f"/audit/{row}/").status_code in (400, 404)


def test_only_admins_see_the_address_and_only_the_platform_the_machines_clock(acme: Customer, browse: Browse) -> None:
    write_rows(1, customers=[acme])
    seen = {}
    for viewer, start in (
        ("platform", "/audit/"),
        ("ann", "/c/acme/manage/audit/"),
        ("oscar", "/c/acme/manage/audit/"),
    ):
        client = browse(viewer)
        address = re.search(rf'href="({start}[^"?]+/)"><code>update', client.get(start).text)[1]
        seen[viewer] = "192.0.2.1" in client.get(address).text

    assert seen == {"platform": True, "ann": True, "oscar": False}


def test_the_page_asks_for_what_is_new_and_gets_only_that_in_order(acme: Customer, browse: Browse) -> None:
    write(reason="old", customer=acme)
    client = browse("ann")
    page = client.get("/c/acme/manage/audit/?live=1").text
    newest = html.unescape(re.search(r'name="newest" value="([^"]*)"', page)[1])
    assert 'sse-connect="/graphql/acme/?query=subscription' in page and "Pause" in page

    for number in range(3):
        write(reason=f"new {number}", customer=acme)
    write(reason="of others")
    answer = client.get("/c/acme/manage/audit/", {"newest": newest}, headers=HTMX)

    assert [each.split("· ")[-1] for each in entries(answer.text)] == ["new 2", "new 1", "new 0"]
    assert "3 new entries" in answer.text and "<h1" not in answer.text
    again = html.unescape(re.search(r'name="newest" value="([^"]*)"', answer.text)[1])
    nothing = client.get("/c/acme/manage/audit/", {"newest": again}, headers=HTMX)
    assert entries(nothing.text) == [] and "new entr" not in nothing.text and f'value="{again}"' in nothing.text


def test_more_new_rows_than_a_page_has_are_fetched_one_page_after_the_other(acme: Customer, browse: Browse) -> None:
    write(customer=acme)
    client = browse("ann")
    newest = html.unescape(
        re.search(r'name="newest" value="([^"]*)"', client.get("/c/acme/manage/audit/?live=1").text)[1]
    )
    write_rows(70, customers=[acme])

    first = client.get("/c/acme/manage/audit/", {"newest": newest}, headers=HTMX)
    then = html.unescape(re.search(r'name="newest" value="([^"]*)"', first.text)[1])
    second = client.get("/c/acme/manage/audit/", {"newest": then}, headers=HTMX)

    assert (len(entries(first.text)), len(entries(second.text))) == (50, 20)
    assert first["HX-Trigger"] == "more" and "HX-Trigger" not in second
    assert "ticket 49" in entries(first.text)[0] and "ticket 69" in entries(second.text)[0]


def test_the_list_keeps_its_filters_while_it_follows(acme: Customer, browse: Browse) -> None:
    client = browse("platform")
    page = client.get("/audit/?plugin=shelf&live=1").text
    assert "%22plugin%22%3A+%5B%22shelf%22%5D" in page and 'hx-get="/audit/?plugin=shelf"' in page
    newest = html.unescape(re.search(r'name="newest" value="([^"]*)"', page)[1])

    write(plugin_name="other")
    write(plugin_name="shelf", reason="mine")
    answer = client.get("/audit/", {"newest": newest, "plugin": "shelf"}, headers=HTMX)

    assert len(entries(answer.text)) == 1 and "mine" in answer.text


def test_no_stream_is_offered_where_only_trusted_documents_run(acme: Customer, browse: Browse, settings: Any) -> None:
    settings.WEBNET_TRUSTED_DOCUMENTS_ONLY = True

    page = browse("platform").get("/audit/?live=1").text

    assert "sse-connect" not in page and "Follow live" not in page


def test_the_page_says_up_to_when_the_rows_were_verified_and_what_was_found(acme: Customer, browse: Browse) -> None:
    write(customer=acme)
    before = text_of(browse("ann").get("/c/acme/manage/audit/").text)
    retention.make_checkpoint()
    own = text_of(browse("ann").get("/c/acme/manage/audit/").text)
    platform = text_of(browse("platform").get("/audit/").text)

    assert "Not verified yet" in before
    assert "Verified up to" in own and "Verified up to" in platform and "What this means" in own
    assert "Checkpoint 1 signs everything up to position" in platform and "up to position" not in own
    write(action="verify_audit_log", outcome=AuditOutcome.FAILED, after={"fault": "Position 2: edited."})
    assert "Fault found" in browse("platform").get("/audit/").text
    assert "Position 2: edited." in browse("platform").get("/audit/").text
    assert "Position 2" not in browse("ann").get("/c/acme/manage/audit/").text


def test_an_empty_list_says_so_calmly(acme: Customer, browse: Browse) -> None:
    page = text_of(browse("platform").get("/audit/?customer=nowhere").text)

    assert "No entry matches; the whole log has been searched. Use fewer filters to see more." in page


@pytest.mark.parametrize("query", ["", "?q=ticket", "?plugin=p&outcome=SUCCEEDED", "?live=1"])
def test_pages_take_few_statements_with_ten_thousand_rows(acme: Customer, browse: Browse, query: str) -> None:
    last = PluginAuditLog.objects.order_by("-position").values_list("position", flat=True).first() or 0
    write_many(10_000, start=last + 1, columns=lambda number: {"customer_id": acme.pk, "plugin_name": "p"})

    for viewer, address in (("platform", "/audit/"), ("ann", "/c/acme/manage/audit/")):
        client = browse(viewer)
        client.get(address + query)
        with CaptureQueriesContext(connection) as captured:
            response = client.get(address + query)
        assert response.status_code == 200 and len(captured) <= MOST, (viewer, len(captured))


def test_a_row_of_the_manager_reads_well(acme: Customer, browse: Browse) -> None:
    manager.disable("pages", actor=Actor.system("tests"), customer="acme", reason="Not needed")

    page = browse("ann").get("/c/acme/manage/audit/").text

    first = entries(page)[0]
    assert first.startswith("Succeeded disable_customer_plugin pages")
    assert "Not needed" in first
