"""The four paths from the front page, each followed literally in a fresh folder by somebody who types what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import with_files_of_its_own
from tests.docs.documents import ROOT, Document, find_documents
from tests.docs.tutorial import PATHS, read_followed, run_step
from tests.docs.workshop import Workshop

pytestmark = with_files_of_its_own

DOCUMENTS = [document for document in find_documents() if document.name.startswith(PATHS)]
READERS = ("customer-admin", "frontend-developer", "operator", "plugin-author")


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """A fresh clone, whose first start makes the database and prints a password."""
    workshop = Workshop.build(tmp_path / "webnet", {}, password=None)
    try:
        yield workshop
    finally:
        workshop.stop()


@pytest.mark.parametrize("document", DOCUMENTS, ids=[Path(document.name).stem for document in DOCUMENTS])
def test_every_step_does_what_it_says(document: Document, workshop: Workshop, subtests: pytest.Subtests) -> None:
    for block, answer in read_followed(document):
        with subtests.test(block.place):
            run_step(workshop, block, answer)


def test_each_reader_of_the_front_page_starts_with_a_path() -> None:
    rows = Document.read(ROOT / "README.md").table("you are")

    starts = [Document(name="README.md", text=row[-1]).links()[0] for row in rows]

    assert sorted(starts) == [f"{PATHS}{reader}.md" for reader in READERS] == [each.name for each in DOCUMENTS]


@pytest.mark.parametrize("document", DOCUMENTS, ids=[Path(document.name).stem for document in DOCUMENTS])
def test_a_path_has_six_to_twelve_steps_and_leads_on(document: Document) -> None:
    steps = [line for line in document.prose().splitlines() if line.startswith("## ")]

    assert [step.split(". ")[0].removeprefix("## ") for step in steps[:-1]] == [*map(str, range(1, len(steps)))]
    assert 6 <= len(steps) - 1 <= 12
    assert steps[-1] == "## Where to go next"
