"""Adds, changes and removes members: for the customer's admins, audited in the customer's chain."""

from __future__ import annotations

from dataclasses import dataclass

from webnet.accounts.authentication import find_user
from webnet.audit.operation import Operation, audited, lock_customer
from webnet.customers.access import Actor, find_customer, require
from webnet.customers.models import Customer, Membership, Role, User
from webnet.errors import NotFound, PermissionDenied


@dataclass(frozen=True, kw_only=True)
class MemberChange:
    """The membership after the change."""

    membership: Membership
    changed: bool


def set(  # noqa: A001 - callers write `members.set`
    *, actor: Actor, customer: str, username: str, role: Role, reason: str | None = ""
) -> MemberChange:
    """Make the user a member of the customer of this slug, or change their role.

    Raises NotFound or PermissionDenied; OPERATORS_ONLY where it would leave the customer without an admin.
    """
    return _set(Operation(actor=actor, action="set_member", reason=reason), customer, username, role)


def remove(*, actor: Actor, customer: str, username: str, reason: str | None = "") -> bool:
    """End the user's membership. False for a user who is not a member or does not exist: callers can't tell which.

    Raises NotFound or PermissionDenied; OPERATORS_ONLY where it would leave the customer without an admin.
    """
    return _remove(Operation(actor=actor, action="remove_member", reason=reason), customer, username)


@audited
def _set(operation: Operation, slug: str, username: str, role: Role) -> MemberChange:
    customer = _lock_as_admin(operation, slug)
    user = find_user(username)
    if user is None:
        raise NotFound.user(username)
    membership = _find_membership(customer, user) or Membership(user=user, customer=customer)
    if membership.role == role.value:
        return MemberChange(membership=membership, changed=False)
    if role is not Role.ADMIN:
        _refuse_last_admin(operation.actor, membership)
    before = _describe(membership) if membership.pk else None
    membership.role = role.value
    membership.save()
    operation.record(before=before, after=_describe(membership))
    return MemberChange(membership=membership, changed=True)


@audited
def _remove(operation: Operation, slug: str, username: str) -> bool:
    customer = _lock_as_admin(operation, slug)
    user = find_user(username)
    membership = _find_membership(customer, user) if user is not None else None
    if membership is None:
        return False
    _refuse_last_admin(operation.actor, membership)
    operation.record(before=_describe(membership))
    membership.delete()
    return True


def _lock_as_admin(operation: Operation, slug: str) -> Customer:
    customer = find_customer(operation.actor, slug)
    # Two admins who remove each other must not both succeed: read the actor's role again once the lock is held.
    lock_customer(customer)
    operation.customer = customer = find_customer(operation.actor, slug)
    require(operation.actor, Role.ADMIN, customer=customer)
    return customer


def _find_membership(customer: Customer, user: User) -> Membership | None:
    return Membership.objects.select_related("user", "customer").filter(customer=customer, user=user).first()


def _refuse_last_admin(actor: Actor, membership: Membership) -> None:
    if membership.role != Role.ADMIN.value or actor.is_platform_operator:
        return
    admins = Membership.objects.filter(customer=membership.customer, role=Role.ADMIN.value, user__is_active=True)
    if not admins.exclude(pk=membership.pk).exists():
        slug, username = membership.customer.slug, membership.user.username
        raise PermissionDenied(
            f"'{username}' is the last admin of '{slug}': only a platform operator can change that.",
            code="OPERATORS_ONLY",
        )


def _describe(membership: Membership) -> dict[str, object]:
    return {"username": membership.user.username, "role": membership.role}
