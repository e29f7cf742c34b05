"""Pages while the database can't be reached or written: 503, calmly, and no plugin is blamed."""

from __future__ import annotations

import pytest
from django.test import Client

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


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "path", ["/", "/c/acme/", "/c/acme/plugins/pages/", "/c/acme/nothing/", "/admin/", "/graphql/"]
)
def test_a_page_of_somebody_who_is_signed_in(browse, settings, path, debug):
    settings.DEBUG = debug
    vera = browse("vera", raise_request_exception=False)

    with unreachable():
        answer = vera.get(path, headers={"Accept": "text/html"})

    assert is_calm(answer)
    assert vera.get("/").status_code == 200


@pytest.mark.parametrize("outage", [unreachable, read_only])
@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
def test_signing_in(path, outage):
    make_user("ada", password=PASSWORD, is_staff=True)
    client = Client(raise_request_exception=False)

    with outage():
        form = client.get(path)
        answer = client.post(path, {"username": "ada", "password": PASSWORD})

    assert form.status_code == 200 and is_calm(answer)
    assert client.post(path, {"username": "ada", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("page", ["storing", "remembering"])
def test_a_plugins_page_that_meets_the_outage_is_not_blamed(browse, page):
    """Neither one that writes, nor one whose session is stored when it is ready."""
    vera = browse("vera", raise_request_exception=False)

    with read_only():
        answer = vera.get(f"/c/acme/plugins/pages/{page}/")

    assert is_calm(answer) and failures.counter.take() == {}
    assert vera.get(f"/c/acme/plugins/pages/{page}/").status_code == 200
