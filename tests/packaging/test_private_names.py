"""Private names of Django, Strawberry, graphql-core and granian stay in the modules that are tested for them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import webnet

ROOT = Path(webnet.__file__).parent
ALLOWED = {
    "django_internals.py",
    "api/strawberry_internals.py",
    "server/granian_workers.py",
    "sdk/testing/database.py",  # It replaces the teardown of Django's test cases, and is tested beside it.
}
LIBRARIES = ("django", "strawberry", "strawberry_django", "graphql", "granian")
# Private in name only: Django and Python document them, or (in the case of a thread pool) there is no other way.
DOCUMENTED = {
    "_meta",
    "_state",
    "_default_manager",
    "_base_manager",
    "_current_frames",
    "_exit",
    "_idle_semaphore",
    "_max_workers",
}
DEFINITIONS = ("__strawberry_definition__", "__strawberry_django_definition__", "_strawberry_")


def find_private_names(source: str) -> Iterator[str]:
    """What a module takes from others by a private name: attributes but for its own, definitions, and imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and not _is_own(node):
            is_private = node.attr.startswith("_") and not node.attr.startswith("__") and node.attr not in DOCUMENTED
            if is_private or node.attr in DEFINITIONS:
                yield f"line {node.lineno}: .{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(DEFINITIONS):
            yield f"line {node.lineno}: {node.value!r}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(LIBRARIES):
            names = [*(node.module or "").split("."), *(each.name for each in node.names)]
            yield from (f"line {node.lineno}: {name}" for name in names if name.startswith("_"))


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}


def _is_defined_in(source: str, found: str) -> bool:
    """Whether a class of the same module sets or defines the name: another instance of it may be asked."""
    return f"self.{found.rpartition('.')[2]}" in source or f"def {found.rpartition('.')[2]}(" in source


def test_private_names_of_libraries_stay_in_the_modules_for_them() -> None:
    sources = {str(path.relative_to(ROOT)): path.read_text() for path in ROOT.rglob("*.py")}

    found = {
        path: names
        for path, source in sources.items()
        if path not in ALLOWED
        and (names := [each for each in find_private_names(source) if not _is_defined_in(source, each)])
    }

    assert found == {}, "Give it a function in webnet/django_internals.py or webnet/api/strawberry_internals.py."


@pytest.mark.parametrize(
    "source",
    [
        "site._registry",
        "kind.__strawberry_definition__.fields",
        "getattr(kind, '__strawberry_django_definition__', None)",
        "from granian._granian import SocketHolder",
        "arguments.get('_strawberry_related_field_id')",
    ],
)
def test_each_kind_of_private_name_is_found(source: str) -> None:
    assert list(find_private_names(source))
