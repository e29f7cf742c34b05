"""The commands: what they print, how they refuse, and whose name is in the audit log."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.accounts.requests import make_request
from tests.factories import PASSWORD, make_customer, make_member, make_operator, make_user
from webnet.accounts.authentication import authenticate_request
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Role
from webnet.customers.models import ApiToken, Customer, Membership, User

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def test_create_customer_makes_one():
    assert run("create_customer", "acme", "--name", "Acme Inc.") == "Created the customer 'acme'.\n"

    assert Customer.objects.get().name == "Acme Inc."
    row = PluginAuditLog.objects.get()
    assert (row.actor_name, row.actor_id) == ("command: create_customer", None)


def test_a_refusal_is_one_sentence():
    make_customer("acme")

    with pytest.raises(CommandError, match=r"^There is already a customer 'acme'\.$"):
        run("create_customer", "acme")


def test_create_user_makes_one_without_a_password():
    assert run("create_user", "ada", "--name", "Ada") == "Created the user 'ada', without a password.\n"

    user = User.objects.get()
    assert (user.name, user.is_superuser, user.has_usable_password()) == ("Ada", False, False)


def test_create_user_reads_the_password_from_standard_input(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))

    assert run("create_user", "root", "--operator", "--password-stdin") == "Created the platform operator 'root'.\n"

    user = User.objects.get()
    assert user.check_password(PASSWORD)
    assert user.is_superuser
    assert user.is_staff


def test_create_user_refuses_a_weak_password(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))

    with pytest.raises(CommandError, match="too short"):
        run("create_user", "ada", "--password-stdin")


def test_djangos_createsuperuser_makes_a_platform_operator(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    run("createsuperuser", "--noinput", "--username", "root")

    user = User.objects.get()
    assert (user.is_superuser, user.is_staff, user.check_password(PASSWORD)) == (True, True, True)


def test_set_member_sets_and_says_when_nothing_changed():
    make_customer("acme")
    make_user("ada")

    assert run("set_member", "acme", "ada", "operator") == "'ada' is now operator for 'acme'.\n"
    assert run("set_member", "acme", "ada", "operator") == "'ada' was already operator for 'acme'.\n"
    assert Membership.objects.get().role == "operator"


def test_set_member_removes():
    make_member("ada", make_customer("acme"))

    assert run("set_member", "acme", "ada", "--remove") == "'ada' is no longer a member of 'acme'.\n"
    assert run("set_member", "acme", "ada", "--remove") == "'ada' was not a member of 'acme'.\n"


@pytest.mark.parametrize("arguments", [(), ("viewer", "--remove")])
def test_set_member_wants_either_a_role_or_its_end(arguments: tuple[str, ...]):
    with pytest.raises(CommandError, match="either a role or --remove"):
        run("set_member", "acme", "ada", *arguments)


def test_set_member_names_who_is_unknown():
    make_customer("acme")

    with pytest.raises(CommandError, match="There is no user 'nobody'"):
        run("set_member", "acme", "nobody", "viewer")


def test_invite_member_prints_the_path_and_revoke_invitation_ends_it():
    make_customer("acme")

    path = run("invite_member", "acme", "viewer", "--email", "Ada@example.com")
    revoked = run("revoke_invitation", "acme", "ada@example.com")

    assert re.fullmatch(r"/invitations/wi_\S+/\n", path)
    assert revoked == "The invitation of 'ada@example.com' to 'acme' is revoked.\n"
    with pytest.raises(CommandError, match="has no open invitation"):
        run("revoke_invitation", "acme", "ada@example.com")


def test_create_token_prints_the_secret_alone():
    user = make_member("ada", make_customer("acme"), Role.ADMIN)

    secret = run(
        "create_token", "ada", "ci", "--customer", "acme", "--maximum-role", "viewer", "--expires-in-days", "1"
    ).strip()

    identity = authenticate_request(make_request(bearer=secret))
    assert (identity.user, identity.actor.maximum_role) == (user, Role.VIEWER)
    assert ApiToken.objects.get().expires_at is not None
    assert PluginAuditLog.objects.get().actor_name == "command: create_token"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nobody", "ci"), "There is no user 'nobody'"),
        (("ada", "ci", "--customer", "globex"), "There is no customer 'globex'"),
        (("ada", "ci", "--expires-in-days", "-1"), "must expire in the future"),
        (("ada", "ci", "--expires-in-days", "soon"), "must be a number of days, at most 36500, not 'soon'"),
        (("ada", "ci", "--expires-in-days", "1e99"), "must be a number of days"),
        (("ada", "ci", "--expires-in-days", "nan"), "must be a number of days"),
    ],
)
def test_create_token_refuses(arguments: tuple[str, ...], sentence: str):
    make_member("ada", make_customer("acme"))
    make_customer("globex")

    with pytest.raises(CommandError, match=sentence):
        run("create_token", *arguments)


def test_changepassword_is_audited_and_tells_the_password_to_nobody(monkeypatch: pytest.MonkeyPatch):
    make_user("ada")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))

    assert (
        run("changepassword", "ada", "--password-stdin", "--reason", "Forgotten") == "Changed the password of 'ada'.\n"
    )

    assert User.objects.get().check_password(PASSWORD)
    row = PluginAuditLog.objects.get()
    assert (row.action, row.actor_name, row.reason) == ("set_password", "command: changepassword", "Forgotten")
    assert PASSWORD not in row.text


def test_changepassword_asks_twice_and_refuses_what_differs(monkeypatch: pytest.MonkeyPatch):
    make_user("ada")
    answers = iter([PASSWORD, f"{PASSWORD}!", PASSWORD, PASSWORD])
    monkeypatch.setattr("webnet.accounts.management.commands.changepassword.getpass", lambda _: next(answers))

    with pytest.raises(CommandError, match="The passwords differ"):
        run("changepassword", "ada")
    assert not PluginAuditLog.objects.exists()
    run("changepassword", "ada")

    assert User.objects.get().check_password(PASSWORD)


def test_changepassword_refuses_a_weak_password_and_an_unknown_user(monkeypatch: pytest.MonkeyPatch):
    make_user("ada")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"short\n{PASSWORD}\n"))

    with pytest.raises(CommandError, match="too short"):
        run("changepassword", "ada", "--password-stdin")
    with pytest.raises(CommandError, match="nobody"):
        run("changepassword", "nobody", "--password-stdin")


def test_update_customer_renames_and_deactivates():
    make_customer("acme")

    assert run("update_customer", "acme", "--name", "Acme Ltd.") == "The customer 'acme' is now 'Acme Ltd.', active.\n"
    assert run("update_customer", "acme", "--deactivate") == "The customer 'acme' is now 'Acme Ltd.', inactive.\n"
    assert "was already" in run("update_customer", "acme", "--deactivate")

    customer = Customer.objects.get()
    assert (customer.name, customer.is_active) == ("Acme Ltd.", False)
    assert "active." in run("update_customer", "acme", "--activate")
    assert set(PluginAuditLog.objects.values_list("actor_name", flat=True)) == {"command: update_customer"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("acme",), "nothing to change"),
        (("nobody", "--activate"), "no customer 'nobody'"),
        (("acme", "--name", ""), "empty"),
    ],
)
def test_update_customer_refuses(arguments: tuple[str, ...], sentence: str):
    make_customer("acme")

    with pytest.raises(CommandError, match=sentence):
        run("update_customer", *arguments)


def test_update_user_deactivates_and_activates():
    make_user("ada")

    assert run("update_user", "ada", "--deactivate", "--reason", "Left") == "The user 'ada' is now inactive.\n"
    assert run("update_user", "ada", "--deactivate") == "The user 'ada' was already inactive.\n"
    assert not User.objects.get().is_active
    assert run("update_user", "ada", "--activate") == "The user 'ada' is now active.\n"
    rows = PluginAuditLog.objects.order_by("position").values_list("actor_name", "action", "reason")
    assert list(rows) == [("command: update_user", "update_user", "Left"), ("command: update_user", "update_user", "")]


@pytest.mark.parametrize(("username", "sentence"), [("root", "last active platform operator"), ("nobody", "no user")])
def test_update_user_refuses(username: str, sentence: str):
    make_operator("root")

    with pytest.raises(CommandError, match=sentence):
        run("update_user", username, "--deactivate")


def test_revoke_token_ends_a_token_of_a_user():
    make_user("ada")
    make_user("grace")
    for username in ("ada", "grace"):
        run("create_token", username, "backup")

    assert run("revoke_token", "ada", "backup") == "The token 'backup' of 'ada' is revoked.\n"
    assert run("revoke_token", "ada", "backup") == "The token 'backup' of 'ada' was already revoked.\n"

    assert ApiToken.objects.exclude(revoked_at=None).get().user.username == "ada"
    row = PluginAuditLog.objects.get(action="revoke_api_token")
    assert row.actor_name == "command: revoke_token"
    with pytest.raises(CommandError, match="'ada' has no token 'other'"):
        run("revoke_token", "ada", "other")
