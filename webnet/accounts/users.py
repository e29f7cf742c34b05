"""Creates, (de)activates and sets the passwords of users: for platform operators, audited in the platform's chain."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from webnet.accounts.validation import clean_line, unique_name
from webnet.audit.operation import Operation, audited
from webnet.customers.access import Actor, require_operator
from webnet.customers.models import User, is_username
from webnet.errors import InvalidInput, NotFound, PermissionDenied
from webnet.input_faults import InputFaults
from webnet.sentences import sentence
from webnet.values.storable_values import is_storable_text


@dataclass(frozen=True, kw_only=True)
class UserChange:
    """The user after the change."""

    user: User
    changed: bool


def create(
    *,
    actor: Actor,
    username: str,
    name: str | None = "",
    email: str | None = "",
    password: str | None = None,
    is_operator: bool = False,
    takes_any_password: bool = False,
    reason: str | None = "",
) -> User:
    """Create a user, who can't sign in without a password. Raises PermissionDenied or InvalidInput.

    `takes_any_password` skips Django's password validators, for demo data only.
    """
    user = User(username=username, name=name or "", email=email or "", is_superuser=is_operator, is_staff=is_operator)
    operation = Operation(actor=actor, action="create_user", reason=reason)
    return _create(operation, user, password, is_checked=not takes_any_password)


def set_password(*, actor: Actor, username: str, password: str | None, reason: str | None = "") -> User:
    """Set or remove the user's password; their sessions end. Raises PermissionDenied, NotFound or InvalidInput."""
    return _change_password(Operation(actor=actor, action="set_password", reason=reason), username, password)


def set_active(*, actor: Actor, username: str, is_active: bool, reason: str | None = "") -> UserChange:
    """Activate or deactivate the user. The sessions and tokens of an inactive user are not accepted; they are kept.

    Raises PermissionDenied, NotFound, or InvalidInput: OWN_ACCOUNT for the actor's own, and LAST_OPERATOR.
    """
    return _set_active(Operation(actor=actor, action="update_user", reason=reason), username, is_active=is_active)


@audited
def _create(operation: Operation, user: User, password: str | None, *, is_checked: bool) -> User:
    require_operator(operation.actor)
    user.username, faults = User.normalize_username(user.username), InputFaults()
    taken = sentence("There is already a user '{username}'.", username=user.username)
    if not is_username(user.username):
        message = sentence("A username has up to 150 characters: letters, digits and any of @.+-_")
        faults.add(message, "username")
    with faults.gather():
        user.name = clean_line(user.name, field="name", maximum_length=150) if user.name else ""
    with faults.gather():
        user.email = clean_email(user.email) if user.email else ""
    with faults.gather():
        choose_password(user, password, is_checked=is_checked)
    if faults and is_username(user.username) and User.objects.filter(username=user.username).exists():
        faults.add(taken, "username", code="NAME_TAKEN")
    faults.refuse()
    with unique_name(taken, field="username"):
        user.save(force_insert=True)
    operation.record(after=_describe(user))
    return user


@audited
def _change_password(operation: Operation, username: str, password: str | None) -> User:
    require_operator(operation.actor)
    user = _lock_user(username)
    before = _describe(user)
    choose_password(user, password)
    user.save(update_fields=["password", "updated_at"])
    operation.record(before=before, after=_describe(user))
    return user


@audited
def _set_active(operation: Operation, username: str, *, is_active: bool) -> UserChange:
    require_operator(operation.actor)
    operators = _lock_operators(operation.actor)
    user = _lock_user(username)
    if user.is_active == is_active:
        return UserChange(user=user, changed=False)
    if user.pk == operation.actor.user_id:
        raise InvalidInput(
            sentence("You can't deactivate yourself: ask another operator."), field="username", code="OWN_ACCOUNT"
        )
    if operators == {user.pk}:
        raise InvalidInput(
            sentence(
                "'{username}' is the last active platform operator: create or activate another one first.",
                username=username,
            ),
            field="username",
            code="LAST_OPERATOR",
        )
    before = _describe(user)
    user.is_active = is_active
    user.save(update_fields=["is_active", "updated_at"])
    operation.record(before=before, after=_describe(user))
    return UserChange(user=user, changed=True)


def choose_password(user: User, password: str | None, *, field: str = "password", is_checked: bool = True) -> None:
    """Give the user this password, or none, without saving it. Raises InvalidInput, with a fault for each objection."""
    faults = InputFaults()
    if password is not None and not is_storable_text(password):
        faults.add(sentence("A password can't contain this character."), field)
    elif password is not None and is_checked:
        try:
            validate_password(password, user)
        except ValidationError as error:
            for message in error.messages:
                faults.add(message, field)
    faults.refuse()
    user.set_password(password)


def clean_email(email: str) -> str:
    """The address, with its domain in lower case. Raises InvalidInput."""
    email = clean_line(email, field="email", maximum_length=254)
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput(sentence("This is not an email address."), field="email") from error
    return User.objects.normalize_email(email)


def _lock_operators(actor: Actor) -> set[int]:
    """The ids of the active platform operators, locked. Raises PermissionDenied if the actor is not one any more."""
    # Two operators who deactivate each other must not both succeed: the second one waits here, and is then refused.
    # `no_key` lets others insert rows that refer to the users, such as memberships.
    rows = User.objects.select_for_update(no_key=True).filter(is_superuser=True, is_active=True).order_by("pk")
    operators = {user.pk for user in rows}
    if actor.user_id is not None and actor.user_id not in operators:
        raise PermissionDenied(sentence("Only a platform operator can do this."), code="OPERATORS_ONLY")
    return operators


def _lock_user(username: str) -> User:
    users = User.objects.select_for_update(no_key=True).filter(username=username)
    user = users.first() if is_username(username) else None
    if user is None:
        raise NotFound.user(username)
    return user


def _describe(user: User) -> dict[str, object]:
    return {
        "username": user.username,
        "name": user.name,
        "is_active": user.is_active,
        "is_operator": user.is_superuser,
        "has_password": user.has_usable_password(),
    }
