"""The schema of all plugins, which clients are built with."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from graphql import (
    GraphQLNonNull,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    validate_schema,
)

from webnet.api.management.commands import export_schema
from webnet.api.schema import full_schema
from webnet.api.visibility import schema_without
from webnet.plugins.registry import Entry, registry


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("export_schema", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture(scope="module")
def text() -> str:
    return run("--all")


@pytest.fixture(scope="module")
def superset(text: str) -> GraphQLSchema:
    return build_schema(text)


def test_it_is_valid_and_the_same_each_time(text: str, superset: GraphQLSchema) -> None:
    assert validate_schema(superset) == []
    assert run("--all") == text


def test_each_part_of_a_plugin_is_marked_with_it(superset: GraphQLSchema) -> None:
    owners = full_schema().owners
    marked_types, marked_fields = {}, {}
    for kind in superset.type_map.values():
        marked_types[kind.name] = find_mark(kind)
        marked_fields |= {(kind.name, name): find_mark(each) for name, each in getattr(kind, "fields", {}).items()}

    assert {name: mark for name, mark in marked_types.items() if mark} == dict(owners.types)
    assert {key: mark for key, mark in marked_fields.items() if mark} == dict(owners.fields)
    # Some of each kind, by hand.
    assert [marked_types[name] for name in ("Device", "DeviceStatus", "Named", "Found", "AddShelfInput")] == [
        *("device_inventory", "device_inventory", "shelf", "shelf", "shelf")
    ]
    assert marked_fields["Query", "sites"] == marked_fields["Device", "site"] == "site_map"
    assert marked_fields["Customer", "deviceCount"] == "device_inventory"
    assert marked_fields["Subscription", "reachability"] == marked_fields["Mutation", "checkReachability"]


def find_mark(element: Any) -> str | None:
    directives = element.ast_node.directives if element.ast_node else ()
    return next((each.arguments[0].value.value for each in directives or () if each.name.value == "plugin"), None)


def test_what_a_plugin_adds_to_types_of_others_may_be_null_and_its_own_types_are_as_they_are(
    superset: GraphQLSchema,
) -> None:
    owners, full = full_schema().owners, full_schema().schema.graphql

    for (kind, name), plugin in owners.fields.items():
        if owners.types.get(kind) != plugin:
            assert not isinstance(superset.type_map[kind].fields[name].type, GraphQLNonNull), (kind, name)
    for name, plugin in owners.types.items():
        own = {
            key
            for key in getattr(full.type_map[name], "fields", ())
            if owners.fields.get((name, key)) in {None, plugin}
        }
        assert all(
            str(superset.type_map[name].fields[key].type) == str(full.type_map[name].fields[key].type) for key in own
        )
    # Both directions, by hand.
    assert str(full.query_type.fields["devices"].type) == "DeviceConnection!"
    assert str(superset.query_type.fields["devices"].type) == "DeviceConnection"
    assert str(full.type_map["Shelf"].fields["labels"].type) == "[Label!]!"
    assert str(superset.type_map["Shelf"].fields["labels"].type) == "[Label!]"
    assert str(superset.type_map["Device"].fields["name"].type) == "String!"


HIDDEN = {
    "nothing": (),
    "everything": ("device_inventory", "site_map", "reachability", "shelf", "labels", "gauges", "hello_world"),
    "devices": ("device_inventory", "site_map", "reachability"),
    "sites and labels": ("site_map", "labels"),
    "shelves": ("shelf", "labels"),
}


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_it_has_every_element_of_every_customers_schema(superset: GraphQLSchema, hidden: tuple[str, ...]) -> None:
    wide = list_elements(superset)
    seen = list_elements(build_schema(schema_without(hidden).export()))

    assert {name: wide.get(name) for name in seen} == {
        name: kind.removesuffix("!") if may_be_null(name) else kind for name, kind in seen.items()
    }


def may_be_null(element: str) -> bool:
    owners = full_schema().owners
    kind, _, name = element.partition(".")
    plugin = owners.fields.get((kind, name))
    return plugin is not None and plugin != owners.types.get(kind)


def list_elements(schema: GraphQLSchema) -> dict[str, str]:
    """Types, fields, arguments and so on, each with its type."""
    found: dict[str, str] = {}
    for kind in schema.type_map.values():
        if is_introspection_type(kind):
            continue
        found[kind.name] = type(kind).__name__
        found |= {f"{kind.name} = {each}": "" for each in getattr(kind, "values", ())}
        found |= {f"{kind.name} | {each}": "" for each in getattr(kind, "types", ())}
        found |= {f"{kind.name} & {each}": "" for each in getattr(kind, "interfaces", ())}
        for name, field in getattr(kind, "fields", {}).items():
            found[f"{kind.name}.{name}"] = str(field.type)
            arguments = getattr(field, "args", {}).items()
            found |= {f"{kind.name}.{name}({argument})": str(each.type) for argument, each in arguments}
    return found


def test_it_declares_the_directive_once(text: str, superset: GraphQLSchema) -> None:
    directive = superset.get_directive("ifPlugin")

    assert directive is not None and directive.is_repeatable
    assert {each.name for each in directive.locations} == {
        *("FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT", "FRAGMENT_DEFINITION")
    }
    assert {name: str(each.type) for name, each in directive.args.items()} == {"name": "String!"}
    assert text.count("directive @ifPlugin(") == 1


@pytest.mark.slow
def test_a_stored_file_is_compared_with_it(text: str, tmp_path: Path) -> None:
    file = tmp_path / "all.graphql"
    file.write_text(text)
    assert "is up to date" in run("--all", "--check", str(file))

    file.write_text(text.replace("  deviceCount: Int @plugin", "  deviceCount: Int! @plugin"))

    with pytest.raises(CommandError, match=r"run 'manage.py export_schema --all > .*all.graphql'") as raised:
        run("--all", "--check", str(file))
    assert raised.value.returncode == 1


def test_plugins_that_it_lacks_since_they_are_not_loaded_are_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Entry(module="shop", name="shop", status="failed", reason="It has no till.")
    monkeypatch.setattr(export_schema, "registry", SimpleNamespace(entries=lambda: (*registry.loaded(), failed)))
    output, warnings = StringIO(), StringIO()

    call_command("export_schema", "--all", stdout=output, stderr=warnings)

    assert output.getvalue() == text
    assert warnings.getvalue() == "'shop' is not loaded, so this schema lacks it: It has no till.\n"


def test_it_is_of_no_customer() -> None:
    with pytest.raises(CommandError, match="not allowed with argument"):
        run("--all", "--customer", "acme")
