"""What became of a layer of settings: its changes, from the audit log, and pages of them."""

from __future__ import annotations

from datetime import datetime

import strawberry
import strawberry_django
from strawberry import relay
from strawberry.scalars import JSON

from webnet.api.paging.page_request import PageInfo
from webnet.api.request.context import Info
from webnet.api.resolvers.settings_view import show_changes
from webnet.api.values.references import UserRef
from webnet.api.vocabulary.columns import Column
from webnet.api.vocabulary.declare import field
from webnet.api.vocabulary.scalars import Json
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import User
from webnet.plugins.settings.history import ChangedSetting as Changed
from webnet.plugins.settings.history import revision_of


@strawberry.type(description="One value before and after; null where it was not set, and always for a secret.")
class ChangedSetting:
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


@strawberry_django.type(
    PluginAuditLog,
    field_cls=Column,
    name="SettingsChange",
    description="One change of a layer of settings; `revision` is the layer's since then.",
)
class SettingsChange:
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

    @field(graphql_type=list[ChangedSetting])
    @staticmethod
    def changes(root: strawberry.Parent[PluginAuditLog], info: Info) -> tuple[Changed, ...]:
        return show_changes(root, sees_all=info.context.actor.is_platform_operator)


@strawberry.type(description="A change of settings in a page.")
class SettingsChangeEdge:
    cursor: str
    node: SettingsChange


@strawberry.type(description="A page of changes of settings, newest first; it has no total, as the log has none.")
class SettingsChangeConnection(relay.Connection[SettingsChange]):  # type: ignore[type-var]  # It has no id of its own.
    edges: list[SettingsChangeEdge]  # type: ignore[assignment]  # Relay's own edges have other descriptions.
    page_info: PageInfo  # type: ignore[assignment]  # So has its PageInfo.
