"""What plugins let members do, and which roles may."""

from __future__ import annotations

import strawberry

from webnet.api.declarations.fields import object_type
from webnet.api.values.references import PluginRef
from webnet.api.vocabulary.enums import Role
from webnet.plugins.models import PluginConfig


@object_type
class PluginPermission:
    """Something that a plugin lets members do, from `minimumRole` up; the codename is `<plugin>.<name>`."""

    codename: str
    description: str
    minimum_role: Role


@object_type
class RoleGrant:
    """One role and a permission. `decision` is the customer's own; where it is null, the role has what it has by
    default, and what a lower role was given.
    """

    role: Role
    granted: bool
    granted_by_default: bool
    decision: bool | None


@object_type
class CustomerPermission:
    """A plugin's permission at one customer. It grants nothing while `effective`, the plugin's, is false."""

    plugin: PluginConfig = strawberry.field(graphql_type=PluginRef)
    codename: str
    description: str
    effective: bool
    roles: list[RoleGrant] = strawberry.field(description="One for each role, the lowest first.")
