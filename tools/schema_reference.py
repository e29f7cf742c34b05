"""The pages of the documentation's site about the schema, as Markdown: its descriptions, and examples of operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
    print_ast,
)
from graphql.utilities import ast_from_value

# The page of each kind of type, by the kind's name in graphql-core.
PAGES: Mapping[str, str] = {
    "GraphQLObjectType": "objects",
    "GraphQLInterfaceType": "interfaces-and-unions",
    "GraphQLUnionType": "interfaces-and-unions",
    "GraphQLInputObjectType": "inputs",
    "GraphQLEnumType": "enums-and-scalars",
    "GraphQLScalarType": "enums-and-scalars",
}
TITLES = {
    "queries": "Queries",
    "mutations": "Mutations",
    "subscriptions": "Subscriptions",
    "objects": "Objects",
    "interfaces-and-unions": "Interfaces and unions",
    "inputs": "Inputs",
    "enums-and-scalars": "Enums and scalars",
    "directives": "Directives",
}


def write_pages(schema: GraphQLSchema, examples: Mapping[str, str], introduction: str) -> dict[str, str]:
    """The text of each page by its name; plugins add to what is there for a customer.

    `examples` has one for each operation, and `introduction` what holds for all of these.
    """
    roots = {"queries": schema.query_type, "mutations": schema.mutation_type, "subscriptions": schema.subscription_type}
    sections: dict[str, list[str]] = {name: [] for name in TITLES}
    for page, root in roots.items():
        if root is not None:
            sections[page].append(introduction)
            sections[page] += [
                _describe_operation(name, field, examples[name]) for name, field in sorted(root.fields.items())
            ]
    for name, kind in sorted(schema.type_map.items()):
        if kind not in roots.values() and _page_of(kind):
            sections[_page_of(kind)].append(_describe_type(schema, name, kind))
    sections["directives"] = [
        _section(f"@{each.name}", each.description, _arguments(each.args))
        for each in schema.directives
        if not is_specified_directive(each)
    ]
    return {name: "\n\n".join([f"# {TITLES[name]}", *parts]) + "\n" for name, parts in sections.items()}


def _describe_operation(name: str, field: GraphQLField, example: str) -> str:
    return _section(
        name,
        field.description,
        _deprecation(field),
        f"Answers with {_link(field.type)}.",
        _arguments(field.args),
        f"**Example**\n\n{example}",
    )


def _describe_type(schema: GraphQLSchema, name: str, kind: GraphQLNamedType) -> str:
    parts: list[str] = []
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and kind.interfaces:
        parts.append(f"Implements {_list(kind.interfaces)}.")
    if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
        parts.append(f"One of {_list(schema.get_possible_types(kind))}.")
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        parts.append(_table(("field", "type"), map(_field_row, kind.fields.items())))
    if isinstance(kind, GraphQLInputObjectType):
        parts.append(_table(("field", "type"), map(_input_row, kind.fields.items())))
    if isinstance(kind, GraphQLEnumType):
        rows = ((f"`{value}`", _text(each.description)) for value, each in kind.values.items())
        parts.append(_table(("value",), rows))
    return _section(name, kind.description, *parts)


def _field_row(item: tuple[str, GraphQLField]) -> tuple[str, ...]:
    name, field = item
    arguments = "".join(
        f"<br>`{argument}`: {_link(each.type)}{_default(each)} {_text(each.description)}"
        for argument, each in field.args.items()
    )
    return (
        f"`{name}`",
        _link(field.type),
        " ".join(filter(None, (_text(field.description), _deprecation(field)))) + arguments,
    )


def _input_row(item: tuple[str, Any]) -> tuple[str, ...]:
    name, field = item
    return f"`{name}`", _link(field.type) + _default(field), _text(field.description)


def _arguments(arguments: Mapping[str, GraphQLArgument]) -> str:
    return _table(("argument", "type"), map(_input_row, arguments.items())) if arguments else ""


def _default(each: Any) -> str:
    if each.default_value is Undefined:
        return ""
    value = ast_from_value(each.default_value, each.type)
    return f" = `{print_ast(value)}`" if value is not None else ""


def _deprecation(field: GraphQLField) -> str:
    return f"**Deprecated**: {_text(field.deprecation_reason)}" if field.deprecation_reason else ""


def _section(name: str, description: str | None, *parts: str) -> str:
    return "\n\n".join([f"## {name}", (description or "").strip(), *filter(None, parts)])


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [" | ".join((*heads, "what it is")), " | ".join(["---"] * (len(heads) + 1)), *map(" | ".join, rows)]
    return "\n".join(f"| {line} |" for line in lines)


def _link(kind: Any) -> str:
    """The type as it is written, which leads to where it is described."""
    named = get_named_type(kind)
    page = _page_of(named)
    return f"[`{kind}`]({page}.md#{named.name.lower()})" if page else f"`{kind}`"


def _list(kinds: Iterable[GraphQLNamedType]) -> str:
    return ", ".join(_link(each) for each in sorted(kinds, key=lambda each: each.name))


def _page_of(kind: GraphQLNamedType) -> str:
    if is_introspection_type(kind) or is_specified_scalar_type(kind):
        return ""
    return PAGES[type(kind).__name__]


def _text(description: str | None) -> str:
    """In a cell of a table."""
    return " ".join((description or "").split()).replace("|", "\\|")
