"""What plugins let members do, and which roles may."""

from __future__ import annotations

import strawberry

from webnet.api.values.references import PluginRef
from webnet.api.vocabulary.enums import Role
from webnet.plugins.models import PluginConfig


@strawberry.type(
    description=("Something that a plugin lets members do, from `minimumRole` up; the codename is `<plugin>.<name>`.")
)
class PluginPermission:
    codename: str
    description: str
    minimum_role: Role


@strawberry.type(
    description=(
        "One role and a permission. `decision` is the customer's own; where it is null, the role has what it has by "
        "default, and what a lower role was given."
    )
)
class RoleGrant:
    role: Role
    granted: bool
    granted_by_default: bool
    decision: bool | None


@strawberry.type(
    description="A plugin's permission at one customer. It grants nothing while `effective`, the plugin's, is false."
)
class CustomerPermission:
    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    codename: str
    description: str
    effective: bool
    roles: list[RoleGrant] = strawberry.field(description="One for each role, the lowest first.")
