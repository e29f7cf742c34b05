"""Rules on documentation: a README, and descriptions in the schema."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from importlib import metadata

from graphql import GraphQLUnionType

from webnet.api.engine.descriptions import list_elements
from webnet.api.schema import full_schema
from webnet.sdk.checking.plugin_under_test import PluginUnderTest
from webnet.sdk.checking.report import RuleFinding

DESCRIBE = (
    "give a resolver a docstring, with 'Args:' for its arguments, and describe other fields and values under "
    "'Attributes:' in the docstring of their class"
)


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
    """Everything that the plugin adds to the schema has a description: types, fields, arguments and values."""
    gaps: defaultdict[str, list[str]] = defaultdict(list)
    for element in list_elements(full_schema().schema.graphql):
        if element.part.description or isinstance(element.part, GraphQLUnionType):
            continue
        type_name, _, rest = element.place.partition(".")
        field_name = rest.partition("(")[0]
        if subject.owners.types.get(type_name) == subject.name:
            if not rest:
                way_out = "give its class a docstring"
                yield subject.finding("docs.type", f"type '{type_name}'", "it has no description", way_out)
            else:
                gaps[f"type '{type_name}'"].append(rest)
        elif subject.owners.fields.get((type_name, field_name)) == subject.name:
            gaps[f"{type_name}.{field_name}"].append(rest.removeprefix(field_name))
    for place, parts in sorted(gaps.items()):
        named = ", ".join(f"'{part}'" for part in parts if part)
        message = "it has no description" if "" in parts else f"there is no description of {named}"
        yield subject.finding("docs.field", place, message, DESCRIBE)


def _has_installed_readme(module: str) -> bool:
    names = metadata.packages_distributions().get(module.partition(".")[0], ())
    return any(metadata.metadata(name).json.get("description") for name in names)
