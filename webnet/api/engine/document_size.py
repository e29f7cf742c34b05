"""How large a document is: its depth, aliases and nesting, as if all fragments were expanded; each is measured once."""

from __future__ import annotations

from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

# Introspection fields that list what a type has; within each other, they would list it again and again. Of types within
# types, graphql-core's own rule allows two levels.
TYPE_LISTS = frozenset({"fields", "inputFields"})


class Size(NamedTuple):
    """What is measured of selections.

    `depth` is their levels of fields, without introspection; `nesting` are all levels of braces. `type_lists` is how
    many of TYPE_LISTS are within each other, and `introspection` the most of them within one introspection field.
    """

    depth: int = 0
    aliases: int = 0
    nesting: int = 0
    type_lists: int = 0
    introspection: int = 0


class DocumentSize:
    """Measures a document. Unknown fragments and cycles count as nothing: other validation rules reject them."""

    def __init__(self, document: DocumentNode) -> None:
        definitions = document.definitions
        self._fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        self._sizes: dict[str, Size] = {}
        operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        sizes = [self._measure(each.selection_set) for each in operations] or [Size()]
        # The maximum number of levels below a root field; introspection fields do not count.
        self.depth = max(each.depth for each in sizes) - 1
        # In all operations together.
        self.aliases = sum(each.aliases for each in sizes)
        self.nesting = max(each.nesting for each in sizes)
        self.introspection = max(each.introspection for each in sizes)

    def _measure(self, selections: SelectionSetNode | None) -> Size:
        if selections is None:
            return Size()
        depth, aliases, nesting, type_lists, introspection = Size()
        for each in selections.selections:
            if isinstance(each, FieldNode):
                inner = self._measure_field(each)
            elif isinstance(each, FragmentSpreadNode):
                inner = self._measure_fragment(each.name.value)
            else:
                inner = self._measure(getattr(each, "selection_set", None))
            depth, aliases = max(depth, inner.depth), aliases + inner.aliases
            nesting, type_lists = max(nesting, inner.nesting), max(type_lists, inner.type_lists)
            introspection = max(introspection, inner.introspection)
        return Size(depth, aliases, nesting + 1, type_lists, introspection)

    def _measure_field(self, field: FieldNode) -> Size:
        inner, name = self._measure(field.selection_set), field.name.value
        is_introspection = name.startswith("__")
        return Size(
            depth=0 if is_introspection else inner.depth + 1,
            aliases=inner.aliases + (field.alias is not None),
            nesting=inner.nesting,
            type_lists=inner.type_lists + (name in TYPE_LISTS),
            introspection=max(inner.introspection, inner.type_lists if is_introspection else 0),
        )

    def _measure_fragment(self, name: str) -> Size:
        if name not in self._sizes:
            self._sizes[name] = Size()  # Found by a cycle that leads back here.
            fragment = self._fragments.get(name)
            self._sizes[name] = self._measure(fragment.selection_set) if fragment is not None else Size()
        return self._sizes[name]
