"""The console's first pages over real HTTP: home, sign in, sign out."""

import pytest

from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server

pytestmark = with_files_of_its_own


def test_home_sends_a_visitor_to_the_sign_in_form(visitor: Client) -> None:
    answer = visitor.get("/")

    assert answer.url.endswith("/sign-in/?next=/")
    assert "Password" in answer.text


def test_home_says_who_is_signed_in_and_where_to_go(operator: Client) -> None:
    answer = operator.get("/")

    assert "platform" in answer.text
    assert 'href="/graphql/"' in answer.text


def test_a_wrong_password_shows_the_form_again_with_the_reason_and_the_name(webnet: Server) -> None:
    visitor = Client(webnet.url)

    answer = visitor.sign_in("nobody-at-all", "wrong")

    assert answer.status == 403
    assert 'role="alert"' in answer.text
    assert 'value="nobody-at-all"' in answer.text
    assert "wrong" not in answer.text.split("<form method", 1)[1]


def test_signing_in_leads_to_where_the_visitor_wanted_to_go(visitor: Client) -> None:
    visitor.get("/sign-in/?next=/readyz")

    answer = visitor.post_form("/sign-in/", username="platform", password=DEMO_PASSWORD, next="/readyz")

    assert answer.url == f"{visitor.base_url}/readyz"


@pytest.mark.parametrize("foreign", ["https://example.org/", "//example.org/", "javascript:alert(1)", r"/\example.org"])
def test_signing_in_never_leads_to_another_host(visitor: Client, foreign: str) -> None:
    visitor.get("/sign-in/")

    answer = visitor.post_form("/sign-in/", username="platform", password=DEMO_PASSWORD, next=foreign)

    assert answer.url == f"{visitor.base_url}/"


def test_signing_out_ends_the_session(operator: Client) -> None:
    operator.get("/")

    operator.post_form("/sign-out/")

    assert operator.get("/").url.endswith("/sign-in/?next=/")


def test_signing_out_by_a_link_does_nothing(operator: Client) -> None:
    answer = operator.get("/sign-out/")

    assert answer.status == 405
    assert operator.get("/").url.endswith("/")


def test_signing_in_without_a_csrf_token_is_refused(visitor: Client) -> None:
    answer = visitor.send("POST", "/sign-in/", body=b"username=platform&password=x")

    assert answer.status == 403
