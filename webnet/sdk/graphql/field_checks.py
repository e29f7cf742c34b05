"""Finds fields that would fail for every row: without an attribute of the model, or with rows of another one."""

from __future__ import annotations

import inspect
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import ForeignKey, IntegerField, Model

from webnet.api.declarations.mistakes import mistake
from webnet.api.strawberry_internals import type_arguments_of
from webnet.errors import PluginDefinitionError
from webnet.sdk.graphql.definition import find_row_type
from webnet.sdk.graphql.relations import find_relation
from webnet.sdk.scope import all_rows


def refuse_unreadable(field: Any, model: type[Model]) -> None:
    """Raise PluginDefinitionError for a field without a resolver whose value the model's rows don't have."""
    name = getattr(field, "django_name", None) or field.python_name
    if not _has(model, name):
        problem = f"'{model.__name__}' has no column, property or relation '{name}': correct it, or write a resolver"
        raise unresolvable(field, problem)
    if _is_counted(model, name):
        problem = f"'{name}' is a number that counts everybody's rows: use the id of graphql.Node, or write a resolver"
        raise unresolvable(field, problem)
    if inspect.isfunction(inspect.getattr_static(model, name, None)):
        problem = f"'{name}' is a method of '{model.__name__}': make it a property, or write a resolver"
        raise unresolvable(field, problem)
    if "NodeType" in type_arguments_of(field.type):
        raise unresolvable(field, f"write '{name}: graphql.Connection[…] = graphql.connection()'")
    shown, related = find_row_type(field.type), _find_related(model, name)
    if shown is not None and related is not None and not issubclass(related, shown.model):
        problem = f"'{name}' has rows of '{related.__name__}', not of '{shown.model.__name__}': use a type for those"
        raise unresolvable(field, problem)


def unresolvable(field: Any, problem: str) -> PluginDefinitionError:
    """The error for a field that would always fail."""
    place = f"the type '{field.origin.__name__}', the field '{field.python_name}'"
    return mistake(field.origin, place, problem, name=field.python_name)


def _has(model: type[Model], name: str) -> bool:
    """Whether its rows have it; what only some querysets add can be announced by an annotation, `total: int`."""
    announced = any(name in inspect.get_annotations(each) for each in model.__mro__)
    return announced or hasattr(model, name) or name in all_rows(model).query.annotations


def _is_counted(model: type[Model], name: str) -> bool:
    """Whether it is a primary key that is a number, or the raw key of a related row: they tell what others do."""
    columns = [column for column in model._meta.concrete_fields if name == column.attname]
    for column in [model._meta.pk] if name == "pk" else columns:
        key = column
        while isinstance(key, ForeignKey):
            key = key.target_field
        if key.primary_key and isinstance(key, IntegerField):
            return True
    return False


def _find_related(model: type[Model], name: str) -> Any:
    try:
        return getattr(find_relation(model, name), "related_model", None)
    except FieldDoesNotExist:  # it is a property
        return None
