"""Sentences in columns of text: the English text first, and after it what the sentence was made of."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from django.db import models

from webnet.sentences import Sentence, sentence

# Between the text and its parts (U+001E, "record separator"). No stored text has another one.
SEPARATOR = "\x1e"
# In characters. Beyond it a text is stored alone: it shows a long list, of which there is little to translate.
MAXIMUM_PARTS = 10_000
# Text and places with a plain name: to format it can neither reach into a value nor take long, whoever wrote it.
HARMLESS_TEMPLATE = re.compile(r"(?:[^{}]|\{\w+(?::[,g])?\})*")

if TYPE_CHECKING:
    # Django's fields take no parameters at run time.
    TextField = models.TextField[str | models.expressions.Combinable, str]
else:
    TextField = models.TextField


def write_sentence(text: str) -> str:
    """What is stored of the text; of one whose parts would not give the same text again, the text alone."""
    alone = str.replace(text, SEPARATOR, "�")
    if not isinstance(text, Sentence):
        return alone
    parts = json.dumps(_pack(text), ensure_ascii=False)
    stored = f"{alone}{SEPARATOR}{parts}"
    return stored if len(parts) <= MAXIMUM_PARTS and isinstance(read_sentence(stored), Sentence) else alone


def read_sentence(stored: str) -> str:
    """The stored text; a `Sentence` if its parts were stored with it and say the same."""
    if SEPARATOR not in stored:
        return stored
    text, _, parts = stored.partition(SEPARATOR)
    try:
        made = _unpack(json.loads(parts))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return text
    return made if isinstance(made, Sentence) and made == text else text


def _pack(value: Any) -> Any:
    """A sentence as `[template, {name: value}]`; what JSON does not have, as the text that the sentence shows."""
    if isinstance(value, Sentence):
        return [value.template, {name: _pack(part) for name, part in value.data.items()}]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _unpack(packed: Any) -> Any:
    if not isinstance(packed, list):
        return packed
    template, data = packed
    if not HARMLESS_TEMPLATE.fullmatch(template):
        raise ValueError(template)
    return sentence(template, **{name: _unpack(value) for name, value in data.items()})


class SentenceField(TextField):
    """A text in English that can be said in the language of whoever reads it, if it was stored as a `Sentence`.

    Rows from before, and texts that are no sentences, are plain texts.
    """

    if TYPE_CHECKING:
        # What django-stubs reads the types of a column from.
        _pyi_private_set_type: str | models.expressions.Combinable
        _pyi_private_get_type: str

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return None if value is None else read_sentence(value)

    def get_prep_value(self, value: Any) -> Any:
        # An expression, such as F(), is not a value.
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return write_sentence(value if isinstance(value, str) else str(value))
