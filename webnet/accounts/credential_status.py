"""Checks whether the credentials of open connections still hold: many at once, in a few SQL statements.

It only detects that something changed. What is allowed from then on is for `authentication` to find out, as for every
request.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from webnet.accounts.authentication import RequestIdentity
from webnet.customers.models import ApiToken, Membership, User

# Databases limit the number of parameters of a statement.
KEYS_PER_STATEMENT = 500


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What a connection was opened with: an API token, or a user's session."""

    user_id: int
    token_id: int | None = None
    session_key: str | None = None

    @classmethod
    def of(cls, identity: RequestIdentity, request: HttpRequest) -> Credential:
        """The credential of a request that somebody is signed in for."""
        user_id = identity.actor.user_id or 0
        if identity.api_token is not None:
            return cls(user_id=user_id, token_id=identity.api_token.pk)
        return cls(user_id=user_id, session_key=request.session.session_key)


# Everything that decides what a credential allows: equal standings mean that nothing changed.
Standing = tuple[Any, ...]


def read_standings(credentials: Collection[Credential]) -> dict[Credential, Standing]:
    """The current standing of each credential."""
    now = timezone.now()
    users = _read({each.user_id for each in credentials}, _read_users)
    roles = _read_memberships({each.user_id for each in credentials})
    tokens = _read({each.token_id for each in credentials if each.token_id}, _read_tokens)
    sessions = _read({each.session_key for each in credentials if each.session_key}, _read_sessions)
    found: dict[Credential, Standing] = {}
    for each in credentials:
        ends = (tokens.get(each.token_id), sessions.get(each.session_key))
        is_usable = any(end is not None and (end[0] is None or end[0] > now) for end in ends)
        found[each] = (is_usable, users.get(each.user_id), frozenset(roles.get(each.user_id, ())))
    return found


def forget_user(request: HttpRequest) -> None:
    """Reset the request's session and user, so that both are read from the database again."""
    session: Any = request.session
    request.session = type(session)(session.session_key)
    vars(request).pop("_cached_user", None)  # where Django's AuthenticationMiddleware keeps it
    request.user = SimpleLazyObject(lambda: get_user(request))  # type: ignore[assignment]  # as in Django's middleware


def _read(keys: Collection[Any], read: Callable[[list[Any]], Any]) -> dict[Any, tuple[Any, ...]]:
    return {row[0]: row[1:] for chunk in _chunks(keys) for row in read(chunk)}


def _read_users(keys: list[int]) -> Any:
    # The password's hash is part of it, since changing the password ends the user's sessions.
    return User.objects.filter(pk__in=keys).values_list("pk", "is_active", "is_superuser", "password")


def _read_tokens(keys: list[int]) -> Any:
    return ApiToken.objects.filter(pk__in=keys, revoked_at=None).values_list("pk", "expires_at")


def _read_sessions(keys: list[str]) -> Any:
    return Session.objects.filter(session_key__in=keys).values_list("session_key", "expire_date")


def _read_memberships(users: Collection[int]) -> Mapping[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    for chunk in _chunks(users):
        rows = Membership.objects.filter(user__in=chunk).values_list("user_id", "customer_id", "role")
        for user, customer, role in rows:
            found.setdefault(user, []).append((customer, role))
    return found


def _chunks(keys: Collection[Any]) -> Iterator[list[Any]]:
    remaining = iter(keys)
    while chunk := list(islice(remaining, KEYS_PER_STATEMENT)):
        yield chunk
