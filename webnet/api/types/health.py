"""The result of a plugin's health check."""

from __future__ import annotations

from datetime import datetime

from strawberry.scalars import JSON

from webnet.api.declarations.fields import row_type
from webnet.api.vocabulary.enums import HealthStatus
from webnet.plugins import models


@row_type(models.PluginHealth)
class PluginHealth:
    """The result of a plugin's health check.

    Attributes:
        status: How the plugin is.
        message: What the check found, in a sentence; may be empty.
        details: What else the check reported, as a JSON object.
        checked_at: When the check ended.
        duration_ms: How long the check took, in milliseconds.
    """

    status: HealthStatus
    message: str
    details: JSON
    checked_at: datetime
    duration_ms: float
