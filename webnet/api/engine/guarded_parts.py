"""Takes the parts out of a document that `@ifPlugin` guards with plugins which are not effective for its viewer.

Two documents come of it. One lacks those parts, with all that only they used; it is validated, limited and priced, so
that nothing of a guarded part is more than parsed. The other is executed, and has in their place what is answered with
null: in one document, a field that was taken out and one with the same key elsewhere would be refused as a conflict.

No schema is asked: whether a plugin is off, withheld or was never installed, the documents are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    BooleanValueNode,
    DefinitionNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_operation_ast,
    visit,
)

from webnet.api.vocabulary.absent_field import AbsentField
from webnet.api.vocabulary.directives import IF_PLUGIN

# The directives by which a client leaves parts out itself, and the value of `if` with which they do.
LEAVES_OUT = {"skip": True, "include": False}
# No name in a document has a space.
TWIN = "absent "

# The values of variables that `@skip` and `@include` name; None where that is no boolean.
Conditions = tuple[tuple[str, bool | None], ...]


@dataclass(frozen=True, kw_only=True)
class Guards:
    """The plugins that a document names in `@ifPlugin`, and the variables of its `@skip` and `@include`."""

    plugins: frozenset[str]
    conditions: frozenset[str]

    def read_conditions(
        self, document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any] | None
    ) -> Conditions:
        """What a request says of the variables."""
        if not self.conditions:
            return ()
        operation, given = get_operation_ast(document, operation_name), variables or {}
        definitions = (operation.variable_definitions if operation is not None else None) or ()
        values = {each.variable.name.value: _read_default(each) for each in definitions}
        values |= {name: given[name] for name in values.keys() & given.keys()}
        return tuple((name, values[name]) for name in sorted(self.conditions & values.keys()) if _is_bool(values[name]))


@dataclass(frozen=True, kw_only=True)
class ParedDocument:
    """A document without what is guarded with other plugins than those that are effective.

    `refused` are the subscriptions, by name (empty without one), whose event would be such a part.
    """

    validated: DocumentNode
    executed: DocumentNode
    refused: frozenset[str]


def find_guards(document: DocumentNode) -> Guards:
    """What a document says of plugins; raises a GraphQLError if an `@ifPlugin` does not say which."""
    finder = _GuardFinder()
    visit(document, finder)
    return Guards(plugins=frozenset(finder.plugins), conditions=frozenset(finder.conditions))


def pare(document: DocumentNode, effective: Collection[str], conditions: Conditions) -> ParedDocument:
    """Take out what is guarded with a plugin that is not `effective`; `find_guards` has accepted the document."""
    return _Paring(document, effective, dict(conditions)).run()


class _GuardFinder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.plugins: set[str] = set()
        self.conditions: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value == IF_PLUGIN:
            self.plugins.add(_plugin_of(node))
        elif node.name.value in LEAVES_OUT:
            values = [each.value for each in node.arguments or ()]
            self.conditions.update(each.name.value for each in values if isinstance(each, VariableNode))


def _plugin_of(node: DirectiveNode) -> str:
    given = list(node.arguments or ())
    if len(given) == 1 and given[0].name.value == "name" and isinstance(given[0].value, StringValueNode):
        return given[0].value.value
    message = f'`@{IF_PLUGIN}` takes the name of one plugin as text, such as `@{IF_PLUGIN}(name: "site_map")`.'
    raise GraphQLError(message, node)


@dataclass
class _Uses:
    """The variables and fragments that a part of a document names."""

    variables: set[str] = field(default_factory=set)
    fragments: set[str] = field(default_factory=set)

    def add(self, *nodes: Node) -> None:
        finder = _UseFinder(self)
        for node in nodes:
            visit(node, finder)

    def merge(self, other: _Uses) -> None:
        self.variables |= other.variables
        self.fragments |= other.fragments


class _UseFinder(Visitor):
    def __init__(self, uses: _Uses) -> None:
        super().__init__()
        self._uses = uses

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self._uses.variables.add(node.name.value)

    def enter_variable_definition(self, _node: VariableDefinitionNode, *_: Any) -> Any:
        return False

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self._uses.fragments.add(node.name.value)


@dataclass
class _Halves:
    """A definition as it is validated and as it is executed, None where it is not; and what its parts use."""

    node: DefinitionNode
    name: str = ""
    validated: Any = None
    executed: Any = None
    kept: _Uses = field(default_factory=_Uses)
    taken_out: _Uses = field(default_factory=_Uses)


class _Paring:
    """Takes parts out of one document, in time proportional to it."""

    def __init__(self, document: DocumentNode, effective: Collection[str], conditions: Mapping[str, Any]) -> None:
        self._document = document
        self._effective = effective
        self._conditions = conditions
        definitions = document.definitions
        self._fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        self._refused: set[str] = set()
        # What the parts use that were taken out of the definition at hand.
        self._taken_out = _Uses()

    def run(self) -> ParedDocument:
        halves = [self._halve(each) for each in self._document.definitions]
        self._drop_unneeded(halves)
        validated = tuple(each.validated for each in halves if each.validated is not None)
        executed = tuple(each.executed for each in halves if each.executed is not None)
        return ParedDocument(
            validated=replace(self._document, definitions=validated),
            executed=replace(self._document, definitions=(*executed, *self._make_twins(executed))),
            refused=frozenset(self._refused),
        )

    def _halve(self, node: DefinitionNode) -> _Halves:
        if not isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
            return _Halves(node, validated=node, executed=node)  # A rule rejects it.
        name = node.name.value if node.name is not None else ""
        if isinstance(node, OperationDefinitionNode) and self._loses_its_event(node):
            self._refused.add(name)
        elif not self._is_taken_out(node):
            self._taken_out = _Uses()
            kept, executed = self._part(node.selection_set)
            validated = replace(node, selection_set=kept)
            halves = _Halves(node, name, validated, replace(node, selection_set=executed), taken_out=self._taken_out)
            halves.kept.add(validated)
            return halves
        halves = _Halves(node, name)
        halves.taken_out.add(node)
        return halves

    def _drop_unneeded(self, halves: list[_Halves]) -> None:
        """Drop the fragments and variables that only parts used which were taken out.

        What nothing ever used stays, so that it is refused like in any document.
        """
        fragments = {each.name: each for each in halves if isinstance(each.node, FragmentDefinitionNode)}
        operations = [each for each in halves if isinstance(each.validated, OperationDefinitionNode)]
        gone = {name for each in halves for name in each.taken_out.fragments}
        gone |= {name for name in self._fragments if self._is_taken_out(self._fragments[name])}
        gone = _reach(gone, lambda name: _spreads(fragments.get(name), "kept", "taken_out"))
        roots = [*operations, *(each for name, each in fragments.items() if name not in gone)]
        kept = {name for each in roots for name in each.kept.fragments} | (fragments.keys() - gone)
        kept = _reach(kept, lambda name: _spreads(fragments.get(name), "kept"))
        for each in operations:
            self._drop_variables(each, fragments)
        for name, each in fragments.items():
            if name not in kept:
                each.validated = each.executed = None

    def _drop_variables(self, operation: _Halves, fragments: Mapping[str, _Halves]) -> None:
        kept, used = _Uses(), _Uses()
        kept.merge(operation.kept)
        for name in _reach(operation.kept.fragments, lambda name: _spreads(fragments.get(name), "kept")):
            if name in fragments:
                kept.merge(fragments[name].kept)
        used.merge(operation.taken_out)
        everything = operation.kept.fragments | operation.taken_out.fragments
        for name in _reach(everything, lambda name: _spreads(fragments.get(name), "kept", "taken_out")):
            if name in fragments:
                used.merge(fragments[name].kept)
                used.merge(fragments[name].taken_out)
        unneeded = used.variables - kept.variables
        if unneeded:
            given = operation.validated.variable_definitions or ()
            needed = tuple(each for each in given if each.variable.name.value not in unneeded)
            operation.validated = replace(operation.validated, variable_definitions=needed)
            operation.executed = replace(operation.executed, variable_definitions=needed)

    def _part(self, selections: SelectionSetNode) -> tuple[SelectionSetNode, SelectionSetNode]:
        """The selections as they are validated, and as they are executed."""
        kept: list[SelectionNode] = []
        executed: list[SelectionNode] = []
        for node in selections.selections:
            if self._is_taken_out(node):
                self._taken_out.add(node)
                executed.extend(self._replace(node))
                continue
            inner: SelectionSetNode | None = getattr(node, "selection_set", None)
            bare = _without_guards(node)
            if inner is None:
                kept.append(node)
                executed.append(bare)
            else:
                inner_kept, inner_executed = self._part(inner)
                kept.append(replace(node, selection_set=inner_kept))  # type: ignore[call-arg]
                executed.append(replace(bare, selection_set=inner_executed))  # type: ignore[call-arg]
        if not kept:
            kept.append(FieldNode(name=NameNode(value="__typename"), arguments=(), directives=(), loc=selections.loc))
        return (
            replace(selections, selections=tuple(kept)),
            replace(selections, selections=tuple(executed)),
        )

    def _replace(self, node: SelectionNode) -> Iterator[SelectionNode]:
        """What is answered in place of a part that was taken out."""
        if self._is_left_out(node):
            return
        if isinstance(node, FieldNode) and node.name.value == "__typename":
            # It needs no plugin, clients add it everywhere, and Apollo ignores type policies if the root's is null.
            yield FieldNode(name=node.name, alias=node.alias, arguments=(), directives=(), loc=node.loc)
        elif isinstance(node, FieldNode):
            yield AbsentField(name=NameNode(value="__typename"), alias=node.alias or node.name, loc=node.loc)
        elif isinstance(node, InlineFragmentNode):
            yield InlineFragmentNode(
                type_condition=node.type_condition, selection_set=self._replace_all(node.selection_set)
            )
        elif isinstance(node, FragmentSpreadNode) and node.name.value in self._fragments:
            yield FragmentSpreadNode(name=NameNode(value=TWIN + node.name.value))

    def _replace_all(self, selections: SelectionSetNode) -> SelectionSetNode:
        replaced = (other for node in selections.selections for other in self._replace(node))
        return SelectionSetNode(selections=tuple(replaced))

    def _make_twins(self, executed: Iterable[Node]) -> list[FragmentDefinitionNode]:
        """For each fragment that is spread in a part that was taken out, another one with what replaces it."""
        uses = _Uses()
        uses.add(*executed)
        wanted = [name for name in uses.fragments if name.startswith(TWIN)]
        made: dict[str, FragmentDefinitionNode] = {}
        while wanted:
            name = wanted.pop()
            if name in made:
                continue
            fragment = self._fragments[name.removeprefix(TWIN)]
            replaced = self._replace_all(fragment.selection_set)
            made[name] = FragmentDefinitionNode(
                name=NameNode(value=name), type_condition=fragment.type_condition, selection_set=replaced
            )
            inner = _Uses()
            inner.add(replaced)
            wanted.extend(inner.fragments)
        return list(made.values())

    def _loses_its_event(self, operation: OperationDefinitionNode) -> bool:
        """Whether a part of a subscription's root is taken out: it has one field there, so that none is left."""
        if operation.operation is not OperationType.SUBSCRIPTION:
            return False
        seen: set[str] = set()
        stack: list[Any] = [operation]
        while stack:
            node = stack.pop()
            if self._is_taken_out(node):
                return True
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in seen and name in self._fragments:
                    seen.add(name)
                    stack.append(self._fragments[name])
            elif not isinstance(node, FieldNode):
                stack.extend(node.selection_set.selections)
        return False

    def _is_taken_out(self, node: Any) -> bool:
        if isinstance(node, FragmentSpreadNode) and self._is_guarded(self._fragments.get(node.name.value)):
            return True
        return self._is_guarded(node)

    def _is_guarded(self, node: Any) -> bool:
        """Whether a plugin that guards it is not effective."""
        directives = (node.directives if node is not None else None) or ()
        return any(each.name.value == IF_PLUGIN and _plugin_of(each) not in self._effective for each in directives)

    def _is_left_out(self, node: Any) -> bool:
        """Whether the client's own `@skip` or `@include` leaves it out; as long as that is not clear, it does not."""
        for each in node.directives or ():
            values = [argument.value for argument in each.arguments or () if argument.name.value == "if"]
            if each.name.value in LEAVES_OUT and values and self._read(values[0]) is LEAVES_OUT[each.name.value]:
                return True
        return False

    def _read(self, value: Node) -> Any:
        if isinstance(value, BooleanValueNode):
            return value.value
        return self._conditions.get(value.name.value) if isinstance(value, VariableNode) else None


def _without_guards(node: SelectionNode) -> SelectionNode:
    """The node without `@ifPlugin`, which is of no use any more; lists of fields with directives take longer."""
    others = tuple(each for each in node.directives or () if each.name.value != IF_PLUGIN)
    return node if len(others) == len(node.directives or ()) else replace(node, directives=others)


def _spreads(halves: _Halves | None, *parts: str) -> set[str]:
    return set().union(*(getattr(halves, part).fragments for part in parts)) if halves is not None else set()


def _reach(names: Iterable[str], next_of: Callable[[str], Iterable[str]]) -> set[str]:
    """All names that are reached from these."""
    reached: set[str] = set()
    stack = list(names)
    while stack:
        name = stack.pop()
        if name not in reached:
            reached.add(name)
            stack.extend(next_of(name))
    return reached


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _read_default(definition: VariableDefinitionNode) -> bool | None:
    default = definition.default_value
    return default.value if isinstance(default, BooleanValueNode) else None
