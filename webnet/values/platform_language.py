"""The language of what is stored and of what all viewers share: LANGUAGE_CODE, whoever asks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import translation

from webnet.values.lazy_texts import plain


def read_for_all(value: Any) -> Any:
    """A value of JSON whose lazily translated texts are strings in the platform's language."""
    with translation.override(settings.LANGUAGE_CODE):
        return plain(value)
