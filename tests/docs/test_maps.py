"""The maps in the `__init__.py` of large packages name what is there, and all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.documents import ROOT

# Packages whose map has their folders, and packages whose map has their modules.
ROOMS = ("webnet/api", "webnet/plugins")
MODULES = ("webnet/sdk/checking", "webnet/sdk/trial")
# Django finds these by their names; they are no rooms of their own.
OF_DJANGO = {"management", "migrations"}


def read_map(text: str) -> list[str]:
    """The names in the first column, below the line that ends with "from the bottom up:"."""
    _, _, chart = text.partition("from the bottom up:\n\n")
    return re.findall(r"^([a-z_]+)  ", chart.split("\n\n")[0], flags=re.MULTILINE)


def find_rooms(folder: Path) -> set[str]:
    """The packages directly inside a package."""
    return {path.parent.name for path in folder.glob("*/__init__.py")} - OF_DJANGO


@pytest.mark.parametrize("room", ROOMS)
def test_a_map_names_each_room_once(room: str) -> None:
    named = read_map((ROOT / room / "__init__.py").read_text())

    assert len(named) == len(set(named))
    assert set(named) == find_rooms(ROOT / room)


@pytest.mark.parametrize("room", MODULES)
def test_a_map_names_each_module_once(room: str) -> None:
    named = read_map((ROOT / room / "__init__.py").read_text())

    assert len(named) == len(set(named))
    assert set(named) == {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__"}


def test_a_map_is_read_up_to_its_end() -> None:
    text = '"""A package.\n\nThe rooms, from the bottom up:\n\none  first\ntwo  second\n\nother  text\n"""'

    assert read_map(text) == ["one", "two"]


@pytest.mark.parametrize("path", sorted((ROOT / "webnet").rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_every_package_says_in_a_sentence_what_it_is_for(path: Path) -> None:
    first = path.read_text().split("\n", 1)[0]

    assert path.parent.name == "migrations" or re.fullmatch(r'""".+[.:](""")?', first)
