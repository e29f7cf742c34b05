"""Pages while the database can't be reached or written: 503, calmly, and no plugin is blamed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from tests.console.pages import calls
from tests.factories import PASSWORD, make_user
from tests.outages import read_only, unreachable
from webnet.plugins.runtime import failures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh_counts():
    failures.counter.take()


def is_calm(answer) -> bool:
    """Whether it is the page that says when to try again, and nothing else."""
    html = answer.text
    return (
        answer.status_code == 503
        and int(answer["Retry-After"]) > 0
        and "Not available at the moment" in html
        and not any(word in html for word in ("Traceback", "OperationalError", "SELECT"))
    )


PAGES = ("/", "/c/acme/", "/c/acme/plugins/pages/", "/c/acme/nothing/", "/admin/", "/graphql/")


def test_every_page_of_somebody_who_is_signed_in(browse, settings):
    """Also with WEBNET_DEBUG, with which Django shows stack traces."""
    vera = browse("vera", raise_request_exception=False)

    for settings.DEBUG in (False, True):
        with unreachable():
            answers = {path: vera.get(path, headers={"Accept": "text/html"}) for path in PAGES}

        assert [path for path, answer in answers.items() if not is_calm(answer)] == []
    assert vera.get("/").status_code == 200


def test_signing_in():
    make_user("ada", password=PASSWORD, is_staff=True)
    client = Client(raise_request_exception=False)

    for outage in (unreachable, read_only):
        with outage():
            form = client.get("/sign-in/")
            answer = client.post("/sign-in/", {"username": "ada", "password": PASSWORD})

        assert form.status_code == 200 and is_calm(answer)
    assert client.post("/sign-in/", {"username": "ada", "password": PASSWORD}).status_code == 302


def test_a_plugins_page_that_meets_the_outage_is_not_blamed(browse):
    """Neither one that writes, nor one whose session is stored when it is ready."""
    vera = browse("vera", raise_request_exception=False)

    for page in ("storing", "remembering"):
        with read_only():
            answer = vera.get(f"/c/acme/plugins/pages/{page}/")

        assert is_calm(answer) and failures.counter.take() == {}
        assert vera.get(f"/c/acme/plugins/pages/{page}/").status_code == 200


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to lose.")
@pytest.mark.parametrize(("method", "expected"), [("get", 200), ("post", 503)])
def test_a_page_that_loses_its_connection_is_made_once_more_if_it_is_read(browse, method, expected):
    vera = browse("vera", raise_request_exception=False)
    calls.clear()

    answer = getattr(vera, method)("/c/acme/plugins/pages/cut/")

    assert answer.status_code == expected and len(calls) == (2 if method == "get" else 1)
    assert failures.counter.take() == {} and vera.get("/").status_code == 200
