"""The permissions that the roles of a customer have."""

from __future__ import annotations

import strawberry

from webnet.api.declarations.fields import input_type, object_type
from webnet.api.declarations.mutations import mutation
from webnet.api.request.context import Info
from webnet.api.resolvers import permission_matrix
from webnet.api.values.contributions import CustomerPermission
from webnet.api.vocabulary.enums import Role
from webnet.errors import NotFound
from webnet.plugins.manager import manager


@input_type
class SetRolePermissionInput:
    """Which permission a role shall have, or not. A higher role has what a lower one is given, unless the permission
    was taken from the higher role itself.

    Attributes:
        customer: The customer's slug.
        role: The role.
        permission: The permission's codename, `<plugin>.<name>`.
        granted: Whether the role shall have it; null removes the decision, so that the default applies again.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    role: Role
    permission: str
    granted: bool | None = None
    reason: str | None = None


@object_type
class SetRolePermissionPayload:
    """The permission as it is now.

    Attributes:
        permission: The permission and its roles as they are now.
        changed: Whether anything was changed; false if it was so already.
    """

    permission: CustomerPermission
    changed: bool


@strawberry.type
class PermissionMutations:
    @mutation(NotFound)
    def set_role_permission(self, info: Info, input: SetRolePermissionInput) -> SetRolePermissionPayload:
        """Gives a plugin's permission to a role of the customer, or takes it away; for the customer's admins."""
        info.context.require_in_view(input.customer)
        change = manager.set_permission(
            input.permission,
            actor=info.context.actor,
            customer=input.customer,
            role=input.role,
            granted=input.granted,
            reason=input.reason,
        )
        info.context.forget(change.state, customer=change.customer)
        permission = permission_matrix.find_permission(info.context.reading, input.customer, input.permission)
        return SetRolePermissionPayload(permission=permission, changed=change.changed)
