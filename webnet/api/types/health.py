"""The result of a plugin's health check."""

from __future__ import annotations

from datetime import datetime

from strawberry.scalars import JSON

from webnet.api.declarations.fields import row_type
from webnet.api.vocabulary.enums import HealthStatus
from webnet.plugins import models


@row_type(models.PluginHealth)
class PluginHealth:
    """The result of a plugin's health check."""

    status: HealthStatus
    message: str
    details: JSON
    checked_at: datetime
    duration_ms: float
