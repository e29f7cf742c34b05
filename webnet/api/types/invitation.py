"""An invitation to a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from webnet.accounts.invitations import status_of
from webnet.api.declarations.fields import field, row_type
from webnet.api.request.context import Info
from webnet.api.resolvers import listings
from webnet.api.types.user import User
from webnet.api.values.references import CustomerRef
from webnet.api.vocabulary.enums import InvitationStatus, Role
from webnet.api.vocabulary.node import Node, global_id, read_global_id
from webnet.customers import models


@row_type(models.Invitation)
class Invitation(Node):
    """An offer of a role to whoever has this username or email address; open until it is accepted, revoked or expires.

    Only admins of the customer see it.

    Attributes:
        role: The role that is offered.
        created_at: When it was made.
        expires_at: When it ends by itself.
        accepted_at: When it was accepted; null if it was not.
        revoked_at: When it was revoked; null if it was not.
    """

    role: Role
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None

    @field()
    @staticmethod
    def id(root: strawberry.Parent[models.Invitation]) -> strawberry.ID:
        """The global id."""
        return global_id("Invitation", root.pk)

    @field()
    @staticmethod
    def status(root: strawberry.Parent[models.Invitation]) -> InvitationStatus:
        """Whether it is open, or how it has ended."""
        return status_of(root)

    @field()
    @staticmethod
    def email(root: strawberry.Parent[models.Invitation]) -> str | None:
        """The email address that was invited; null if a username was."""
        return root.email or None

    @field()
    @staticmethod
    def username(root: strawberry.Parent[models.Invitation]) -> str | None:
        """The username that was invited; null if an email address was."""
        return root.username or None

    @field(graphql_type=CustomerRef)
    @staticmethod
    def customer(root: strawberry.Parent[models.Invitation], info: Info) -> models.Customer | None:
        """The customer that the role is offered for."""
        return info.context.reading.customers.get(root.customer_id)

    @field(graphql_type=User | None)
    @staticmethod
    def invited_by(root: strawberry.Parent[models.Invitation], info: Info) -> models.User | None:
        """Null for somebody whom the viewer may not see, such as a platform operator, and for a command."""
        pk = root.invited_by_id
        return info.context.reading.users.get(pk) if pk is not None else None

    @field(graphql_type=User | None)
    @staticmethod
    def accepted_by(root: strawberry.Parent[models.Invitation], info: Info) -> models.User | None:
        """Null while nobody has accepted it, and for somebody who is no longer a member."""
        pk = root.accepted_by_id
        return info.context.reading.users.get(pk) if pk is not None else None

    @staticmethod
    def find_nodes(info: Info, keys: Sequence[str]) -> Mapping[str, models.Invitation]:
        pks = [pk for key in keys if (pk := read_invitation_key(key)) is not None]
        return {str(row.pk): row for row in listings.find_invitations(info.context.reading, pks)}


def read_invitation_key(key: str) -> UUID | None:
    """The primary key in the key of a global id; None if it is not one."""
    try:
        return UUID(key)
    except ValueError:
        return None


def read_invitation_id(text: str) -> UUID | None:
    """The primary key in the global id of an invitation; None if it is not one."""
    type_name, key = read_global_id(text) or ("", "")
    return read_invitation_key(key) if type_name == "Invitation" else None
