"""Which roles of a customer may do what with its plugins."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry
from strawberry import UNSET

from webnet.api.operations.mutations.inputs import given
from webnet.api.request.context import Info
from webnet.api.resolvers import permission_matrix
from webnet.api.types.refusals import NotFound, PermissionDenied
from webnet.api.values.permissions import CustomerPermission
from webnet.api.vocabulary.declare import mutation
from webnet.api.vocabulary.enums import Role
from webnet.plugins.manager import manager


@strawberry.input(
    description=(
        "`permission` is a codename; `granted` null means the default again. A higher role has what a lower one is "
        "given, unless it was taken from that very role."
    )
)
class SetRolePermissionInput:
    customer: str
    role: Role
    permission: str
    granted: bool | None = UNSET
    reason: str | None = UNSET


@strawberry.type(description="The permission and its roles as they are now.")
class SetRolePermissionPayload:
    permission: CustomerPermission
    changed: bool


SetRolePermissionResult: TypeAlias = Annotated[
    SetRolePermissionPayload | PermissionDenied | NotFound,
    strawberry.union("SetRolePermissionResult", description="How setRolePermission ends."),
]


@strawberry.type
class PermissionMutations:
    @mutation(
        description="Gives a plugin's permission to a role of the customer, or takes it; for the customer's admins."
    )
    def set_role_permission(self, info: Info, input: SetRolePermissionInput) -> SetRolePermissionResult:  # noqa: A002
        info.context.require_in_view(input.customer)
        change = manager.set_permission(
            input.permission,
            actor=info.context.actor,
            customer=input.customer,
            role=input.role,
            granted=given(input.granted),
            reason=given(input.reason),
        )
        info.context.forget()
        permission = permission_matrix.find_permission(info.context.reading, input.customer, input.permission)
        return SetRolePermissionPayload(permission=permission, changed=change.changed)
