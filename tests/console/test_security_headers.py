"""The security headers: on every response, whoever makes it; pages get a nonce, and can only be stricter."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from django.test import Client
from django.urls import reverse

from tests.databases import one_database_is_enough
from tests.factories import PASSWORD
from tests.outages import unreachable
from webnet.console.entrance.sign_in import show_csrf_failure

pytestmark = [one_database_is_enough, pytest.mark.django_db(transaction=True)]

ROOT = "/c/acme/plugins/pages/"
PAGES = [
    "/",
    "/sign-in/",
    "/no/such/page/",
    "/c/acme/",
    ROOT,
    f"{ROOT}broken/",
    f"{ROOT}in_pieces/",
    "/admin/",
    "/graphql/",
]
PLAIN = ["/healthz", "/readyz", "/static/webnet/console/console.css", "/static/no-such-file.css", "/graphql/?query={"]


def read_policy(response) -> dict[str, str]:
    """The policy by directive."""
    parts = response.headers["Content-Security-Policy"].split("; ")
    return {name: sources for name, _, sources in (part.partition(" ") for part in parts)}


def assert_guarded(response, *, id: str = "") -> None:  # noqa: A002 - what is asserted
    policy = read_policy(response)
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy.get("script-src", "")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert response.headers["X-Request-Id"] == id or (not id and len(response.headers["X-Request-Id"]) == 32)


@pytest.mark.parametrize("user", [None, "vera", "platform"])
def test_every_response_has_them(browse, acme, user):
    browser = browse(user, raise_request_exception=False) if user else Client(raise_request_exception=False)

    for path in (*PAGES, *PLAIN):
        for method in ("get", "head", "post"):
            response = getattr(browser, method)(path, headers={"Accept": "text/html"})
            assert_guarded(response)
            response.close()


def test_the_styles_of_graphiql_alone_may_be_inline(browse):
    vera = browse("vera")

    found = {}
    for path in PAGES:
        with closing(vera.get(path, headers={"Accept": "text/html"})) as response:
            found[path] = read_policy(response)["style-src"]

    assert {path for path, sources in found.items() if "unsafe-inline" in sources} == {"/graphql/"}
    assert {sources for path, sources in found.items() if path != "/graphql/"} == {"'self'"}


def test_errors_before_any_view_have_them(settings):
    settings.ALLOWED_HOSTS = ["webnet.example"]

    response = Client(raise_request_exception=False).get("/", headers={"Host": "other.example"})

    assert response.status_code == 400
    assert_guarded(response)


def test_a_preflight_has_them(settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://front.example"]
    asked = {"Origin": "https://front.example", "Access-Control-Request-Method": "POST"}

    assert_guarded(Client().options("/graphql/", headers=asked))


def test_an_outage_has_them():
    with unreachable():
        assert_guarded(Client(raise_request_exception=False).post("/sign-in/", {"username": "a", "password": "b"}))


def test_the_id_of_a_request_is_what_was_sent(browse):
    assert_guarded(browse("vera").get("/c/acme/", headers={"X-Request-Id": "wish-1"}), id="wish-1")
    assert_guarded(browse("vera").get("/c/acme/", headers={"X-Request-Id": "no wish"}))


def test_a_plugins_page_has_a_nonce_of_its_own(browse):
    vera = browse("vera")

    pages = [vera.get(f"{ROOT}scripted/") for _ in range(2)]

    for page in pages:
        (nonce,) = set(re.findall('nonce="([^"]+)"', page.text))
        assert read_policy(page)["script-src"] == read_policy(page)["style-src"] == f"'self' 'nonce-{nonce}'"
    assert pages[0].text != pages[1].text


def test_a_plugin_can_only_make_the_policy_stricter(browse):
    """Browsers obey all of several policies."""
    policy = browse("vera").get(f"{ROOT}loose/").headers["Content-Security-Policy"]

    assert policy.count(", ") == 1
    assert "script-src 'self'; " in f"{policy.split(', ')[0]}; "
    assert policy.endswith(", script-src * 'unsafe-inline'")


def test_a_form_without_its_token_gets_a_page_without_inline_styles(settings):
    browser = Client(enforce_csrf_checks=True)

    response = browser.post(reverse("sign-in"), {"username": "ada", "password": PASSWORD})

    assert (response.status_code, "Please send it again" in response.text) == (403, True)
    assert "<style" not in response.text and show_csrf_failure.__name__ in settings.CSRF_FAILURE_VIEW
    assert_guarded(response)
