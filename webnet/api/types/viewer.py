"""The signed-in user, with their memberships and API tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import strawberry
from django.conf import settings

from webnet.accounts.authentication import is_usable
from webnet.api.declarations.connections import Connection, connection
from webnet.api.declarations.fields import field, object_type, row_type
from webnet.api.engine.limits import MAXIMUM_ALIASES, MAXIMUM_DEPTH, MAXIMUM_TOKENS, budget_of
from webnet.api.paging.pages import DEFAULT_PAGE, LARGEST_PAGE, Page, PageArguments
from webnet.api.request.context import Info
from webnet.api.resolvers import people
from webnet.api.types.user import User
from webnet.api.values.references import CustomerRef
from webnet.api.vocabulary.enums import Role
from webnet.api.vocabulary.node import Node, global_id, read_pk
from webnet.customers import models


def membership_id(slug: str, username: str) -> strawberry.ID:
    """The id of this user's membership of this customer, whether there is one or not."""
    return global_id("Membership", f"{slug}/{username}")


@row_type(models.Membership)
class Membership(Node):
    """One user's role for one customer.

    Attributes:
        role: What the user may do for the customer.
    """

    role: Role

    @field()
    @staticmethod
    def id(root: strawberry.Parent[models.Membership]) -> strawberry.ID:
        """The global id; it stands for the pair of customer and user."""
        return membership_id(root.customer.slug, root.user.username)

    @field(graphql_type=User)
    @staticmethod
    def user(root: strawberry.Parent[models.Membership]) -> models.User:
        """The user."""
        return root.user

    @field(graphql_type=CustomerRef)
    @staticmethod
    def customer(root: strawberry.Parent[models.Membership], info: Info) -> models.Customer | None:
        """The customer."""
        return info.context.reading.customers.get(root.customer_id)

    @staticmethod
    def find_nodes(info: Info, keys: Sequence[str]) -> Mapping[str, models.Membership]:
        return people.find_memberships(info.context.reading, keys)


@row_type(models.ApiToken)
class ApiToken(Node):
    """A token for machines; its secret is never shown again.

    Attributes:
        name: The name that its owner gave it; it is unique among their tokens.
        created_at: When it was made.
        expires_at: When it ends by itself; null if it does not.
        last_used_at: When it was last used, to the hour; null if it never was.
        revoked_at: When it was revoked; null if it was not.
    """

    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @field()
    @staticmethod
    def id(root: strawberry.Parent[models.ApiToken]) -> strawberry.ID:
        """The global id."""
        return global_id("ApiToken", root.pk)

    @field(graphql_type=User | None)
    @staticmethod
    def user(root: strawberry.Parent[models.ApiToken], info: Info) -> models.User | None:
        """Its owner, who acts with it; null for somebody whom the viewer may not see, such as a platform operator."""
        return info.context.reading.users.get(root.user_id)

    @field()
    @staticmethod
    def is_usable(root: strawberry.Parent[models.ApiToken]) -> bool:
        """Whether it has been neither revoked nor expired; it grants no more than its owner may do."""
        return is_usable(root)

    @field(graphql_type=CustomerRef | None)
    @staticmethod
    def only_customer(root: strawberry.Parent[models.ApiToken], info: Info) -> models.Customer | None:
        """The only customer that the token is valid for; null if it is valid for all of its owner's."""
        pk = root.only_customer_id
        return info.context.reading.customers.get(pk) if pk is not None else None

    @field(graphql_type=Role | None)
    @staticmethod
    def maximum_role(root: strawberry.Parent[models.ApiToken]) -> Role | None:
        """The highest role that the token has; null if it has its owner's roles."""
        return Role(root.maximum_role) if root.maximum_role else None

    @staticmethod
    def find_nodes(info: Info, keys: Sequence[str]) -> Mapping[str, models.ApiToken]:
        pks = [pk for key in keys if (pk := read_pk(key)) is not None]
        return {str(token.pk): token for token in people.find_tokens(info.context.reading, pks)}


@object_type
class Limits:
    """What one operation of this viewer may be in this view; whatever is beyond is refused before anything runs.

    Attributes:
        aliases: How many aliases a document may have.
        tokens: How many tokens a document may have: names, values and punctuation.
        default_page_size: How many items a page has where neither `first` nor `last` is given.
        largest_page_size: How many items a page may have.
    """

    budget: int = strawberry.field(description="The points that it may cost, by the viewer's role.")
    depth: int = strawberry.field(description="The levels of fields below the root fields.")
    aliases: int
    tokens: int
    default_page_size: int
    largest_page_size: int
    request_seconds: int = strawberry.field(description="How long a request may take.")
    points_per_minute: int = strawberry.field(
        description="How many points the viewer, or the token in use, may spend in a minute; 0 means no limit."
    )


@object_type
class Viewer:
    """The signed-in user, with their memberships and API tokens."""

    @field(graphql_type=User)
    @staticmethod
    def user(info: Info) -> models.User | None:
        """The user."""
        return info.context.identity.user

    @field()
    @staticmethod
    def is_platform_operator(info: Info) -> bool:
        """Whether the viewer operates the whole platform."""
        return info.context.actor.is_platform_operator

    @connection(Connection[Membership])
    @staticmethod
    def memberships(info: Info, arguments: PageArguments) -> Page[models.Membership]:
        """The viewer's roles, by the customers' slugs."""
        return people.own_memberships(info, arguments)

    @field(graphql_type=CustomerRef | None)
    @staticmethod
    def default_customer(info: Info) -> models.Customer | None:
        """The customer for fields that need one: the only one, or the one chosen with `setDefaultCustomer`."""
        return info.context.reading.find_own_customer()

    @connection(Connection[ApiToken])
    @staticmethod
    def api_tokens(info: Info, arguments: PageArguments) -> Page[models.ApiToken]:
        """The viewer's own tokens, by name, also those that have ended."""
        return people.own_tokens(info, arguments)

    @field()
    @staticmethod
    def limits(info: Info) -> Limits:
        """The limits of one operation; see also the header `Webnet-Explain: cost`."""
        return Limits(
            budget=budget_of(info.context),
            depth=MAXIMUM_DEPTH,
            aliases=MAXIMUM_ALIASES,
            tokens=MAXIMUM_TOKENS,
            default_page_size=DEFAULT_PAGE,
            largest_page_size=LARGEST_PAGE,
            request_seconds=settings.WEBNET_REQUEST_SECONDS,
            points_per_minute=(
                settings.WEBNET_TOKEN_POINTS_PER_MINUTE
                if info.context.identity.api_token is not None
                else settings.WEBNET_USER_POINTS_PER_MINUTE
            ),
        )


def find_viewer(info: Info) -> Viewer | None:
    """The viewer; None if nobody is signed in."""
    return Viewer() if info.context.is_signed_in else None
