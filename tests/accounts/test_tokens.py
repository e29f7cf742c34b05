"""Writing API tokens: the secret is shown once and kept nowhere, and no token makes a mightier one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.accounts.requests import make_request
from tests.accounts.together import run_together
from tests.factories import actor_for, make_customer, make_member, make_operator, make_token, make_user
from webnet.accounts import tokens
from webnet.accounts.authentication import authenticate_request, digest_of
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor, Role
from webnet.customers.models import ApiToken, User
from webnet.errors import InvalidInput, NotFound, PermissionDenied, Unauthenticated

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user("ada")


@pytest.fixture
def actor(user: User) -> Actor:
    return actor_for(user)


def test_a_token_lives_from_its_making_to_its_revocation(actor: Actor, user: User, audited):
    new = tokens.create(actor=actor, name="ci")
    assert authenticate_request(make_request(bearer=new.secret)).user == user

    change = tokens.revoke(actor=actor, token_id=new.api_token.pk)

    assert (change.changed, change.api_token.revoked_at is None) == (True, False)
    with pytest.raises(Unauthenticated):
        authenticate_request(make_request(bearer=new.secret))
    assert audited() == [("create_api_token", "succeeded", ""), ("revoke_api_token", "succeeded", "")]


def test_only_a_digest_and_the_beginning_of_the_secret_are_kept(actor: Actor):
    new = tokens.create(actor=actor, name="ci")

    assert re.fullmatch(r"wn_[A-Za-z0-9_-]{43}", new.secret)
    row = ApiToken.objects.get()
    assert (row.digest, row.prefix) == (digest_of(new.secret), new.secret[:12])
    audit = PluginAuditLog.objects.get().text
    assert new.secret not in audit
    assert row.digest not in audit
    assert row.prefix not in audit
    assert new.secret not in repr(new)


def test_revoking_twice_writes_nothing_the_second_time(actor: Actor, audited):
    token_id = tokens.create(actor=actor, name="ci").api_token.pk
    first = tokens.revoke(actor=actor, token_id=token_id)

    second = tokens.revoke(actor=actor, token_id=token_id)

    assert (first.changed, second.changed) == (True, False)
    assert second.api_token.revoked_at == first.api_token.revoked_at
    assert len(audited()) == 2


@pytest.mark.django_db(transaction=True)
def test_revoking_at_the_same_time_changes_it_once(actor: Actor, audited):
    token_id = tokens.create(actor=actor, name="ci").api_token.pk

    answers = run_together([lambda: tokens.revoke(actor=actor, token_id=token_id) for _ in range(6)])

    assert answers == ["ok"] * 6
    assert audited().count(("revoke_api_token", "succeeded", "")) == 1


def test_a_foreign_token_and_a_missing_one_get_the_same_answer(actor: Actor):
    make_token(make_user("bob"))
    foreign = ApiToken.objects.get().pk

    messages = set()
    for token_id in (foreign, foreign + 1, 2**70):
        with pytest.raises(NotFound) as caught:
            tokens.revoke(actor=actor, token_id=token_id)
        messages.add((caught.value.code, caught.value.message))

    assert messages == {("TOKEN_NOT_FOUND", "You have no token with this id.")}
    assert ApiToken.objects.get().revoked_at is None


def test_an_operator_revokes_anybodys_token():
    make_token(make_user("bob"))

    assert tokens.revoke(actor=actor_for(make_operator()), token_id=ApiToken.objects.get().pk).changed


@pytest.mark.parametrize("nobody", [Actor(name="anonymous"), Actor.system("command: test")])
def test_a_token_needs_somebody_to_belong_to(nobody: Actor, audited):
    with pytest.raises(PermissionDenied) as caught:
        tokens.create(actor=nobody, name="ci")

    assert caught.value.code == "NOT_SIGNED_IN"


def test_who_is_not_signed_in_revokes_nothing():
    with pytest.raises(PermissionDenied) as caught:
        tokens.revoke(actor=Actor(name="anonymous"), token_id=1)

    assert caught.value.code == "NOT_SIGNED_IN"


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x00", "a\nb", "\ud800"])
def test_create_refuses_what_is_no_name(actor: Actor, name: str):
    with pytest.raises(InvalidInput) as caught:
        tokens.create(actor=actor, name=name)

    assert (caught.value.code, caught.value.field) == ("INVALID_INPUT", "name")


def test_names_are_unique_per_user(actor: Actor):
    make_token(make_user("bob"), name="ci")
    tokens.create(actor=actor, name="ci")

    with pytest.raises(InvalidInput) as caught:
        tokens.create(actor=actor, name="ci")

    assert (caught.value.code, caught.value.field) == ("NAME_TAKEN", "name")


@pytest.mark.django_db(transaction=True)
def test_of_creates_of_one_name_at_the_same_time_one_gets_it(actor: Actor):
    answers = run_together([lambda: tokens.create(actor=actor, name="ci") for _ in range(6)])

    assert sorted(answers) == ["NAME_TAKEN"] * 5 + ["ok"]


def test_a_token_must_end_in_the_future(actor: Actor):
    with pytest.raises(InvalidInput) as caught:
        tokens.create(actor=actor, name="ci", expires_at=timezone.now() - timedelta(seconds=1))

    assert caught.value.field == "expires_at"


def test_a_time_without_a_zone_is_utc(actor: Actor):
    new = tokens.create(actor=actor, name="ci", expires_at=datetime(2999, 1, 1))  # noqa: DTZ001 - what is tested

    assert new.api_token.expires_at == datetime(2999, 1, 1, tzinfo=UTC)


def test_a_token_is_limited_to_a_customer_of_its_users_only(user: User, actor: Actor):
    make_customer("foreign")
    mine = make_customer("mine")
    make_member("other", mine)
    member = actor_for(make_member("member", mine))

    for slug in ("foreign", "missing", "a\x00"):
        with pytest.raises(NotFound) as caught:
            tokens.create(actor=member, name="ci", only_customer=slug)
        assert caught.value.code == "CUSTOMER_NOT_FOUND"

    new = tokens.create(actor=member, name="ci", only_customer="mine", maximum_role=Role.VIEWER)
    assert (new.api_token.only_customer, new.api_token.maximum_role) == (mine, "viewer")


def test_a_tokens_tokens_inherit_its_limits():
    acme = make_customer("acme")
    ends = timezone.now() + timedelta(days=1)
    limited = actor_for(
        make_member("ada", acme, Role.ADMIN),
        only_customer_id=acme.pk,
        maximum_role=Role.OPERATOR,
        token_expires_at=ends,
    )

    token = tokens.create(actor=limited, name="child").api_token

    assert (token.only_customer, token.maximum_role, token.expires_at) == (acme, "operator", ends)


def test_a_tokens_tokens_have_no_more_power_than_it_has():
    acme, globex = make_customer("acme"), make_customer("globex")
    user = make_member("ada", acme, Role.ADMIN)
    globex.memberships.create(user=user, role=Role.ADMIN)
    ends = timezone.now() + timedelta(days=1)
    limited = actor_for(user, only_customer_id=acme.pk, maximum_role=Role.OPERATOR, token_expires_at=ends)

    with pytest.raises(NotFound):
        tokens.create(actor=limited, name="child", only_customer="globex")
    with pytest.raises(PermissionDenied) as too_high:
        tokens.create(actor=limited, name="child", maximum_role=Role.ADMIN)
    with pytest.raises(InvalidInput) as too_long:
        tokens.create(actor=limited, name="child", expires_at=ends + timedelta(seconds=1))
    assert (too_high.value.code, too_long.value.field) == ("ROLE_TOO_LOW", "expires_at")
    assert not ApiToken.objects.exists()

    less = tokens.create(actor=limited, name="child", maximum_role=Role.VIEWER).api_token
    assert less.maximum_role == "viewer"


def test_a_limited_token_sees_and_ends_only_tokens_that_can_do_no_more():
    acme = make_customer("acme")
    user = make_member("ada", acme, Role.ADMIN)
    make_token(user, name="mighty")
    make_token(user, name="high", only_customer=acme)
    make_token(user, name="low", only_customer=acme, maximum_role=Role.VIEWER)
    limited = actor_for(user, only_customer_id=acme.pk, maximum_role=Role.OPERATOR)

    assert [token.name for token in tokens.visible_tokens(limited)] == ["low"]
    with pytest.raises(NotFound):
        tokens.revoke(actor=limited, token_id=ApiToken.objects.get(name="mighty").pk)
    assert tokens.visible_tokens(actor_for(user)).count() == 3
    assert not tokens.visible_tokens(Actor(name="anonymous")).exists()
