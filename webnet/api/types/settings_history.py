"""The changes of a layer of settings, from the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.fields import field, object_type, row_type
from webnet.api.declarations.sizes import MAXIMUM_SETTINGS
from webnet.api.request.context import Info
from webnet.api.resolvers import histories
from webnet.api.resolvers.settings_view import show_changes
from webnet.api.values.references import UserRef
from webnet.api.vocabulary.node import Node, global_id, read_sequences
from webnet.api.vocabulary.scalars import Json
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import User
from webnet.plugins.settings.history import ChangedSetting as Changed
from webnet.plugins.settings.history import revision_of


@object_type
class ChangedSetting:
    """One value that was changed; `before` and `after` are null for a secret.

    Attributes:
        path: Which one, as a JSON Pointer (RFC 6901), such as "/checks/timeout".
        is_secret: Whether it is a secret.
    """

    path: str
    is_secret: bool

    @field(graphql_type=JSON | None)
    @staticmethod
    def before(root: strawberry.Parent[Changed]) -> Json:
        """The value before; null if it was not set, and for a secret."""
        return root.before

    @field(graphql_type=JSON | None)
    @staticmethod
    def after(root: strawberry.Parent[Changed]) -> Json:
        """The value afterwards; null if it is not set any more, and for a secret."""
        return root.after


@row_type(PluginAuditLog, name="SettingsChange")
class SettingsChange(Node):
    """One change of a layer of settings.

    Attributes:
        created_at: When it was changed.
        actor_name: The name of who changed it, as it was then.
    """

    created_at: datetime
    actor_name: str

    @field()
    @staticmethod
    def id(root: strawberry.Parent[PluginAuditLog]) -> strawberry.ID:
        """The global id."""
        return global_id("SettingsChange", f"{root.chain}/{root.sequence}")

    @field()
    @staticmethod
    def revision(root: strawberry.Parent[PluginAuditLog]) -> int:
        """The revision of the layer after the change."""
        return revision_of(root)

    @field(graphql_type=UserRef | None)
    @staticmethod
    def user(root: strawberry.Parent[PluginAuditLog], info: Info) -> User | None:
        """The user who changed it; null for commands, and for users whom the viewer may not see."""
        return info.context.reading.users.get(root.actor_id) if root.actor_id is not None else None

    @field()
    @staticmethod
    def reason(root: strawberry.Parent[PluginAuditLog]) -> str | None:
        """What the user gave as `reason`; null if nothing."""
        return root.reason or None

    @field(graphql_type=list[ChangedSetting], maximum=MAXIMUM_SETTINGS)
    @staticmethod
    def changes(root: strawberry.Parent[PluginAuditLog], info: Info) -> tuple[Changed, ...]:
        """The values that were changed, without platform-only ones for viewers who are not platform operators."""
        return show_changes(root, sees_all=info.context.actor.is_platform_operator)

    @staticmethod
    def find_nodes(info: Info, keys: Sequence[str]) -> Mapping[str, Any]:
        found = histories.find_settings_changes(info.context.reading, read_sequences(keys))
        # An entry of the audit log is a row of the same model.
        return {f"{row.chain}/{row.sequence}": strawberry.cast(SettingsChange, row) for row in found}
