"""Access control: the actor of an operation, their role for a customer, and the checks of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, QuerySet, Value

from webnet.customers.models import Customer, Membership, Role, is_slug
from webnet.errors import NotFound, PermissionDenied
from webnet.sentences import sentence

__all__ = [
    "Actor",
    "Role",
    "customers_with_role",
    "find_customer",
    "find_customers",
    "recognise",
    "require",
    "require_operator",
    "require_session",
    "require_signed_in",
    "role_in",
    "visible_customers",
]


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who performs an operation, and within which limits; `user_id` is None for anonymous requests and the system.

    `only_customer_id`, `maximum_role` and `token_expires_at` are those of the API token in use. A limited token never
    grants what platform operators may do, only a role for the customer.
    """

    name: str
    user_id: int | None = None
    is_superuser: bool = False
    only_customer_id: int | None = None
    maximum_role: Role | None = None
    token_expires_at: datetime | None = None
    uses_token: bool = False
    request_id: str = ""
    ip_address: str | None = None
    # Marks the roles that `visible_customers` read for this very actor, so that `role_in` trusts no other value on a
    # customer: neither one that was assigned, nor one that was read for another actor or kept from an earlier request.
    mark: str = field(default_factory=lambda: secrets.token_hex(8), init=False, repr=False, compare=False)

    @classmethod
    def system(cls, name: str) -> Actor:
        """The platform itself; `name` says which part of it, such as 'command: sync_plugins'."""
        return cls(name=name, is_superuser=True)

    @property
    def is_platform_operator(self) -> bool:
        return self.is_superuser and self.only_customer_id is None and self.maximum_role is None


def visible_customers(actor: Actor) -> QuerySet[Customer]:
    """The customers that the actor can see, each annotated with `member_role`: their role there, before limits.

    `is_own_default` marks the one that they chose as their default.
    """
    customers = Customer.objects.select_related("generation").annotate(member_mark=_text(actor.mark))
    if actor.only_customer_id is not None:
        customers = customers.filter(pk=actor.only_customer_id)
    if actor.is_superuser:
        return customers.annotate(member_role=_text(Role.ADMIN.value), is_own_default=Value(value=False))
    if actor.user_id is None:
        return customers.none()
    return customers.filter(memberships__user=actor.user_id).annotate(
        member_role=F("memberships__role"), is_own_default=F("memberships__is_default")
    )


def customers_with_role(actor: Actor, role: Role) -> QuerySet[Customer]:
    """Those that the actor can see for which they have at least this role, within the limits of their token."""
    customers = visible_customers(actor)
    if actor.maximum_role is not None and not actor.maximum_role.includes(role):
        return customers.none()
    enough = {"member_role__in": [each for each in Role if each.includes(role)]}  # an annotation, which no stub knows
    return customers.filter(**enough)


def recognise(actor: Actor, customer: Customer | None, *, role: str | None, is_own_default: bool) -> Customer | None:
    """The customer as `visible_customers` has it, read with this role of the actor's; None if they can't see it."""
    if customer is None or actor.only_customer_id not in (None, customer.pk):
        return None
    if actor.is_superuser:
        role, is_own_default = Role.ADMIN.value, False
    if role is None:
        return None
    marked: Any = customer  # The names are those of annotations.
    marked.member_mark, marked.member_role, marked.is_own_default = actor.mark, role, is_own_default
    return customer


def find_customer(actor: Actor, slug: str) -> Customer:
    """The customer. Raises the same NotFound whether it does not exist or the actor has no role for it."""
    # Text that can't be a slug is not looked up: PostgreSQL refuses some of it (NUL) with an error.
    customer = visible_customers(actor).filter(slug=slug).first() if is_slug(slug) else None
    if customer is None:
        raise NotFound.customer(slug)
    return customer


def find_customers(actor: Actor, slugs: Iterable[str]) -> dict[str, Customer]:
    """Those of the customers that `find_customer` would find, by slug, in one statement."""
    wanted = [slug for slug in slugs if is_slug(slug)]
    return {customer.slug: customer for customer in visible_customers(actor).filter(slug__in=wanted)}


def role_in(actor: Actor, customer: Customer) -> Role | None:
    """The actor's role for the customer, limited by their token; None where they have none."""
    if actor.only_customer_id not in (None, customer.pk):
        return None
    role = _unlimited_role(actor, customer)
    return role.capped(actor.maximum_role) if role is not None else None


def _unlimited_role(actor: Actor, customer: Customer) -> Role | None:
    if actor.is_superuser:
        return Role.ADMIN
    if actor.user_id is None:
        return None
    if getattr(customer, "member_mark", None) == actor.mark:  # read by `visible_customers`
        return Role(customer.member_role)  # type: ignore[attr-defined]  # an annotation
    role = Membership.objects.filter(user=actor.user_id, customer=customer).values_list("role", flat=True).first()
    return Role(role) if role else None


def _text(value: str) -> Value:
    return Value(value, output_field=CharField())


def require(actor: Actor, role: Role, *, customer: Customer) -> None:
    """Raise unless the actor has at least this role for the customer; NotFound where they have none at all."""
    actual = role_in(actor, customer)
    if actual is None:
        raise NotFound.customer(customer.slug)
    if not actual.includes(role):
        raise PermissionDenied(
            sentence(
                "This needs the role {role} for '{customer}'; yours is {actual}.",
                role=sentence(role.label.lower()),
                customer=customer.slug,
                actual=sentence(actual.label.lower()),
            ),
            required_role=role.value,
        )


def require_signed_in(actor: Actor) -> int:
    """The id of the acting user. Raises PermissionDenied for an anonymous request and for the system itself."""
    if actor.user_id is None:
        raise PermissionDenied(sentence("Sign in first."), code="NOT_SIGNED_IN")
    return actor.user_id


def require_session(actor: Actor) -> int:
    """The id of the user who acts in a browser. Raises PermissionDenied for everybody else, also for API tokens."""
    user_id = require_signed_in(actor)
    if actor.uses_token:
        raise PermissionDenied(
            sentence("Sign in for this: an API token can't decide it for its user."), code="SESSION_REQUIRED"
        )
    return user_id


def require_operator(actor: Actor) -> None:
    """Raise PermissionDenied unless the actor is a platform operator."""
    if not actor.is_platform_operator:
        raise PermissionDenied(sentence("Only a platform operator can do this."), code="OPERATORS_ONLY")
