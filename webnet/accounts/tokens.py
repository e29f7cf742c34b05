"""Creates and revokes API tokens: users create their own, which never grant more than what they act with.

Whoever can end a member's access to a customer can end that of a token which is valid nowhere else: its admins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import QuerySet
from django.utils import timezone

from webnet.accounts.authentication import digest_of, make_secret
from webnet.accounts.validation import clean_line, unique_name
from webnet.audit.operation import Operation, audited, lock_customer
from webnet.customers.access import Actor, customers_with_role, find_customer, require_signed_in
from webnet.customers.models import ApiToken, Customer, Role
from webnet.errors import InvalidInput, NotFound, PermissionDenied
from webnet.input_faults import InputFaults
from webnet.sentences import sentence

SECRET_PREFIX = "wn_"  # noqa: S105 - the public start of every token
SHOWN_CHARACTERS = 12


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token and its secret, which is not stored and can't be shown again."""

    api_token: ApiToken
    secret: str

    def __repr__(self) -> str:
        return f"NewToken({self.api_token})"


@dataclass(frozen=True, kw_only=True)
class TokenChange:
    """The token after the change."""

    api_token: ApiToken
    changed: bool


def visible_tokens(actor: Actor) -> QuerySet[ApiToken]:
    """The actor's own tokens, also ended ones; for a limited token, only those that allow no more than it does."""
    if actor.user_id is None:
        return ApiToken.objects.none()
    tokens = ApiToken.objects.select_related("only_customer").filter(user=actor.user_id)
    if actor.only_customer_id is not None:
        tokens = tokens.filter(only_customer_id=actor.only_customer_id)
    if actor.maximum_role is not None:
        tokens = tokens.filter(maximum_role__in=[role for role in Role if actor.maximum_role.includes(role)])
    return tokens


def tokens_of_customers(customers: QuerySet[Customer]) -> QuerySet[ApiToken]:
    """The tokens, also ended ones, of anybody that are valid for one of these customers alone."""
    return ApiToken.objects.select_related("only_customer").filter(only_customer__in=customers.values("pk"))


def create(
    *,
    actor: Actor,
    name: str,
    expires_at: datetime | None = None,
    only_customer: str | None = None,
    maximum_role: Role | None = None,
    reason: str | None = "",
) -> NewToken:
    """Create a token for the actor; `only_customer` is a slug, and a time without a zone is UTC.

    When the actor uses a token, its limits apply: an omitted limit is inherited, and a wider one is refused.
    Raises PermissionDenied, NotFound or InvalidInput (also NAME_TAKEN).
    """
    secret = make_secret(SECRET_PREFIX)
    operation = Operation(actor=actor, action="create_api_token", reason=reason)
    token = _create(
        operation,
        name=name,
        expires_at=expires_at,
        only_customer=only_customer,
        maximum_role=maximum_role,
        secret=secret,
    )
    return NewToken(api_token=token, secret=secret)


def revoke(*, actor: Actor, token_id: int, reason: str | None = "") -> TokenChange:
    """Revoke a token: the actor's own, one valid only for a customer of which they are an admin, or any as a platform
    operator. Raises PermissionDenied or NotFound.
    """
    return _revoke(Operation(actor=actor, action="revoke_api_token", reason=reason), token_id)


@audited
def _create(
    operation: Operation,
    *,
    name: str,
    expires_at: datetime | None,
    only_customer: str | None,
    maximum_role: Role | None,
    secret: str,
) -> ApiToken:
    actor = operation.actor
    token = ApiToken(user_id=require_signed_in(actor), prefix=secret[:SHOWN_CHARACTERS], digest=digest_of(secret))
    faults = InputFaults()
    with faults.gather():
        token.name = clean_line(name, field="name", maximum_length=100)
    with faults.gather():
        token.expires_at = _limit_time(actor, expires_at)
    taken = sentence("You already have a token '{name}', which may be revoked.", name=token.name)
    if faults and token.name and ApiToken.objects.filter(user=token.user_id, name=token.name).exists():
        faults.add(taken, "name", code="NAME_TAKEN")
    faults.refuse()
    token.only_customer = _limit_customer(actor, only_customer)
    token.maximum_role = _limit_role(actor, maximum_role)
    with unique_name(taken, field="name"):
        token.save(force_insert=True)
    operation.record(after=_describe(token))
    return token


@audited
def _revoke(operation: Operation, token_id: int) -> TokenChange:
    found = _revocable_tokens(operation.actor).filter(pk=token_id)
    token = found.first()
    if token is None:
        raise NotFound.token()
    if token.only_customer is not None and token.user_id != operation.actor.user_id:
        # What others do to it is in the log that the customer's operators read.
        lock_customer(token.only_customer)
        operation.customer = token.only_customer
    # The condition decides between parallel calls: only the first one changes the token.
    is_changed = ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=timezone.now()) == 1
    token = found.get()
    if is_changed:
        operation.record(after=_describe(token))
    return TokenChange(api_token=token, changed=is_changed)


def _revocable_tokens(actor: Actor) -> QuerySet[ApiToken]:
    if actor.is_platform_operator:
        return ApiToken.objects.select_related("only_customer")
    require_signed_in(actor)
    return visible_tokens(actor) | tokens_of_customers(customers_with_role(actor, Role.ADMIN))


def _limit_time(actor: Actor, requested: datetime | None) -> datetime | None:
    limit = actor.token_expires_at
    if requested is None:
        return limit
    if timezone.is_naive(requested):
        requested = requested.replace(tzinfo=UTC)
    if requested <= timezone.now():
        raise InvalidInput(sentence("A token must expire in the future."), field="expires_at")
    if limit is not None and requested > limit:
        raise InvalidInput(sentence("A token can't create one that outlives it."), field="expires_at")
    return requested


def _limit_customer(actor: Actor, requested: str | None) -> Customer | None:
    if requested is not None:
        return find_customer(actor, requested)
    return None if actor.only_customer_id is None else Customer.objects.get(pk=actor.only_customer_id)


def _limit_role(actor: Actor, requested: Role | None) -> str:
    limit = actor.maximum_role
    if requested is None:
        return limit.value if limit is not None else ""
    if limit is not None and not limit.includes(requested):
        raise PermissionDenied(
            sentence("The token you use allows no role above {role}.", role=sentence(limit.label.lower()))
        )
    return requested.value


def _describe(token: ApiToken) -> dict[str, object]:
    return {
        "name": token.name,
        "user": token.user.username,
        "only_customer": token.only_customer.slug if token.only_customer else None,
        "maximum_role": token.maximum_role or None,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
    }
