"""What a plugin's own check said, and pages of it."""

from __future__ import annotations

from datetime import datetime

import strawberry
import strawberry_django
from strawberry import relay
from strawberry.scalars import JSON

from webnet.api.paging.page_request import PageInfo
from webnet.api.vocabulary.columns import Column
from webnet.api.vocabulary.enums import HealthStatus
from webnet.plugins import models


@strawberry_django.type(models.PluginHealth, field_cls=Column, description="What a plugin's own check said.")
class PluginHealth:
    status: HealthStatus
    message: str
    details: JSON
    checked_at: datetime
    duration_ms: float


@strawberry.type(description="What a check said, in a page.")
class PluginHealthEdge:
    cursor: str
    node: PluginHealth


@strawberry.type(description="A page of what checks said, newest first.")
class PluginHealthConnection(relay.Connection[PluginHealth]):  # type: ignore[type-var]  # It has no id of its own.
    edges: list[PluginHealthEdge]  # type: ignore[assignment]  # Relay's own edges have other descriptions.
    page_info: PageInfo  # type: ignore[assignment]  # So has its PageInfo.
