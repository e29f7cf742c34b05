"""Rules on documentation: a README, and descriptions in the schema."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType

from webnet.api.schema import full_schema
from webnet.sdk.checking.plugin_under_test import PluginUnderTest
from webnet.sdk.checking.report import RuleFinding

Fields = (GraphQLObjectType, GraphQLInterfaceType)


def check_readme(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """There is a README: in the folder of the package or its project, or in the installed metadata."""
    folder = subject.folder
    if folder is None:
        return
    places = [folder, *([folder.parent] if (folder.parent / "pyproject.toml").is_file() else [])]
    if any(any(place.glob("README*")) for place in places):
        return
    if not _has_installed_readme(subject.entry.module):
        way_out = "write a README.md: what it does, how to install it, its settings"
        yield subject.finding("docs.readme", f"'{folder}'", "there is no README", way_out)


def check_descriptions(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """Every type has a description, and so has every field that the plugin adds to a root or to another's type."""
    schema, owners = full_schema().schema.graphql, subject.owners
    for name, owner in sorted(owners.types.items()):
        kind = schema.type_map[name]
        if owner == subject.name and not kind.description and not isinstance(kind, GraphQLUnionType):
            way_out = "give its class a docstring, which describes its fields as well"
            yield subject.finding("docs.type", f"type '{name}'", "it has no description", way_out)
    for (type_name, field_name), owner in sorted(owners.fields.items()):
        kind = schema.type_map[type_name]
        field: GraphQLField | None = kind.fields.get(field_name) if isinstance(kind, Fields) else None
        if owner == subject.name and field is not None and not field.description:
            way_out = "give its resolver a docstring, or the field a description=…"
            yield subject.finding("docs.field", f"{type_name}.{field_name}", "it has no description", way_out)


def _has_installed_readme(module: str) -> bool:
    names = metadata.packages_distributions().get(module.partition(".")[0], ())
    return any(metadata.metadata(name).json.get("description") for name in names)
