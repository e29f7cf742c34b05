"""Signs browsers in and out; audited, including refused attempts."""

from __future__ import annotations

from typing import NoReturn

from django.contrib.auth import SESSION_KEY, login, logout
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
from webnet.accounts.sign_in_throttle import count_attempt
from webnet.audit.operation import Operation, audited
from webnet.customers.models import User
from webnet.errors import PermissionDenied, RateLimited, Refusal
from webnet.values.storable_values import is_storable_text


def sign_in(request: HttpRequest, *, username: str, password: str) -> User:
    """Check the password and start a session. Raises PermissionDenied (BAD_CREDENTIALS) or RateLimited.

    An unknown user, an inactive user and a wrong password get the same message and take the same time.
    """
    nobody = anonymous_actor(request)
    with limited_hashing():
        named = find_user(username)
        device = find_device(request, named)
        try:
            attempt = count_attempt(username=username, address=nobody.ip_address, device=device)
        except RateLimited as refusal:
            _refuse(Operation(actor=nobody, action="sign_in"), refusal)
        is_right = _check_password(named, password)
    if named is None or not is_right:
        reason = f"as '{named.username}'" if named is not None else ""
        refused = PermissionDenied("The username or the password is wrong.", code="BAD_CREDENTIALS")
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


def sign_out(request: HttpRequest) -> bool:
    """End the session; False when nobody was signed in. A bearer token is not a session: `tokens.revoke` ends that."""
    if has_bearer(request) or not request.user.is_authenticated:
        return False
    _end_session(Operation(actor=identify_user(request).actor, action="sign_out"), request)
    return True


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
