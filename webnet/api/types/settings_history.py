"""The changes of a layer of settings, from the audit log."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.fields import field, object_type, row_type
from webnet.api.declarations.sizes import MAXIMUM_SETTINGS
from webnet.api.request.context import Info
from webnet.api.resolvers.settings_view import show_changes
from webnet.api.values.references import UserRef
from webnet.api.vocabulary.scalars import Json
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import User
from webnet.plugins.settings.history import ChangedSetting as Changed
from webnet.plugins.settings.history import revision_of


@object_type
class ChangedSetting:
    """One value before and after; null if it was not set, and always for a secret."""

    path: str
    is_secret: bool

    @field(graphql_type=JSON | None)
    @staticmethod
    def before(root: strawberry.Parent[Changed]) -> Json:
        return root.before

    @field(graphql_type=JSON | None)
    @staticmethod
    def after(root: strawberry.Parent[Changed]) -> Json:
        return root.after


@row_type(PluginAuditLog, name="SettingsChange")
class SettingsChange:
    """One change of a layer of settings; `revision` is that of the layer after the change."""

    created_at: datetime
    actor_name: str

    @field()
    @staticmethod
    def revision(root: strawberry.Parent[PluginAuditLog]) -> int:
        return revision_of(root)

    @field(graphql_type=UserRef | None)
    @staticmethod
    def user(root: strawberry.Parent[PluginAuditLog], info: Info) -> User | None:
        return info.context.reading.users.get(root.actor_id) if root.actor_id is not None else None

    @field()
    @staticmethod
    def reason(root: strawberry.Parent[PluginAuditLog]) -> str | None:
        return root.reason or None

    @field(graphql_type=list[ChangedSetting], maximum=MAXIMUM_SETTINGS)
    @staticmethod
    def changes(root: strawberry.Parent[PluginAuditLog], info: Info) -> tuple[Changed, ...]:
        return show_changes(root, sees_all=info.context.actor.is_platform_operator)
