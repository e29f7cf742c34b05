"""The host domain's tables: what names are valid and what is unique."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from tests.factories import make_customer, make_member, make_membership, make_token, make_user
from webnet.accounts.authentication import is_usable
from webnet.customers.models import ApiToken, Customer, User, is_slug, is_username


@pytest.mark.parametrize("slug", ["a", "acme", "a-b", "4you", "x" * 50])
def test_slugs(slug: str):
    assert is_slug(slug)
    Customer(slug=slug, name="A").clean_fields()


@pytest.mark.parametrize("slug", ["", "A", "-a", "a-", "a.b", "a\n", "x" * 51])
def test_what_is_no_slug(slug: str):
    assert not is_slug(slug)
    with pytest.raises(ValidationError):
        Customer(slug=slug, name="A").clean_fields()


@pytest.mark.parametrize(("username", "is_one"), [("ada", True), ("a@b.c", True), ("ädä", True), ("a b", False)])
def test_usernames_are_djangos(username: str, is_one: bool):
    assert is_username(username) is is_one


@pytest.mark.django_db
def test_a_user_is_a_member_of_a_customer_once():
    customer = make_customer()
    user = make_member("ada", customer)

    with pytest.raises(IntegrityError):
        make_membership(user, customer)


@pytest.mark.django_db
def test_a_user_has_one_token_of_a_name():
    user = make_user()
    make_token(user, name="ci")

    with pytest.raises(IntegrityError):
        make_token(user, name="ci", secret="wn_another")


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, True),
        ({"expires_at": timedelta(minutes=1)}, True),
        ({"expires_at": timedelta(minutes=-1)}, False),
        ({"revoked_at": timedelta(minutes=-1)}, False),
    ],
)
def test_a_token_is_usable_until_it_ends(times: dict[str, timedelta], expected: bool):
    token = ApiToken(**{name: timezone.now() + delta for name, delta in times.items()})

    assert is_usable(token) is expected


def test_nothing_secret_is_in_what_a_row_calls_itself():
    token = ApiToken(prefix="wn_12345678", name="ci", digest="canary")

    assert "canary" not in f"{token} {token!r} {User(username='ada', password='canary')!r}"
