"""Writing users: operators only, and never a password in the audit log."""

from __future__ import annotations

import pytest

from tests.accounts.requests import make_request
from tests.accounts.together import run_together
from tests.factories import PASSWORD, actor_for, make_operator, make_user
from webnet.accounts import users
from webnet.accounts.authentication import authenticate_request
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor, Role
from webnet.customers.models import User
from webnet.errors import InvalidInput, NotFound, PermissionDenied

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Actor:
    return actor_for(make_operator())


def test_create_makes_a_user_and_one_audit_row_without_the_password(operator: Actor):
    user = users.create(
        actor=operator, username="ada", name="Ada Lovelace", email="ada@EXAMPLE.org", password=PASSWORD, reason="new"
    )

    assert user.check_password(PASSWORD)
    assert (user.name, user.email, user.is_superuser) == ("Ada Lovelace", "ada@example.org", False)
    row = PluginAuditLog.objects.get()
    assert (row.action, row.chain, row.after["username"], row.after["has_password"]) == (
        "create_user",
        "platform",
        "ada",
        True,
    )
    assert PASSWORD not in row.text
    assert user.password not in row.text


def test_create_without_a_password_lets_nobody_in(operator: Actor):
    user = users.create(actor=operator, username="ada", name=None, email=None)

    assert not user.has_usable_password()


@pytest.mark.parametrize("username", ["", "a b", "a\x00", "\ud800", "x" * 151, "a/b"])
def test_create_refuses_what_is_no_username(operator: Actor, username: str):
    with pytest.raises(InvalidInput) as caught:
        users.create(actor=operator, username=username)

    assert (caught.value.code, caught.value.field) == ("INVALID_INPUT", "username")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 151),
        ("name", "a\nb"),
        ("email", "no-address"),
        ("email", "a\x00@example.org"),
        ("email", "x" * 250 + "@example.org"),
        ("password", "short"),
        ("password", "password123"),
        ("password", ""),
        ("password", "long enough \ud800"),
    ],
)
def test_create_names_the_field_that_cannot_be_taken(operator: Actor, field: str, value: str):
    with pytest.raises(InvalidInput) as caught:
        users.create(actor=operator, username="ada", **{field: value})

    assert (caught.value.code, caught.value.field) == ("INVALID_INPUT", field)
    assert not User.objects.filter(username="ada").exists()


def test_a_refused_password_is_neither_in_the_answer_nor_in_the_audit_log(operator: Actor):
    with pytest.raises(InvalidInput) as caught:
        users.create(actor=operator, username="ada", password="canary7")

    assert "canary7" not in caught.value.message
    assert "canary7" not in PluginAuditLog.objects.get().text


@pytest.mark.django_db(transaction=True)
def test_of_creates_of_one_username_at_the_same_time_one_gets_it(operator: Actor):
    answers = run_together([lambda: users.create(actor=operator, username="ada") for _ in range(6)])

    assert sorted(answers) == ["NAME_TAKEN"] * 5 + ["ok"]


def test_create_refuses_a_username_that_is_taken(operator: Actor):
    make_user("ada")

    with pytest.raises(InvalidInput) as caught:
        users.create(actor=operator, username="ada")

    assert (caught.value.code, caught.value.field) == ("NAME_TAKEN", "username")


@pytest.mark.parametrize("limits", [{}, {"is_operator": True, "maximum_role": Role.ADMIN}])
def test_users_are_written_by_operators_only(limits: dict[str, object]):
    user = make_operator("ada") if limits.pop("is_operator", False) else make_user("ada")
    actor = actor_for(user, **limits)

    for write in (
        lambda: users.create(actor=actor, username="bob"),
        lambda: users.set_password(actor=actor, username="ada", password=PASSWORD),
        lambda: users.set_active(actor=actor, username="ada", is_active=False),
    ):
        with pytest.raises(PermissionDenied) as caught:
            write()
        assert caught.value.code == "OPERATORS_ONLY"


def test_deactivating_ends_the_users_sessions_and_is_audited(operator: Actor, audited):
    user = make_user()
    request = make_request(user=user)

    change = users.set_active(actor=operator, username="ada", is_active=False)

    assert (change.changed, change.user.is_active) == (True, False)
    assert authenticate_request(request).user is None
    assert audited() == [("update_user", "succeeded", "")]


def test_deactivating_twice_writes_nothing_the_second_time(operator: Actor, audited):
    make_user(is_active=False)

    assert users.set_active(actor=operator, username="ada", is_active=False).changed is False
    assert audited() == []


def test_nobody_deactivates_themself(operator: Actor):
    make_operator("other")

    with pytest.raises(InvalidInput) as caught:
        users.set_active(actor=operator, username="platform", is_active=False)

    assert (caught.value.code, caught.value.field) == ("OWN_ACCOUNT", "username")
    assert User.objects.filter(is_active=True).count() == 2


def test_the_last_active_operator_stays(operator: Actor):
    make_operator("gone", is_active=False)

    with pytest.raises(InvalidInput) as caught:
        users.set_active(actor=Actor.system("tests"), username="platform", is_active=False)

    assert (caught.value.code, caught.value.field) == ("LAST_OPERATOR", "username")
    assert User.objects.get(username="platform").is_active


def test_an_operator_who_was_deactivated_meanwhile_changes_nobody(operator: Actor):
    make_operator("other")
    User.objects.filter(username="platform").update(is_active=False)

    with pytest.raises(PermissionDenied) as caught:
        users.set_active(actor=operator, username="other", is_active=False)

    assert caught.value.code == "OPERATORS_ONLY"
    assert User.objects.get(username="other").is_active


@pytest.mark.django_db(transaction=True)
def test_of_operators_who_deactivate_each_other_at_the_same_time_one_stays(operator: Actor):
    other = actor_for(make_operator("other"))

    answers = run_together(
        [
            lambda: users.set_active(actor=operator, username="other", is_active=False),
            lambda: users.set_active(actor=other, username="platform", is_active=False),
        ]
    )

    assert sorted(answers) == ["OPERATORS_ONLY", "ok"]
    assert User.objects.filter(is_active=True).count() == 1


def test_a_new_password_ends_the_users_sessions_and_stays_out_of_the_audit_log(operator: Actor):
    user = make_user(password="before it was long")
    request = make_request(user=user)

    changed = users.set_password(actor=operator, username="ada", password=PASSWORD)

    assert changed.check_password(PASSWORD)
    assert authenticate_request(request).user is None
    row = PluginAuditLog.objects.get()
    assert row.action == "set_password"
    assert PASSWORD not in row.text
    assert changed.password not in row.text


@pytest.mark.parametrize("username", ["nobody", "a\x00", "\ud800"])
def test_an_unknown_user_is_not_found(operator: Actor, username: str):
    with pytest.raises(NotFound) as caught:
        users.set_active(actor=operator, username=username, is_active=True)

    assert caught.value.code == "USER_NOT_FOUND"
