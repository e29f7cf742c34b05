"""The example as webnet sees it: it loads, its schema and widget fit together, and it imports what authors may."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import webnet
from webnet.plugins.base import HookContext, call_with
from webnet.plugins.kernel.manifest import Manifest
from webnet.plugins.registry import PluginRegistry

EXAMPLES = Path(__file__).parents[2] / "examples"
ALLOWED = ("webnet.sdk", "webnet.plugins.base")


@pytest.fixture
def manifest() -> Manifest:
    registry = PluginRegistry()
    registry.load(["hello_world"], host_version=webnet.__version__)
    found = registry.get("hello_world").manifest
    assert found is not None, registry.get("hello_world").reason
    return found


def test_it_declares_one_of_everything_that_needs_no_model(manifest: Manifest) -> None:
    assert [item.permission for item in manifest.navigation_items] == ["hello_world.greet"]
    assert [widget.name for widget in manifest.dashboard_widgets] == ["greeting"]
    assert [permission.name for permission in manifest.permissions] == ["greet"]


def test_its_defaults_fit_its_schema_and_are_enough_for_its_widget(manifest: Manifest) -> None:
    assert manifest.settings_schema is not None
    defaults = manifest.settings_schema.defaults()
    context = HookContext(customer=None, actor=None, settings=defaults)

    shown = call_with(manifest.dashboard_widgets[0].data or str, context)

    assert manifest.settings_schema.validate(defaults) == ()
    assert shown == {"text": "Hello, world!"}


def test_settings_that_do_not_fit_are_told_by_path(manifest: Manifest) -> None:
    assert manifest.settings_schema is not None

    issues = manifest.settings_schema.validate({"greeting": "", "punctuation": "?", "greting": "Hi"})

    assert [issue.path for issue in issues] == ["/greeting", "/greting", "/punctuation"]


# Without what a reader may have installed beside an example.
@pytest.mark.parametrize(
    "path",
    sorted(path for path in EXAMPLES.rglob("*.py") if ".venv" not in path.parts),
    ids=lambda path: str(path.relative_to(EXAMPLES)),
)
def test_an_example_imports_nothing_of_webnet_but_what_is_for_authors(path: Path) -> None:
    imported = [module for node in ast.walk(ast.parse(path.read_text())) for module in _modules(node)]

    of_webnet = [name for name in imported if name.partition(".")[0] == "webnet"]
    assert [name for name in of_webnet if not name.startswith(ALLOWED)] == []


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
