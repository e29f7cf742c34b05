"""Creates, (de)activates and sets the passwords of users: for platform operators, audited in the platform's chain."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from webnet.accounts.validation import clean_line, is_storable, unique_name
from webnet.audit.operation import Operation
from webnet.customers.access import Actor, require_operator
from webnet.customers.models import User, is_username
from webnet.errors import InvalidInput, NotFound


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
    operation = Operation(actor=actor, action="create_user", reason=reason)

    def change() -> User:
        require_operator(actor)
        user = _clean_user(username=username, name=name or "", email=email or "")
        user.is_superuser = user.is_staff = is_operator
        _set_password(user, password, is_checked=not takes_any_password)
        with unique_name(f"There is already a user '{user.username}'.", field="username"):
            user.save(force_insert=True)
        operation.after, operation.changed = _describe(user), True
        return user

    return operation.run(change)


def set_password(*, actor: Actor, username: str, password: str | None, reason: str | None = "") -> User:
    """Set or remove the user's password; their sessions end. Raises PermissionDenied, NotFound or InvalidInput."""
    operation = Operation(actor=actor, action="set_password", reason=reason)

    def change() -> User:
        require_operator(actor)
        user = _lock_user(username)
        operation.before = _describe(user)
        _set_password(user, password, is_checked=True)
        user.save(update_fields=["password"])
        operation.after, operation.changed = _describe(user), True
        return user

    return operation.run(change)


def set_active(*, actor: Actor, username: str, is_active: bool, reason: str | None = "") -> UserChange:
    """Activate or deactivate the user. The sessions and tokens of an inactive user are not accepted.

    Raises PermissionDenied, NotFound, or InvalidInput for the actor's own account, so that an operator remains.
    """
    operation = Operation(actor=actor, action="update_user", reason=reason)

    def change() -> UserChange:
        require_operator(actor)
        user = _lock_user(username)
        if user.is_active == is_active:
            return UserChange(user=user, changed=False)
        if user.pk == actor.user_id:
            raise InvalidInput("You can't deactivate yourself: ask another operator.", field="username")
        operation.before = _describe(user)
        user.is_active = is_active
        user.save(update_fields=["is_active"])
        operation.after, operation.changed = _describe(user), True
        return UserChange(user=user, changed=True)

    return operation.run(change)


def _clean_user(*, username: str, name: str, email: str) -> User:
    username = User.normalize_username(username)
    if not is_username(username):
        raise InvalidInput("A username has up to 150 characters: letters, digits and any of @.+-_", field="username")
    if name:
        name = clean_line(name, field="name", maximum_length=150)
    if email:
        email = _clean_email(email)
    return User(username=username, name=name, email=email)


def _clean_email(email: str) -> str:
    email = clean_line(email, field="email", maximum_length=254)
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput("This is not an email address.", field="email") from error
    return User.objects.normalize_email(email)


def _set_password(user: User, password: str | None, *, is_checked: bool) -> None:
    if password is not None and not is_storable(password):
        raise InvalidInput("A password can't contain this character.", field="password")
    if password is not None and is_checked:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise InvalidInput(" ".join(error.messages), field="password") from error
    user.set_password(password)


def _lock_user(username: str) -> User:
    users = User.objects.select_for_update().filter(username=username)
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
