"""The language of one viewer: what webnet's own sentences are in it."""

from __future__ import annotations

from django.utils.translation import gettext

from webnet.sentences import Sentence


def for_viewer(text: str) -> str:
    """The text in the language of this request; one that is not a `Sentence` stays as it is, such as stored texts."""
    if not isinstance(text, Sentence):
        return text
    data = {name: for_viewer(value) if isinstance(value, str) else value for name, value in text.data.items()}
    return gettext(text.template).format(**data)
