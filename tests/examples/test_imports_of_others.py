"""What the example plugins import of one another: the modules that the guide promises to be stable, and no other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PLUGINS = {path.name.removesuffix("_plugin"): path for path in EXAMPLES.glob("*_plugin")}
STABLE = {"models", "types"}


@pytest.mark.parametrize("plugin", sorted(PLUGINS))
def test_a_plugin_imports_only_models_and_types_of_another(plugin: str) -> None:
    others = PLUGINS.keys() - {plugin}

    found = {
        module
        for path in (PLUGINS[plugin] / plugin).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for module in _imported(node)
        if module.partition(".")[0] in others
    }

    assert {module.partition(".")[2] for module in found} <= STABLE


def test_one_of_them_does_import_a_type_of_another() -> None:
    assert "from device_inventory.types import Device" in (PLUGINS["site_map"] / "site_map" / "types.py").read_text()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [name.name for name in node.names] if isinstance(node, ast.Import) else []
