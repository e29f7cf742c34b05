"""Detects a customer's rows in a response: by their global ids, and by texts that only they contain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from graphql import GraphQLObjectType

from webnet.api.resolvers.contributions import models_of
from webnet.api.schema import full_schema
from webnet.api.strawberry_internals import model_of
from webnet.api.vocabulary.node import global_id
from webnet.customers.models import Customer
from webnet.plugins.registry import registry
from webnet.plugins.tenancy import is_customer_owned

# Shorter texts would be found in any response by chance.
MINIMUM_LENGTH = 4
MAXIMUM_ROWS = 100


@dataclass(frozen=True, kw_only=True)
class Traces:
    """The global ids of rows by the name of their type, and texts that no other customer's row contains."""

    ids: dict[str, tuple[str, ...]]
    texts: frozenset[str]

    def found_in(self, answer: str) -> str | None:
        """The first trace that the response contains; None if it contains none."""
        candidates = (*(each for ids in self.ids.values() for each in ids), *sorted(self.texts))
        return next((each for each in candidates if each in answer), None)


def find_traces(plugin: str, customer: Customer) -> Traces:
    """The traces of the customer's rows in the plugin's models. Raises LookupError if there are none."""
    found = collect_traces([plugin], customer)
    if not found.ids and not found.texts:
        raise LookupError(f"'{customer.slug}' has no rows of '{plugin}', so nothing can leak: create some first.")
    return found


def collect_traces(plugins: Iterable[str], customer: Customer) -> Traces:
    """The traces of the customer's rows in the models of these plugins; empty if there are none."""
    names = sorted(plugins)
    owned = [model for name in names for model in models_of(registry.get(name)) if is_customer_owned(model)]
    rows = {model: list(_all(model).filter(customer=customer).order_by("pk")[:MAXIMUM_ROWS]) for model in owned}
    kinds = {kind: rows.get(model, ()) for name in names for kind, model in _shown_models(name)}
    shown = {name: tuple(global_id(name, row.pk) for row in found) for name, found in kinds.items()}
    own = {text for found in rows.values() for row in found for text in _texts(row)}
    others = {text for model in owned for row in _all(model).exclude(customer=customer) for text in _texts(row)}
    return Traces(ids={name: ids for name, ids in shown.items() if ids}, texts=frozenset(own - others))


def _shown_models(plugin: str) -> Iterator[tuple[str, Any]]:
    """(name, model) of the plugin's GraphQL types that show rows, also of those not declared with the SDK."""
    full = full_schema()
    for name, owner in full.owners.types.items():
        model = model_of(getattr(full.schema.get_type_by_name(name), "origin", None))
        if owner == plugin and model is not None and isinstance(full.schema.graphql.type_map[name], GraphQLObjectType):
            yield name, model


def _all(model: Any) -> Any:
    return model._default_manager.all()  # noqa: SLF001 - Django documents it


def _texts(row: models.Model) -> Iterator[str]:
    """The texts of the row, except choices, which many rows share."""
    for column in row._meta.concrete_fields:
        value = getattr(row, column.attname)
        if isinstance(value, str) and not column.choices and len(value) >= MINIMUM_LENGTH:
            yield value
