"""Signs browsers in and out, and changes the password of who is signed in; audited, including refused attempts."""

from __future__ import annotations

from typing import NoReturn

from django.contrib.auth import SESSION_KEY, login, logout, update_session_auth_hash
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from webnet.accounts.authentication import (
    SESSION_BACKEND,
    actor_of,
    anonymous_actor,
    find_user,
    has_bearer,
    identify_user,
)
from webnet.accounts.known_devices import find_device, remember_device
from webnet.accounts.password_hashing import limited_hashing
from webnet.accounts.sign_in_throttle import Attempt, count_attempt
from webnet.accounts.users import choose_password
from webnet.audit.operation import Operation, audited
from webnet.customers.access import Actor, require_session
from webnet.customers.models import User
from webnet.errors import PermissionDenied, RateLimited, Refusal
from webnet.sentences import sentence
from webnet.values.storable_values import is_storable_text


def sign_in(request: HttpRequest, *, username: str, password: str) -> User:
    """Check the password and start a session. Raises PermissionDenied (BAD_CREDENTIALS) or RateLimited.

    An unknown user, an inactive user and a wrong password get the same message and take the same time.
    """
    nobody = anonymous_actor(request)
    with limited_hashing():
        named = find_user(username)
        attempt = _count_attempt(Operation(actor=nobody, action="sign_in"), request, username=username, user=named)
        is_right = _check_password(named, password)
    if named is None or not is_right:
        reason = f"as '{named.username}'" if named is not None else ""
        refused = PermissionDenied(sentence("The username or the password is wrong."), code="BAD_CREDENTIALS")
        _refuse(Operation(actor=nobody, action="sign_in", reason=reason), refused)
    attempt.succeed()
    start_session(request, named)
    return named


def start_session(request: HttpRequest, user: User) -> None:
    """Start a session, with a new key, once it is certain who the user is: every way to sign in ends here."""
    _record_sign_in(Operation(actor=actor_of(request, user), action="sign_in"))
    # Only once the audit row is committed, so that nobody is signed in without one. A session of another user in the
    # same browser is emptied first: Django would keep its data for a user with the same password hash.
    if SESSION_KEY in request.session:
        request.session.flush()
    login(request, user, backend=SESSION_BACKEND)
    remember_device(request, user)


def change_password(request: HttpRequest, *, actor: Actor, current: str, new: str) -> User:
    """Change the password of the actor, in the session of the request, which goes on; their other sessions end.

    A wrong current password counts like a wrong one at signing in, so that an open session is no way to guess it.
    Raises PermissionDenied (also BAD_CREDENTIALS, SESSION_REQUIRED), RateLimited, or InvalidInput for the new one.
    """
    operation = Operation(actor=actor, action="change_password")
    known = _find_own_user(operation)
    with limited_hashing():
        attempt = _count_attempt(operation, request, username=known.username, user=known)
        if not _check_password(known, current):
            _refuse(operation, _wrong_password())
        attempt.succeed()
        user = _change_password(operation, known.password, new)
    # Only once it is committed: else this session would end with the others if the change is undone.
    request.user = user
    update_session_auth_hash(request, user)
    remember_device(request, user)
    return user


def sign_out(request: HttpRequest) -> bool:
    """End the session; False when nobody was signed in. A bearer token is not a session: `tokens.revoke` ends that."""
    if has_bearer(request) or not request.user.is_authenticated:
        return False
    _end_session(Operation(actor=identify_user(request).actor, action="sign_out"), request)
    return True


def _count_attempt(operation: Operation, request: HttpRequest, *, username: str, user: User | None) -> Attempt:
    device = find_device(request, user)
    try:
        return count_attempt(username=username, address=operation.actor.ip_address, device=device)
    except RateLimited as refusal:
        _refuse(operation, refusal)


def _check_password(user: User | None, password: str) -> bool:
    if not is_storable_text(password):
        return False
    if user is None:
        # Hashing takes as long as a check: otherwise the response time would reveal which usernames exist.
        make_password(password)
        return False
    return user.check_password(password) and user.is_active


@audited
def _refuse(operation: Operation, refusal: Refusal) -> NoReturn:  # noqa: ARG001 - `audited` records it
    raise refusal


@audited
def _record_sign_in(operation: Operation) -> None:
    operation.record()


@audited
def _end_session(operation: Operation, request: HttpRequest) -> None:
    logout(request)
    operation.record()


@audited
def _find_own_user(operation: Operation) -> User:
    return User.objects.get(pk=require_session(operation.actor))


@audited
def _change_password(operation: Operation, checked: str, new: str) -> User:
    user = User.objects.select_for_update().get(pk=require_session(operation.actor))
    if user.password != checked:  # Changed since it was checked: what was typed is the current one no longer.
        raise _wrong_password()
    choose_password(user, new, field="new_password")
    user.save(update_fields=["password", "updated_at"])
    operation.record(after={"username": user.username})
    return user


def _wrong_password() -> PermissionDenied:
    return PermissionDenied(sentence("The current password is wrong."), code="BAD_CREDENTIALS")
