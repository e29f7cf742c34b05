"""The maps of the large rooms, in their `__init__.py`, name what is there."""

from __future__ import annotations

import re

import pytest

from tests.docs.documents import ROOT

ROOMS = ("webnet/api", "webnet/plugins")


@pytest.mark.parametrize("room", ROOMS)
def test_a_map_names_each_place_once_and_only_what_is_there(room: str) -> None:
    folder = ROOT / room
    _, _, chart = (folder / "__init__.py").read_text().partition("about:\n")

    named = re.findall(r"\b[a-z_]+(?=,|$)", chart, flags=re.MULTILINE)

    assert len(named) == len(set(named)) > 20
    assert [name for name in named if not (folder / name).is_dir() and not (folder / f"{name}.py").is_file()] == []
