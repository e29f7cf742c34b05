"""Changing one's own password: the current one is asked for and counted, other sessions end, this one goes on."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext

from tests.accounts.requests import make_request
from tests.api.client import GraphQLClient
from tests.factories import PASSWORD, make_token, make_user
from webnet.accounts import sessions
from webnet.accounts.authentication import authenticate_request, identify_user
from webnet.accounts.known_devices import NEW_COOKIE_KEY
from webnet.accounts.models import SignInAttempts
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import User
from webnet.errors import InvalidInput, PermissionDenied, RateLimited, Refusal

pytestmark = pytest.mark.django_db

NEW = "a staple battery, horse correct"
CHANGE = """mutation Change($input: ChangePasswordInput!) { changePassword(input: $input) { __typename
    ... on ChangePasswordPayload { viewer { user { username } } }
    ... on InvalidInput { faults { path code message } }
    ... on RateLimited { retryAfterSeconds }
    ... on Refusal { code message } } }"""


@pytest.fixture
def ada() -> User:
    return make_user(password=PASSWORD)


def change_password(request: HttpRequest, *, current: str = PASSWORD, new: str = NEW) -> User:
    return sessions.change_password(request, actor=identify_user(request).actor, current=current, new=new)


def refusal_of(request: HttpRequest, *, current: str = PASSWORD, new: str = NEW) -> Refusal:
    with pytest.raises(Refusal) as caught:
        change_password(request, current=current, new=new)
    return caught.value


def sign_in(username: str = "ada", password: str = PASSWORD) -> GraphQLClient:
    browser = GraphQLClient()
    answer = browser.mutate("signIn", "viewer { user { username } }", username=username, password=password)
    assert answer["__typename"] == "SignInPayload"
    return browser


def change(browser: GraphQLClient, current: str = PASSWORD, new: str = NEW) -> dict[str, Any]:
    answer: dict[str, Any] = browser.data(CHANGE, input={"currentPassword": current, "newPassword": new})
    return answer["changePassword"]


def who(browser: GraphQLClient) -> Any:
    return browser.data("{ viewer { user { username } } }")["viewer"]


def test_the_new_password_signs_in_and_the_old_one_does_not(ada: User, audited):
    change_password(make_request(user=ada))

    with pytest.raises(PermissionDenied):
        sessions.sign_in(make_request(), username="ada", password=PASSWORD)
    assert sessions.sign_in(make_request(), username="ada", password=NEW) == ada
    assert audited()[0] == ("change_password", "succeeded", "")
    row = PluginAuditLog.objects.order_by("position")[0]
    assert (row.actor_id, row.customer_id, row.before, row.after) == (ada.pk, None, None, {"username": "ada"})
    assert NEW not in row.text


def test_this_session_goes_on_with_a_new_key(ada: User):
    request = make_request(user=ada)
    key_before = request.session.session_key

    change_password(request)

    assert authenticate_request(request).user == ada
    assert request.session.session_key != key_before
    assert not Session.objects.filter(session_key=key_before).exists()
    assert request.META[NEW_COOKIE_KEY]


def test_other_sessions_end_and_tokens_stay(ada: User):
    token = GraphQLClient(token=make_token(ada))
    here, elsewhere = sign_in(), sign_in()

    answer = change(here)

    assert answer == {"__typename": "ChangePasswordPayload", "viewer": {"user": {"username": "ada"}}}
    assert who(here) == {"user": {"username": "ada"}}
    assert who(elsewhere) is None
    assert who(token) == {"user": {"username": "ada"}}


@pytest.mark.parametrize("current", ["wrong", "", NEW, "a\x00", "\ud800", "x" * 10_000])
def test_a_wrong_current_password_changes_nothing_and_is_audited(ada: User, audited, current: str):
    refused = refusal_of(make_request(user=ada), current=current)

    assert (refused.code, refused.message) == ("BAD_CREDENTIALS", "The current password is wrong.")
    assert User.objects.get().password == ada.password
    assert audited() == [("change_password", "refused", "BAD_CREDENTIALS")]


def test_wrong_current_passwords_are_slowed_down_like_wrong_sign_ins(ada: User, clock):
    request = make_request(user=ada)
    for _ in range(5):
        assert refusal_of(request, current="wrong").code == "BAD_CREDENTIALS"

    waiting = refusal_of(request)

    assert isinstance(waiting, RateLimited)
    assert waiting.retry_after_seconds == 2
    with pytest.raises(RateLimited):
        sessions.sign_in(make_request(), username="ada", password=PASSWORD)
    clock.advance(seconds=2)
    change_password(request)
    assert not SignInAttempts.objects.filter(not_before__gt=clock.now).exists()


@pytest.mark.parametrize(
    ("new", "messages"),
    [
        ("", ["This password is too short. It must contain at least 8 characters."]),
        (
            "1234",
            ["This password is too short. It must contain at least 8 characters.", "This password is too common."],
        ),
        ("lovelace-lovelace", ["The password is too similar to the username."]),
        ("\ud800 is half a character", ["A password can't contain this character."]),
    ],
)
def test_each_objection_to_the_new_password_is_a_fault_of_its_own(ada: User, audited, new: str, messages: list[str]):
    User.objects.update(username="lovelace-lovelaces")

    refused = refusal_of(make_request(user=ada), new=new)

    assert isinstance(refused, InvalidInput)
    assert [(fault.path, fault.message) for fault in refused.faults] == [(("new_password",), each) for each in messages]
    assert User.objects.get().password == ada.password
    assert audited() == [("change_password", "refused", "INVALID_INPUT")]


def test_the_faults_are_of_the_inputs_field(ada: User):
    answer = change(sign_in(), new="1234")

    assert [fault["path"] for fault in answer["faults"]] == [["input", "newPassword"]] * 2
    assert answer["__typename"] == "InvalidInput"


def test_a_token_can_not_do_it(ada: User, audited):
    both = sign_in()
    both._headers = {"Authorization": f"Bearer {make_token(ada)}"}

    answer = change(both)

    assert (answer["__typename"], answer["code"]) == ("PermissionDenied", "SESSION_REQUIRED")
    assert check_password(PASSWORD, User.objects.get().password)
    assert audited()[-1] == ("change_password", "refused", "SESSION_REQUIRED")


def test_whoever_is_signed_out_is_told_so():
    assert change(GraphQLClient())["code"] == "NOT_SIGNED_IN"


def test_a_password_that_was_changed_meanwhile_is_not_overwritten(ada: User, monkeypatch: pytest.MonkeyPatch):
    real = sessions._change_password

    def after_another_change(operation: Any, checked: str, new: str) -> User:
        make = User.objects.get()
        make.set_password("the other one was faster")
        make.save()
        return real(operation, checked, new)

    monkeypatch.setattr(sessions, "_change_password", after_another_change)

    refused = refusal_of(make_request(user=ada))

    assert refused.code == "BAD_CREDENTIALS"
    assert check_password("the other one was faster", User.objects.get().password)


def test_nothing_of_the_passwords_is_in_a_statement_but_their_hash(ada: User):
    browser = sign_in()

    with CaptureQueriesContext(connection) as statements:
        change(browser)

    assert not [each["sql"] for each in statements if PASSWORD in each["sql"] or NEW in each["sql"]]
