"""Finds fields of the host within `@ifPlugin`: they are null there without the plugin, and caches keep that null."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graphql import (
    DefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

from webnet.api.engine.ownership import Ownership
from webnet.api.superset.faults import DocumentFault, FaultCode
from webnet.api.superset.plugin_parts import UNGUARDED, Guards, InstalledPlugins, find_names
from webnet.api.vocabulary.directives import IF_PLUGIN

TYPE_NAME = "__typename"


@dataclass(frozen=True, kw_only=True)
class _Selections:
    """What is selected of an object: in one place, for which the plugins in `guards` must be effective."""

    node: SelectionSetNode
    parent: GraphQLNamedType
    guards: Guards


@dataclass(frozen=True, kw_only=True)
class _Field:
    """A field where it is selected: of the type `parent`, with a value of the type `kind`."""

    node: FieldNode
    parent: GraphQLNamedType
    kind: GraphQLNamedType
    guards: Guards
    owner: str | None


def find_guarded_host_fields(
    schema: GraphQLSchema, definitions: Iterable[DefinitionNode], *, owners: Ownership, plugins: InstalledPlugins
) -> list[DocumentFault]:
    """The faults of these operations; `schema` is the superset.

    Nullable fields count as well: for a cache, their null is a value like any other. Fields of `Mutation` and
    `Subscription` don't: they may be null, and caches don't keep them.
    """
    return _HostFieldFinder(schema, definitions, owners, plugins).find()


class _HostFieldFinder:
    """Walks through operations as they are executed: what has one key in an object is one field of its answer."""

    def __init__(
        self,
        schema: GraphQLSchema,
        definitions: Iterable[DefinitionNode],
        owners: Ownership,
        plugins: InstalledPlugins,
    ) -> None:
        self._schema = schema
        self._owners = owners
        self._plugins = plugins
        self._operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        self._fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        self._uncached = {schema.mutation_type, schema.subscription_type}
        self._found: dict[int, DocumentFault] = {}
        # Ends the walk for fragments in a circle, and keeps it short for those that are spread again and again.
        self._walked: set[tuple[frozenset[tuple[int, Guards]], Guards]] = set()

    def find(self) -> list[DocumentFault]:
        for operation in self._operations:
            root = self._schema.get_root_type(operation.operation)
            if root is not None:
                self._walk([_Selections(node=operation.selection_set, parent=root, guards=UNGUARDED)], UNGUARDED)
        return list(self._found.values())

    def _walk(self, selected: list[_Selections], present: Guards) -> None:
        """`present` are effective wherever this object is in the answer, so a guard with them changes nothing."""
        step = (frozenset((id(each.node), each.guards) for each in selected), present)
        if step in self._walked:
            return
        self._walked.add(step)
        by_key: defaultdict[str, list[_Field]] = defaultdict(list)
        seen: set[tuple[str, Guards]] = set()
        for each in selected:
            for found in self._collect(each.node, each.parent, each.guards, seen):
                by_key[(found.node.alias or found.node.name).value].append(found)
        for fields in by_key.values():
            self._check(fields, present)
            for field in fields:
                # What is selected below the same key with fewer guards is in the answer too.
                below = [
                    _Selections(node=other.node.selection_set, parent=other.kind, guards=other.guards)
                    for other in fields
                    if other.guards <= field.guards and other.node.selection_set is not None
                ]
                self._walk(below, field.guards | self._reach_of(field))

    def _check(self, fields: list[_Field], present: Guards) -> None:
        guarded = [each for each in fields if each.guards - present and each.owner is None]
        always = {name for each in fields if not each.guards - present for name in self._possible(each.parent)}
        for each in guarded:
            is_answered = each.node.name.value == TYPE_NAME or self._possible(each.parent) <= always
            if not is_answered and each.parent not in self._uncached:
                self._found[id(each.node)] = self._describe(each, present)

    def _describe(self, each: _Field, present: Guards) -> DocumentFault:
        names = " and ".join(f"'{name}'" for name in sorted(self._plugins.without_needs(each.guards - present)))
        field = f"'{each.parent.name}.{each.node.name.value}'"
        message = (
            f"The field {field} belongs to the host, and here it is null without {names}, which clients' caches keep: "
            f"select it outside of @{IF_PLUGIN}."
        )
        return DocumentFault.at(each.node, code=FaultCode.GUARDED_HOST_FIELD, message=message)

    def _collect(
        self, selected: SelectionSetNode, parent: GraphQLNamedType, guards: Guards, seen: set[tuple[str, Guards]]
    ) -> Iterator[_Field]:
        for node in selected.selections:
            inside = guards | self._read_guards(node)
            if isinstance(node, FieldNode):
                definition = self._schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
                if definition is not None:
                    kind, owner = get_named_type(definition.type), self._owner_of(parent, node)
                    yield _Field(node=node, parent=parent, kind=kind, guards=inside, owner=owner)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                narrowed = self._schema.get_type(condition.name.value) if condition is not None else parent
                if narrowed is not None:
                    yield from self._collect(node.selection_set, narrowed, inside, seen)
            elif isinstance(node, FragmentSpreadNode):
                yield from self._collect_fragment(node.name.value, inside, seen)

    def _collect_fragment(self, name: str, guards: Guards, seen: set[tuple[str, Guards]]) -> Iterator[_Field]:
        fragment = self._fragments.get(name)
        if fragment is None or (name, guards) in seen:
            return
        seen.add((name, guards))
        kind = self._schema.get_type(fragment.type_condition.name.value)
        if kind is not None:
            yield from self._collect(fragment.selection_set, kind, guards | self._read_guards(fragment), seen)

    def _reach_of(self, each: _Field) -> Guards:
        return self._plugins.reach(each.owner) if each.owner is not None else UNGUARDED

    def _owner_of(self, parent: GraphQLNamedType, node: FieldNode) -> str | None:
        return self._owners.fields.get((parent.name, node.name.value)) or self._owners.types.get(parent.name)

    def _possible(self, kind: GraphQLNamedType) -> set[str]:
        if is_abstract_type(kind):
            return {each.name for each in self._schema.get_possible_types(kind)}
        return {kind.name}

    def _read_guards(self, node: SelectionNode | FragmentDefinitionNode) -> Guards:
        """What is guarded with a plugin that is not here is a fault by itself, and left out."""
        names = (value.value for value in find_names(node) if isinstance(value, StringValueNode))
        known = (self._plugins.reach(name) for name in names if name in self._plugins.needs)
        return UNGUARDED.union(*known)
