"""Names in webnet: a class name stands for one class, so that a search for it finds its definition."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import webnet

PACKAGE = Path(webnet.__file__).parent

# Django fixes these names: a command's class, a database backend's connection, a model's options, a migration.
DJANGO_NAMES = frozenset({"Command", "DatabaseWrapper", "Meta", "Migration"})
# A GraphQL type is named after what it shows: a row, a value, or an error. Its twin is outside of these folders.
GRAPHQL_FOLDERS = ("api/declarations/", "api/types/", "api/values/", "api/vocabulary/")


def find_duplicates(package: Path = PACKAGE) -> set[str]:
    """The class names with more than one definition, of which at most one may be a GraphQL type."""
    graphql, others = Counter[str](), Counter[str]()
    for file in sorted(package.rglob("*.py")):
        path = file.relative_to(package).as_posix()
        counter = graphql if path.startswith(GRAPHQL_FOLDERS) else others
        tree = ast.parse(file.read_text(encoding="utf-8"))
        counter.update(node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {name for counter in (graphql, others) for name, count in counter.items() if count > 1} - DJANGO_NAMES


def test_class_names_are_unique_graphql_twins_aside():
    assert find_duplicates() == set()


def test_a_class_with_two_definitions_is_found_and_a_graphql_twin_is_not(tmp_path: Path):
    for name in ("accounts/users.py", "api/types/user.py", "plugins/users.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("class User: ...\n" if name.startswith("a") else "class Plugin: ...\n")

    assert find_duplicates(tmp_path) == set()

    (tmp_path / "plugins/users.py").write_text("class User: ...\n")

    assert find_duplicates(tmp_path) == {"User"}
