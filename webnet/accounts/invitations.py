"""Invites people to a customer, by username or email address: made by its admins, accepted by who is invited."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import reduce
from operator import or_
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q
from django.utils import timezone

from webnet.accounts.authentication import digest_of, make_secret
from webnet.accounts.members import MemberChange, find_membership, join, lock_as_admin, withdraw_invitations
from webnet.accounts.users import clean_email
from webnet.audit.operation import Operation, audited, lock_customer
from webnet.customers.access import Actor, require_session
from webnet.customers.models import Customer, Invitation, Membership, Role, User, is_username
from webnet.errors import InvalidInput, NotFound
from webnet.input_faults import InputFaults
from webnet.sentences import sentence

logger = logging.getLogger(__name__)

SECRET_PREFIX = "wi_"  # noqa: S105 - the public start of every token
LIFETIME = timedelta(days=7)
# What a customer may have: open invitations together with those of the last day, each of which may have sent a mail.
MAXIMUM = 100
MAXIMUM_WITHIN = timedelta(days=1)

MAIL = """\
You are invited to {customer} at webnet, as {role}. To accept, sign in and confirm:

{address}

The link is valid until {expires}, and only for the account with this email address. If you have no account, ask
whoever runs webnet for one.
"""


class InvitationStatus(Enum):
    """What has become of an invitation.

    Attributes:
        OPEN: It can be accepted, as long as whoever made it could make it now.
        ACCEPTED: The invited person has become a member.
        REVOKED: It was revoked, replaced by another one, or its person was removed.
        EXPIRED: It ended by itself.
    """

    OPEN = "open"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class NewInvitation:
    """An invitation and its token, which is not stored and can't be shown again."""

    invitation: Invitation
    secret: str

    def __repr__(self) -> str:
        return f"NewInvitation({self.invitation})"


@dataclass(frozen=True, kw_only=True)
class InvitationChange:
    """The invitation after the change."""

    invitation: Invitation
    changed: bool


def invite(
    *,
    actor: Actor,
    customer: str,
    role: Role,
    username: str | None = None,
    email: str | None = None,
    page_address: str | None = None,
    reason: str | None = "",
) -> NewInvitation:
    """Invite one person to the customer of this slug, in place of an open invitation for the same person.

    `page_address` is where the console accepts invitations: mail with it is sent to the email address, if a mail
    server is configured. Everything is the same whether such an account exists or not.

    Raises NotFound, PermissionDenied or InvalidInput (also ALREADY_MEMBER, CUSTOMER_INACTIVE, TOO_MANY_INVITATIONS).
    """
    secret = make_secret(SECRET_PREFIX)
    operation = Operation(actor=actor, action="invite_member", reason=reason)
    made = _invite(operation, customer, role, username or "", email or "", secret, page_address)
    return NewInvitation(invitation=made, secret=secret)


def find(*, actor: Actor, secret: str) -> Invitation:
    """The invitation with this token, which the actor can accept. Raises the same as `accept`."""
    user = User.objects.get(pk=require_session(actor))
    invitation = _find_own(user, secret)
    _require_acceptable(invitation, user)
    return invitation


def accept(*, actor: Actor, secret: str, reason: str | None = "") -> MemberChange:
    """Become a member by the invitation with this token: in a session of the invited person.

    Raises PermissionDenied (also SESSION_REQUIRED); NotFound for another person's token like for an unknown one; or
    InvalidInput (INVITATION_ACCEPTED, INVITATION_REVOKED, INVITATION_EXPIRED, CUSTOMER_INACTIVE, ALREADY_MEMBER).
    """
    return _accept(Operation(actor=actor, action="accept_invitation", reason=reason), secret)


def revoke(*, actor: Actor, customer: str, invitation_id: UUID | None, reason: str | None = "") -> InvitationChange:
    """Revoke an invitation to the customer of this slug, unless it has been accepted.

    Raises PermissionDenied, NotFound or InvalidInput (INVITATION_ACCEPTED).
    """
    return _revoke(Operation(actor=actor, action="revoke_invitation", reason=reason), customer, invitation_id)


def status_of(invitation: Invitation) -> InvitationStatus:
    """What has become of the invitation."""
    if invitation.accepted_at is not None:
        return InvitationStatus.ACCEPTED
    if invitation.revoked_at is not None:
        return InvitationStatus.REVOKED
    return InvitationStatus.EXPIRED if invitation.expires_at <= timezone.now() else InvitationStatus.OPEN


def have_status(statuses: Iterable[InvitationStatus]) -> Q:
    """The condition of invitations of which `status_of` is any of these."""
    unanswered, now = Q(accepted_at=None, revoked_at=None), timezone.now()
    conditions = {
        InvitationStatus.OPEN: unanswered & Q(expires_at__gt=now),
        InvitationStatus.ACCEPTED: Q(accepted_at__isnull=False),
        InvitationStatus.REVOKED: Q(revoked_at__isnull=False),
        InvitationStatus.EXPIRED: unanswered & Q(expires_at__lte=now),
    }
    return reduce(or_, (conditions[each] for each in statuses), Q(pk__in=[]))


@audited
def _invite(
    operation: Operation, slug: str, role: Role, username: str, email: str, secret: str, page_address: str | None
) -> Invitation:
    customer = lock_as_admin(operation, slug)
    username, faults = User.normalize_username(username), InputFaults()
    if bool(username) == bool(email):
        faults.add(sentence("Give either a username or an email address."), "username")
    elif username and not is_username(username):
        faults.add(sentence("This can't be a username."), "username")
    with faults.gather():
        email = clean_email(email).lower() if email else ""
    with faults.gather():
        if not customer.is_active:
            raise _refuse_inactive(customer, field="customer")
    faults.refuse()
    # The one account that is looked for is that of a member, whom the admin can see anyway.
    members = Membership.objects.filter(customer=customer)
    if members.filter(Q(user__email__iexact=email) if email else Q(user__username=username)).exists():
        raise InvalidInput(
            sentence(
                "'{person}' is a member of '{customer}' already: change the role with 'setMember'.",
                person=email or username,
                customer=slug,
            ),
            field="email" if email else "username",
            code="ALREADY_MEMBER",
        )
    replaced = withdraw_invitations(customer, username=username, email=email)
    _refuse_too_many(customer)
    now = timezone.now()
    invitation = Invitation.objects.create(
        customer=customer,
        role=role.value,
        username=username,
        email=email,
        digest=digest_of(secret),
        invited_by_id=operation.actor.user_id,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    operation.record(after={**_describe(invitation), "replaced": replaced})
    if email and page_address is not None and settings.WEBNET_SENDS_MAIL:
        operation.after_commit(lambda: _send(invitation, f"{page_address}{secret}/"))
    return invitation


@audited
def _accept(operation: Operation, secret: str) -> MemberChange:
    user = User.objects.get(pk=require_session(operation.actor))
    invitation = _find_own(user, secret)
    try:
        lock_customer(invitation.customer)
    except NotFound:  # It was purged meanwhile, and its invitations with it.
        raise NotFound.invitation(user.username) from None
    # Read again with the lock: others may have accepted or revoked it.
    invitation = _find_own(user, secret)
    operation.customer = invitation.customer
    _require_acceptable(invitation, user)
    membership = join(invitation.customer, user, Role(invitation.role))
    invitation.accepted_by, invitation.accepted_at = user, timezone.now()
    invitation.save(update_fields=["accepted_by", "accepted_at"])
    operation.record(after={**_describe(invitation), "username": user.username})
    return MemberChange(membership=membership, changed=True)


@audited
def _revoke(operation: Operation, slug: str, invitation_id: UUID | None) -> InvitationChange:
    customer = lock_as_admin(operation, slug)
    own = Invitation.objects.filter(customer=customer)
    invitation = own.filter(pk=invitation_id).first() if invitation_id is not None else None
    if invitation is None:
        raise NotFound.invitation_of(slug)
    if invitation.accepted_at is not None:
        raise InvalidInput(
            sentence("This invitation has been accepted: remove the member instead."),
            field="id",
            code="INVITATION_ACCEPTED",
        )
    if invitation.revoked_at is not None:
        return InvitationChange(invitation=invitation, changed=False)
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    operation.record(before=_describe(invitation))
    return InvitationChange(invitation=invitation, changed=True)


def _find_own(user: User, secret: str) -> Invitation:
    """The invitation of this person; somebody else's is not found, like one that does not exist."""
    rows = Invitation.objects.select_related("customer", "invited_by")
    found = rows.filter(digest=digest_of(secret)).first() if secret.isascii() else None
    # One of the two is empty, and so may the user's address be.
    if found is None or (found.email or found.username) != (user.email.lower() if found.email else user.username):
        raise NotFound.invitation(user.username)
    return found


def _require_acceptable(invitation: Invitation, user: User) -> None:
    slug = invitation.customer.slug
    if invitation.accepted_at is not None:
        raise InvalidInput(sentence("This invitation has been accepted."), field="token", code="INVITATION_ACCEPTED")
    if invitation.revoked_at is not None or not _can_still_invite(invitation):
        message = sentence(
            "This invitation has been revoked: ask an admin of '{customer}' for a new one.", customer=slug
        )
        raise InvalidInput(message, field="token", code="INVITATION_REVOKED")
    if invitation.expires_at <= timezone.now():
        message = sentence("This invitation has expired: ask an admin of '{customer}' for a new one.", customer=slug)
        raise InvalidInput(message, field="token", code="INVITATION_EXPIRED")
    if not invitation.customer.is_active:
        raise _refuse_inactive(invitation.customer, field="token")
    if find_membership(invitation.customer, user.username) is not None:
        raise InvalidInput(
            sentence("You are a member of '{customer}' already: its admins can change your role.", customer=slug),
            field="token",
            code="ALREADY_MEMBER",
        )


def _can_still_invite(invitation: Invitation) -> bool:
    """Whether whoever made the invitation could make it now; else former admins could bring themselves back."""
    inviter = invitation.invited_by
    if inviter is None:
        return True
    admins = Membership.objects.filter(customer=invitation.customer, role=Role.ADMIN.value)
    return inviter.is_active and (inviter.is_superuser or admins.filter(user=inviter).exists())


def _refuse_inactive(customer: Customer, *, field: str) -> InvalidInput:
    message = sentence("'{customer}' is inactive: ask a platform operator.", customer=customer.slug)
    return InvalidInput(message, field=field, code="CUSTOMER_INACTIVE")


def _refuse_too_many(customer: Customer) -> None:
    now = timezone.now()
    is_open = Q(accepted_at=None, revoked_at=None, expires_at__gt=now)
    if (
        Invitation.objects.filter(is_open | Q(created_at__gt=now - MAXIMUM_WITHIN), customer=customer).count()
        >= MAXIMUM
    ):
        raise InvalidInput(
            sentence(
                "'{customer}' has {maximum} invitations that are open or were made within a day: revoke some, or "
                "try again tomorrow.",
                customer=customer.slug,
                maximum=MAXIMUM,
            ),
            field="customer",
            code="TOO_MANY_INVITATIONS",
        )


def _describe(invitation: Invitation) -> dict[str, object]:
    """Without the email address: operators read the log, too, and only admins may know it."""
    return {"invitation": str(invitation.pk), "username": invitation.username or None, "role": invitation.role}


def _send(invitation: Invitation, address: str) -> None:
    text = MAIL.format(
        customer=invitation.customer.name,
        role=Role(invitation.role).label.lower(),
        address=address,
        expires=f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC",
    )
    try:
        send_mail(f"Invitation to {invitation.customer.name}", text, None, [invitation.email])
    except Exception as error:  # noqa: BLE001 - whatever the mail server does, the admin has the token
        # Only the kind of the error: its text may have the address.
        logger.warning("Invitation %s could not be mailed: %s.", invitation.pk, type(error).__name__)
