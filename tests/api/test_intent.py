"""What shows that a session's user means a request: its CSRF token, or JSON from an origin of WEBNET_CORS_ORIGINS."""

import json
from contextlib import nullcontext

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from tests.api.client import GraphQLClient
from tests.factories import PASSWORD, make_operator, make_token
from webnet.api.errors import BadRequest
from webnet.api.http.requests import require_intent
from webnet.customers.models import Customer

pytestmark = pytest.mark.django_db

APP, LOCAL = "https://app.example.com", "http://localhost:5173"
READ = "{ viewer { user { username } } }"
CREATE = 'mutation { createCustomer(input: {slug: "made", name: "Made"}) { __typename } }'
SIGN_IN = f'mutation {{ signIn(input: {{username: "ops", password: "{PASSWORD}"}}) {{ __typename }} }}'
REFUSED = (403, "CSRF_FAILED")

# Origins that are neither of the two above, and what is no origin.
OTHERS = (
    "null",
    "",
    "*",
    f"{APP}/",
    f"{APP}/graphql/",
    f"{APP}:443",
    f"{APP}:8443",
    f"{APP}.",
    f"{APP}.evil.example",
    f"{APP}@evil.example",
    f"{APP}#",
    f"{APP}, {APP}",
    f"{APP},{APP}",
    f"{APP},https://evil.example",
    f"https://evil.example,{APP}",
    f"https://evil.example/{APP}",
    "https://user:word@app.example.com",
    "HTTPS://APP.EXAMPLE.COM",
    "https://App.example.com",
    "https://evil-app.example.com",
    "https://evil.app.example.com",
    "https://example.com",
    "https://pp.example.com",
    "http://app.example.com",
    "//app.example.com",
    "app.example.com",
    "http://localhost",
    "http://localhost:51730",
    "http://127.0.0.1:5173",
    "https://[",
)
# Media types and headers that prove nothing together.
PROOFLESS = (
    ("text/plain", {"Origin": APP}),
    ("text/plain;application/json", {"Origin": APP}),
    ("text/plain; charset=application/json", {"Origin": APP}),
    ("text/plain,application/json", {"Origin": APP}),
    ("application/json,text/plain", {"Origin": APP}),
    ("application/jsonp", {"Origin": APP}),
    ("application/graphql-response+json", {"Origin": APP}),
    ("application/x-www-form-urlencoded", {"Origin": APP}),
    ("multipart/form-data; boundary=x", {"Origin": APP}),
    ("", {"Origin": APP}),
    ("application/json", {}),
    ("application/json", {"Referer": f"{APP}/page"}),
    ("application/json", {"X-Forwarded-Host": "app.example.com", "Forwarded": "host=app.example.com"}),
    ("application/json", {"X-Origin": APP, "X-Requested-With": "XMLHttpRequest"}),
    ("application/json", {"X-CSRFToken": "x" * 64}),
)


@pytest.fixture(autouse=True)
def _origins(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [APP, LOCAL, "null"]


@pytest.fixture
def stranger() -> GraphQLClient:
    """Somebody signed out, checked as in production."""
    make_operator("ops", password=PASSWORD)
    return GraphQLClient(enforce_csrf_checks=True)


@pytest.fixture
def ops(stranger: GraphQLClient) -> GraphQLClient:
    """The same with a session, and without the CSRF cookie: a page of another host could not read it."""
    stranger.run(SIGN_IN)
    del stranger.http.cookies["csrftoken"]
    return stranger


def send(
    client: GraphQLClient, query: str, *, kind: str = "application/json", method: str = "POST", **headers: str
) -> HttpResponse:
    """A request of which everything can be chosen."""
    return client.http.generic(method, client.url, json.dumps({"query": query}), content_type=kind, headers=headers)


def outcome(response: HttpResponse) -> tuple[int, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"]


def test_json_from_an_allowed_origin_needs_no_token(ops: GraphQLClient) -> None:
    for origin in (APP, LOCAL):
        for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"):
            assert "data" in send(ops, READ, kind=kind, Origin=origin).json(), (origin, kind)
    assert send(ops, CREATE, Origin=APP).json() == {"data": {"createCustomer": {"__typename": "CreateCustomerPayload"}}}


@pytest.mark.parametrize("query", [CREATE, SIGN_IN])
def test_no_other_origin_changes_anything_or_signs_in(request: pytest.FixtureRequest, query: str) -> None:
    client = request.getfixturevalue("ops" if query == CREATE else "stranger")

    responses = {origin: send(client, query, Origin=origin) for origin in OTHERS}

    assert {origin: outcome(response) for origin, response in responses.items()} == dict.fromkeys(OTHERS, REFUSED)
    assert not Customer.objects.exists()
    assert not any(response.cookies for response in responses.values())


def test_with_a_session_nothing_less_will_do(ops: GraphQLClient) -> None:
    for kind, headers in PROOFLESS:
        assert outcome(send(ops, CREATE, kind=kind, **headers)) == REFUSED, (kind, headers)
    assert not Customer.objects.exists()


def test_no_other_method_changes_anything(ops: GraphQLClient) -> None:
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
        for override in ({}, {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}):
            assert send(ops, CREATE, method=method, Origin=APP, **override).status_code == 405, method
    assert not Customer.objects.exists()


def test_the_proof_is_for_post_alone() -> None:
    """The view refuses other methods before it asks for a proof."""
    for method, is_proof in (("POST", True), ("PUT", False), ("DELETE", False)):
        request = RequestFactory().generic(
            method, "/graphql/", "{}", content_type="application/json", headers={"Origin": APP}
        )
        request.COOKIES["sessionid"] = "x"
        request._dont_enforce_csrf_checks = False  # The request factory sets it.
        with nullcontext() if is_proof else pytest.raises(BadRequest):
            require_intent(request)


def test_a_get_from_an_allowed_origin_reads_and_changes_nothing(ops: GraphQLClient) -> None:
    read = ops.http.get("/graphql/", {"query": READ}, headers={"Origin": APP})
    override = {"Origin": APP, "X-HTTP-Method-Override": "POST"}
    change = ops.http.get("/graphql/", {"query": CREATE}, content_type="application/json", headers=override)

    assert read.json() == {"data": {"viewer": {"user": {"username": "ops"}}}}
    assert outcome(change) == (405, "METHOD_NOT_ALLOWED")
    assert not Customer.objects.exists()


def test_the_token_is_a_proof_as_before(ops: GraphQLClient) -> None:
    ops.http.get("/graphql/", headers={"Accept": "text/html"})
    token = {"X-CSRFToken": ops.http.cookies["csrftoken"].value}

    for origin in ({}, {"Origin": "http://testserver"}):
        assert "data" in send(ops, READ, **token, **origin).json()
    assert outcome(send(ops, READ, **token, Origin="https://evil.example")) == REFUSED


def test_who_is_trusted_with_the_token_alone_still_needs_it(ops: GraphQLClient, settings: Settings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]

    assert outcome(send(ops, CREATE, Origin="https://trusted.example")) == REFUSED


def test_programs_and_the_pages_of_the_settings_sign_in(stranger: GraphQLClient, settings: Settings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]

    for origin in (None, APP, "http://testserver", "https://trusted.example"):
        stranger.http.cookies.clear()
        response = send(stranger, SIGN_IN, **({"Origin": origin} if origin else {}))
        assert response.json() == {"data": {"signIn": {"__typename": "SignInPayload"}}}, origin
        assert "sessionid" in response.cookies and not response.cookies["sessionid"]["domain"]


def test_a_bearer_token_is_a_proof_by_itself(ops: GraphQLClient) -> None:
    token = make_token(make_operator("machine"))

    response = send(ops, CREATE, Origin="https://evil.example", Authorization=f"Bearer {token}")

    assert response.json() == {"data": {"createCustomer": {"__typename": "CreateCustomerPayload"}}}


def test_the_refusal_names_both_ways_out(ops: GraphQLClient) -> None:
    (error,) = send(ops, READ, Origin="null").json()["errors"]

    assert "null does not match any trusted origins" in error["message"]
    assert "X-CSRFToken" in error["message"] and "WEBNET_CORS_ORIGINS" in error["message"]


def test_forms_of_the_console_need_their_token_from_everywhere(stranger: GraphQLClient) -> None:
    form = json.dumps({"username": "ops", "password": PASSWORD})

    for path in ("/sign-in/", "/sign-out/", "/admin/login/"):
        response = stranger.http.generic("POST", path, form, content_type="application/json", headers={"Origin": APP})
        assert response.status_code == 403, path
        assert "access-control-allow-origin" not in response.headers


def test_the_session_goes_to_other_sites_only_by_the_setting(stranger: GraphQLClient, settings: Settings) -> None:
    usual = send(stranger, SIGN_IN, Origin=APP).cookies
    settings.SESSION_COOKIE_SAMESITE, settings.SESSION_COOKIE_SECURE = "None", True
    stranger.http.cookies.clear()
    other = send(stranger, SIGN_IN, Origin=APP).cookies

    names = ("sessionid", "webnet_device", "csrftoken")
    assert [usual[name]["samesite"] for name in names] == ["Lax", "Lax", "Lax"]
    assert [other[name]["samesite"] for name in names] == ["None", "None", "Lax"]
    assert other["sessionid"]["secure"] and other["webnet_device"]["secure"]
