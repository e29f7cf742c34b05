"""Invitations to a customer, and the default customer of the viewer."""

from __future__ import annotations

import strawberry
from django.urls import reverse

from webnet.accounts import invitations, members
from webnet.api.declarations.fields import input_type, object_type
from webnet.api.declarations.mutations import mutation
from webnet.api.request.context import Info
from webnet.api.types.invitation import Invitation, read_invitation_id
from webnet.api.types.viewer import Membership, Viewer
from webnet.api.vocabulary.enums import Role
from webnet.customers import models
from webnet.errors import InvalidInput, NotFound


@input_type
class InviteMemberInput:
    """Whom to invite to a customer: by a username or an email address.

    Attributes:
        customer: The customer's slug.
        role: The role to offer.
        username: The username; null if an email address is given.
        email: The email address; null if a username is given.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    role: Role
    username: str | None = None
    email: str | None = None
    reason: str | None = None


@object_type
class InviteMemberPayload:
    """The new invitation.

    Attributes:
        address: The address of the page on which the invited person accepts it.
        invitation: The new invitation.
    """

    token: str = strawberry.field(description="Shown this once.")
    address: str
    invitation: models.Invitation = strawberry.field(graphql_type=Invitation)


@input_type
class AcceptInvitationInput:
    """Which invitation of the viewer to accept.

    Attributes:
        token: The token from the invitation's address.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    token: str
    reason: str | None = None


@object_type
class AcceptInvitationPayload:
    """The viewer's new membership.

    Attributes:
        membership: The new membership.
    """

    membership: models.Membership = strawberry.field(graphql_type=Membership)


@input_type
class RevokeInvitationInput:
    """Which invitation of which customer to revoke.

    Attributes:
        customer: The customer's slug.
        id: The global id of the invitation.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    id: strawberry.ID
    reason: str | None = None


@object_type
class RevokeInvitationPayload:
    """The invitation that was revoked.

    Attributes:
        invitation: The invitation as it is now.
        changed: Whether anything was changed; false if it was so already.
    """

    invitation: models.Invitation = strawberry.field(graphql_type=Invitation)
    changed: bool


@input_type
class SetDefaultCustomerInput:
    """Which customer fields of `/graphql/` take where they need one.

    Attributes:
        customer: The slug of one of the viewer's customers.
    """

    customer: str


@object_type
class SetDefaultCustomerPayload:
    """The viewer with the new default.

    Attributes:
        viewer: The viewer as they are now.
        changed: Whether anything was changed; false if it was so already.
    """

    viewer: Viewer
    changed: bool


@strawberry.type
class InvitationMutations:
    @mutation(NotFound, InvalidInput)
    def invite_member(self, info: Info, input: InviteMemberInput) -> InviteMemberPayload:
        """Mails the address, if webnet has a mail server. The result does not depend on whether the account exists."""
        info.context.require_in_view(input.customer)
        page = info.context.request.build_absolute_uri(reverse("invitations"))
        made = invitations.invite(
            actor=info.context.actor,
            customer=input.customer,
            role=input.role,
            username=input.username,
            email=input.email,
            page_address=page,
            reason=input.reason,
        )
        return InviteMemberPayload(token=made.secret, address=f"{page}{made.secret}/", invitation=made.invitation)

    @mutation(NotFound, InvalidInput)
    def accept_invitation(self, info: Info, input: AcceptInvitationInput) -> AcceptInvitationPayload:
        """Only in a session of the invited person, not with an API token."""
        change = invitations.accept(actor=info.context.actor, secret=input.token, reason=input.reason)
        info.context.forget()
        return AcceptInvitationPayload(membership=change.membership)

    @mutation(NotFound, InvalidInput)
    def revoke_invitation(self, info: Info, input: RevokeInvitationInput) -> RevokeInvitationPayload:
        """Ends an open invitation; for the customer's admins."""
        info.context.require_in_view(input.customer)
        change = invitations.revoke(
            actor=info.context.actor,
            customer=input.customer,
            invitation_id=read_invitation_id(input.id),
            reason=input.reason,
        )
        return RevokeInvitationPayload(invitation=change.invitation, changed=change.changed)

    @mutation(NotFound, InvalidInput)
    def set_default_customer(self, info: Info, input: SetDefaultCustomerInput) -> SetDefaultCustomerPayload:
        """Only in a session, not with an API token."""
        info.context.require_in_view(input.customer)
        change = members.set_default(actor=info.context.actor, customer=input.customer)
        info.context.forget()
        return SetDefaultCustomerPayload(viewer=Viewer(), changed=change.changed)
