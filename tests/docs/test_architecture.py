"""The architecture page shows the rooms that exist, in the order of the contracts; its arrows are real imports."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import grimp
import pytest

from tests.docs.documents import ROOT, Document, code_spans
from tests.docs.test_maps import find_rooms

PAGE = Document.read(ROOT / "docs" / "plugin-architecture.md")
PACKAGES = ("webnet", "webnet.plugins", "webnet.api")
_ARROW = re.compile(r'^  (\w+)(?:\["[^"]*"\])? --> (\w+)', re.MULTILINE)


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    """Who imports whom in webnet, type checking aside."""
    return grimp.build_graph("webnet", exclude_type_checking_imports=True, cache_dir=None)


def read_rooms(package: str) -> list[str]:
    """What the page's table of a package names, in order: folders without their slash, modules without `.py`."""
    rows = PAGE.table(f"in `{package.replace('.', '/')}/`")
    return [name.removesuffix(".py").removesuffix("/") for row in rows for name in code_spans(row[0])]


def read_layers(package: str) -> list[set[str]]:
    """The layers of a package in `pyproject.toml`, the highest first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = [
        contract["layers"]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers" and contract["containers"] == [package]
    ]
    return [set(re.split(r"\s*[:|]\s*", layer)) for layer in layers]


def read_arrows() -> Iterator[tuple[str, str, str]]:
    """Every solid arrow of the pictures of rooms: (package, importer, imported)."""
    pictures = [block.text for block in PAGE.blocks() if block.text.startswith("flowchart")]
    for package, picture in zip(PACKAGES, pictures, strict=True):
        yield from ((package, importer, imported) for importer, imported in _ARROW.findall(picture))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_is_on_the_page_and_every_room_on_the_page_exists(package: str) -> None:
    folder, named = ROOT / package.replace(".", "/"), read_rooms(package)

    assert len(named) == len(set(named))
    assert set(named) >= find_rooms(folder)
    assert [name for name in named if not (folder / name).is_dir() and not (folder / f"{name}.py").is_file()] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_are_in_the_order_of_the_contract(package: str) -> None:
    layers = read_layers(package)
    heights = [next(height for height, layer in enumerate(layers) if name in layer) for name in read_rooms(package)]

    assert heights == sorted(heights)


def test_every_arrow_is_an_import(imports: grimp.ImportGraph) -> None:
    arrows = list(read_arrows())
    unreal = [
        f"{package}: {importer} --> {imported}"
        for package, importer, imported in arrows
        if not is_imported(imports, f"{package}.{importer}", f"{package}.{imported}")
    ]

    assert len(arrows) > 50
    assert unreal == []


def test_an_arrow_that_is_no_import_is_found(imports: grimp.ImportGraph) -> None:
    assert is_imported(imports, "webnet.console", "webnet.api")
    assert not is_imported(imports, "webnet.api", "webnet.console")


def is_imported(imports: grimp.ImportGraph, importer: str, imported: str) -> bool:
    """Whether some module of the importer imports some module of the imported."""
    return any(
        target == imported or target.startswith(f"{imported}.")
        for module in [importer, *imports.find_descendants(importer)]
        for target in imports.find_modules_directly_imported_by(module)
    )
