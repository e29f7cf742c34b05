"""The customer switcher of every page: the first of one's customers, and a search for the others."""

from __future__ import annotations

import re

import pytest
from django.test.utils import override_script_prefix

from tests.console.conftest import SYSTEM
from tests.console.forms import find_form
from tests.databases import one_database_is_enough
from tests.factories import make_customer, make_membership
from webnet.audit.models import Generation
from webnet.customers.models import Customer, Role, User
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

HTMX = {"HX-Request": "true"}


def switcher_of(page: str) -> str:
    return re.search(r'<details class="switcher">.*?</details>', page, re.S).group()


def slugs(part: str) -> list[str]:
    return re.findall(r'href="/c/([\w-]+)/"', part)


def search(client, query: str, *, page: str = "/") -> str:
    headers = {**HTMX, "HX-Current-URL": f"http://testserver{page}"}
    return client.get("/switcher/", {"q": query}, headers=headers).text


def lead_to(part: str, slug: str) -> str:
    """Where the customer's link leads, below its address."""
    return re.search(rf'href="/c/{slug}/([^"]*)"', part)[1]


def test_with_few_customers_there_is_nothing_to_search(browse):
    assert 'name="q"' not in switcher_of(browse("vera").get("/account/").text)


def test_with_many_the_first_are_listed_and_the_rest_is_found(browse):
    for number in range(60):
        make_customer(f"customer-{number:02}", name=f"Customer {number:02}")
    platform = browse("platform")

    for address in ("/", "/users/", "/c/acme/", "/account/tokens/"):
        part = switcher_of(platform.get(address).text)
        assert len(slugs(part)) == 20
        assert find_form(part, "q").action == "/customers/"
    assert slugs(search(platform, "OMER 59")) == ["customer-59"]


@pytest.mark.parametrize(("others", "listed", "has_more"), [(20, 20, False), (21, 20, True)])
def test_the_pages_own_customer_is_not_listed_and_counts_for_nothing(browse, acme, others, listed, has_more):
    Customer.objects.exclude(pk=acme.pk).update(slug="b-0")
    for number in range(1, others):
        make_customer(f"b-{number}")

    part = switcher_of(browse("platform").get("/c/acme/").text)

    assert Customer.objects.count() == others + 1
    assert "acme" not in slugs(part)
    assert (len(slugs(part)), 'name="q"' in part) == (listed, has_more)


def test_its_addresses_are_those_of_the_path_that_a_request_was_served_under(browse, acme):
    platform, parts = browse("platform"), []

    for path in ("/one/", "/two/"):
        with override_script_prefix(path):
            parts.append(switcher_of(platform.get("/users/").text))

    assert 'href="/one/c/acme/"' in parts[0] and 'href="/two/c/acme/"' in parts[1]


def test_without_javascript_the_search_leads_to_the_list(browse):
    make_customer("initech", name="Initech")

    page = browse("platform").get("/customers/", {"q": "nite"}).text

    assert 'href="/c/initech/"' in page


def test_opened_as_a_page_it_is_the_list(browse):
    platform = browse("platform")

    assert platform.get("/switcher/?q=a%26b")["Location"] == "/customers/?q=a%26b"
    assert platform.get("/switcher/")["Location"] == "/customers/"


def test_only_ones_own_are_found(browse):
    make_customer("acme-two")
    vera = browse("vera")

    assert slugs(search(vera, "acme")) == ["acme"]
    assert "No customer of yours matches “globex”." in search(vera, "globex")
    assert search(vera, "nowhere").replace("nowhere", "globex") == search(vera, "globex")


SAME_PAGES = [
    ("manage/", "manage/", "manage/"),
    ("manage/plugins/", "manage/plugins/", "manage/plugins/"),
    # What may not exist there, or not for this viewer.
    ("manage/plugins/pages/", "manage/plugins/", "manage/plugins/"),
    ("manage/plugins/pages/settings/history/", "manage/plugins/", "manage/plugins/"),
    ("manage/members/user/vera/", "", "manage/members/"),
    ("manage/members/invitations/", "", "manage/members/"),
    ("manage/permissions/", "", "manage/permissions/"),
    ("manage/problems/", "", "manage/problems/"),
    ("manage/tokens/", "", "manage/tokens/"),
    ("manage/audit/?search=x", "", "manage/audit/"),
    ("", "", ""),
    ("plugins/pages/framed/", "", ""),
]


@pytest.mark.parametrize(("page", "for_viewers", "for_admins"), SAME_PAGES)
def test_it_leads_to_the_same_page_where_the_viewers_role_allows_it(browse, page, for_viewers, for_admins):
    user = User.objects.get(username="ann")
    make_membership(user, make_customer("viewed"), Role.VIEWER)
    make_membership(user, make_customer("managed"), Role.ADMIN)
    ann = browse("ann")

    listed = switcher_of(ann.get(f"/c/acme/{page}").text)
    found = search(ann, "ed", page=f"/c/acme/{page}")

    for part in (listed, found):
        assert (lead_to(part, "viewed"), lead_to(part, "managed")) == (for_viewers, for_admins)
    for address in (f"/c/viewed/{for_viewers}", f"/c/managed/{for_admins}"):
        assert ann.get(address).status_code == 200


@pytest.mark.parametrize("tab", ["", "settings/", "switch/", "health/", "activity/"])
def test_operators_of_the_platform_stay_with_a_plugin_that_is_withheld_there(browse, tab):
    manager.set_availability("pages", actor=SYSTEM, availability=Availability.WITHHELD, customer="globex")
    platform = browse("platform")

    page = switcher_of(platform.get(f"/c/acme/manage/plugins/pages/{tab}").text)

    assert lead_to(page, "globex") == f"manage/plugins/pages/{tab}"
    assert platform.get(f"/c/globex/manage/plugins/pages/{tab}").status_code == 200


@pytest.mark.parametrize("page", ["", "/", "/users/", "/nowhere/", "/c/acme/nowhere/", "/c/nowhere/manage/x/"])
def test_from_any_other_page_it_leads_to_the_dashboard(browse, page):
    assert lead_to(search(browse("platform"), "globex", page=page), "globex") == ""


def test_it_says_that_there_are_more(browse):
    for number in range(30):
        make_customer(f"customer-{number:02}")

    found = search(browse("platform"), "customer")

    assert len(slugs(found)) == 20 and "There are more" in found


def test_what_is_typed_is_escaped(browse):
    assert "<script>" not in search(browse("vera"), "<script>alert(1)</script>")


@pytest.mark.parametrize("query", ["\0", "x" * 10_000, "%", "'"])
def test_odd_searches_are_answered(browse, query):
    assert browse("vera").get("/switcher/", {"q": query}, headers=HTMX).status_code == 200


@pytest.mark.slow
def test_it_works_with_ten_thousand_customers(browse, django_assert_max_num_queries):
    rows = Customer.objects.bulk_create(Customer(slug=f"c{number}", name=f"C {number}") for number in range(10_000))
    Generation.objects.bulk_create(Generation(customer=each) for each in rows)
    vera = User.objects.get(username="vera")
    for each in rows[:3_000:100]:
        make_membership(vera, each)
    platform = browse("platform")
    platform.get("/account/")

    with django_assert_max_num_queries(12):
        page = platform.get("/account/").text
    with django_assert_max_num_queries(12):
        found = search(platform, "c 9999")

    assert len(slugs(switcher_of(page))) == 20
    assert slugs(found) == ["c9999"]
    assert slugs(search(browse("vera"), "c9999")) == []
