"""Details of single settings: where a value comes from, and whether a secret is set."""

from __future__ import annotations

from datetime import datetime

from webnet.api.declarations.fields import object_type
from webnet.api.vocabulary.enums import SettingLayer


@object_type
class SettingSource:
    """The layer that one value of the merged settings comes from.

    Attributes:
        path: Which value, as a JSON Pointer (RFC 6901), such as "/checks/timeout".
        layer: The layer.
    """

    path: str
    layer: SettingLayer


@object_type
class SecretSetting:
    """Whether a secret is set in this layer, and since when; its value is never shown.

    Attributes:
        path: Which secret, as a JSON Pointer (RFC 6901), such as "/token".
        is_set: Whether it has a value in this layer.
        updated_at: When it was last set; null if it is not.
    """

    path: str
    is_set: bool
    updated_at: datetime | None
