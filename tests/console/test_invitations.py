"""The page of an invitation: shows it to the invited person alone, accepts it, and keeps its token."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from tests.factories import PASSWORD, make_user
from webnet.accounts import invitations
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Membership, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(acme: Customer) -> str:
    """Of an invitation of gus, who is a member of another customer."""
    made = invitations.invite(actor=Actor.system("tests"), customer="acme", role=Role.OPERATOR, username="gus")
    return made.secret


@pytest.fixture
def page(token: str) -> str:
    return f"/invitations/{token}/"


def test_it_is_shown_and_accepted(page: str, browse: Callable[..., Client]):
    browser = browse("gus")

    shown = browser.get(page)
    accepted = browser.post(
        "/invitations/", dict(re.findall(r'name="(token)" value="([^"]*)"', shown.content.decode()))
    )

    assert "Invitation to Acme Corp" in shown.content.decode() and "as operator" in shown.content.decode()
    assert (accepted.status_code, accepted["Location"]) == (302, "/c/acme/")
    assert Membership.objects.get(user__username="gus", customer__slug="acme").role == "operator"


def test_looking_at_it_accepts_nothing_and_accepting_needs_the_csrf_token(
    page: str, token: str, browse: Callable[..., Client]
):
    browser = browse("gus", enforce_csrf_checks=True)

    browser.get(page)
    refused = browser.post("/invitations/", {"token": token})

    assert refused.status_code == 403
    assert not Membership.objects.filter(user__username="gus", customer__slug="acme").exists()


def test_whoever_is_signed_out_signs_in_and_comes_back(acme: Customer):
    made = invitations.invite(actor=Actor.system("tests"), customer="acme", role=Role.VIEWER, username="new")
    make_user("new", password=PASSWORD)
    browser, page = Client(), f"/invitations/{made.secret}/"

    first = browser.get(page)
    form = browser.get(first["Location"]).content.decode()
    (following,) = re.findall(r'name="next" value="([^"]*)"', form)
    back = browser.post("/sign-in/", {"username": "new", "password": PASSWORD, "next": following})

    assert first.status_code == 302 and first["Location"].startswith("/sign-in/?next=/invitations/")
    assert (back.status_code, back["Location"]) == (302, page)
    assert browser.get(page).status_code == 200


def test_somebody_elses_and_a_missing_one_look_alike(page: str, token: str, browse: Callable[..., Client]):
    browser = browse("vera")

    shown = [_without_csrf(browser.get(path).content) for path in (page, "/invitations/wi_missing/")]
    posts = [browser.post("/invitations/", {"token": each}) for each in (token, "missing", "")]
    accepted = [_without_csrf(each.content) for each in posts]

    assert len(set(shown)) == len(set(accepted)) == 1
    assert accepted[0].replace(b" data-answers-form", b"") == shown[0]
    assert b"no such invitation for" in shown[0] and b"Acme" not in shown[0]


def test_one_that_has_ended_says_why(page: str, token: str, browse: Callable[..., Client]):
    browser = browse("gus")
    browser.post("/invitations/", {"token": token})

    answers = [browser.get(page), browser.post("/invitations/", {"token": token})]

    assert all("has been accepted" in answer.content.decode() for answer in answers)


def test_a_token_is_never_logged(page: str, token: str, browse: Callable[..., Client], caplog):
    caplog.set_level("DEBUG")
    forger = browse("gus", enforce_csrf_checks=True)

    for browser in (browse("vera"), Client()):
        browser.get(page)
        browser.post("/invitations/", {"token": token})
    forger.post("/invitations/", {"token": token})

    assert "CSRF" in caplog.text  # a negative control
    assert token not in caplog.text


def test_the_token_is_sent_to_no_other_site_and_kept_in_no_cache(page: str, browse: Callable[..., Client]):
    answer = browse("gus").get(page)

    assert answer["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]
    assert re.findall(r'(?:src|href|action)="(?!/|#|data:,)[^"]*"', answer.content.decode()) == []


def _without_csrf(content: bytes) -> bytes:
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", content)
