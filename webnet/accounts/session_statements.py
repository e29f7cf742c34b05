"""The statements that the requests of browsers begin with: the session, its user, and the customer of the view.

They are written by hand, since a query of Django's would be compiled anew for each request, which takes longer than to
run it. The tests compare them with the queries that say the same.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.sessions.backends import db
from django.db import connection
from django.utils import timezone

from webnet.audit.models import Generation
from webnet.customers.access import Actor, recognise
from webnet.customers.models import Customer, Membership, User, is_slug
from webnet.database.model_columns import ModelColumns
from webnet.errors import NotFound

USER = ModelColumns(User, "u")
CUSTOMER, GENERATION = ModelColumns(Customer, "c"), ModelColumns(Generation, "g")


class SessionStore(db.SessionStore):
    """Django's sessions in the database. The settings name this module, where Django looks for the class."""

    def load(self) -> dict[str, Any]:
        """What the session has; empty if there is no such session any more."""
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(_write_session_statement(connection.vendor), [self.session_key, now])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        known: dict[str, Any] = self.decode(row[0])
        return known


def find_active_user(pk: int) -> User | None:
    """The user with this key if they are active, annotated with `platform_token`."""
    with connection.cursor() as cursor:
        cursor.execute(_write_user_statement(connection.vendor), [pk])
        row = cursor.fetchone()
    if row is None:
        return None
    user = USER.read(row)
    user.platform_token = row[-1]  # type: ignore[attr-defined]  # as `users_with_platform_token` annotates it
    return user


def find_view(actor: Actor, slug: str) -> Customer:
    """What `access.find_customer` finds; raises the same NotFound."""
    # Text that can't be a slug is not looked up: PostgreSQL refuses some of it (NUL) with an error.
    row = None
    if is_slug(slug):
        with connection.cursor() as cursor:
            cursor.execute(_write_view_statement(connection.vendor), [actor.user_id, slug])
            row = cursor.fetchone()
    customer = None
    if row is not None:
        found = CUSTOMER.read(row)
        if row[CUSTOMER.width] is not None:
            found.generation = GENERATION.read(row[CUSTOMER.width :])
        customer = recognise(actor, found, role=row[-2], is_own_default=bool(row[-1]))
    if customer is None:
        raise NotFound.customer(slug)
    return customer


@cache
def _write_session_statement(vendor: str) -> str:  # noqa: ARG001 - names are quoted for the database
    table = connection.ops.quote_name(db.SessionStore.get_model_class()._meta.db_table)
    return f"SELECT session_data FROM {table} WHERE session_key = %s AND expire_date > %s"  # noqa: S608 - Django's own


@cache
def _write_user_statement(vendor: str) -> str:  # noqa: ARG001 - as above
    platform = ModelColumns(Generation, "p")
    return (
        f"SELECT {USER.sql}, (SELECT p.token FROM {platform.table} WHERE p.customer_id IS NULL LIMIT 1)"  # noqa: S608 - names of webnet's own
        f" FROM {USER.table} WHERE u.id = %s AND u.is_active"
    )


@cache
def _write_view_statement(vendor: str) -> str:  # noqa: ARG001 - as above
    member = ModelColumns(Membership, "m")
    return (
        f"SELECT {CUSTOMER.sql}, {GENERATION.sql}, m.role, m.is_default FROM {CUSTOMER.table}"  # noqa: S608 - names of webnet's own
        f" LEFT JOIN {GENERATION.table} ON g.customer_id = c.id"
        f" LEFT JOIN {member.table} ON m.customer_id = c.id AND m.user_id = %s"
        " WHERE c.slug = %s"
    )
