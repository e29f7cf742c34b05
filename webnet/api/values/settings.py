"""Details of single settings: where a value comes from, and whether a secret is set."""

from __future__ import annotations

from datetime import datetime

from webnet.api.declarations.fields import object_type
from webnet.api.vocabulary.enums import SettingLayer


@object_type
class SettingSource:
    """The layer that one value of the merged settings comes from."""

    path: str
    layer: SettingLayer


@object_type
class SecretSetting:
    """Whether a secret is set in this layer, and since when; its value is never shown."""

    path: str
    is_set: bool
    updated_at: datetime | None
