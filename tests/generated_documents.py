"""Generates valid queries for any schema, with all that documents can have: variables, fragments, aliases, directives.

hypothesis-graphql selects fields and finds arguments for them, as literals. Its documents are then written in another
way: some literals become variables, and selections become fragments, where hypothesis draws so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
    parse,
    parse_value,
    print_ast,
    value_from_ast_untyped,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as use_seed
from hypothesis import strategies as st
from hypothesis_graphql import queries

# Webnet's limits are 15 aliases, of which hypothesis-graphql makes some, and 1,000 tokens.
MOST_ALIASES = 5
MOST_FIELDS = 60
PAGING = ("first", "after", "last", "before")
NAMES = st.sampled_from(["name", "tag", "limit", "x1"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
# Values that a scalar of the name takes, as JSON.
SCALARS: Mapping[str, st.SearchStrategy[Any]] = {
    "Int": st.integers(0, 5) | st.sampled_from([-1, 100, 2**31 - 1]),
    "Float": st.floats(allow_nan=False, allow_infinity=False),
    "Boolean": st.booleans(),
    "String": TEXTS,
    "ID": TEXTS,
    "BigInt": st.integers(-(2**63), 2**63 - 1),
    "Decimal": st.decimals(-(10**6), 10**6, places=2).map(str),
    "Date": st.dates().map(str),
    "Time": st.times().map(str),
    "DateTime": st.datetimes().map(lambda each: f"{each.isoformat()}Z"),
    "Duration": st.integers(0, 10**6).map(lambda seconds: f"PT{seconds}S"),
    "UUID": st.uuids().map(str),
    "JSON": st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | TEXTS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
        max_leaves=4,
    ).filter(lambda value: value is not None),  # `null` is left to types that take it
}


@dataclass(frozen=True)
class GeneratedDocument:
    """A query, and the values of its variables as JSON."""

    text: str
    variables: dict[str, Any]

    @property
    def body(self) -> dict[str, Any]:
        """The body of its request."""
        return {"query": self.text, "variables": self.variables}


def documents(
    schema: GraphQLSchema,
    *,
    fields: Sequence[str] | None = None,
    ids: Sequence[str] = (),
    texts: Sequence[str] = (),
    cursors: Sequence[str] = (),
    scalars: Mapping[str, st.SearchStrategy[Any]] = SCALARS,
) -> st.SearchStrategy[GeneratedDocument]:
    """Valid documents with one query.

    `fields` are the root fields to select from, by default all. Most ids are of `ids`, most texts of `texts`, and all
    cursors of `cursors`; without any, lists are read from their beginning or their end. `scalars` has, by name, what
    other scalars take; an argument of a scalar without a strategy is left out.
    """
    values = dict(scalars)
    for name, known in (("ID", ids), ("String", texts)):
        if known:
            values[name] = st.sampled_from(known) | st.sampled_from(known) | values[name]
    literals = {name: each.map(to_literal) for name, each in values.items()}
    # A root field each: with all of them at once, hypothesis-graphql favours those that lead to the most fields.
    plain = {
        name: queries(schema, fields=[name], custom_scalars=literals, print_ast=_leave)
        for name in fields or schema.query_type.fields
    }

    @st.composite
    def write(draw: st.DrawFn) -> GeneratedDocument:
        chosen = draw(st.lists(st.sampled_from(list(plain)), min_size=1, max_size=3, unique=True))
        roots = [each for name in chosen for each in draw(plain[name]).definitions[0].selection_set.selections]
        return Writer(draw=draw, schema=schema, cursors=cursors).write(SelectionSetNode(selections=tuple(roots)))

    return write()


Value = TypeVar("Value")


def sample(strategy: st.SearchStrategy[Value], *, seed: int) -> Value:
    """A value, always the same for this seed.

    Within one test, hypothesis varies what it has tried: of its documents, most would be much like the one before.
    """
    found: list[Value] = []

    @settings(
        max_examples=2,  # the first one is always the simplest
        derandomize=False,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @use_seed(seed)
    @given(strategy)
    def collect(value: Value) -> None:
        found.append(value)

    collect()
    return found[-1]


def to_literal(value: Any) -> ValueNode:
    """The JSON value as GraphQL; the keys of objects must be names."""
    return parse_value(_write_literal(value))


def _write_literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_write_literal(each)}" for name, each in value.items()) + "}"
    return f"[{', '.join(map(_write_literal, value))}]" if isinstance(value, list) else json.dumps(value)


def _leave(document: DocumentNode) -> DocumentNode:
    return document


@dataclass(kw_only=True)
class Writer:
    """Writes one document in another way, which stays valid."""

    draw: st.DrawFn
    schema: GraphQLSchema
    cursors: Sequence[str]
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0
    fields: int = 0
    lists: int = 0  # those that the selection in hand is in

    def write(self, selected: SelectionSetNode) -> GeneratedDocument:
        """A document with these root fields, and with what was drawn for it."""
        selections = self._selections(selected, self.schema.query_type)
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        head = f"query {'Generated' if self._chance(50) else ''}{declared} " if declared or self._chance(50) else ""
        return GeneratedDocument("\n".join([f"{head}{selections}", *self.fragments]), self.variables)

    def _selections(self, selected: SelectionSetNode, kind: GraphQLNamedType) -> str:
        """The selection set of the type, in braces."""
        parts = ["__typename"] if self._chance(15) else []
        for each in (*selected.selections, *self._way_to_rows(selected, kind)):
            if isinstance(each, FieldNode):
                parts += self._field(each, kind)
            else:  # hypothesis-graphql makes no spreads
                condition = each.type_condition.name.value
                inner = self._selections(each.selection_set, self.schema.type_map[condition])
                parts.append(f"... on {condition}{self._directives()} {inner}")
        parts = parts or ["__typename"]
        way = self.draw(st.sampled_from(["plain"] * 6 + ["spread", "share", "inline", "inline on"]))
        if way == "spread":
            parts = [self._spread(parts, kind)]
        elif way == "share":  # one field is in the fragment and beside it
            middle = len(parts) // 2
            parts = [self._spread(parts[: middle + 1], kind), *parts[middle:]]
        elif way != "plain":
            condition = f" on {kind.name}" if way == "inline on" else ""
            parts = [f"...{condition}{self._directives()} {{ {' '.join(parts)} }}"]
        return f"{{ {' '.join(parts)} }}"

    def _way_to_rows(self, selected: SelectionSetNode, kind: GraphQLNamedType) -> Sequence[SelectionNode]:
        """What leads from a connection to its rows, which hypothesis-graphql rarely selects."""
        fields = getattr(kind, "fields", {})
        names = {each.name.value for each in selected.selections if isinstance(each, FieldNode)}
        text = ""
        if {"edges", "pageInfo"} <= set(fields) and "edges" not in names:
            text = "edges { cursor }"
        elif {"cursor", "node"} <= set(fields) and "node" not in names:
            row = get_named_type(fields["node"].type)
            leaves = [name for name, each in row.fields.items() if is_leaf_type(get_named_type(each.type))]
            chosen = self.draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=6, unique=True))
            text = f"node {{ {' '.join(chosen)} }}"
        return parse(f"{{ {text} }}").definitions[0].selection_set.selections if text else ()

    def _spread(self, parts: Sequence[str], kind: GraphQLNamedType) -> str:
        """The spread of a new fragment with these selections."""
        name = f"Part{len(self.fragments) + 1}"
        self.fragments.append(f"fragment {name} on {kind.name} {{ {' '.join(parts)} }}")
        return f"...{name}{self._directives()}"

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> list[str]:
        """The field, if there is room for it, and sometimes once more with an alias."""
        name = node.name.value
        declared: GraphQLField = parent.fields[name]  # type: ignore[attr-defined]  # fields are of objects and interfaces
        kind = get_named_type(declared.type)
        if self.fields >= MOST_FIELDS:
            return []
        # A list without pages counts with its greatest size, so that two within each other are hardly ever affordable.
        is_list = name != "edges" and isinstance(get_nullable_type(declared.type), GraphQLList)
        if is_list and self.lists and not self._chance(10):
            return []
        self.fields += 1
        self.lists += is_list
        inner = f" {self._selections(node.selection_set, kind)}" if node.selection_set else ""
        self.lists -= is_list
        alias = f"{node.alias.value}: " if node.alias else self._alias()
        other = "" if alias else self._alias()
        if other and inner:  # both have the same fragment
            inner = f" {{ {self._spread([inner.strip()[1:-1].strip()], kind)} }}"
        heads = [f"{alias}{name}", f"{other}{name}"] if other else [f"{alias}{name}"]
        texts = [f"{head}{self._arguments(node, declared)}{self._directives()}{inner}" for head in heads]
        shared = isinstance(parent, GraphQLObjectType) and self._interface_with(name, parent, declared)
        return [f"... on {shared.name} {{ {' '.join(texts)} }}"] if shared and self._chance(30) else texts

    def _alias(self) -> str:
        if self.aliases >= MOST_ALIASES or not self._chance(8):
            return ""
        self.aliases += 1
        return f"alias{self.aliases}: "

    @staticmethod
    def _interface_with(name: str, parent: GraphQLObjectType, declared: GraphQLField) -> GraphQLInterfaceType | None:
        """An interface that has the same field."""
        found = (each for each in parent.interfaces if name in each.fields and each.fields[name].type == declared.type)
        return next(found, None)

    def _arguments(self, node: FieldNode, declared: GraphQLField) -> str:
        """Those that are required, and some others; pages are small and of one direction."""
        given = {each.name.value: each.value for each in node.arguments or ()}
        chosen: dict[str, ValueNode] = {}
        for name, argument in declared.args.items():
            is_drawn = name not in PAGING and self._chance(30)
            if name in given and (is_required_argument(argument) or is_drawn):
                chosen[name] = given[name]
        if set(PAGING) <= set(declared.args):
            size, cursor = self.draw(st.sampled_from([PAGING[:2], PAGING[:2], PAGING[2:]]))
            chosen[size] = to_literal(self.draw(st.integers(1, 3)))
            if self.cursors and self._chance(10):
                chosen[cursor] = StringValueNode(value=self.draw(st.sampled_from(self.cursors)))
        written = [f"{name}: {self._value(each, declared.args[name].type)}" for name, each in chosen.items()]
        return f"({', '.join(written)})" if written else ""

    def _value(self, node: ValueNode, kind: GraphQLInputType) -> str:
        """The literal, or a variable in the place of it or of a part of it."""
        if self._chance(25):
            return self._variable(print_ast(node), kind, value_from_ast_untyped(node))
        bare = get_nullable_type(kind)
        if isinstance(node, ObjectValueNode) and isinstance(bare, GraphQLInputObjectType):
            parts = ((each.name.value, each.value) for each in node.fields)
            return f"{{{', '.join(f'{name}: {self._value(each, bare.fields[name].type)}' for name, each in parts)}}}"
        if isinstance(node, ListValueNode) and isinstance(bare, GraphQLList):
            return f"[{', '.join(self._value(each, bare.of_type) for each in node.values)}]"
        return print_ast(node)

    def _directives(self) -> str:
        """None, one, or both that every schema has; most of them leave in what they are at."""
        written = []
        for name, kept in (("include", True), ("skip", False)):
            if self._chance(6):
                value = kept if self._chance(75) else not kept
                literal = json.dumps(value)
                is_variable = self._chance(60)
                written.append(
                    f" @{name}(if: {self._variable(literal, 'Boolean!', value) if is_variable else literal})"
                )
        return "".join(written)

    def _variable(self, literal: str, kind: GraphQLInputType | str, value: Any) -> str:
        """A new variable with the value, as its default where none is given."""
        name = f"value{len(self.declared) + 1}"
        default = f" = {literal}" if literal != "null" and self._chance(25) else ""
        if not default or self._chance(50):
            self.variables[name] = value
        self.declared.append(f"${name}: {kind}{default}")
        return f"${name}"

    def _chance(self, percent: int) -> bool:
        """Drawn so often; what is simpler is false."""
        return self.draw(st.integers(0, 99)) >= 100 - percent
