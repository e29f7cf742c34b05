"""Signing in and out with a session, the only way in for a browser; audited, also when refused."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY, login, logout
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from webnet.accounts import sign_in_throttle
from webnet.accounts.authentication import SESSION_BACKEND, actor_of, find_user, has_bearer, identify_user
from webnet.accounts.request_origin import anonymous_actor
from webnet.accounts.text import is_storable
from webnet.audit.operation import Operation, audited
from webnet.customers.models import User
from webnet.errors import PermissionDenied, RateLimited


def sign_in(request: HttpRequest, *, username: str, password: str) -> User:
    """Start a session, with a new key. Raises PermissionDenied (BAD_CREDENTIALS) or RateLimited.

    An unknown user, an inactive one and a wrong password get the same words and take the same time.
    """
    nobody = anonymous_actor(request)
    limit = sign_in_throttle.take(username=username, address=nobody.ip_address)
    known = None if limit else find_user(username)
    user = known if limit is None and _is_right(known, password) else None
    reason = f"as '{known.username}'" if known and not user else ""
    actor = actor_of(request, user) if user else nobody
    entered = _admit(Operation(actor=actor, action="sign_in", reason=reason), user, limit)
    sign_in_throttle.give_back(username=username, address=nobody.ip_address)
    _start_session(request, entered)
    return entered


def sign_out(request: HttpRequest) -> bool:
    """End the session; False when nobody was signed in. A bearer token is no session: `tokens.revoke` ends it."""
    if has_bearer(request) or not request.user.is_authenticated:
        return False
    _end_session(Operation(actor=identify_user(request).actor, action="sign_out"), request)
    return True


def _is_right(user: User | None, password: str) -> bool:
    if not is_storable(password):
        return False
    if user is None:
        make_password(password)  # takes as long as a check, so that time does not tell who exists
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
    # After the audit row is committed: nobody gets in without one. What another sign-in left behind goes first.
    if SESSION_KEY in request.session:
        request.session.flush()
    login(request, user, backend=SESSION_BACKEND)


@audited
def _end_session(operation: Operation, request: HttpRequest) -> None:
    logout(request)
    operation.record()
