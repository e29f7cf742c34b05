"""The ids of documents: their SHA-256, as the appendix "Persisted Documents" of GraphQL over HTTP has it."""

from __future__ import annotations

import hashlib
import re

# "SHA256 Hex Document Identifier" there; without the prefix it is a custom identifier, which older builds write.
_ID = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


def find_digest(document_id: str) -> str | None:
    """The digest that the id names, in hexadecimal; None if it is an id of another kind."""
    found = _ID.fullmatch(document_id)
    return found[1] if found is not None else None


def digest_of(text: str) -> str:
    """The SHA-256 of the document, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def show_id(digest: str) -> str:
    """The id, as clients send it."""
    return f"sha256:{digest}"
