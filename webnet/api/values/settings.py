"""Details of single settings: where a value comes from, and whether a secret is set."""

from __future__ import annotations

from datetime import datetime

import strawberry

from webnet.api.vocabulary.enums import SettingLayer


@strawberry.type(description="The layer that one value of the merged settings comes from.")
class SettingSource:
    path: str
    layer: SettingLayer


@strawberry.type(description="Whether a secret is set in this layer, and since when; its value is never shown.")
class SecretSetting:
    path: str
    is_set: bool
    updated_at: datetime | None
