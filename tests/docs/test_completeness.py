"""What a user can set, run, write or meet is documented, and what is documented is there."""

from __future__ import annotations

import ast
import json
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module

import pytest
from django.core.management import get_commands
from graphql import build_schema

from tests.docs.documents import ROOT, Document, code_spans
from webnet import sdk
from webnet.plugins import base, declarations
from webnet.plugins.base import HOOKS, PluginBase
from webnet.sdk.context import PluginContext
from webnet.sdk.graphql import GraphQLContext

ARCHITECTURE = Document.read(ROOT / "docs" / "plugin-architecture.md")
CONTRIBUTING = Document.read(ROOT / "CONTRIBUTING.md")
GUIDE = Document.read(ROOT / "docs" / "plugin-development.md")
OPERATIONS = Document.read(ROOT / "docs" / "operations.md")
README = Document.read(ROOT / "README.md")
REFERENCE = Document.read(ROOT / "docs" / "plugin-quick-reference.md")

# Variables that are read and that nobody sets.
FOR_NOBODY = {
    "DJANGO_SETTINGS_MODULE": "Django's own",
    "PROMETHEUS_MULTIPROC_DIR": "for prometheus-client, which a server of several workers sets itself",
}

_GETTERS = {"getenv", "get", "setdefault"}


def parse_host() -> Iterator[ast.Module]:
    """All of webnet's Python."""
    for path in sorted((ROOT / "webnet").rglob("*.py")):
        yield ast.parse(path.read_text(encoding="utf-8"))


def find_variables(tree: ast.AST) -> Iterator[str]:
    """The environment variables that a module reads: `env.get("X")`, `os.environ["X"]`, `os.environ.get("X")`.

    Also by `_number("X", 1)`, which is how the settings read whole numbers.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "_number":
            yield from _read_text(node.args[0])
        if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value)
            if owner == "env" or (owner in {"os", "os.environ"} and node.func.attr in _GETTERS):
                yield from _read_text(node.args[0])
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) in {"env", "os.environ"}:
            yield from _read_text(node.slice)


def _read_text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def own_commands() -> set[str]:
    """The management commands that webnet brings."""
    return {name for name, app in get_commands().items() if str(app).startswith("webnet")}


def names_in(document: Document, heading: str) -> set[str]:
    """What stands in backticks in the first column of the table with this heading."""
    return {name for row in document.table(heading) for name in code_spans(row[0])}


@pytest.mark.slow
def test_every_environment_variable_is_in_the_readme() -> None:
    read = {name for tree in parse_host() for name in find_variables(tree)} - set(FOR_NOBODY)

    assert names_in(README, "variable") == read


def test_every_variable_in_an_example_is_in_the_readme() -> None:
    commands = "\n".join(block.text for block in README.blocks() if block.language == "console")

    assert set(re.findall(r"\b([A-Z_]{3,})=", commands)) <= names_in(README, "variable")


def test_every_command_is_in_the_quick_reference() -> None:
    assert names_in(REFERENCE, "command") == own_commands()


def test_every_mutation_has_a_command() -> None:
    mutations = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8")).mutation_type.fields
    rows = OPERATIONS.table("mutation")

    documented = [name for row in rows for name in code_spans(row[0])]

    assert sorted(documented) == sorted(mutations)
    assert [row[0] for row in rows if not code_spans(row[1])] == ["`signIn`, `signOut`, `setDefaultCustomer`"]
    assert {name for row in rows for name in code_spans(row[1])} <= own_commands()


def test_a_new_variable_would_be_seen() -> None:
    tree = ast.parse('env.get("A", ""); os.environ["B"]; os.environ.get("C"); os.getenv("D"); other.get("E")')

    assert set(find_variables(tree)) == {"A", "B", "C", "D"}


def test_every_part_of_a_plugin_is_in_the_guide() -> None:
    parts = {name for name in vars(PluginBase) | PluginBase.__annotations__ if not name.startswith("_")}

    documented = {re.split(r"[(]", span)[0] for span in code_spans(GUIDE.prose())}

    assert parts <= documented
    assert set(HOOKS) < parts  # a negative control: they are among what is looked for
    assert "no_such_hook" not in documented


# What a plugin may import and what has `__all__` there: the base, and every such module of the SDK.
OFFERED = ["webnet.plugins.base"] + [
    found.name
    for found in pkgutil.walk_packages(sdk.__path__, "webnet.sdk.")
    if hasattr(import_module(found.name), "__all__")
]


def words_in_spans() -> set[str]:
    """Every word that the guide has in backticks or in a piece of its Python."""
    spans = [*code_spans(GUIDE.prose()), *(block.text for block in GUIDE.blocks() if block.language == "python")]
    return {word for span in spans for word in re.findall(r"\w+", span)}


@pytest.mark.parametrize("module", OFFERED)
def test_every_public_name_of_the_sdk_is_in_the_guide(module: str) -> None:
    public = {name for name in import_module(module).__all__ if not name.startswith("pytest_")}  # those pytest calls

    assert public <= words_in_spans()


def test_all_of_a_plugins_context_is_in_the_guide() -> None:
    public = {name for kind in (PluginContext, GraphQLContext) for name in dir(kind) if not name.startswith("_")}

    assert public - {"reading"} <= words_in_spans()
    assert {"webnet.sdk.graphql", "webnet.sdk.models", "webnet.sdk.errors"} < set(OFFERED)  # negative controls
    assert "no_such_name" not in words_in_spans()


@pytest.mark.parametrize("kind", [name for name in base.__all__ if is_dataclass(getattr(base, name))])
def test_every_field_of_a_declaration_is_in_the_guide(kind: str) -> None:
    documented = {name for row in GUIDE.table("class") if f"`{kind}`" in row[0] for name in code_spans(row[1])}

    assert documented >= {field.name for field in fields(getattr(declarations, kind))}


def test_every_package_is_in_the_architecture() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = (*project["dependencies"], *project["optional-dependencies"]["tracing"])
    needed = {re.split(r"[\[<>=]", text)[0] for text in wanted}

    assert names_in(ARCHITECTURE, "package") == needed


def test_every_package_of_the_bundles_is_in_the_architecture() -> None:
    package = json.loads((ROOT / "frontend/package.json").read_text(encoding="utf-8"))

    assert (
        names_in(ARCHITECTURE, "package of the bundles")
        == package["dependencies"].keys() | package["devDependencies"].keys()
    )


def test_every_package_of_the_example_front_end_is_in_the_architecture() -> None:
    package = json.loads((ROOT / "examples/frontend_client/package.json").read_text(encoding="utf-8"))
    needed = {name for name in package["dependencies"] | package["devDependencies"] if not name.startswith("@types/")}

    assert names_in(ARCHITECTURE, "npm package") == needed


def test_every_make_target_is_explained_to_contributors() -> None:
    targets = re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)

    assert set(targets) <= names_in(CONTRIBUTING, "make target")
