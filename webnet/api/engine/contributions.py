"""What plugins add to the schema: validated, and added to the host's types before the schema is built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strawberry.exceptions import DuplicatedTypeName
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import StrawberryObjectDefinition, has_object_definition
from strawberry.types.field import StrawberryField

from webnet.api.strawberry_internals import definition_of
from webnet.api.vocabulary.directives import BroughtByPlugin
from webnet.errors import PluginDefinitionError
from webnet.plugins.declarations import GraphQLExtension
from webnet.plugins.registry import Entry

ROOTS = ("query", "mutation", "subscription")
RESERVED_NAMES = frozenset({"Query", "Mutation", "Subscription"})
HOST = "webnet itself"
NAMES = StrawberryConfig().name_converter


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What one plugin adds to the schema; `module` is its package.

    `needs` are the plugins that it depends on, directly or not: it may use their types. `foreign` maps all other
    plugins to their packages. `permissions` are the codenames of those that it declares.
    """

    plugin: str
    module: str
    extension: GraphQLExtension
    foreign: Mapping[str, str] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Addition:
    """One field that is added to a type of the host, or of another plugin."""

    plugin: str
    target: StrawberryObjectDefinition
    field: StrawberryField

    @property
    def key(self) -> tuple[str, str]:
        """(type, field), as the schema names them."""
        return NAMES.from_type(self.target), NAMES.get_graphql_name(self.field)


def find_contributions(loaded: Iterable[Entry]) -> tuple[Contribution, ...]:
    """The contributions of the loaded plugins, in the order in which they were loaded: dependencies first.

    A plugin whose dependencies are not all loaded is left out: it can't be effective for anybody, and its types may
    refer to theirs.
    """
    entries = {entry.name: entry for entry in loaded}
    return tuple(
        Contribution(
            plugin=entry.name,
            module=entry.module,
            extension=entry.manifest.graphql,
            foreign={name: other.module for name, other in entries.items() if name not in needs | {entry.name}},
            needs=needs,
            permissions=frozenset(f"{entry.name}.{permission.name}" for permission in entry.manifest.permissions),
        )
        for entry in entries.values()
        if entry.manifest is not None
        and entry.manifest.graphql is not None
        and (needs := find_needs(entry, entries)) <= entries.keys()
    )


def find_needs(entry: Entry, entries: Mapping[str, Entry]) -> frozenset[str]:
    """The plugins that this one depends on, directly or not."""
    found: set[str] = set()
    stack = [entry.name]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            identity = entries[name].identity if name in entries else None
            stack.extend(need.name for need in identity.dependencies) if identity is not None else None
    return frozenset(found - {entry.name})


def list_additions(contribution: Contribution, roots: Mapping[str, type]) -> tuple[Addition, ...]:
    """The fields that the plugin adds; raises PluginDefinitionError for anything that is not a Strawberry type."""
    extension = contribution.extension
    additions: list[Addition] = []
    for name in ROOTS:
        mixin = getattr(extension, name)
        if mixin is not None:
            additions.extend(_take_fields(contribution, roots[name], mixin, place=name))
    for target, source in extension.extends.items():
        for name, module in contribution.foreign.items():
            if _is_within(target.__module__, module):
                problem = f"'{target.__name__}' is a type of '{name}': add '{name}' to the plugin's dependencies"
                raise _mistake(contribution, "extends", problem)
        additions.extend(_take_fields(contribution, target, source, place="extends"))
    for kind in extension.types:
        if getattr(kind, "__name__", "") in RESERVED_NAMES:
            raise _mistake(contribution, "types", f"'{kind.__name__}' is the name of a root type: rename the class")
    return tuple(additions)


def refuse_clashes(
    additions: Iterable[Addition], owners: Mapping[tuple[str, str], str], taken: dict[str, set[str]]
) -> None:
    """Raise PluginDefinitionError, which names both sides, for a field that exists already.

    `owners` maps fields that were added before to their plugins; a field without an owner is the host's. `taken` has
    the names in each type so far, by the type's name; those of the additions are added to it.
    """
    seen: set[tuple[str, str]] = set()
    for addition in additions:
        type_name, field_name = key = addition.key
        # Kept from plugin to plugin: to convert the names of all of them for each one takes a time that grows with
        # the square of their number.
        names = taken.get(type_name)
        if names is None:
            names = taken[type_name] = {NAMES.get_graphql_name(each) for each in addition.target.fields}
        if field_name in names:
            owner = addition.plugin if key in seen else owners.get(key, HOST)
            raise PluginDefinitionError(
                f"'{addition.plugin}' adds the field '{type_name}.{field_name}', which '{owner}' defines already: "
                "rename it."
            )
        names.add(field_name)
        seen.add(key)


def add_fields(additions: Iterable[Addition]) -> None:
    """Add the fields to their types, permanently: only once per process, before the schema is built."""
    for addition in additions:
        brought = BroughtByPlugin(name=addition.plugin)
        addition.field.directives = [*addition.field.directives, brought]
        addition.target.fields.append(addition.field)


def describe_clash(clash: DuplicatedTypeName, contributions: Sequence[Contribution]) -> PluginDefinitionError:
    """The error for a type, enum or input that two sides define; the plugin that was loaded later is at fault."""
    sides = [_owner_of(side, contributions) for side in (clash.first_cls, clash.second_cls)]
    later = max(sides, key=lambda side: next((i for i, c in enumerate(contributions) if c.plugin == side), -1))
    earlier = next((side for side in sides if side != later), later)
    name = clash.message.split()[1]  # "Type X is defined multiple times in the schema"
    return PluginDefinitionError(f"'{later}' defines the type '{name}', which '{earlier}' defines already: rename it.")


def _owner_of(kind: type | None, contributions: Sequence[Contribution]) -> str:
    module = getattr(kind, "__module__", "")
    owners = (each.plugin for each in contributions if _is_within(module, each.module))
    return next(owners, HOST)


def _is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _take_fields(contribution: Contribution, target: Any, source: Any, *, place: str) -> Iterator[Addition]:
    for given in (target, source):
        if not has_object_definition(given):
            problem = f"'{given.__name__}' is not a Strawberry type: decorate it with @strawberry.type"
            raise _mistake(contribution, place, problem)
    definition = definition_of(source)
    if definition.name in RESERVED_NAMES:
        problem = f"'{definition.name}' is the name of a root type: rename the class, for example to 'DeviceQueries'"
        raise _mistake(contribution, place, problem)
    for each in definition.fields:
        yield Addition(plugin=contribution.plugin, target=definition_of(target), field=each)


def _mistake(contribution: Contribution, place: str, problem: str) -> PluginDefinitionError:
    return PluginDefinitionError(f"'{contribution.plugin}': in get_graphql_schema(), {place}: {problem}.")
