"""Invitations: made by a customer's admins, accepted by who is invited, and silent about everybody else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.accounts.statements import shapes_of
from tests.accounts.together import run_together
from tests.factories import actor_for, make_customer, make_member, make_membership, make_operator, make_user
from webnet.accounts import customers, invitations, members
from webnet.accounts.invitations import NewInvitation
from webnet.audit.models import Generation, PluginAuditLog
from webnet.audit.operation import lock_customer
from webnet.customers.access import Actor, Role
from webnet.customers.models import Customer, Invitation, Membership, User
from webnet.errors import Refusal

pytestmark = pytest.mark.django_db

PAGE = "https://webnet.example.com/invitations/"
SYSTEM = Actor.system("tests")


@pytest.fixture
def acme() -> Customer:
    return make_customer("acme", name="Acme Corp")


@pytest.fixture
def admin_user(acme: Customer) -> User:
    return make_member("admin", acme, Role.ADMIN, email="admin@example.com")


@pytest.fixture
def admin(admin_user: User) -> Actor:
    return actor_for(admin_user)


@pytest.fixture
def ada() -> User:
    return make_user("ada", email="Ada@example.com")


def invite(actor: Actor, *, role: Role = Role.VIEWER, **person: str) -> NewInvitation:
    return invitations.invite(actor=actor, customer="acme", role=role, **(person or {"username": "ada"}))


def accepting(user: User, made: NewInvitation, **limits: object) -> Callable[[], object]:
    return partial(invitations.accept, actor=actor_for(user, **limits), secret=made.secret)


def accept(user: User, made: NewInvitation, **limits: object) -> str:
    """How it ends: "ok", or the refusal's code."""
    try:
        accepting(user, made, **limits)()
    except Refusal as refusal:
        return refusal.code
    return "ok"


def code_of(call) -> str:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize("person", [{"username": "ada"}, {"email": "ADA@Example.com"}], ids=["username", "email"])
def test_whoever_is_invited_becomes_a_member_when_they_accept(acme: Customer, admin: Actor, ada: User, person):
    made = invite(admin, role=Role.OPERATOR, **person)
    before = Membership.objects.filter(user=ada).count()

    change = invitations.accept(actor=actor_for(ada), secret=made.secret)

    assert before == 0
    assert (change.membership.user, change.membership.customer, change.membership.role) == (ada, acme, "operator")
    rows = PluginAuditLog.objects.order_by("position")
    assert [(row.action, row.actor_name, row.chain) for row in rows] == [
        ("invite_member", "admin", str(acme.pk)), ("accept_invitation", "ada", str(acme.pk)),
    ]  # fmt: skip
    assert (rows[1].after["username"], rows[1].after["role"]) == ("ada", "operator")


def test_the_token_is_nowhere_but_in_the_answer_and_the_email_address_not_in_the_log(admin: Actor):
    made = invite(admin, email="ada@example.com")

    (stored,) = Invitation.objects.values()
    assert made.secret not in str(stored) and made.secret not in repr(made)
    (row,) = PluginAuditLog.objects.all()
    assert "example.com" not in row.text and made.secret not in row.text


def test_the_answer_the_log_and_the_statements_are_the_same_whether_the_account_exists(admin: Actor):
    make_operator("boss", email="boss@example.com")
    make_member("gus", make_customer("globex"), Role.ADMIN, email="gus@example.com")
    seen = []

    for name in ("first", "gus", "boss", "nobody"):  # the first one of all begins the customer's chain of the log
        for person in ({"username": name}, {"email": f"{name}@example.com"}):
            with CaptureQueriesContext(connection) as statements:
                made = invite(admin, **person)
            row = PluginAuditLog.objects.order_by("position").last()
            shown = (made.invitation.role, len(made.secret), row.action, row.outcome, sorted(row.after))
            seen.append((*person, shown, shapes_of(statements)))

    assert [each for each in seen[4:] if each not in seen[2:4]] == []


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ({"username": "ada", "email": "ada@example.com"}, "INVALID_INPUT"),
        ({"username": "", "email": ""}, "INVALID_INPUT"),
        ({"username": "a b"}, "INVALID_INPUT"),
        ({"username": "a\x00"}, "INVALID_INPUT"),
        ({"email": "not an address"}, "INVALID_INPUT"),
        ({"username": "admin"}, "ALREADY_MEMBER"),
        ({"email": "Admin@Example.com"}, "ALREADY_MEMBER"),
    ],
)
def test_what_names_nobody_who_can_be_invited(admin: Actor, person, code: str):
    assert code_of(lambda: invite(admin, **person)) == code
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_lower_roles_and_lower_tokens_neither_invite_nor_revoke(acme: Customer, admin_user: User, admin: Actor, role):
    made = invite(admin)

    for actor in (actor_for(make_member("low", acme, role)), actor_for(admin_user, maximum_role=role)):
        assert code_of(lambda actor=actor: invite(actor)) == "ROLE_TOO_LOW"
        revoke = {"actor": actor, "customer": "acme", "invitation_id": made.invitation.pk}
        assert code_of(lambda revoke=revoke: invitations.revoke(**revoke)) == "ROLE_TOO_LOW"


def test_anybody_elses_token_looks_like_one_that_does_not_exist(admin: Actor, ada: User):
    made = invite(admin)
    other = make_member("gus", make_customer("globex"), email="ada@example.org")
    seen = []

    for secret in ("wi_nothing", made.secret, "ü", "\ud800"):
        with pytest.raises(Refusal) as caught, CaptureQueriesContext(connection):
            invitations.accept(actor=actor_for(other), secret=secret)
        row = PluginAuditLog.objects.order_by("position").last()
        seen.append((caught.value.code, caught.value.message, row.chain, row.after))

    assert seen == seen[:1] * 4
    assert seen[0][0] == "INVITATION_NOT_FOUND" and "'gus'" in seen[0][1]
    assert accept(ada, made) == "ok"


def test_an_account_without_an_email_address_matches_no_invitation_of_others(admin: Actor):
    made, bare = invite(admin, email="ada@example.com"), make_user("bare")

    assert accept(bare, made) == "INVITATION_NOT_FOUND"
    assert accept(bare, invite(admin, username="ada")) == "INVITATION_NOT_FOUND"
    assert accept(make_user("ada@example.com"), made) == "INVITATION_NOT_FOUND"  # a username, not an address


def test_only_a_person_accepts(admin: Actor, ada: User):
    made = invite(admin)

    assert accept(ada, made, uses_token=True) == "SESSION_REQUIRED"
    assert code_of(lambda: invitations.accept(actor=SYSTEM, secret=made.secret)) == "NOT_SIGNED_IN"
    assert accept(ada, made) == "ok"


def test_it_is_accepted_once(admin: Actor, ada: User):
    made = invite(admin)

    assert [accept(ada, made) for _ in range(2)] == ["ok", "INVITATION_ACCEPTED"]
    members.remove(actor=admin, customer="acme", username="ada")
    assert accept(ada, made) == "INVITATION_ACCEPTED"


def test_it_expires(admin: Actor, ada: User, clock):
    made = invite(admin)
    clock.advance(seconds=invitations.LIFETIME.total_seconds())

    assert accept(ada, made) == "INVITATION_EXPIRED"


def test_it_is_revoked_once_and_not_once_it_is_accepted(admin: Actor, ada: User, audited):
    made, other = invite(admin), invite(admin, username="bob")
    revoke = {"actor": admin, "customer": "acme"}

    changes = [invitations.revoke(**revoke, invitation_id=made.invitation.pk).changed for _ in range(2)]

    assert changes == [True, False]
    assert accept(ada, made) == "INVITATION_REVOKED"
    assert accept(make_user("bob"), other) == "ok"
    assert code_of(lambda: invitations.revoke(**revoke, invitation_id=other.invitation.pk)) == "INVITATION_ACCEPTED"
    assert audited().count(("revoke_invitation", "succeeded", "")) == 1


def test_another_customers_invitation_is_not_found_like_a_missing_one(admin: Actor):
    make_customer("globex")
    theirs = invitations.invite(actor=SYSTEM, customer="globex", role=Role.VIEWER, username="ada")
    answers = []

    for key in (theirs.invitation.pk, None):
        with pytest.raises(Refusal) as caught:
            invitations.revoke(actor=admin, customer="acme", invitation_id=key)
        answers.append((caught.value.code, caught.value.message))

    assert answers[0] == answers[1]
    assert answers[0][0] == "INVITATION_NOT_FOUND"


def test_a_new_invitation_takes_the_place_of_the_open_one_for_the_same_person(admin: Actor, ada: User):
    first, second = invite(admin), invite(admin)

    assert accept(ada, first) == "INVITATION_REVOKED"
    assert accept(ada, second) == "ok"


@pytest.mark.parametrize("change", ["removed", "lowered", "deactivated"])
def test_it_ends_with_the_rights_of_who_made_it(acme: Customer, admin_user: User, admin: Actor, ada: User, change):
    """Else a former admin could come back by an invitation for another account."""
    made = invite(admin)
    if change == "removed":
        members.remove(actor=SYSTEM, customer="acme", username="admin")
    elif change == "lowered":
        members.set(actor=SYSTEM, customer="acme", username="admin", role=Role.OPERATOR)
    else:
        User.objects.filter(pk=admin_user.pk).update(is_active=False)

    assert accept(ada, made) == "INVITATION_REVOKED"


def test_operators_and_commands_invite_too(acme: Customer, ada: User):
    bob = make_user("bob")

    assert accept(ada, invite(actor_for(make_operator()))) == "ok"
    assert accept(bob, invite(SYSTEM, username="bob")) == "ok"


def test_nobody_joins_an_inactive_customer(admin: Actor, ada: User):
    made = invite(admin)
    customers.update(actor=SYSTEM, customer="acme", is_active=False)

    assert accept(ada, made) == "CUSTOMER_INACTIVE"
    assert code_of(lambda: invite(admin, username="bob")) == "CUSTOMER_INACTIVE"


def test_whoever_has_become_a_member_meanwhile_keeps_their_role(acme: Customer, admin: Actor, ada: User):
    made = invite(admin, role=Role.ADMIN)
    make_membership(ada, acme, Role.VIEWER)

    assert accept(ada, made) == "ALREADY_MEMBER"
    assert Membership.objects.get(user=ada).role == "viewer"


def test_a_customer_has_a_limited_number_of_invitations(admin: Actor, monkeypatch, clock):
    monkeypatch.setattr(invitations, "MAXIMUM", 2)
    for name in ("one", "two"):
        invite(admin, username=name)

    assert code_of(lambda: invite(admin, username="three")) == "TOO_MANY_INVITATIONS"
    # Nor do those that were replaced within a day leave room, since each of them may have sent a mail.
    assert code_of(lambda: invite(admin, username="one")) == "TOO_MANY_INVITATIONS"
    clock.advance(days=1, seconds=1)
    assert invite(admin, username="one").secret
    clock.advance(days=8)
    assert invite(admin, username="three").secret


def test_whoever_had_one_customer_keeps_it_as_the_default(admin: Actor, ada: User):
    globex = make_customer("globex")
    make_membership(ada, globex)

    accept(ada, invite(admin))

    assert Membership.objects.get(user=ada, is_default=True).customer == globex


def revoke_all() -> None:
    Invitation.objects.update(revoked_at=timezone.now())


def delete_all() -> None:
    Generation.objects.exclude(customer=None).delete()
    Customer.objects.all().delete()


@pytest.mark.parametrize(("change", "code"), [(revoke_all, "INVITATION_REVOKED"), (delete_all, "INVITATION_NOT_FOUND")])
def test_what_others_do_until_the_lock_is_held_counts(admin: Actor, ada: User, monkeypatch, change, code: str):
    made = invite(admin)

    def lock_late(customer: Customer) -> None:
        change()
        lock_customer(customer)

    monkeypatch.setattr(invitations, "lock_customer", lock_late)

    assert accept(ada, made) == code


class TestMail:
    """A mail with the link, after the commit, where there is a mail server."""

    @pytest.fixture(autouse=True)
    def _mail_server(self, settings, django_capture_on_commit_callbacks):
        settings.WEBNET_SENDS_MAIL = True
        # What Django 6.1 reads, as the settings have it there with an EMAIL_URL.
        settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
        self.commit = django_capture_on_commit_callbacks

    def invite(self, actor: Actor, **person: str) -> NewInvitation:
        with self.commit(execute=True):
            return invitations.invite(actor=actor, customer="acme", role=Role.VIEWER, page_address=PAGE, **person)

    def test_it_has_the_link(self, admin: Actor):
        made = self.invite(admin, email="ada@example.com")

        (sent,) = mail.outbox
        assert sent.to == ["ada@example.com"]
        assert sent.subject == "Invitation to Acme Corp"
        assert f"{PAGE}{made.secret}/\n" in sent.body

    def test_it_is_not_sent_for_a_username_nor_without_a_server_nor_for_a_refusal(self, admin: Actor, ada, settings):
        self.invite(admin, username="ada")
        with pytest.raises(Refusal):
            self.invite(admin, email="admin@example.com")
        settings.WEBNET_SENDS_MAIL = False
        self.invite(admin, email="ada@example.com")

        assert mail.outbox == []

    def test_what_the_server_refuses_is_a_warning_without_the_secret(self, admin: Actor, monkeypatch, caplog):
        def refuse(*_: object, **__: object) -> None:
            raise OSError("no route to ada@example.com")

        monkeypatch.setattr(invitations, "send_mail", refuse)

        made = self.invite(admin, email="ada@example.com")

        (record,) = (each for each in caplog.records if each.levelno >= logging.WARNING)
        assert record.getMessage() == f"Invitation {made.invitation.pk} could not be mailed: OSError."
        assert record.exc_info is None


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Exactly one wins."""

    def test_two_accept(self, admin: Actor, ada: User):
        made = invite(admin)

        answers = run_together([accepting(ada, made)] * 4)

        assert sorted(answers) == ["INVITATION_ACCEPTED"] * 3 + ["ok"]
        assert Membership.objects.filter(user=ada).count() == 1

    def test_two_accounts_with_the_address_accept(self, admin: Actor, ada: User):
        twin = make_user("twin", email="ada@example.com")
        made = invite(admin, email="ada@example.com")

        answers = run_together([accepting(who, made) for who in (ada, twin)])

        assert sorted(answers) == ["INVITATION_ACCEPTED", "ok"]

    def test_one_accepts_and_another_revokes(self, admin: Actor, ada: User):
        made = invite(admin)
        revoking = partial(invitations.revoke, actor=admin, customer="acme", invitation_id=made.invitation.pk)

        accepted, revoked = run_together([accepting(ada, made), revoking])

        assert (accepted, revoked) in {("ok", "INVITATION_ACCEPTED"), ("INVITATION_REVOKED", "ok")}
        assert Membership.objects.filter(user=ada).exists() is (accepted == "ok")

    def test_one_accepts_while_the_customer_is_purged(self, admin: Actor, ada: User):
        made = invite(admin)
        purging = partial(customers.purge, actor=SYSTEM, customer="acme")

        accepted, purged = run_together([accepting(ada, made), purging])

        assert (accepted, purged) in {("ok", "ok"), ("INVITATION_NOT_FOUND", "ok")}
        assert not Membership.objects.exists() and not Invitation.objects.exists()

    def test_one_joins_two_customers_and_the_first_one_is_the_default(self, admin: Actor, ada: User):
        make_customer("globex")
        here = invite(admin)
        there = invitations.invite(actor=SYSTEM, customer="globex", role=Role.VIEWER, username="ada")

        answers = run_together([accepting(ada, each) for each in (here, there)])

        assert answers == ["ok", "ok"]
        assert Membership.objects.filter(user=ada, is_default=True).count() == 1
