"""The list of customers, a new one, and the page of one, on which platform operators rename and switch it."""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.console.conftest import SYSTEM
from tests.databases import one_database_is_enough
from tests.factories import make_customer, make_membership
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer, Membership, Role, User
from webnet.plugins.manager import manager
from webnet.plugins.models import Generation

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

MANAGE = "/c/acme/manage/"
SWITCH = f"{MANAGE}switch/"


def main_of(response) -> str:
    """The page without the frame around it, and without what it ran."""
    found = re.search(r'<main.*?(?=<details class="graphql"|</main>)', response.text, re.S)
    return html.unescape(found.group()) if found else ""


def rows_of(response) -> list[str]:
    """The slugs of the customers in the list."""
    return re.findall(r'<th scope="row"><a href="/c/([^/]*)/"', main_of(response))


def follow(response, relation: str) -> str:
    return html.unescape(re.search(rf'rel="{relation}" href="([^"]*)"', response.text)[1])


@pytest.fixture
def several(acme):
    """vera is a member of a second customer."""
    make_membership(User.objects.get(username="vera"), Customer.objects.get(slug="globex"), Role.VIEWER)


def test_the_list_can_be_narrowed_to_active_ones_and_to_those_with_a_plugin(browse):
    make_customer("closed", is_active=False)
    platform = browse("platform")

    assert rows_of(platform.get("/customers/?activity=inactive")) == ["closed"]
    assert rows_of(platform.get("/customers/?activity=active")) == ["acme", "globex"]
    assert rows_of(platform.get("/customers/?plugin=pages")) == ["acme"]
    assert rows_of(platform.get("/customers/?plugin=pages&q=globex")) == []
    assert "No customer of yours matches. Try fewer filters." in main_of(platform.get("/customers/?plugin=x"))


def test_filters_stay_in_the_form_and_in_the_links_to_other_pages(browse):
    for number in range(60):
        make_customer(f"customer-{number:02}", is_active=False)
    platform = browse("platform")

    first = platform.get("/customers/?q=customer&activity=inactive")
    second = platform.get(f"/customers/{follow(first, 'next')}")

    assert 'value="customer"' in first.text and '<option value="inactive" selected>' in first.text
    assert len(rows_of(first)) == 50 and len(rows_of(second)) == 10
    assert rows_of(platform.get(f"/customers/{follow(second, 'prev')}")) == rows_of(first)


def test_a_state_that_there_is_not_is_refused(browse):
    answer = browse("platform").get("/customers/?activity=sleeping")

    assert answer.status_code == 400
    assert "This did not work" in answer.text


def test_members_see_their_role_and_platform_operators_that_they_are_it(browse):
    assert "operator</td>" in main_of(browse("oscar").get("/customers/"))
    assert "Platform operator</td>" in main_of(browse("platform").get("/customers/"))
    assert "New customer" not in main_of(browse("ann").get("/customers/"))


@pytest.mark.slow
def test_the_list_takes_few_statements_with_ten_thousand_customers(browse):
    platform = browse("platform")
    platform.get("/customers/")
    made = Customer.objects.bulk_create(Customer(slug=f"c-{n:05}", name=f"Customer {n}") for n in range(10_000))
    Generation.objects.bulk_create(Generation(customer=each) for each in made)

    for query in ("", "?q=9999", "?plugin=pages", "?activity=active&q=customer"):
        with CaptureQueriesContext(connection) as captured:
            answer = platform.get(f"/customers/{query}")
        assert answer.status_code == 200 and len(captured) <= 12
    assert "10002 customers" in main_of(platform.get("/customers/"))
    assert rows_of(platform.get("/customers/?q=9999")) == ["c-09999"]


def test_somebody_with_several_customers_chooses_the_default(browse, several):
    vera = browse("vera")
    assert main_of(vera.get("/customers/")).count("Make default") == 2

    chosen = vera.post("/customers/default/", {"customer": "globex"}, follow=True)

    assert "Globex is your default now." in chosen.text
    assert main_of(chosen).count("Make default") == 1
    assert re.search(r'data-label="Default">\s*your default\s', main_of(chosen))
    assert Membership.objects.get(user__username="vera", is_default=True).customer.slug == "globex"
    assert "mutation SetDefaultCustomer" in chosen.text


def test_somebody_with_one_customer_has_nothing_to_choose(browse):
    assert "Make default" not in browse("vera").get("/customers/").text


@pytest.mark.parametrize("customer", ["globex", "nowhere", ""])
def test_a_foreign_default_is_refused_like_one_that_does_not_exist(browse, customer):
    answer = browse("vera").post("/customers/default/", {"customer": customer})

    assert answer.status_code == 422
    assert f"There is no customer '{customer}'" in main_of(answer)


def test_a_platform_operator_creates_a_customer(browse):
    made = browse("platform").post(
        "/customers/new/", {"slug": "initech", "name": "Initech", "reason": "signed"}, follow=True
    )

    assert made.redirect_chain == [("/c/initech/manage/", 302)]
    assert "Initech was created." in made.text and "mutation CreateCustomer" in made.text
    assert PluginAuditLog.objects.get(action="create_customer").reason == "signed"


def test_what_can_t_be_a_customer_is_said_at_the_field_and_what_was_typed_stays(browse):
    answer = browse("platform").post("/customers/new/", {"slug": "Acme!", "name": "", "reason": "why"})

    page = main_of(answer)
    assert answer.status_code == 422
    assert 'value="Acme!"' in page and 'value="why"' in page
    assert "A slug has up to 50 characters" in re.search(r'id="slug-error">([^<]*)', page)[1]
    assert re.search(r'id="name-error">[^<]+', page)
    assert re.search(r'<input id="name"[^>]* autofocus', page)
    assert not Customer.objects.filter(name="").exists()


def test_a_slug_that_is_taken_and_one_that_is_endless_are_refused(browse):
    platform = browse("platform")

    taken = platform.post("/customers/new/", {"slug": "acme", "name": "Again"})
    endless = platform.post("/customers/new/", {"slug": "x" * 10_000, "name": "y" * 10_000})

    assert taken.status_code == endless.status_code == 422
    assert "There is already a customer 'acme'." in main_of(taken)


@pytest.mark.parametrize("field", ["slug", "name", "reason"])
def test_characters_that_can_t_be_stored_are_refused(browse, field):
    answer = browse("platform").post("/customers/new/", {"slug": "new", "name": "x", "reason": "y", field: "a\0"})

    assert answer.status_code == 400
    assert f"'variables.input.{field}' has a character that can't be stored" in main_of(answer)
    assert not Customer.objects.filter(slug="new").exists()


def test_creating_is_not_there_for_others(browse):
    assert browse("ann").post("/customers/new/", {"slug": "mine", "name": "Mine"}).status_code == 404
    assert not Customer.objects.filter(slug="mine").exists()


def test_the_overview_says_what_the_viewer_may_know(browse):
    viewer, admin = main_of(browse("vera").get(MANAGE)), main_of(browse("ann").get(MANAGE))

    assert "<dd>viewer</dd>" in viewer and "nothing in particular" in viewer
    assert "/members/" not in viewer
    assert "<dd>admin</dd>" in admin and "pages.read" in admin
    assert '<a href="/c/acme/manage/members/">3</a>' in admin
    assert "Rename</button>" not in viewer + admin


def test_a_platform_operator_renames_it(browse):
    renamed = browse("platform").post(MANAGE, {"name": "Acme & Sons", "reason": "merged"}, follow=True)

    assert "Renamed to Acme & Sons." in main_of(renamed)
    assert Customer.objects.get(slug="acme").name == "Acme & Sons"
    assert PluginAuditLog.objects.get(action="update_customer").reason == "merged"


def test_a_name_that_is_none_is_said_at_the_field(browse):
    answer = browse("platform").post(MANAGE, {"name": " ", "reason": "why"})

    assert answer.status_code == 422
    assert re.search(r'id="name-error">[^<]+', main_of(answer)) and 'value="why"' in main_of(answer)


def test_others_can_t_rename_it(browse):
    answer = browse("ann").post(MANAGE, {"name": "Mine"})

    assert answer.status_code == 403
    assert "Only a platform operator can do this." in main_of(answer)
    assert Customer.objects.get(slug="acme").name == "Acme Corp"


def test_deactivating_says_first_what_stops_and_then_stops_it(browse):
    platform, vera = browse("platform"), browse("vera")

    asked = main_of(platform.get(SWITCH))
    done = platform.post(SWITCH, {"active": "false", "reason": "unpaid"}, follow=True)

    assert "1 plugin, with its fields, pages, widgets and permissions:" in asked and "A Book of Pages" in asked
    assert "3 members stay" in asked and "Nothing is deleted" in asked
    assert "Acme Corp was deactivated." in main_of(done)
    assert vera.get("/c/acme/plugins/pages/").status_code == 404
    assert "This customer is not active" in main_of(vera.get("/c/acme/"))
    assert PluginAuditLog.objects.get(action="update_customer").reason == "unpaid"


def test_reactivating_brings_all_of_it_back(browse):
    platform = browse("platform")
    platform.post(SWITCH, {"active": "false"})

    asked = main_of(platform.get(SWITCH))
    done = platform.post(SWITCH, {"active": "true"}, follow=True)

    assert "Reactivate Acme Corp?" in asked
    assert "Acme Corp is active again." in main_of(done)
    assert browse("vera").get("/c/acme/plugins/pages/").status_code == 200


def test_a_page_that_is_old_switches_nothing_back(browse):
    """The form says which state it wants: two who deactivate at once do not reactivate."""
    platform = browse("platform")

    for _ in range(2):
        platform.post(SWITCH, {"active": "false"})

    assert not Customer.objects.get(slug="acme").is_active


def test_switching_is_not_there_for_others(browse):
    assert browse("ann").post(SWITCH, {"active": "false"}).status_code == 404
    assert Customer.objects.get(slug="acme").is_active


def test_many_plugins_that_stop_are_counted(browse, install):
    manager.disable("pages", actor=SYSTEM, customer="acme")

    assert "No plugin: none is on." in main_of(browse("platform").get(SWITCH))
