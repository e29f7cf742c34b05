"""The statement that almost every request of a program begins with: the token, its user, and the view that it is for.

It is written by hand, since a query of Django's can't join tables by anything but the models' relations, and would be
compiled anew for each request. The tests compare it with the queries that say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.db import connection

from webnet.audit.models import Generation
from webnet.customers.models import ApiToken, Customer, Membership, User, is_slug
from webnet.database.model_columns import ModelColumns

TOKEN, USER = ModelColumns(ApiToken, "t"), ModelColumns(User, "u")
CUSTOMER, GENERATION = ModelColumns(Customer, "c"), ModelColumns(Generation, "g")


@dataclass(frozen=True, kw_only=True)
class FoundToken:
    """A token with its user. `customer` is the view's, whoever may see it; `role` is the user's there."""

    token: ApiToken
    platform_token: str | None
    customer: Customer | None
    role: str | None
    is_own_default: bool


def find_token(digest: str, *, view: str | None) -> FoundToken | None:
    """The token with this digest, used or not, and the customer with the slug `view`, with its generation."""
    # Text that can't be a slug is not looked up: PostgreSQL refuses some of it (NUL) with an error.
    slug = view if view is not None and is_slug(view) else None
    with connection.cursor() as cursor:
        cursor.execute(_write_statement(connection.vendor), [slug, digest])
        row = cursor.fetchone()
    if row is None:
        return None
    parts, start = [], 0
    for columns in (TOKEN, USER, CUSTOMER, GENERATION):
        parts.append(row[start : start + columns.width])
        start += columns.width
    platform_token, role, is_own_default = row[start:]
    token = TOKEN.read(parts[0])
    token.user = USER.read(parts[1])
    customer = CUSTOMER.read(parts[2]) if parts[2][0] is not None else None
    if customer is not None and parts[3][0] is not None:
        customer.generation = GENERATION.read(parts[3])
    return FoundToken(
        token=token,
        platform_token=platform_token,
        customer=customer,
        role=role,
        is_own_default=bool(is_own_default),
    )


@cache
def _write_statement(vendor: str) -> str:  # noqa: ARG001 - names are quoted for the database
    member = ModelColumns(Membership, "m")
    platform = ModelColumns(Generation, "p")
    return (
        f"SELECT {TOKEN.sql}, {USER.sql}, {CUSTOMER.sql}, {GENERATION.sql},"  # noqa: S608 - names of webnet's own
        f" (SELECT p.token FROM {platform.table} WHERE p.customer_id IS NULL LIMIT 1), m.role, m.is_default"
        f" FROM {TOKEN.table} JOIN {USER.table} ON u.id = t.user_id"
        f" LEFT JOIN {CUSTOMER.table} ON c.slug = %s"
        f" LEFT JOIN {GENERATION.table} ON g.customer_id = c.id"
        f" LEFT JOIN {member.table} ON m.customer_id = c.id AND m.user_id = u.id"
        " WHERE t.digest = %s"
    )
