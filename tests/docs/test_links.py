"""Every link of the documentation leads somewhere."""

from __future__ import annotations

import pytest

from tests.docs.documents import ROOT, Document, find_documents

DOCUMENTS = find_documents()


def find_dead_links(document: Document) -> list[str]:
    """Links within the project to a file or a heading that is not there."""
    return [link for link in document.links() if "://" not in link and not _leads_somewhere(document, link)]


def _leads_somewhere(document: Document, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / document.name).parent / path if path else ROOT / document.name
    if not target.resolve().is_relative_to(ROOT) or not target.exists():
        return False
    return not anchor or anchor in Document.read(target.resolve()).anchors()


@pytest.mark.parametrize("document", DOCUMENTS, ids=[document.name for document in DOCUMENTS])
def test_links_lead_somewhere(document: Document) -> None:
    assert find_dead_links(document) == []


def test_a_dead_link_is_found() -> None:
    text = "[a](README.md) [b](README.md#start-it) [c](nowhere.md) [d](README.md#nowhere) [e](../../../etc/passwd)"

    found = find_dead_links(Document(name="CHANGELOG.md", text=text))

    assert found == ["nowhere.md", "README.md#nowhere", "../../../etc/passwd"]


def test_every_document_is_reached_from_the_readme() -> None:
    reached, waiting = set[str](), [ROOT / "README.md"]
    while waiting:
        document = Document.read(waiting.pop())
        reached.add(document.name)
        paths = [
            (ROOT / document.name).parent / link.partition("#")[0] for link in document.links() if "://" not in link
        ]
        found = [path.resolve() for path in paths if path.suffix == ".md"]
        waiting += [path for path in found if path.relative_to(ROOT).as_posix() not in reached]

    assert {document.name for document in DOCUMENTS} <= reached
