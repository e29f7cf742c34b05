"""The glossary has the words of the code, and each entry leads to code that is there."""

from __future__ import annotations

import pytest
from django.db.models import TextChoices

from tests.docs.documents import ROOT, Document, code_spans
from webnet.customers.models import Role
from webnet.plugins.gate.rules import IneffectiveCode
from webnet.plugins.models import Availability, PluginStatus

GLOSSARY = Document.read(ROOT / "docs" / "contributing" / "glossary.md")
ENTRIES = GLOSSARY.table("word")


def find_dead_places(place: str) -> list[str]:
    """What the third column names and is not there: a path, or a name that does not occur in the file before it."""
    path, *names = place.strip("`").split("` `")
    if not (ROOT / path).is_file():
        return [path]
    text = (ROOT / path).read_text(encoding="utf-8")
    return [name for name in names if name not in text]


@pytest.mark.parametrize(("word", "place"), [(word.strip("*"), place) for word, _, place in ENTRIES])
def test_an_entry_leads_to_code_that_is_there(word: str, place: str) -> None:
    assert find_dead_places(place) == []


def test_a_dead_place_is_found() -> None:
    assert find_dead_places("`webnet/no_such_file.py`") == ["webnet/no_such_file.py"]
    assert find_dead_places("`webnet/errors.py` `Refusal` `NoSuchName`") == ["NoSuchName"]


def test_entries_are_in_order_and_each_is_there_once() -> None:
    words = [word.strip("*").replace("'", "") for word, _, _ in ENTRIES]

    assert words == sorted(set(words))


@pytest.mark.parametrize("choices", [Availability, IneffectiveCode, PluginStatus, Role])
def test_the_values_of_these_enums_are_explained(choices: type[TextChoices]) -> None:
    explained = {name for _, meaning, _ in ENTRIES for name in code_spans(meaning)}

    assert set(choices.names) <= explained
