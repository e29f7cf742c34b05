"""Authenticates requests: by bearer token or session, which gives the actor, its request id and its address."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from django.contrib.auth.backends import BaseBackend
from django.db import Error as DatabaseError
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from webnet.accounts.session_statements import find_active_user
from webnet.accounts.token_statement import find_token
from webnet.audit.models import Generation
from webnet.customers.access import Actor, recognise
from webnet.customers.models import ApiToken, Customer, Role, User, is_username
from webnet.database.lock_waits import without_waiting
from webnet.database.outages import is_outage
from webnet.errors import Unauthenticated

ANONYMOUS = "anonymous"
LAST_USE_INTERVAL = timedelta(hours=1)
# Of so many addresses it is known how they are written; each request asks several times.
KNOWN_ADDRESSES = 1_000

_ACCEPTED_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Where the id is kept for the rest of the request; WSGI and ASGI requests both have a META.
_REQUEST_ID_KEY = "webnet.request_id"


@dataclass(frozen=True, kw_only=True)
class RequestIdentity:
    """Who makes a request; without a user nobody is signed in.

    `platform_token` is the platform's generation, read in the same SQL statement as the user. `view` is the customer of
    the view, as `access.visible_customers` has it, if that statement has found it.
    """

    actor: Actor
    user: User | None = None
    api_token: ApiToken | None = None
    platform_token: str | None = None
    view: Customer | None = None


class SessionBackend(BaseBackend):
    """Loads the user of a session. It checks no passwords: `sessions.sign_in` is the only way to sign in."""

    def get_user(self, user_id: int) -> User | None:
        return find_active_user(user_id)


# The name that a session stores for its backend, and that the settings must list.
SESSION_BACKEND = f"{SessionBackend.__module__}.{SessionBackend.__qualname__}"


def has_bearer(request: HttpRequest) -> bool:
    """Whether the request has a bearer token, valid or not. Then its cookies are ignored, and so is CSRF."""
    return _scheme_and_rest(request)[0].lower() == "bearer"


def authenticate_request(request: HttpRequest, *, view: str | None = None) -> RequestIdentity:
    """Who makes the request. Takes one SQL statement for a bearer token, two for a session, none without either.

    With a token, the statement also reads the customer with the slug `view`, if the actor may see it. Raises
    Unauthenticated for a bearer token that is malformed, unknown, expired, revoked or of an inactive user, even when
    the request has a valid session as well.
    """
    return _identify_token(request, view) if has_bearer(request) else identify_user(request)


def identify_user(request: HttpRequest) -> RequestIdentity:
    """The identity of the session's user; call it again after signing in or out."""
    user = request.user
    if not isinstance(user, User):
        return RequestIdentity(actor=anonymous_actor(request))
    return RequestIdentity(
        actor=actor_of(request, user), user=user, platform_token=getattr(user, "platform_token", None)
    )


def actor_of(request: HttpRequest, user: User, token: ApiToken | None = None) -> Actor:
    """The user as an actor, limited by the token if one is used."""
    return Actor(
        name=user.username,
        user_id=user.pk,
        is_superuser=user.is_superuser,
        only_customer_id=token.only_customer_id if token else None,
        maximum_role=Role(token.maximum_role) if token and token.maximum_role else None,
        token_expires_at=token.expires_at if token else None,
        uses_token=token is not None,
        request_id=request_id(request),
        ip_address=ip_address(request),
    )


def anonymous_actor(request: HttpRequest) -> Actor:
    """The actor of a request that nobody is signed in for."""
    return Actor(name=ANONYMOUS, request_id=request_id(request), ip_address=ip_address(request))


def request_id(request: HttpRequest) -> str:
    """The id of the request, the same whenever it is asked for."""
    if _REQUEST_ID_KEY not in request.META:
        request.META[_REQUEST_ID_KEY] = choose_request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
    found: str = request.META[_REQUEST_ID_KEY]
    return found


def choose_request_id(sent: str) -> str:
    """The `X-Request-Id` that was sent if it is 1 to 64 letters, digits, `.`, `_` and `-`; otherwise a random one."""
    return sent if _ACCEPTED_REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex


def ip_address(request: HttpRequest) -> str | None:
    """The peer's address as the server reports it; None where it reports none, as with a Unix socket.

    `X-Forwarded-For` is not read here: any client can send it, and only the server knows which proxies to trust.
    Behind a proxy, configure the server (uvicorn: `--proxy-headers --forwarded-allow-ips`), which then sets
    REMOTE_ADDR itself.
    """
    return _read_address(request.META.get("REMOTE_ADDR", ""))


@lru_cache(maxsize=KNOWN_ADDRESSES)
def _read_address(text: str) -> str | None:
    try:
        # What follows a "%" is the zone of a link-local IPv6 address.
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None


@lru_cache(maxsize=KNOWN_ADDRESSES)
def network_of(address: str) -> str:
    """What stands for whoever has the address: an IPv4 address itself, and of an IPv6 address its /64 network.

    Providers assign a whole /64 to each subscriber, who can use all of its addresses.
    """
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{ipaddress.IPv6Address(int(parsed) >> 64 << 64)}/64"


def users_with_platform_token() -> QuerySet[User]:
    """Users, each annotated with `platform_token`, the key of the caches, so that it needs no statement of its own."""
    return User.objects.annotate(platform_token=_platform_token())


def find_user(username: str) -> User | None:
    """The user of this name, active or not, annotated with `platform_token`."""
    username = User.normalize_username(username)
    return users_with_platform_token().filter(username=username).first() if is_username(username) else None


def make_secret(prefix: str) -> str:
    """A new token of 256 random bits; the prefix is public, and says of which kind it is."""
    return prefix + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """The digest that is stored of a token. SHA-256 without salt or stretching will do for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_usable(token: ApiToken) -> bool:
    """Whether the token is neither revoked nor expired."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > timezone.now())


def _identify_token(request: HttpRequest, view: str | None) -> RequestIdentity:
    secret = _scheme_and_rest(request)[1]
    found = find_token(digest_of(secret), view=view) if secret.isascii() else None
    if found is None or not is_usable(found.token) or not found.token.user.is_active:
        raise Unauthenticated
    _record_use(found.token)
    actor = actor_of(request, found.token.user, found.token)
    return RequestIdentity(
        actor=actor,
        user=found.token.user,
        api_token=found.token,
        platform_token=found.platform_token,
        view=recognise(actor, found.customer, role=found.role, is_own_default=found.is_own_default),
    )


def _record_use(token: ApiToken) -> None:
    """Store the time of the last use, at most once an hour, so that reading requests rarely write."""
    now = timezone.now()
    due = now - LAST_USE_INTERVAL
    if token.last_used_at is None or token.last_used_at <= due:
        # The condition is repeated in SQL: of several requests at the same time only one writes.
        stale = Q(last_used_at=None) | Q(last_used_at__lte=due)
        try:
            with without_waiting():  # A read must not wait for those who write; the next one will try again.
                ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
        except DatabaseError as error:
            if not is_outage(error):
                raise
            return  # A database that takes no writes may still be read.
        token.last_used_at = now


def _scheme_and_rest(request: HttpRequest) -> tuple[str, str]:
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    scheme = header.split(maxsplit=1)[0] if header.strip() else ""
    return scheme, header.strip()[len(scheme) :].strip()


def _platform_token() -> Subquery:
    return Subquery(Generation.objects.filter(customer=None).values("token")[:1])
