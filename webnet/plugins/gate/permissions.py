"""Who may do what with a plugin: its permissions, who has them by default, and what customers decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.errors import NotFound, PermissionDenied
from webnet.plugins.declarations import Permission
from webnet.plugins.gate.effective import CustomerState, customer_state
from webnet.plugins.registry import registry
from webnet.sentences import sentence


@dataclass(frozen=True, kw_only=True)
class RoleGrant:
    """Whether one role of a customer has a permission; `decision` is the customer's own, None if it made none."""

    role: Role
    granted: bool
    granted_by_default: bool
    decision: bool | None


def require_permission(actor: Actor, customer: Customer, codename: str, *, state: CustomerState | None = None) -> None:
    """Raise unless the actor has the permission for the customer; NotFound if it is not one of their customers.

    `state` is the customer's, if it was read already.
    """
    found = state or customer_state(customer)
    if codename in permissions_of(actor, customer, state=found, plugin=codename.partition(".")[0]):
        return
    # A refusal that names the permission would reveal that the customer exists.
    if access.role_in(actor, customer) is None:
        raise NotFound.customer(customer.slug)
    lowest_role = next((role.value for role in Role if codename in granted_to(role, found)), None)
    message = sentence(
        "This needs the permission '{permission}' for '{customer}'.", permission=codename, customer=customer.slug
    )
    raise PermissionDenied(message, code="PERMISSION_MISSING", required_role=lowest_role)


def permissions_of(
    actor: Actor, customer: Customer, *, state: CustomerState | None = None, plugin: str | None = None
) -> frozenset[str]:
    """The codenames of all that the actor may do for the customer now, with every plugin or with one.

    `state` is the customer's, if it was read already.
    """
    held = access.role_in(actor, customer)
    return granted_to(held, state or customer_state(customer), plugin=plugin) if held is not None else frozenset()


def granted_to(role: Role, state: CustomerState, *, plugin: str | None = None) -> frozenset[str]:
    """The codenames that a role of the customer has: those of effective plugins only."""
    names = state.effective if plugin is None else state.effective & {plugin}
    return frozenset(
        f"{name}.{permission.name}"
        for name in names
        for permission in declared_by(name)
        if _is_granted(permission, role, _decisions(state, name, permission.name))
    )


def declared_by(plugin: str) -> tuple[Permission, ...]:
    """The permissions that a plugin declares; empty while it is not loaded here."""
    manifest = registry.find_manifest(plugin)
    return manifest.permissions if manifest is not None else ()


def grants(state: CustomerState, plugin: str, permission: Permission) -> tuple[RoleGrant, ...]:
    """Who has the permission while its plugin is effective for the customer: one entry for each role."""
    decisions = _decisions(state, plugin, permission.name)
    return tuple(
        RoleGrant(
            role=role,
            granted=_is_granted(permission, role, decisions),
            granted_by_default=role.includes(Role(permission.minimum_role)),
            decision=decisions.get(role.value),
        )
        for role in Role
    )


def _is_granted(permission: Permission, role: Role, decisions: Mapping[str, bool]) -> bool:
    """By the customer's decision for this role; else by default, or because a lower role was given it."""
    decided = decisions.get(role.value)
    if decided is not None:
        return decided
    given = any(decisions.get(lower.value) for lower in Role if role.includes(lower))
    return given or role.includes(Role(permission.minimum_role))


def _decisions(state: CustomerState, plugin: str, permission: str) -> Mapping[str, bool]:
    row = state.rows.get(plugin)
    found: Mapping[str, bool] = row.permissions.get(permission, {}) if row is not None else {}
    return found
