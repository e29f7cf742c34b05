"""Signs browsers in and out; audited, including refused attempts."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY, login, logout
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from webnet.accounts import sign_in_throttle
from webnet.accounts.authentication import (
    SESSION_BACKEND,
    actor_of,
    anonymous_actor,
    find_user,
    has_bearer,
    identify_user,
)
from webnet.audit.operation import Operation, audited
from webnet.customers.models import User
from webnet.errors import PermissionDenied, RateLimited
from webnet.values.storable_values import is_storable_text


def sign_in(request: HttpRequest, *, username: str, password: str) -> User:
    """Start a session, with a new key. Raises PermissionDenied (BAD_CREDENTIALS) or RateLimited.

    An unknown user, an inactive user and a wrong password get the same message and take the same time.
    """
    nobody = anonymous_actor(request)
    limit = sign_in_throttle.count_attempt(username=username, address=nobody.ip_address)
    known = None if limit else find_user(username)
    user = known if limit is None and _check_password(known, password) else None
    reason = f"as '{known.username}'" if known and not user else ""
    actor = actor_of(request, user) if user else nobody
    signed_in = _admit(Operation(actor=actor, action="sign_in", reason=reason), user, limit)
    sign_in_throttle.reset(username=username, address=nobody.ip_address)
    _start_session(request, signed_in)
    return signed_in


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
def _admit(operation: Operation, user: User | None, limit: RateLimited | None) -> User:
    if limit is not None:
        raise limit
    if user is None:
        raise PermissionDenied("The username or the password is wrong.", code="BAD_CREDENTIALS")
    operation.record()
    return user


def _start_session(request: HttpRequest, user: User) -> None:
    # Only once the audit row is committed, so that nobody is signed in without one. A session of another user in the
    # same browser is emptied first: Django would keep its data for a user with the same password hash.
    if SESSION_KEY in request.session:
        request.session.flush()
    login(request, user, backend=SESSION_BACKEND)


@audited
def _end_session(operation: Operation, request: HttpRequest) -> None:
    logout(request)
    operation.record()
