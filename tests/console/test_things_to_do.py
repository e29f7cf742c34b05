"""The start page and that of a customer: what has to be done, and the button that mends it."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone

from tests.console.conftest import SYSTEM
from tests.console.test_statements import MOST
from tests.databases import one_database_is_enough
from tests.factories import make_customer, make_membership
from webnet.audit.models import PluginAuditLog
from webnet.audit.operation import renew_platform
from webnet.console.start.remedies import BUTTONS, REMEDIES, find_links
from webnet.customers.models import Customer, Role, User
from webnet.plugins.health.problems import ProblemKind
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, HealthStatus, PluginConfig, PluginHealth, PluginStatus, Worker

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

OF_ACME = "/c/acme/manage/problems/"


def pause(slug: str | None = None) -> None:
    manager.pause("pages", actor=SYSTEM, customer=slug, reason="It failed 5 times.", error="ValueError")


def make_unhealthy() -> None:
    PluginHealth.objects.create(
        plugin=PluginConfig.objects.get(),
        status=HealthStatus.UNHEALTHY,
        message="The disk is full.",
        checked_at=timezone.now(),
        duration_ms=1,
        is_latest=True,
    )


def cards(page: str) -> list[str]:
    """Each problem of a page as one text, with its buttons and links."""
    listed = re.search(r'(?s)<ul class="rows problems">(.*?)</ul>', page)
    found = re.findall(r"(?s)<li class=\"card\">(.*?)</li>", listed[1]) if listed else []
    return [" ".join(html.unescape(re.sub(r"<[^>]*>", " ", each)).split()) for each in found]


def form_of(page: str) -> dict[str, str]:
    """What the first problem's form sends, whichever button is pressed."""
    form = re.search(r'(?s)<form method="post" aria-labelledby="problem-1">.*?</form>', page)
    assert form is not None
    return dict(re.findall(r'<input type="hidden" name="(key|plugin|customer)" value="([^"]*)">', form[0]))


def test_there_is_nothing_to_do(browse):
    for viewer in ("platform", "ann", "vera"):
        assert "Nothing to do." in browse(viewer).get("/").text
    assert "Nothing to do." in browse("oscar").get(OF_ACME).text


def test_a_problem_says_what_and_since_when_and_what_to_do(browse):
    pause()

    [card] = cards(browse("platform").get("/").text)

    assert card.startswith("Error A Book of Pages 'pages' is paused until ")
    assert "It failed 5 times." in card
    assert "It is tried again by itself. Have the plugin mended, and resume it. Since " in card
    assert card.endswith("Add a reason Reason (optional, for the audit log) Resume it Look at the plugin I know of it")


def test_why_a_plugin_is_paused_is_said_in_the_readers_language(browse):
    manager.pause("pages", actor=SYSTEM, error="ValueError {0}")

    pages = [browse("platform").get(path, headers={"Accept-Language": "de"}).text for path in ("/", "/plugins/pages/")]

    until = f"{PluginConfig.objects.get().paused_until:%Y-%m-%d %H:%M} UTC"
    for page in pages:
        text = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())
        assert f"'pages' ist bis {until} pausiert: Der letzte Fehler: ValueError {{0}}." in text
        assert "The last error" not in text


def test_a_paused_plugin_is_resumed_by_its_button(browse):
    pause()
    platform = browse("platform")

    answer = platform.post("/", {"do": "resume", **form_of(platform.get("/").text)})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    page = platform.get("/").text
    assert "It runs again." in page and "Nothing to do." in page
    assert "mutation ResumePlugin" in page  # shown as GraphQL
    assert not PluginConfig.objects.get().is_paused


@pytest.mark.parametrize("address", ["/", OF_ACME])
def test_an_operator_of_a_customer_resumes_its_plugin(browse, address):
    pause("acme")
    oscar = browse("oscar")

    oscar.post(address, {"do": "resume", **form_of(oscar.get(address).text)})

    assert "It runs again." in oscar.get(address).text
    assert not CustomerPluginConfig.objects.get(customer__slug="acme").is_paused


@pytest.mark.parametrize("do", ["resume", "acknowledge"])
def test_the_log_has_the_reason_of_who_mends_it(browse, do):
    pause("acme")
    oscar = browse("oscar")

    oscar.post(OF_ACME, {"do": do, **form_of(oscar.get(OF_ACME).text), "reason": " The disk is new. "})

    row = PluginAuditLog.objects.latest("pk")
    assert (row.actor_name, row.reason) == ("oscar", "The disk is new.")


def test_what_takes_no_reason_does_not_ask_for_one(browse):
    PluginConfig.objects.update(status=PluginStatus.NEEDS_MIGRATION)
    renew_platform()
    platform = browse("platform")
    page = platform.get("/").text
    assert "Add a reason" in page

    platform.post("/", {"do": "acknowledge", **form_of(page)})

    page = platform.get("/").text
    assert "platform knows of it" in page and "Add a reason" not in page


def test_health_is_checked_again_by_its_button(browse):
    make_unhealthy()
    platform = browse("platform")
    page = platform.get("/").text
    assert "The disk is full." in page and "Check its health now" in page

    platform.post("/", {"do": "check", **form_of(page), "reason": "A new disk."})

    assert PluginAuditLog.objects.get(action="check_plugin_health").reason == "A new disk."
    page = platform.get("/").text
    assert "Health of pages: healthy." in page and "Nothing to do." in page


def test_a_problem_that_somebody_knows_of_says_who(browse):
    pause("acme")
    oscar = browse("oscar")

    oscar.post(OF_ACME, {"do": "acknowledge", **form_of(oscar.get(OF_ACME).text)})

    [card] = cards(browse("ann").get(OF_ACME).text)
    assert "oscar knows of it" in card and "I know of it" not in card


def test_a_migration_that_is_missing_has_a_command_to_copy(browse):
    PluginConfig.objects.update(status=PluginStatus.NEEDS_MIGRATION)
    renew_platform()

    page = browse("platform").get("/").text

    assert '<code id="command-1">manage.py sync_plugins --migrate</code>' in page
    assert 'hidden data-copy="command-1"' in page


def test_what_is_solved_meanwhile_is_refused_with_the_reason(browse):
    answer = browse("oscar").post(OF_ACME, {"do": "acknowledge", "key": "paused:pages:acme", "customer": "acme"})

    assert answer.status_code == 422
    assert 'data-code="PROBLEM_NOT_FOUND"' in answer.text and "Nothing to do." in answer.text


def test_a_refusal_is_beside_its_problem(browse):
    pause()
    platform = browse("platform")

    sent = {"do": "resume", "key": "paused:pages", "plugin": "nothing", "customer": "", "reason": "It is mended."}
    answer = platform.post("/", sent)

    assert answer.status_code == 422
    assert "There is no plugin" in cards(answer.text)[0]
    # What was typed is kept, where it is seen.
    assert '<details class="reason" open>' in answer.text and 'value="It is mended."' in answer.text


@pytest.mark.parametrize("wrong", ["", "destroy", "\0", "x" * 10_000])
def test_a_button_that_does_not_exist_changes_nothing(browse, wrong):
    pause()

    answer = browse("platform").post("/", {"do": wrong, "key": wrong, "plugin": wrong, "customer": wrong})

    assert answer.status_code == 400
    assert PluginConfig.objects.get().is_paused


@pytest.mark.parametrize("wrong", ["\0", "x" * 10_000, "globex", "nowhere"])
@pytest.mark.parametrize("do", ["resume", "check", "acknowledge"])
def test_a_customer_that_is_not_ones_own_is_refused_like_a_missing_one(browse, do, wrong):
    sent = {"do": do, "key": wrong, "plugin": "pages", "customer": wrong}

    answer = browse("oscar").post("/", sent)

    assert answer.status_code == 422
    assert "data-code=" in answer.text and "Globex" not in answer.text


def test_who_may_not_do_anything_about_problems_sees_none(browse):
    pause("acme")
    vera = browse("vera")

    assert cards(vera.get("/").text) == []
    refused = vera.get(OF_ACME)
    assert refused.status_code == 403 and "Operators and admins see what has to be done here." in refused.text
    assert vera.post(OF_ACME, {"do": "resume", "plugin": "pages", "customer": "acme"}).status_code == 403
    assert CustomerPluginConfig.objects.get(customer__slug="acme").is_paused


def test_people_of_customers_see_the_problems_of_all_that_they_operate_and_the_first_customers(browse):
    oscar = User.objects.get(username="oscar")
    make_membership(oscar, Customer.objects.get(slug="globex"), Role.OPERATOR)
    manager.enable("pages", actor=SYSTEM, customer="globex")
    pause("acme")
    pause("globex")
    for number in range(6):
        make_membership(oscar, make_customer(f"customer-{number}"), Role.VIEWER)

    page = browse("oscar").get("/").text

    assert sorted(card.split(" of Pages ")[1].split(" '")[0] for card in cards(page)) == ["Acme Corp", "Globex"]
    assert page.count('<a class="card"') == 6
    assert '<a href="/customers/">All customers</a>' in page
    assert len(cards(browse("oscar").get(OF_ACME).text)) == 1


def test_an_operators_start_page_has_no_list_of_customers(browse):
    assert "Your customers" not in browse("platform").get("/").text


def test_every_kind_of_problem_has_a_way_out():
    assert {kind.name for kind in ProblemKind} == set(REMEDIES)
    assert set(BUTTONS) < set(REMEDIES)


@pytest.mark.parametrize("kind", [kind.name for kind in ProblemKind])
def test_every_way_out_leads_to_a_page(kind):
    of_server = {"WORKERS_OUTDATED", "AUDIT_LOG_INVALID", "CHECKPOINT_OVERDUE", "QUEUE_FULL", "BUDGET_EXHAUSTED"}
    plugin = None if kind in of_server else {"name": "pages", "enabled": True}

    links = find_links({"kind": kind, "plugin": plugin, "customer": None})

    assert links and all(resolve(urlsplit(link.address).path).url_name != "customer-unknown" for link in links)


@pytest.mark.parametrize("kind", ["PLUGIN_PAUSED_FOR_CUSTOMERS", "SETTINGS_OF_CUSTOMERS_INVALID"])
def test_a_problem_of_many_customers_leads_to_those_who_have_it(kind):
    (link,) = find_links({"kind": kind, "plugin": {"name": "pages", "enabled": True}, "customer": None})

    assert link.address == "/plugins/pages/customers/?problem=yes"


def test_what_is_off_already_is_not_offered_to_be_switched_off(browse):
    PluginConfig.objects.update(status=PluginStatus.FAILED)
    renew_platform()
    assert "Switch it off" in cards(browse("platform").get("/").text)[0]

    manager.disable("pages", actor=SYSTEM)

    [card] = cards(browse("platform").get("/").text)
    assert "Look at the plugin" in card and "Switch it off" not in card


def test_a_kind_of_a_later_version_has_no_links(db):
    assert find_links({"kind": "SOMETHING_NEW", "plugin": None, "customer": None}) == []


def test_a_name_of_a_plugin_is_text_and_no_markup(browse):
    PluginConfig.objects.update(verbose_name="<script>alert(1)</script>")
    renew_platform()
    pause()

    assert "<script>alert" not in browse("platform").get("/").text


def test_the_statements_do_not_grow_with_the_problems(browse):
    def count(viewer: str, address: str) -> int:
        client = browse(viewer)
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    def add(numbers: range) -> None:
        for number in numbers:
            customer = make_customer(f"customer-{number:02}")
            make_membership(oscar, customer, Role.OPERATOR)
            CustomerPluginConfig.objects.create(
                customer=customer, plugin=plugin, paused_until=now, settings_fault="It is."
            )
            PluginConfig.objects.create(name=f"broken_{number}", version="1", status=PluginStatus.FAILED)
            worker = {"token": str(number), "process_id": number, "plugins": {"pages": "0.1"}}
            Worker.objects.create(host="h", started_at=now, seen_at=now, **worker)
        renew_platform()

    pages = [("platform", "/"), ("oscar", "/"), ("oscar", OF_ACME)]
    oscar, plugin, now = User.objects.get(username="oscar"), PluginConfig.objects.get(), timezone.now()
    pause("acme")
    add(range(2))
    few: dict[Any, int] = {page: count(*page) for page in pages}
    add(range(2, 30))

    many = {page: count(*page) for page in pages}

    assert len(cards(browse("oscar").get("/").text)) > 30
    # One more finds the plugins of somebody who has many customers.
    assert all(many[page] <= few[page] + 1 for page in pages), (few, many)
    assert max(many.values()) <= MOST
