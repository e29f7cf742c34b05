"""Rows that tests start from, written straight to the tables: nothing here is audited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webnet.accounts.authentication import digest_of
from webnet.audit.models import Generation
from webnet.customers.access import Actor, Role
from webnet.customers.models import ApiToken, Customer, Membership, User

PASSWORD = "correct horse battery staple"


def make_user(username: str = "ada", *, password: str | None = None, **fields: Any) -> User:
    """A user; without a password nobody can sign in as them, which makes them cheap."""
    return User.objects.create_user(username, password, **fields)


def make_operator(username: str = "platform", **fields: Any) -> User:
    """A platform operator."""
    return make_user(username, **{"is_superuser": True, "is_staff": True, **fields})


def make_customer(slug: str = "acme", **fields: Any) -> Customer:
    """A customer with its generation, as `accounts.customers.create` makes it."""
    customer = Customer.objects.create(slug=slug, **{"name": slug.title(), **fields})
    Generation.objects.create(customer=customer)
    return customer


def make_membership(user: User, customer: Customer, role: Role = Role.VIEWER) -> Membership:
    """The user's role for the customer."""
    return Membership.objects.create(user=user, customer=customer, role=role)


def make_member(username: str, customer: Customer, role: Role = Role.VIEWER, **fields: Any) -> User:
    """A new user with a role for the customer."""
    user = make_user(username, **fields)
    make_membership(user, customer, role)
    return user


def make_token(
    user: User,
    *,
    name: str = "test",
    secret: str = "",
    only_customer: Customer | None = None,
    maximum_role: Role | None = None,
    expires_at: datetime | None = None,
    **fields: Any,
) -> str:
    """An API token of the user; returns its secret, for `Authorization: Bearer …`."""
    secret = secret or f"wn_{user.username}-{name}"
    ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:12],
        digest=digest_of(secret),
        only_customer=only_customer,
        maximum_role=maximum_role or "",
        expires_at=expires_at,
        **fields,
    )
    return secret


def actor_for(user: User, **limits: Any) -> Actor:
    """The user as an actor, where wished with a token's limits (`only_customer_id`, `maximum_role`, …)."""
    return Actor(name=user.username, user_id=user.pk, is_superuser=user.is_superuser, **limits)
