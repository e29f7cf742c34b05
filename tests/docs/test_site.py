"""`make docs` builds all documents and the whole schema as a site, and finds links that lead nowhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import (
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
)

from tests.databases import with_files_of_its_own
from tests.docs.documents import ROOT, find_documents
from tests.docs.site import build_site

pytestmark = with_files_of_its_own

ROOTS = {"queries": "Query", "mutations": "Mutation", "subscriptions": "Subscription"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("docs"))


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema.graphql").read_text())


def read_headings(page: Path) -> list[str]:
    return re.findall(r'<h2 id="[^"]*">(?:<[^>]*>)*([^<]+)', page.read_text())


def test_every_document_is_a_page(made: Path) -> None:
    pages = {page.relative_to(made / "site").with_suffix("").as_posix() for page in (made / "site").rglob("*.html")}
    documents = {document.name.removesuffix(".md") for document in find_documents()}

    # A folder's README is its index.
    assert {re.sub(r"(^|/)README$", r"\1index", name) for name in documents} <= pages


@pytest.mark.parametrize("page", ROOTS)
def test_every_operation_is_described(made: Path, schema: GraphQLSchema, page: str) -> None:
    root = schema.type_map[ROOTS[page]]

    assert isinstance(root, GraphQLObjectType)
    assert read_headings(made / "site" / "docs" / "reference" / f"{page}.html") == sorted(root.fields)


def test_every_type_and_directive_is_described(made: Path, schema: GraphQLSchema) -> None:
    def is_described(kind: GraphQLNamedType) -> bool:
        return not (is_introspection_type(kind) or is_specified_scalar_type(kind) or kind.name in ROOTS.values())

    reference = made / "site" / "docs" / "reference"
    found = [name for page in reference.glob("*.html") if page.stem not in ROOTS for name in read_headings(page)]

    assert sorted(found) == sorted(
        [*(name for name, kind in schema.type_map.items() if is_described(kind)), "@ifPlugin", "@plugin"]
    )


def test_an_argument_is_shown_with_its_type_its_default_and_what_it_is(made: Path) -> None:
    page = (made / "pages" / "docs" / "reference" / "queries.md").read_text()

    section = page[page.index("## plugins\n") :]

    assert "Answers with [`PluginConnection!`](objects.md#pluginconnection)." in section[:600]
    assert re.search(r"\| `first` \| `Int`( = `\d+`)? \| [A-Z]", section[:2000]), section[:2000]


@pytest.mark.parametrize("page", ROOTS)
def test_every_operation_has_its_example(made: Path, schema: GraphQLSchema, page: str) -> None:
    root = schema.type_map[ROOTS[page]]
    _, *sections = re.split(r'<h2 id="[^"]*">', (made / "site" / "docs" / "reference" / f"{page}.html").read_text())

    assert isinstance(root, GraphQLObjectType)
    for name, section in zip(sorted(root.fields), sections, strict=True):
        shown = re.sub(r"<[^>]*>", "", section)
        assert re.search(rf"^{ROOTS[page].lower()} {name[0].upper()}{name[1:]}\b", shown, re.MULTILINE), name
        assert '<span class="filename">Answer</span>' in section, name


def test_an_operation_without_an_example_and_an_example_of_nothing_are_faults(made: Path, tmp_path: Path) -> None:
    root = copy_checkout(made, tmp_path / "checkout")
    file = root / "docs" / "site" / "operations" / "signing-in.md"
    file.write_text(file.read_text().replace("## signOut\n", "## signAway\n") + "\n## viewer\n")

    ended = build(root)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-3:] == [
        "'signOut' has no example.",
        "'signAway' has an example, but is not an operation.",
        "'viewer' has several examples.",
    ]


FOUND = {
    "links": ("[a](nowhere.md) [b](docs/operations.md#nowhere)", "The documentation has faults", 2),
    "what another host has": ("![a](https://example.com/a.png)", "SECURITY.html: https://example.com/a.png", 0),
}


@pytest.mark.parametrize(("text", "message", "places"), FOUND.values(), ids=FOUND)
def test_links_that_lead_nowhere_and_what_another_host_has_are_faults(
    made: Path, tmp_path: Path, text: str, message: str, places: int
) -> None:
    root = copy_checkout(made, tmp_path / "checkout")
    (root / "SECURITY.md").write_text(f"# Security\n\n{text}\n")

    ended = build(root)

    said = re.sub(r"\x1b\[[0-9;]*m", "", ended.stdout + ended.stderr)
    assert ended.returncode == 1 and message in said, said
    assert said.count("SECURITY.md:3:") == places, said


def copy_checkout(made: Path, root: Path) -> Path:
    """All that the site is built from, to be changed."""
    shutil.copytree(made / "pages", root, ignore=shutil.ignore_patterns("reference"))
    shutil.copytree(ROOT / "docs" / "site", root / "docs" / "site", dirs_exist_ok=True)
    return root


def build(root: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a checkout, which may fail."""
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "docs_site.py", "--root", root], capture_output=True, text=True, check=False
    )
