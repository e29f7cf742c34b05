"""Changes and removes members: for the customer's admins, and platform operators, who add them, too; audited.

Others become members by an invitation. Everything is in the customer's chain of the log.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from webnet.accounts.authentication import find_user
from webnet.audit.operation import Operation, audited, lock_customer
from webnet.customers.access import Actor, find_customer, require, require_session
from webnet.customers.models import Customer, Invitation, Membership, Role, User, is_username
from webnet.errors import InvalidInput, NotFound, PermissionDenied
from webnet.sentences import sentence


@dataclass(frozen=True, kw_only=True)
class MemberChange:
    """The membership after the change."""

    membership: Membership
    changed: bool


def set(  # noqa: A001 - callers write `members.set`
    *, actor: Actor, customer: str, username: str, role: Role, reason: str | None = ""
) -> MemberChange:
    """Change the role of a member of the customer of this slug; as a platform operator, also make the user a member.

    Raises NotFound or PermissionDenied; OPERATORS_ONLY where it would leave the customer without an admin. For the
    customer's own admins, MEMBER_NOT_FOUND is the same whether the user exists or not.
    """
    return _set(Operation(actor=actor, action="set_member", reason=reason), customer, username, role)


def remove(*, actor: Actor, customer: str, username: str, reason: str | None = "") -> bool:
    """End the user's membership. False for a user who is not a member or does not exist: callers can't tell which.

    Raises NotFound or PermissionDenied; OPERATORS_ONLY where it would leave the customer without an admin.
    """
    return _remove(Operation(actor=actor, action="remove_member", reason=reason), customer, username)


def set_default(*, actor: Actor, customer: str) -> MemberChange:
    """Make the customer of this slug the default of the actor, who has several. Not with an API token.

    Raises NotFound, PermissionDenied, or InvalidInput for a platform operator who is not a member.
    """
    return _set_default(Operation(actor=actor, action="set_default_customer"), customer)


@audited
def _set(operation: Operation, slug: str, username: str, role: Role) -> MemberChange:
    customer = lock_as_admin(operation, slug)
    membership = find_membership(customer, username)
    if membership is None:
        if not operation.actor.is_platform_operator:
            raise NotFound.member(username, slug)
        user = find_user(username)
        if user is None:
            raise NotFound.user(username)
        membership = join(customer, user, role)
        operation.record(after=_describe(membership))
        return MemberChange(membership=membership, changed=True)
    if membership.role == role.value:
        return MemberChange(membership=membership, changed=False)
    if role is not Role.ADMIN:
        _refuse_last_admin(operation.actor, membership)
    before = _describe(membership)
    membership.role = role.value
    membership.save(update_fields=["role"])
    operation.record(before=before, after=_describe(membership))
    return MemberChange(membership=membership, changed=True)


@audited
def _remove(operation: Operation, slug: str, username: str) -> bool:
    customer = lock_as_admin(operation, slug)
    membership = find_membership(customer, username)
    if membership is None:
        return False
    _refuse_last_admin(operation.actor, membership)
    operation.record(before=_describe(membership))
    user = membership.user
    membership.delete()
    # Else they could come back by themselves.
    withdraw_invitations(customer, username=user.username, email=user.email.lower())
    return True


@audited
def _set_default(operation: Operation, slug: str) -> MemberChange:
    customer = find_customer(operation.actor, slug)
    user = User.objects.select_for_update().get(pk=require_session(operation.actor))
    memberships = Membership.objects.select_related("customer").filter(user=user)
    chosen = memberships.filter(customer=customer).first()
    if chosen is None:
        raise InvalidInput(sentence("You are not a member of '{customer}'.", customer=slug), field="customer")
    if chosen.is_default:
        return MemberChange(membership=chosen, changed=False)
    former = memberships.filter(is_default=True).first()
    memberships.filter(is_default=True).update(is_default=False)
    chosen.is_default = True
    chosen.save(update_fields=["is_default"])
    operation.record(before={"customer": former.customer.slug if former else None}, after={"customer": slug})
    return MemberChange(membership=chosen, changed=True)


def lock_as_admin(operation: Operation, slug: str) -> Customer:
    """The operation's customer, locked, for an actor who is an admin there. Raises NotFound or PermissionDenied."""
    customer = find_customer(operation.actor, slug)
    # Two admins who remove each other must not both succeed: read the actor's role again once the lock is held.
    lock_customer(customer)
    operation.customer = customer = find_customer(operation.actor, slug)
    require(operation.actor, Role.ADMIN, customer=customer)
    return customer


def find_membership(customer: Customer, username: str) -> Membership | None:
    """The membership of the user of this name; the same statement whether the user exists or not."""
    username = User.normalize_username(username)
    if not is_username(username):
        return None
    found = Membership.objects.select_related("user", "customer").filter(customer=customer, user__username=username)
    return found.first()


def join(customer: Customer, user: User, role: Role) -> Membership:
    """Make the user a member; the caller has locked the customer. Whoever had one customer keeps it as the default."""
    User.objects.select_for_update().get(pk=user.pk)
    # Nothing changes for them at `/graphql/`, which uses the default of those who have several customers.
    others = list(Membership.objects.filter(user=user)[:2])
    if len(others) == 1:
        Membership.objects.filter(pk=others[0].pk).update(is_default=True)
    return Membership.objects.create(user=user, customer=customer, role=role.value)


def withdraw_invitations(customer: Customer, *, username: str = "", email: str = "") -> int:
    """Revoke the open invitations for this username and for this email address; returns how many there were."""
    named = Q(username=username, email="") | Q(email=email, username="")
    opened = Invitation.objects.filter(named, customer=customer, accepted_at=None, revoked_at=None)
    return opened.update(revoked_at=timezone.now())


def _refuse_last_admin(actor: Actor, membership: Membership) -> None:
    if membership.role != Role.ADMIN.value or actor.is_platform_operator:
        return
    admins = Membership.objects.filter(customer=membership.customer, role=Role.ADMIN.value, user__is_active=True)
    if not admins.exclude(pk=membership.pk).exists():
        slug, username = membership.customer.slug, membership.user.username
        raise PermissionDenied(
            sentence(
                "'{username}' is the last admin of '{customer}': only a platform operator can change that.",
                username=username,
                customer=slug,
            ),
            code="OPERATORS_ONLY",
        )


def _describe(membership: Membership) -> dict[str, object]:
    return {"username": membership.user.username, "role": membership.role}
