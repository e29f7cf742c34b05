"""Whether those who keep a connection open may still do what they might: asked for many at once, a few statements.

It only notices that something changed; what holds then is asked of `authentication`, as for every request.
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

from webnet.accounts.authentication import Identity
from webnet.customers.models import ApiToken, Membership, User

# Databases limit how many parameters a statement takes.
KEYS_PER_STATEMENT = 500


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What somebody came in with: a token, or a session of a user."""

    user_id: int
    token_id: int | None = None
    session_key: str | None = None

    @classmethod
    def of(cls, identity: Identity, request: HttpRequest) -> Credential:
        """Of one who is signed in."""
        user_id = identity.actor.user_id or 0
        if identity.api_token is not None:
            return cls(user_id=user_id, token_id=identity.api_token.pk)
        return cls(user_id=user_id, session_key=request.session.session_key)


# Everything that the rights of a credential follow from; equal ones mean that nothing changed.
Standing = tuple[Any, ...]


def read_standings(credentials: Collection[Credential]) -> dict[Credential, Standing]:
    """What each is worth now."""
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
    """Let the request's session and user be read anew."""
    session: Any = request.session
    request.session = type(session)(session.session_key)
    vars(request).pop("_cached_user", None)
    request.user = SimpleLazyObject(lambda: get_user(request))  # type: ignore[assignment]  # as Django's middleware does


def _read(keys: Collection[Any], read: Callable[[list[Any]], Any]) -> dict[Any, tuple[Any, ...]]:
    return {row[0]: row[1:] for chunk in _chunks(keys) for row in read(chunk)}


def _read_users(keys: list[int]) -> Any:
    # The password's hash, since a session ends when it changes.
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
