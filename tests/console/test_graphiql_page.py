"""GraphiQL's page: whose view it shows, and how the operations of other pages come to it."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.console.test_statements import MOST
from tests.databases import one_database_is_enough
from tests.factories import make_customer, make_membership
from webnet.console.frame.documents import MASK, RunDocument, mask, read_document
from webnet.customers.models import Customer, Role, User

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

BROWSER = {"Accept": "text/html"}


def get(client: Client, address: str, **headers: str) -> str:
    return client.get(address, headers={**BROWSER, **headers}).text


def views(page: str) -> list[tuple[str, str]]:
    """(address, name) of each view that may be chosen."""
    found = re.search(r'(?s)<ul id="views".*?</ul>', page)
    return re.findall(r'<a href="([^"]*)"[^>]*><bdi>(.*?)</bdi>', found[0]) if found else []


@pytest.mark.parametrize("address", ["/graphql/", "/graphql/acme/", "/graphql/acme"])
def test_the_views_are_those_of_ones_own_customers(browse, address):
    assert views(get(browse("vera"), address)) == [("/graphql/acme/", "Acme Corp")]
    assert len(views(get(browse("platform"), address))) == 2


def test_the_view_is_marked_and_named(browse):
    page = get(browse("platform"), "/graphql/globex/")

    assert '<a href="/graphql/globex/" aria-current="page"><bdi>Globex</bdi></a>' in page
    assert "<title>GraphiQL · Globex · webnet</title>" in page
    assert '"graphqlUrl": "/graphql/globex/"' in page


def test_whoever_has_many_customers_searches_them(browse):
    for number in range(30):
        make_membership(User.objects.get(username="vera"), make_customer(f"customer-{number:02}"), Role.VIEWER)
    vera = browse("vera")

    page, found = get(vera, "/graphql/acme/"), get(vera, "/graphql/acme/?find=MER-17")

    assert len(views(page)) == 20 and 'name="find"' in page and '<details class="views">' in page
    assert views(found) == [("/graphql/customer-17/", "Customer-17")]
    assert '<details class="views" open>' in found


def test_a_search_of_the_script_gets_the_list_alone(browse):
    part = get(browse("platform"), "/graphql/?find=lobe", **{"HX-Request": "true"})

    assert part.startswith('<ul id="views"')
    assert views(part) == [("/graphql/globex/", "Globex")]


@pytest.mark.parametrize("words", ["%00", "x" * 10_000, "<script>alert(1)</script>", "globex"])
def test_a_search_takes_any_words_and_finds_nobody_elses_customers(browse, words):
    page = get(browse("vera"), f"/graphql/acme/?find={words}")

    assert views(page) == ([("/graphql/acme/", "Acme Corp")] if words == "%00" else [])
    assert "<script>alert" not in page


@pytest.mark.parametrize("address", ["/graphql/", "/graphql/acme/"])
def test_the_page_takes_few_statements_at_any_size(browse, address):
    counts = {}
    for size in (0, 60):
        for number in range(size):
            make_membership(User.objects.get(username="vera"), make_customer(f"customer-{number:02}"), Role.VIEWER)
        for viewer in ("vera", "platform"):
            client = browse(viewer)
            get(client, address)
            with CaptureQueriesContext(connection) as captured:
                get(client, address)
            counts[viewer, size] = len(captured)

    assert max(counts.values()) <= MOST, counts


def test_what_a_page_ran_opens_in_graphiql_at_the_view_that_it_was_sent_to(browse):
    page = browse("platform").get("/customers/?q=glo").text

    [link] = [urlsplit(html.unescape(each)) for each in re.findall(r'href="(/graphql/[^"]*#[^"]*)"', page)]

    assert link.path == "/graphql/"
    opened = {name: value for name, [value] in parse_qs(link.fragment).items()}
    assert opened["query"] == read_document("customers")
    assert '"search": "glo"' in opened["variables"]
    assert 'data-copy="document-1"' in page and 'data-copy="variables-1"' in page
    of_customer = browse("oscar").get("/c/acme/manage/problems/").text
    assert 'href="/graphql/acme/#query=query+Problems' in of_customer


def test_where_only_trusted_documents_run_no_page_leads_to_graphiql(browse, settings):
    settings.WEBNET_TRUSTED_DOCUMENTS_ONLY = True

    page = browse("platform").get("/customers/").text

    assert "Show as GraphQL" in page and "/graphql/#" not in page and "Open in GraphiQL" not in page


def test_a_secret_is_not_in_the_address():
    variables = mask({"input": {"newPassword": "s3cret"}}, ["input.newPassword"])

    fragment = RunDocument(name="problems", variables=variables, customer="").fragment

    assert MASK in parse_qs(fragment)["variables"][0] and "s3cret" not in fragment


def test_a_customer_that_is_not_active_has_its_page(browse):
    Customer.objects.filter(slug="acme").update(is_active=False)

    assert "(inactive)" in get(browse("vera"), "/graphql/acme/")
