"""Throw-away packages on the path, as an operator would install them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Call it with a package's name and its files: `install("demo", plugin="…")`; an `__init__.py` is made."""
    known = set(sys.modules)
    sys.path.insert(0, str(tmp_path))

    def write(package: str, **files: str) -> str:
        folder = tmp_path.joinpath(*package.split("."))
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in ({"__init__": ""} | files).items():
            (folder / f"{name}.py").write_text(dedent(content))
        return package

    yield write
    sys.path.remove(str(tmp_path))
    for name in set(sys.modules) - known:
        if getattr(sys.modules[name], "__file__", None) is None or str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]
