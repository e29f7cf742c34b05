"""Every link of the documentation leads somewhere."""

from __future__ import annotations

import re

import pytest

from tests.docs.documents import ROOT, Document, code_spans, find_documents, find_operations

DOCUMENTS = find_documents()
LINKING = (*DOCUMENTS, *find_operations())
# Those for people who read the code; elsewhere, a path may be one of the reader's own.
FOR_CONTRIBUTORS = [
    document
    for document in DOCUMENTS
    if document.name in {"CONTRIBUTING.md", "SECURITY.md", "docs/plugin-architecture.md", "docs/threat-model.md"}
    or document.name.startswith("docs/contributing/")
]
_PATH = re.compile(r"(?:webnet|tests|examples|benchmarks|docs|requirements|\.ci)/[\w./-]*")


def find_dead_links(document: Document) -> list[str]:
    """Links within the project to a file or a heading that is not there."""
    return [link for link in document.links() if "://" not in link and not _leads_somewhere(document, link)]


def _leads_somewhere(document: Document, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / document.name).parent / path if path else ROOT / document.name
    if not target.resolve().is_relative_to(ROOT) or not target.exists():
        return False
    return not anchor or anchor in Document.read(target.resolve()).anchors()


@pytest.mark.parametrize("document", LINKING, ids=[document.name for document in LINKING])
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


@pytest.mark.parametrize("document", FOR_CONTRIBUTORS, ids=[document.name for document in FOR_CONTRIBUTORS])
def test_every_path_in_a_page_for_contributors_exists(document: Document) -> None:
    paths = {span for span in code_spans(document.prose()) if _PATH.fullmatch(span)}

    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_pages_for_contributors_name_paths() -> None:
    paths = {span for document in FOR_CONTRIBUTORS for span in code_spans(document.prose()) if _PATH.fullmatch(span)}

    assert len(paths) > 50


def test_each_protection_of_the_threat_model_names_a_test() -> None:
    (threats,) = (document for document in DOCUMENTS if document.name == "docs/threat-model.md")

    rows = [row for rows in threats.tables() if rows[0][-1] == "tests" for row in rows[1:]]

    assert len(rows) > 10
    assert [row for row in rows if not any(span.startswith("tests/") for span in code_spans(row[-1]))] == []
