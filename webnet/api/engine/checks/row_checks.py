"""Finds fields and filters of plugins that would fail for every row, and names their file and line."""

from __future__ import annotations

from typing import Any

from webnet.api.declarations.fields import find_shown_rows
from webnet.api.declarations.filter_checks import refuse_unusable_lookups
from webnet.api.declarations.mistakes import mistake
from webnet.api.engine.contributions import RESERVED_NAMES
from webnet.api.engine.ownership import Composite, Ownership
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.strawberry_internals import model_of, strawberry_field

# The method of a plugin's field that raises PluginDefinitionError if it can't be resolved.
REFUSE_UNRESOLVABLE = "refuse_unresolvable"


def refuse_unreadable_rows(schema: Schema, owners: Ownership) -> None:
    """Raise PluginDefinitionError for a field without a column, or a filter by one that does not exist."""
    for name, kind in schema.graphql.type_map.items():
        if not isinstance(kind, Composite):
            continue
        origin = getattr(schema.get_type_by_name(name), "origin", None)
        model = model_of(origin)
        for field_name, field in kind.fields.items():
            declared: Any = strawberry_field(field)
            if declared is None or not (owners.fields.get((name, field_name)) or owners.types.get(name)):
                continue
            refuse = getattr(declared, REFUSE_UNRESOLVABLE, None)
            if refuse is not None:
                refuse(model, is_root=name in RESERVED_NAMES)
            elif name in RESERVED_NAMES and declared.base_resolver is None:
                place = f"the type '{declared.origin.__name__}', the field '{declared.python_name}'"
                problem = "a root field needs a resolver, or '= graphql.field()', '= graphql.connection()' and the like"
                raise mistake(declared.origin, place, problem, name=declared.python_name)
        shown = find_shown_rows(origin)
        if name in owners.types and model is not None and shown is not None and shown.filter is not None:
            refuse_unusable_lookups(shown.filter, model)
