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
    """Who is invited to a customer: give either a username or an email address."""

    customer: str
    role: Role
    username: str | None = None
    email: str | None = None
    reason: str | None = None


@object_type
class InviteMemberPayload:
    """The new invitation; the invited person opens the address, or passes the token to acceptInvitation."""

    token: str = strawberry.field(description="Shown this once.")
    address: str
    invitation: models.Invitation = strawberry.field(graphql_type=Invitation)


@input_type
class AcceptInvitationInput:
    """The token of an invitation of the viewer."""

    token: str
    reason: str | None = None


@object_type
class AcceptInvitationPayload:
    """The viewer's new membership."""

    membership: models.Membership = strawberry.field(graphql_type=Membership)


@input_type
class RevokeInvitationInput:
    """Which invitation of a customer ends."""

    customer: str
    id: strawberry.ID
    reason: str | None = None


@object_type
class RevokeInvitationPayload:
    """The invitation that was revoked."""

    invitation: models.Invitation = strawberry.field(graphql_type=Invitation)
    changed: bool


@input_type
class SetDefaultCustomerInput:
    """One of the viewer's customers, for fields of `/graphql/` that need one."""

    customer: str


@object_type
class SetDefaultCustomerPayload:
    """The viewer with the default."""

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
