"""Writing members: by a customer's own admins, who can't leave it without one."""

from __future__ import annotations

import pytest

from tests.accounts.together import run_together
from tests.factories import actor_for, make_customer, make_member, make_membership, make_operator, make_user
from webnet.accounts import members
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor, Role
from webnet.customers.models import Customer, Membership, User
from webnet.errors import NotFound, PermissionDenied

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Customer:
    return make_customer("acme")


@pytest.fixture
def admin_user(acme: Customer) -> User:
    return make_member("admin", acme, Role.ADMIN)


@pytest.fixture
def admin(admin_user: User) -> Actor:
    return actor_for(admin_user)


def role_of(username: str) -> str | None:
    return Membership.objects.filter(user__username=username).values_list("role", flat=True).first()


def test_an_admin_makes_a_member_with_one_audit_row_in_the_customers_chain(acme: Customer, admin: Actor):
    make_user("ada")

    change = members.set(actor=admin, customer="acme", username="ada", role=Role.VIEWER, reason="joined")

    assert (change.changed, change.membership.role, change.membership.user.username) == (True, "viewer", "ada")
    row = PluginAuditLog.objects.get()
    assert (row.action, row.chain, row.role, row.reason) == ("set_member", str(acme.pk), "admin", "joined")
    assert (row.before, row.after) == (None, {"username": "ada", "role": "viewer"})


def test_setting_again_changes_the_role(acme: Customer, admin: Actor):
    make_member("ada", acme, Role.VIEWER)

    change = members.set(actor=admin, customer="acme", username="ada", role=Role.OPERATOR)

    assert change.changed
    assert role_of("ada") == "operator"
    row = PluginAuditLog.objects.get()
    assert (row.before["role"], row.after["role"]) == ("viewer", "operator")


def test_setting_the_role_they_have_writes_nothing(acme: Customer, admin: Actor, audited):
    make_member("ada", acme, Role.VIEWER)

    assert members.set(actor=admin, customer="acme", username="ada", role=Role.VIEWER).changed is False
    assert audited() == []


def test_remove_ends_the_membership_once(acme: Customer, admin: Actor, audited):
    make_member("ada", acme)

    assert members.remove(actor=admin, customer="acme", username="ada") is True
    assert members.remove(actor=admin, customer="acme", username="ada") is False

    assert role_of("ada") is None
    assert audited() == [("remove_member", "succeeded", "")]


@pytest.mark.parametrize("username", ["stranger", "nobody", "a\x00", "\ud800"])
def test_removing_who_is_no_member_does_not_tell_whether_they_exist(admin: Actor, username: str, audited):
    make_user("stranger")

    assert members.remove(actor=admin, customer="acme", username=username) is False
    assert audited() == []


@pytest.mark.parametrize("username", ["nobody", "a\x00", "\ud800"])
def test_an_unknown_user_is_not_found(admin: Actor, username: str, audited):
    with pytest.raises(NotFound) as caught:
        members.set(actor=admin, customer="acme", username=username, role=Role.VIEWER)

    assert caught.value.code == "USER_NOT_FOUND"
    assert audited() == [("set_member", "refused", "USER_NOT_FOUND")]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_lower_roles_write_no_members_and_learn_no_usernames(acme: Customer, admin: Actor, role: Role):
    actor = actor_for(make_member("low", acme, role))

    for write in (
        lambda: members.set(actor=actor, customer="acme", username="nobody", role=Role.VIEWER),
        lambda: members.remove(actor=actor, customer="acme", username="admin"),
    ):
        with pytest.raises(PermissionDenied) as caught:
            write()
        assert (caught.value.code, caught.value.required_role) == ("ROLE_TOO_LOW", "admin")
    assert role_of("admin") == "admin"


def test_an_admins_limited_token_writes_no_members(acme: Customer, admin_user: User):
    make_user("ada")
    limited = actor_for(admin_user, maximum_role=Role.OPERATOR)

    with pytest.raises(PermissionDenied):
        members.set(actor=limited, customer="acme", username="ada", role=Role.VIEWER)


def test_a_foreign_customer_and_a_missing_one_get_the_same_answer(admin: Actor):
    make_customer("globex")

    for slug in ("globex", "nope"):
        with pytest.raises(NotFound) as caught:
            members.set(actor=admin, customer=slug, username="admin", role=Role.ADMIN)
        assert (caught.value.code, caught.value.message) == ("CUSTOMER_NOT_FOUND", f"There is no customer '{slug}'.")
    assert {row.chain for row in PluginAuditLog.objects.all()} == {"platform"}


def test_the_last_admin_can_be_lowered_or_removed_by_an_operator_only(admin: Actor):
    for write in (
        lambda actor: members.set(actor=actor, customer="acme", username="admin", role=Role.VIEWER),
        lambda actor: members.remove(actor=actor, customer="acme", username="admin"),
    ):
        with pytest.raises(PermissionDenied) as caught:
            write(admin)
        assert caught.value.code == "OPERATORS_ONLY"
        assert "last admin" in caught.value.message
    assert role_of("admin") == "admin"

    operator = actor_for(make_operator())
    assert members.set(actor=operator, customer="acme", username="admin", role=Role.VIEWER).changed
    assert members.remove(actor=operator, customer="acme", username="admin")


def test_an_operators_limited_token_does_not_remove_the_last_admin(acme: Customer, admin: Actor):
    limited = actor_for(make_operator(), only_customer_id=acme.pk)

    with pytest.raises(PermissionDenied):
        members.remove(actor=limited, customer="acme", username="admin")


def test_an_inactive_admin_does_not_count_as_the_one_who_is_left(acme: Customer, admin: Actor):
    make_member("gone", acme, Role.ADMIN, is_active=False)

    with pytest.raises(PermissionDenied):
        members.remove(actor=admin, customer="acme", username="admin")


def test_an_admin_of_another_customer_does_not_count_as_the_one_who_is_left(admin: Actor, admin_user: User):
    globex = make_customer("globex")
    make_membership(admin_user, globex, Role.ADMIN)
    make_member("other", globex, Role.ADMIN)

    with pytest.raises(PermissionDenied):
        members.remove(actor=admin, customer="acme", username="admin")


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_leave_one(acme: Customer, admin: Actor):
    second = actor_for(make_member("second", acme, Role.ADMIN))

    answers = run_together(
        [
            lambda: members.remove(actor=admin, customer="acme", username="second"),
            lambda: members.remove(actor=second, customer="acme", username="admin"),
        ]
    )

    assert sorted(answers) == ["CUSTOMER_NOT_FOUND", "ok"]
    assert Membership.objects.filter(role="admin").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_member_set_at_the_same_time_gives_one_row_and_one_audit_row(admin: Actor, audited):
    make_user("ada")

    answers = run_together(
        [lambda: members.set(actor=admin, customer="acme", username="ada", role=Role.VIEWER) for _ in range(8)]
    )

    assert answers == ["ok"] * 8
    assert audited() == [("set_member", "succeeded", "")]
