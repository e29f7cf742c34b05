"""The result of a plugin's health check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from webnet.api.declarations.fields import field, row_type
from webnet.api.request.context import Info
from webnet.api.resolvers import histories
from webnet.api.vocabulary.enums import HealthStatus
from webnet.api.vocabulary.node import Node, global_id, read_pk
from webnet.plugins import models
from webnet.values.viewer_language import for_viewer


@row_type(models.PluginHealth)
class PluginHealth(Node):
    """The result of a plugin's health check.

    Attributes:
        status: How the plugin is.
        details: What else the check reported, as a JSON object.
        checked_at: When the check ended.
        duration_ms: How long the check took, in milliseconds.
    """

    status: HealthStatus
    details: JSON
    checked_at: datetime
    duration_ms: float

    @field()
    @staticmethod
    def id(root: strawberry.Parent[models.PluginHealth]) -> strawberry.ID:
        """The global id."""
        return global_id("PluginHealth", root.pk)

    @field()
    @staticmethod
    def message(root: strawberry.Parent[models.PluginHealth]) -> str:
        """What the check found, in a sentence; may be empty."""
        return for_viewer(root.message)

    @staticmethod
    def find_nodes(info: Info, keys: Sequence[str]) -> Mapping[str, models.PluginHealth]:
        pks = [pk for key in keys if (pk := read_pk(key)) is not None]
        return {str(row.pk): row for row in histories.find_health(info.context.reading, pks)}
