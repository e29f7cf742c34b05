"""The documentation uses the field's words, as the style in CONTRIBUTING.md asks."""

from __future__ import annotations

import re

import pytest

from tests.docs.documents import Document, find_documents, find_operations

# What to write instead.
PLAINER = {
    "anew": "again",
    "betray": "reveal",
    "chores": "periodic tasks",
    "hold fast": "refer to",
    "mend": "fix",
    "mended": "fixed",
    "owed": "pending, or the outbox",
    "put aside": "set aside",
    "the house": "webnet, or the host",
}


def find_idioms(document: Document) -> list[str]:
    """The words of the document's prose that have a plainer one."""
    prose = " ".join(document.prose().split()).lower()
    return [word for word in PLAINER if re.search(rf"\b{word}\b", prose)]


@pytest.mark.parametrize("document", [*find_documents(), *find_operations()], ids=lambda document: document.name)
def test_a_page_uses_the_fields_words(document: Document) -> None:
    assert find_idioms(document) == []


def test_an_idiom_is_found() -> None:
    assert find_idioms(Document(name="test.md", text="A plugin is put\naside. Mend it.")) == ["mend", "put aside"]
