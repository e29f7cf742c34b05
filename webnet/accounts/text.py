"""What people typed: whether it can be stored, and cleaned for the column it goes into."""

from __future__ import annotations

import unicodedata

from webnet.errors import InvalidInput


def is_storable(text: str) -> bool:
    """Whether a database can hold it: no NUL, which PostgreSQL refuses, and no half of a surrogate pair."""
    return "\x00" not in text and not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def clean_line(text: str, *, field: str, maximum_length: int) -> str:
    """One line of text without spaces around it; raises InvalidInput when it is empty, too long or has more lines."""
    text = text.strip()
    if not text:
        raise InvalidInput("This can't be empty.", field=field)
    if len(text) > maximum_length:
        raise InvalidInput(f"This can't be longer than {maximum_length} characters.", field=field)
    # Categories Cc and Cs: control characters, also line breaks, and halves of surrogate pairs.
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise InvalidInput("This can't hold control characters.", field=field)
    return text
