"""Rules on what a plugin's readers find: a README, and a description of whatever its schema has."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType

from webnet.api.schema import full_schema
from webnet.sdk.checking.plugin_under_test import Subject
from webnet.sdk.checking.report import Finding

Fields = (GraphQLObjectType, GraphQLInterfaceType)


def check_readme(subject: Subject) -> Iterator[Finding]:
    """There is a page to begin with: beside the package or its project, or in what was installed."""
    folder = subject.folder
    if folder is None:
        return
    places = [folder, *([folder.parent] if (folder.parent / "pyproject.toml").is_file() else [])]
    if any(place.glob("README*") for place in places) and any(any(place.glob("README*")) for place in places):
        return
    if not _has_installed_readme(subject.entry.module):
        words = "write a README.md: what it brings, how it is installed, what can be set"
        yield subject.finding("docs.readme", f"'{folder}'", "there is no README", words)


def check_descriptions(subject: Subject) -> Iterator[Finding]:
    """Every type says what it is, and so does every field that the plugin adds to a root or to another's type."""
    schema, owners = full_schema().schema.graphql, subject.owners
    for name, owner in sorted(owners.types.items()):
        kind = schema.type_map[name]
        if owner == subject.name and not kind.description and not isinstance(kind, GraphQLUnionType):
            words = "give its class a docstring, which also tells of its fields"
            yield subject.finding("docs.type", f"type '{name}'", "it has no description", words)
    for (type_name, field_name), owner in sorted(owners.fields.items()):
        kind = schema.type_map[type_name]
        field: GraphQLField | None = kind.fields.get(field_name) if isinstance(kind, Fields) else None
        if owner == subject.name and field is not None and not field.description:
            words = "give its resolver a docstring, or the field a description=…"
            yield subject.finding("docs.field", f"{type_name}.{field_name}", "it has no description", words)


def _has_installed_readme(module: str) -> bool:
    names = metadata.packages_distributions().get(module.partition(".")[0], ())
    return any(metadata.metadata(name).json.get("description") for name in names)
