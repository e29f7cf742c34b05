"""A user who can sign in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import strawberry

from webnet.api.declarations.connections import Connection, connection
from webnet.api.declarations.fields import field, row_type
from webnet.api.paging.pages import Page, PageArguments
from webnet.api.request.context import Info
from webnet.api.resolvers import orders, people
from webnet.api.resolvers.filters import UserFilter
from webnet.api.values.references import MembershipRef
from webnet.api.vocabulary.node import Node, global_id, read_pk
from webnet.customers import models


@row_type(models.User, filter=UserFilter, order=orders.USERS)
class User(Node):
    """Somebody who can sign in.

    Attributes:
        username: The name to sign in with; it is unique.
    """

    username: str

    @field(columns=["id"])
    @staticmethod
    def id(root: strawberry.Parent[models.User]) -> strawberry.ID:
        """The global id."""
        return global_id("User", root.pk)

    @field(columns=["name", "username"])
    @staticmethod
    def name(root: strawberry.Parent[models.User]) -> str:
        """The full name, or the username if none is set."""
        return root.get_full_name()

    @field(columns=["email", "id"])
    @staticmethod
    def email(root: strawberry.Parent[models.User], info: Info) -> str | None:
        """Null for everybody but the user, the admins of their customers, and platform operators."""
        return root.email or None if info.context.reading.sees_email(root) else None

    @field(columns=["date_joined", "id"])
    @staticmethod
    def created_at(root: strawberry.Parent[models.User], info: Info) -> datetime | None:
        """Null for those for whom `email` is null."""
        return root.date_joined if info.context.reading.sees_email(root) else None

    @field(columns=["updated_at", "date_joined", "id"])
    @staticmethod
    def updated_at(root: strawberry.Parent[models.User], info: Info) -> datetime | None:
        """The last change of the account or its password. Null for those for whom `email` is null."""
        return root.updated_at or root.date_joined if info.context.reading.sees_email(root) else None

    @field(columns=["is_active"])
    @staticmethod
    def is_active(root: strawberry.Parent[models.User], info: Info) -> bool | None:
        """Whether the user may sign in, and their API tokens are valid; null for all but platform operators."""
        return root.is_active if info.context.reading.actor.is_platform_operator else None

    @field(columns=["is_superuser"])
    @staticmethod
    def is_platform_operator(root: strawberry.Parent[models.User], info: Info) -> bool | None:
        """Whether the user operates the whole platform; null for all but platform operators."""
        return root.is_superuser if info.context.reading.actor.is_platform_operator else None

    @field(columns=["last_login"])
    @staticmethod
    def last_sign_in_at(root: strawberry.Parent[models.User], info: Info) -> datetime | None:
        """When a session of the user last began; null if none did, and for all but platform operators."""
        return root.last_login if info.context.reading.actor.is_platform_operator else None

    @connection(Connection[MembershipRef] | None, columns=["id"])
    @staticmethod
    def memberships(
        root: strawberry.Parent[models.User], info: Info, arguments: PageArguments
    ) -> Page[models.Membership] | None:
        """The user's roles, by the customers' slugs; null for all but platform operators, and in a customer's view."""
        return people.memberships_of(info, root, arguments)

    @staticmethod
    def find_nodes(info: Info, keys: Sequence[str]) -> Mapping[str, models.User | None]:
        pks = {key: pk for key in keys if (pk := read_pk(key)) is not None}
        users = info.context.reading.users
        users.announce(pks.values())
        return {key: users.get(pk) for key, pk in pks.items()}
