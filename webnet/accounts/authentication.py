"""Who a request comes from: a bearer token or a session, and the actor that follows from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.backends import BaseBackend
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from webnet.accounts.request_origin import anonymous_actor, ip_address, request_id
from webnet.audit.models import Generation
from webnet.customers.access import Actor
from webnet.customers.models import ApiToken, User, is_username
from webnet.customers.roles import Role
from webnet.errors import Unauthenticated

LAST_USE_INTERVAL = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who asks. `platform_token` is the platform's generation as their own statement saw it; None when signed out."""

    actor: Actor
    user: User | None = None
    api_token: ApiToken | None = None
    platform_token: str | None = None


class SessionBackend(BaseBackend):
    """Loads the user of a session; signing in goes through `sessions.sign_in` only, so this checks no password."""

    def get_user(self, user_id: int) -> User | None:
        return users_with_platform_token().filter(pk=user_id, is_active=True).first()


# What a session names as its backend, and what the settings must list.
SESSION_BACKEND = f"{SessionBackend.__module__}.{SessionBackend.__qualname__}"


def has_bearer(request: HttpRequest) -> bool:
    """Whether the request brings a bearer token, good or bad; then its cookies do not count, nor does CSRF."""
    return _scheme_and_rest(request)[0].lower() == "bearer"


def authenticate_request(request: HttpRequest) -> Identity:
    """Who asks: one statement for a bearer token, two for a session, none without either.

    Raises Unauthenticated for a bearer token that is malformed, unknown, expired, revoked or of an inactive
    user, whatever session comes along with it.
    """
    return _identify_token(request) if has_bearer(request) else identify_user(request)


def identify_user(request: HttpRequest) -> Identity:
    """The identity of the session's user; ask again after signing in or out."""
    user = request.user
    if not isinstance(user, User):
        return Identity(actor=anonymous_actor(request))
    return Identity(actor=actor_of(request, user), user=user, platform_token=getattr(user, "platform_token", None))


def actor_of(request: HttpRequest, user: User, token: ApiToken | None = None) -> Actor:
    """The user as an actor, with the limits of the token in use, where there is one."""
    return Actor(
        name=user.username,
        user_id=user.pk,
        is_superuser=user.is_superuser,
        only_customer_id=token.only_customer_id if token else None,
        maximum_role=Role(token.maximum_role) if token and token.maximum_role else None,
        token_expires_at=token.expires_at if token else None,
        request_id=request_id(request),
        ip_address=ip_address(request),
    )


def users_with_platform_token() -> QuerySet[User]:
    """Users, each with `platform_token`: what the caches are keyed by, read in the user's own statement."""
    return User.objects.annotate(platform_token=_platform_token())


def find_user(username: str) -> User | None:
    """The user of this name, also an inactive one, with `platform_token`."""
    username = User.normalize_username(username)
    return users_with_platform_token().filter(username=username).first() if is_username(username) else None


def digest_of(secret: str) -> str:
    """What is stored of a token: its sha256, enough for a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _identify_token(request: HttpRequest) -> Identity:
    token = _find_token(_scheme_and_rest(request)[1])
    if token is None or not token.is_usable or not token.user.is_active:
        raise Unauthenticated
    _note_use(token)
    return Identity(
        actor=actor_of(request, token.user, token),
        user=token.user,
        api_token=token,
        platform_token=getattr(token, "platform_token", None),
    )


def _find_token(secret: str) -> ApiToken | None:
    if not secret.isascii():
        return None
    tokens = ApiToken.objects.select_related("user").annotate(platform_token=_platform_token())
    return tokens.filter(digest=digest_of(secret)).first()


def _note_use(token: ApiToken) -> None:
    """Write the last use, at most hourly; of requests at the same time one writes."""
    now = timezone.now()
    due = now - LAST_USE_INTERVAL
    if token.last_used_at is None or token.last_used_at <= due:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=due)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
        token.last_used_at = now


def _scheme_and_rest(request: HttpRequest) -> tuple[str, str]:
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    scheme = header.split(maxsplit=1)[0] if header.strip() else ""
    return scheme, header.strip()[len(scheme) :].strip()


def _platform_token() -> Subquery:
    return Subquery(Generation.objects.filter(customer=None).values("token")[:1])
