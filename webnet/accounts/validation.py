"""Validates what people typed: text that a column can hold, and names that are not taken yet."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from webnet.errors import InvalidInput
from webnet.sentences import sentence


def clean_line(text: str, *, field: str, maximum_length: int) -> str:
    """One line of text, stripped. Raises InvalidInput when it is empty, too long or has control characters."""
    text = text.strip()
    if not text:
        raise InvalidInput(sentence("This can't be empty."), field=field)
    if len(text) > maximum_length:
        raise InvalidInput(
            sentence("This can't be longer than {maximum} characters.", maximum=maximum_length), field=field
        )
    # Unicode categories: Cc are control characters (line breaks among them), Cs are halves of surrogate pairs.
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise InvalidInput(sentence("This can't contain control characters."), field=field)
    return text


@contextmanager
def unique_name(message: str, *, field: str) -> Iterator[None]:
    """Turn the database's unique violation into InvalidInput (NAME_TAKEN).

    Only the database can decide between two requests for the same name, so nothing is looked up beforehand.
    """
    try:
        # A savepoint: on PostgreSQL a failed statement would otherwise abort the caller's transaction.
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise InvalidInput(message, field=field, code="NAME_TAKEN") from error
