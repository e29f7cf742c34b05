"""What gives a customer's rows away in an answer: their global ids, and texts that only they have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models

from webnet.api.contributed import models_of
from webnet.api.schema import full_schema
from webnet.api.types.node import global_id
from webnet.customers.models import Customer
from webnet.plugins.owned_models import is_customer_owned
from webnet.plugins.registry import registry
from webnet.sdk.graphql.definition import RowType, find_row_type

SHORTEST = 4
MOST_ROWS = 100


@dataclass(frozen=True, kw_only=True)
class Traces:
    """The global ids of rows by the name of their type, and the texts that are in no row of anybody else."""

    ids: dict[str, tuple[str, ...]]
    texts: frozenset[str]

    def found_in(self, answer: str) -> str | None:
        """The first of them that the answer has; None where it has none."""
        every = (*(each for ids in self.ids.values() for each in ids), *sorted(self.texts))
        return next((each for each in every if each in answer), None)


def find_traces(plugin: str, customer: Customer) -> Traces:
    """Those of the customer's rows in the plugin's models; LookupError where it has none there."""
    owned = [model for model in models_of(registry.get(plugin)) if is_customer_owned(model)]
    rows = {model: list(_all(model).filter(customer=customer)[:MOST_ROWS]) for model in owned}
    if not any(rows.values()):
        raise LookupError(f"'{customer.slug}' has no rows of '{plugin}', so nothing can leak: make some first.")
    shown = {
        kind.name: tuple(global_id(kind.name, row.pk) for row in rows.get(kind.model, ())) for kind in row_types(plugin)
    }
    own = {text for found in rows.values() for row in found for text in _texts(row)}
    others = {text for model in owned for row in _all(model).exclude(customer=customer) for text in _texts(row)}
    return Traces(ids={name: ids for name, ids in shown.items() if ids}, texts=frozenset(own - others))


def row_types(plugin: str) -> Iterator[RowType]:
    """The plugin's GraphQL types that show rows."""
    full = full_schema()
    for name, owner in full.owners.types.items():
        definition = full.schema.get_type_by_name(name)
        found = find_row_type(getattr(definition, "origin", None)) if owner == plugin else None
        if found is not None:
            yield found


def _all(model: Any) -> Any:
    return model._default_manager.all()  # noqa: SLF001 - Django documents it


def _texts(row: models.Model) -> Iterator[str]:
    """The row's own words; what is chosen from a list says nothing of whose it is."""
    for column in row._meta.concrete_fields:
        value = getattr(row, column.attname)
        if isinstance(value, str) and not column.choices and len(value) >= SHORTEST:
            yield value
