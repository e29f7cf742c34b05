"""The quick reference's table of requests that need the CSRF token, each sent as it says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from tests.docs.documents import ROOT, Document
from tests.factories import PASSWORD, make_operator, make_token

pytestmark = pytest.mark.django_db

APP, TRUSTED, OWN, OTHER = (
    "https://app.example.com",
    "https://trusted.example",
    "http://testserver",
    "https://evil.example",
)
QUERIES = {
    "a query": "{ __typename }",
    "a mutation": 'mutation { createCustomer(input: {slug: "made", name: "Made"}) { __typename } }',
    "signIn": f'mutation {{ signIn(input: {{username: "ops", password: "{PASSWORD}"}}) {{ __typename }} }}',
    "a subscription": "subscription { pluginEvents { cursor } }",
}
ROWS = {
    row[0]: row[1]
    for row in Document.read(ROOT / "docs" / "plugin-quick-reference.md").table("request")
    if row[0].startswith("POST")
}
# How each is sent: its headers, one set for each of its kinds.
SENT: dict[str, list[dict[str, str]]] = {
    "POST with a bearer token, also if a session's cookie comes with it": [{}, {"Origin": OTHER}],
    "POST with a session, from webnet's own host": [{"Origin": OWN}],
    "POST with a session, without `Origin`": [{}],
    "POST with a session, JSON from a page on one of `WEBNET_CORS_ORIGINS`": [{"Origin": APP}],
    "POST with a session, from a page on one of `WEBNET_CSRF_TRUSTED_ORIGINS`": [{"Origin": TRUSTED}],
    "POST with a session, from any other page": [{"Origin": OTHER}, {"Origin": "null"}],
    "POST without a session, without `Origin`, such as a program's": [{}],
    "POST without a session, from webnet's own host": [{"Origin": OWN}],
    "POST without a session, from a page on one of the origins of the two settings": [
        {"Origin": APP},
        {"Origin": TRUSTED},
    ],
    "POST without a session, from any other page": [{"Origin": OTHER}, {"Origin": "null"}],
}


@pytest.fixture
def client(settings: Settings) -> Client:
    """A browser whose user is an operator, with the session's cookie and that of the token."""
    settings.CORS_ALLOWED_ORIGINS, settings.CSRF_TRUSTED_ORIGINS = [APP], [TRUSTED]
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_operator("ops", password=PASSWORD))
    browser.get("/graphql/", headers={"Accept": "text/html"})
    return browser


def send(client: Client, query: str, headers: dict[str, str], **more: Any) -> HttpResponse:
    return client.post(
        "/graphql/", json.dumps({"query": query}), content_type="application/json", headers=headers, **more
    )


def is_refused(response: HttpResponse) -> bool:
    """Whether it is for want of a proof: what comes after that, such as the wrong media type, is no matter here."""
    return response.status_code == 403 and b'"CSRF_FAILED"' in response.content


def test_every_row_is_sent() -> None:
    assert list(ROWS) == list(SENT)
    assert {re.split("[,;]", said)[0] for said in ROWS.values()} == {"needed", "not needed", "refused"}


@pytest.mark.parametrize("kind", QUERIES)
@pytest.mark.parametrize("row", SENT)
def test_each_request_needs_the_token_or_not_as_the_table_says(client: Client, row: str, kind: str) -> None:
    said, token = re.split("[,;]", ROWS[row])[0], {"X-CSRFToken": client.cookies["csrftoken"].value}
    session = client.cookies["sessionid"].value
    bearer = {"Authorization": f"Bearer {make_token(make_operator('machine'))}"} if "bearer" in row else {}
    for headers in SENT[row]:
        refused = {}
        for name, proof in (("without", {}), ("with", token)):
            client.cookies["sessionid"] = session  # signIn may have replaced it.
            client.cookies["csrftoken"] = token["X-CSRFToken"]
            if "without a session" in row:
                del client.cookies["sessionid"]
            refused[name] = is_refused(send(client, QUERIES[kind], headers | bearer | proof))

        assert refused == {"without": said != "not needed", "with": said == "refused"}, headers


def test_a_get_needs_no_token_and_reads_only(client: Client) -> None:
    for origin in (OWN, APP, TRUSTED, OTHER):
        read = client.get("/graphql/", {"query": QUERIES["a query"]}, headers={"Origin": origin})
        change = client.get("/graphql/", {"query": QUERIES["a mutation"]}, headers={"Origin": origin})

        assert (read.status_code, change.status_code) == (200, 405), origin


def test_the_token_needs_a_referer_over_https_without_an_origin(client: Client) -> None:
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    (said,) = (ROWS[row] for row in ROWS if row == "POST with a session, without `Origin`")

    assert "over https, `Referer` has to be webnet's own host" in said
    assert is_refused(send(client, QUERIES["a query"], token, secure=True))
    assert is_refused(send(client, QUERIES["a query"], token | {"Referer": f"{OTHER}/page"}, secure=True))
    assert not is_refused(send(client, QUERIES["a query"], token | {"Referer": "https://testserver/page"}, secure=True))


def test_a_session_that_has_expired_counts_as_one(client: Client) -> None:
    client.cookies["sessionid"] = "expired"

    assert is_refused(send(client, QUERIES["signIn"], {}))
