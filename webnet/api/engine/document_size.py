"""The depth of a document and its number of aliases; every fragment is measured only once."""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


class DocumentSize:
    """Measures a document as if all fragments were expanded.

    Unknown fragments and cycles of fragments count as nothing: other validation rules reject them.
    """

    def __init__(self, document: DocumentNode) -> None:
        definitions = document.definitions
        self._operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        self._fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        self._sizes: dict[str, tuple[int, int]] = {}

    def depth(self) -> int:
        """The maximum number of levels below a root field; introspection fields do not count."""
        return max((self._measure(each.selection_set)[0] for each in self._operations), default=1) - 1

    def aliases(self) -> int:
        """The number of aliases in all operations together."""
        return sum(self._measure(each.selection_set)[1] for each in self._operations)

    def _measure(self, selections: SelectionSetNode | None) -> tuple[int, int]:
        """(levels of fields, aliases) of what is selected."""
        depth, aliases = 0, 0
        for selection in selections.selections if selections is not None else ():
            if isinstance(selection, FieldNode):
                below, inner = self._measure_field(selection)
            elif isinstance(selection, FragmentSpreadNode):
                below, inner = self._measure_fragment(selection.name.value)
            else:
                below, inner = self._measure(getattr(selection, "selection_set", None))
            depth, aliases = max(depth, below), aliases + inner
        return depth, aliases

    def _measure_field(self, field: FieldNode) -> tuple[int, int]:
        below, inner = self._measure(field.selection_set)
        is_introspection = field.name.value.startswith("__")
        return 0 if is_introspection else below + 1, inner + (field.alias is not None)

    def _measure_fragment(self, name: str) -> tuple[int, int]:
        if name not in self._sizes:
            self._sizes[name] = (0, 0)  # Found by a cycle that leads back here.
            fragment = self._fragments.get(name)
            self._sizes[name] = self._measure(fragment.selection_set) if fragment is not None else (0, 0)
        return self._sizes[name]
