"""What a plugin's own check said."""

from __future__ import annotations

from datetime import datetime

import strawberry_django
from strawberry.scalars import JSON

from webnet.api.types.enums import HealthStatus
from webnet.api.types.fields import Column
from webnet.plugins import models


@strawberry_django.type(models.PluginHealth, field_cls=Column, description="What a plugin's own check said.")
class PluginHealth:
    status: HealthStatus
    message: str
    details: JSON
    checked_at: datetime
    duration_ms: float
