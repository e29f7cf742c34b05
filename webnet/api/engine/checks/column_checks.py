"""Refuses fields of row types that are narrower than their columns: some row would make each of them fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_non_null_type

from webnet.api.declarations.fields import Column
from webnet.api.declarations.mistakes import mistake
from webnet.api.engine.ownership import Ownership
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.strawberry_internals import list_types, model_of, strawberry_field
from webnet.api.vocabulary.columns import holds_all


def refuse_narrow_fields(schema: Schema, owners: Ownership) -> None:
    """Raise PluginDefinitionError for the first field of a plugin that does not hold all that its column holds."""
    for known in list_types(schema).values():
        kind, origin = known.implementation, getattr(known.definition, "origin", None)
        model = model_of(origin)
        if not isinstance(kind, GraphQLObjectType) or model is None:
            continue
        for name, declared, column in _columns_of(kind, model):
            plugin = owners.fields.get((kind.name, name)) or owners.types.get(kind.name)
            problem = _find_problem(declared, column) if plugin is not None else None
            if problem is not None:
                shown: Any = strawberry_field(declared)
                place = f"the type '{getattr(origin, '__name__', kind.name)}', the field '{shown.python_name}'"
                raise mistake(origin, place, problem, name=shown.python_name)


def _columns_of(kind: GraphQLObjectType, model: Any) -> Iterator[tuple[str, Any, Any]]:
    """(name, graphql-core's field, model's field) of each field that shows a column as it is."""
    for name, declared in kind.fields.items():
        field = strawberry_field(declared)
        if not isinstance(field, Column) or field.base_resolver is not None:
            continue
        try:
            column = model._meta.get_field(field.django_name or field.python_name)
        except FieldDoesNotExist:
            continue
        # A foreign key's other name, `site_id`, is a column, too.
        if not column.is_relation or getattr(column, "attname", None) == field.python_name:
            yield name, declared, column


def _find_problem(declared: GraphQLField, column: Any) -> str | None:
    type_name = get_named_type(declared.type).name
    where = f"the column '{column.model.__name__}.{column.name}'"
    if not holds_all(type_name, column):
        return f"{type_name} does not hold all that {where}, a {type(column).__name__}, holds: write 'graphql.auto'"
    if column.null and is_non_null_type(declared.type):
        return f"{where} can be null: write '| None' after the type, or 'graphql.auto'"
    return None
