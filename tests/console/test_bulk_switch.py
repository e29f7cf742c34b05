"""Switching a plugin for many customers on a page: a chunk with each request, an answer for each, nothing lost."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.console.conftest import SYSTEM
from tests.console.plugin_family import Garden, Soil
from tests.console.test_plugin_lists import main_of
from tests.databases import one_database_is_enough
from tests.factories import make_customer
from webnet.api.http.in_process import DocumentFailed
from webnet.audit.models import PluginAuditLog
from webnet.audit.operation import renew_platform
from webnet.console.frame import page_frame
from webnet.console.plugins import bulk_switch
from webnet.customers.models import Customer
from webnet.plugins.gate.effective import effective_customers
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig
from webnet.sentences import sentence

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

SOIL, GARDEN = "/plugins/soil/customers/", "/plugins/garden/customers/"


@pytest.fixture
def platform(install, browse, acme) -> Client:
    """Of a platform with `acme`, `globex` and ten more, to which `soil` and `garden`, which needs it, are offered."""
    install(Soil(), Garden(), enabled=True)
    for number in range(10):
        make_customer(f"many-{number}", name=f"Many {number}")
    return browse("platform")


@pytest.fixture
def small_chunks(monkeypatch) -> None:
    monkeypatch.setattr(bulk_switch, "CUSTOMERS_PER_CHUNK", 4)


def form_of(page: str) -> dict[str, Any]:
    """The fields of the form that goes on; empty if there is none any more."""
    found = re.search(r'<form method="post"[^>]*>(.*?)</form>', page.split('id="bulk"')[1], re.S)
    fields: dict[str, Any] = {}
    for name, value in re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)"', found.group(1) if found else ""
    ):
        fields.setdefault(name, []).append(html.unescape(value))
    fields.pop("csrfmiddlewaretoken", None)
    return fields


def begin(client: Client, address: str, **values: Any) -> str:
    """The page that asks for confirmation."""
    response = client.post(address, {"action": "ENABLE", **values})
    assert response.status_code == 200, response.text
    return response.text


def run(client: Client, address: str, page: str) -> list[str]:
    """Each page from the first chunk to the end."""
    pages = []
    while fields := form_of(page):
        response = client.post(address, fields)
        assert response.status_code == 200, response.text
        page = response.text
        pages.append(page)
        assert len(pages) < 200
    return pages


def status_of(page: str) -> str:
    return re.search(r'aria-live="polite">(\s*Done\.)?\s*(\d[^<]*)</p>', page).group(2)


def give_problems(plugin: str, *, paused: str, unfit: str) -> None:
    """Pause it for one customer, and have the settings of another one no longer fit."""
    row = PluginConfig.objects.get(name=plugin)
    for slug, values in ((paused, {"paused_until": timezone.now()}), (unfit, {"settings_fault": sentence("are old.")})):
        CustomerPluginConfig.objects.create(plugin=row, customer=Customer.objects.get(slug=slug), **values)


def on(plugin: str = "soil") -> list[str]:
    return sorted(effective_customers(plugin).values_list("slug", flat=True))


class TestTheTable:
    def test_a_row_for_each_customer_with_its_state_reason_and_last_change(self, platform):
        manager.enable("soil", actor=SYSTEM, customer="acme", reason="Asked for")

        page = main_of(platform, SOIL)

        rows = {row.split("</code>")[0].split("<code>")[1]: row for row in page.split("<tr>")[2:]}
        assert len(rows) == 12 and "12 customers match." in page
        assert "Asked for" in rows["acme"] and "On</span>" in rows["acme"]
        assert "&#x27;globex&#x27; has not switched &#x27;soil&#x27; on." in rows["globex"]

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("q=MANY", 10),
            ("effective=yes", 1),
            ("effective=no", 11),
            ("problem=yes", 2),
            ("problem=yes&q=4", 1),
            ("active=no", 1),
            ("active=yes&q=glob", 1),
            ("q=z", 0),
        ],
    )
    def test_customers_are_searched_and_filtered_on_the_server(self, platform, query, count):
        manager.enable("soil", actor=SYSTEM, customer="acme")
        Customer.objects.filter(slug="many-3").update(is_active=False)
        give_problems("soil", paused="many-4", unfit="many-5")
        give_problems("garden", paused="many-6", unfit="many-7")

        page = main_of(platform, f"{SOIL}?{query}")

        assert page.count('name="customers"') == count
        assert ("No customer matches" in page) == (not count)

    def test_what_is_asked_for_again_keeps_the_page_and_its_filters(self, platform):
        """Those of the links to the other pages of the list are in the address."""
        form = re.search(r'<form method="post" action="([^"]*)"', main_of(platform, f"{SOIL}?q=many&active=yes"))
        assert form is not None and html.unescape(form.group(1)) == f"{SOIL}?q=many&active=yes"

    def test_what_is_no_choice_is_refused_with_words(self, platform):
        for wrong in ({"active": "perhaps"}, {"effective": "perhaps"}, {"problem": "no"}):
            assert platform.get(SOIL, wrong).status_code == 400
            sent = {"action": "ENABLE", "scope": "all", "step": "run", **wrong}
            assert platform.post(SOIL, sent).status_code == 400 and on() == []
        assert "Choose some of the customers" in platform.post(SOIL, {"action": "ENABLE"}).text
        assert platform.post(SOIL, {"action": "NONSENSE", "scope": "all"}).status_code == 422
        assert platform.get("/plugins/nothing/customers/").status_code == 404
        assert platform.post("/plugins/nothing/customers/", {"action": "ENABLE", "scope": "all"}).status_code == 404

    def test_others_find_no_such_page(self, platform, browse):
        ann = browse("ann")

        assert ann.get(SOIL).status_code == 404
        assert ann.post(SOIL, {"action": "ENABLE", "scope": "all", "step": "run"}).status_code == 404
        assert on() == []


class TestTheRun:
    def test_nothing_is_done_before_it_is_confirmed(self, platform):
        page = begin(platform, SOIL, scope="all", q="many")

        assert "Switch on: 10 customers" in page and "Search: “many”." in page and ">Start</button>" in page
        assert on() == []

    def test_who_thinks_better_of_it_is_back_at_the_same_list(self, platform):
        page = begin(platform, SOIL, scope="all", q="many & more", problem="yes", active="no")

        address = f"{SOIL}?q=many+%26+more&amp;problem=yes&amp;active=no"
        assert [page.count(f'<a href="{address}">{word}</a>') for word in ("Back to the customers", "Cancel")] == [1, 1]
        assert "Only where it is paused, or settings no longer fit." in page

    def test_all_that_match_are_switched_chunk_after_chunk(self, platform, small_chunks):
        pages = run(platform, SOIL, begin(platform, SOIL, scope="all", q="many", reason="Launch"))

        assert [status_of(page) for page in pages] == [
            "4 of 10: 4 changed, 0 were so already, 0 refused.",
            "8 of 10: 8 changed, 0 were so already, 0 refused.",
            "10 of 10: 10 changed, 0 were so already, 0 refused.",
        ]
        assert on() == [f"many-{number}" for number in range(10)]
        assert set(PluginAuditLog.objects.filter(plugin_name="soil").values_list("reason", flat=True)) >= {"Launch"}

    def test_what_no_longer_matches_since_it_was_switched_leaves_none_out(self, platform, small_chunks):
        manager.enable("soil", actor=SYSTEM, customer="many-5")

        pages = run(platform, SOIL, begin(platform, SOIL, scope="all", effective="no"))

        assert status_of(pages[-1]) == "11 of 11: 11 changed, 0 were so already, 0 refused."
        assert len(on()) == 12

    def test_the_heading_stays_when_those_chosen_are_switched(self, platform):
        PluginConfig.objects.filter(name="soil").update(verbose_name="Rich Soil")
        renew_platform()
        asked = begin(platform, SOIL, customers="acme")

        for page in (asked, *run(platform, SOIL, asked)):
            assert "Switch <bdi>Rich Soil</bdi> for many" in page

    def test_those_chosen_are_switched_and_no_others(self, platform, small_chunks):
        chosen = ["many-7", "acme", "many-1", "many-2", "globex"]

        pages = run(platform, SOIL, begin(platform, SOIL, customers=chosen, q="m"))

        assert [status_of(page).split(":")[0] for page in pages] == ["4 of 5", "5 of 5"]
        assert on() == sorted(chosen)

    def test_each_refusal_is_named_with_its_reason_through_all_chunks(self, platform, small_chunks):
        for slug in ("many-0", "many-8"):
            manager.set_availability("soil", actor=SYSTEM, customer=slug, availability=Availability.WITHHELD)

        pages = run(platform, SOIL, begin(platform, SOIL, scope="all", q="many"))

        assert status_of(pages[-1]) == "10 of 10: 8 changed, 0 were so already, 2 refused."
        refused = re.findall(r"<li><a[^>]*><bdi>([\w-]+)</bdi></a>: <bdi>(.*?)</bdi>", pages[-1])
        assert [slug for slug, _ in refused] == ["many-0", "many-8"]
        assert all("is withheld from" in sentence for _, sentence in refused)

    def test_what_it_needs_comes_along_only_when_wished(self, platform):
        refused = run(platform, GARDEN, begin(platform, GARDEN, customers=["acme", "globex"]))
        done = run(platform, GARDEN, begin(platform, GARDEN, customers=["acme"], cascade="1"))

        assert status_of(refused[-1]).endswith("0 changed, 0 were so already, 2 refused.")
        assert "needs &#x27;soil&#x27;" in refused[-1]
        assert status_of(done[-1]).startswith("1 of 1: 1 changed")
        assert on("garden") == on("soil") == ["acme"]

    @pytest.mark.parametrize("action", ["DISABLE", "RESET"])
    def test_off_and_forgotten(self, platform, action):
        manager.set_availability("soil", actor=SYSTEM, availability=Availability.DEFAULT_ON)
        manager.disable("soil", actor=SYSTEM, customer="acme")

        run(platform, SOIL, begin(platform, SOIL, scope="all", action=action))

        assert len(on()) == (0 if action == "DISABLE" else 12)

    def test_a_chunk_sent_again_changes_nothing_more(self, platform, small_chunks):
        """As by loading the page again, or after a process was killed before it answered."""
        start = form_of(begin(platform, SOIL, scope="all", q="many"))
        first = platform.post(SOIL, start).text
        rows = PluginAuditLog.objects.count()

        again = platform.post(SOIL, start).text

        assert status_of(again) == "4 of 10: 0 changed, 4 were so already, 0 refused."
        assert PluginAuditLog.objects.count() == rows
        assert form_of(again)["after"] and form_of(first)["after"]
        assert status_of(run(platform, SOIL, again)[-1]) == "10 of 10: 6 changed, 4 were so already, 0 refused."

    def test_too_much_in_a_minute_waits_and_goes_on_where_it_was(self, platform, small_chunks, monkeypatch):
        page = platform.post(SOIL, form_of(begin(platform, SOIL, scope="all", q="many"))).text
        real, limited = page_frame.execute_document, {"extensions": {"code": "RATE_LIMITED", "retryAfterSeconds": 7}}

        def limit(document: str, *args: Any) -> dict[str, Any]:
            if "mutation" in document:
                raise DocumentFailed("Too much.", **limited)
            return real(document, *args)

        monkeypatch.setattr(page_frame, "execute_document", limit)
        waiting = platform.post(SOIL, form_of(page))
        monkeypatch.undo()

        assert waiting.status_code == 200
        assert "It goes on in 7 seconds." in waiting.text and "load delay:7s" in waiting.text
        assert form_of(waiting.text) == form_of(page)

    def test_htmx_gets_the_part_that_changes(self, platform, small_chunks):
        page = begin(platform, SOIL, scope="all", q="many")
        assert 'hx-trigger="load' not in page  # nothing starts by itself

        part = platform.post(SOIL, form_of(page), headers={"HX-Request": "true"}).text

        assert "<h1" not in part and part.strip().startswith('<div id="bulk">')
        assert 'hx-trigger="load, submit"' in part

    @pytest.mark.parametrize(
        "damage",
        [
            {"after": "x"}, {"done": "-1"}, {"total": "9" * 40}, {"refusals": "[1, [2], {}]"}, {"refusals": "{"},
            {"customers": "\0", "scope": "chosen"}, {"refusals": '[["<script>", "</script>"]]'},
        ],
    )  # fmt: skip
    def test_a_damaged_form_gives_an_answer_with_words(self, platform, damage):
        values = {"action": "ENABLE", "step": "run", "scope": "all", "q": "many-1", **damage}

        response = platform.post(SOIL, values)

        assert response.status_code in (200, 400)
        assert "<script>" not in response.text.split("<main")[1]

    def test_a_plugin_that_cant_run_is_refused_as_a_whole(self, platform):
        manager.disable("soil", actor=SYSTEM, with_dependents=True)

        response = platform.post(SOIL, form_of(begin(platform, SOIL, scope="all", q="many")))

        assert "Done." not in response.text or "refused" in response.text
        assert "PLUGIN_DISABLED" in response.text or "is disabled for everybody" in response.text


@pytest.mark.slow
def test_ten_thousand_customers_are_switched_with_as_many_statements_for_each_chunk(platform):
    Customer.objects.bulk_create(Customer(slug=f"c-{number:05}", name=f"C {number}") for number in range(10_000))
    renew_platform()
    page = begin(platform, SOIL, scope="all", q="c-")
    assert "Switch on: 10,000 customers" in page or "Switch on: 10000 customers" in page
    first = platform.post(SOIL, form_of(page)).text

    with CaptureQueriesContext(connection) as early:
        second = platform.post(SOIL, form_of(first)).text
    pages = run(platform, SOIL, second)
    late = form_of(pages[-3])
    with CaptureQueriesContext(connection) as repeated:
        platform.post(SOIL, late)

    assert "10,000 changed" in status_of(pages[-1]).replace("10000", "10,000")
    assert CustomerPluginConfig.objects.filter(enabled=True, customer__slug__startswith="c-").count() == 10_000
    assert len(repeated) <= len(early) < 40
