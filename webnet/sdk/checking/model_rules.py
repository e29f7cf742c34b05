"""Rules on models: their tenancy, and complete, reversible migrations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from graphql import GraphQLObjectType

from webnet.api.execution.gated_fields import make_absent
from webnet.api.schema import full_schema
from webnet.api.strawberry_internals import model_of
from webnet.containment import LoadFailure, attempt
from webnet.customers.models import Customer
from webnet.plugins import checks
from webnet.plugins.loading import migrations as plugin_migrations
from webnet.plugins.loading import missing_migrations
from webnet.plugins.tenancy import is_customer_owned
from webnet.program import PROGRAM
from webnet.sdk.checking.plugin_under_test import PluginUnderTest
from webnet.sdk.checking.report import RuleFinding
from webnet.sdk.graphql.definition import find_row_type


def check_tenancy(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """Every model declares its tenancy."""
    config = subject.config
    for error in checks.check_tenancy(app_configs=[config]) if config is not None else ():
        way_out = str(error.hint).rstrip(".")
        message = "it does not declare who owns its rows"
        yield subject.finding("tenancy.model", f"model '{error.obj}'", message, way_out[:1].lower() + way_out[1:])


def check_types(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """Every GraphQL type of customer-owned rows is declared with the SDK, which limits it to visible rows."""
    for name, owner in subject.owners.types.items():
        origin = getattr(full_schema().schema.get_type_by_name(name), "origin", None)
        model = model_of(origin)
        if owner == subject.name and model is not None and is_customer_owned(model) and find_row_type(origin) is None:
            message = f"it shows the rows of '{model._meta.label}' of all customers to each of them"
            way_out = f"declare it with '@graphql.type(models.{model.__name__})' of webnet.sdk"
            yield subject.finding("tenancy.type", f"type '{name}'", message, way_out)


def check_added_fields(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """Fields that are added to types with a customer are nullable, for customers without the plugin."""
    full = full_schema()
    for (type_name, field_name), owner in subject.owners.fields.items():
        kind, definition = full.schema.graphql.type_map.get(type_name), full.schema.get_type_by_name(type_name)
        model = model_of(getattr(definition, "origin", None))
        if owner == subject.name and isinstance(kind, GraphQLObjectType) and model is not None and _has_customer(model):
            field = kind.fields.get(field_name)
            if field is not None and make_absent(field) is None:
                message = "it is not nullable, so on the platform's view it fails for customers without the plugin"
                way_out = f"change its type to '{str(field.type).rstrip('!')} | None'"
                yield subject.finding("tenancy.field", f"{type_name}.{field_name}", message, way_out)


def check_uniqueness(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """Values are unique per customer: otherwise a customer could find out what another one has."""
    for model in filter(is_customer_owned, subject.models):
        for names in _unique_sets(model):
            if not any(_leads_to_customer(model._meta.get_field(name)) for name in names):
                place = f"model '{model._meta.label}', {', '.join(names)}"
                message = "it is unique across customers, so a customer can find out what another one has"
                way_out = "use a UniqueConstraint that includes 'customer'"
                yield subject.finding("tenancy.unique", place, message, way_out)


def check_missing_migrations(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """`makemigrations` finds no changes."""
    if subject.config is None:
        return
    label = subject.config.label
    for operation in missing_migrations.detect_changes([label])[label]:
        way_out = f"run '{PROGRAM} makemigrations {label}', and commit the result"
        yield subject.finding(
            "migrations.missing", f"models of '{label}'", f"no migration for: {operation.describe()}", way_out
        )


def check_reversibility(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """Every operation can be reversed, so that a deployment can be rolled back."""
    label = subject.config.label if subject.config is not None else None
    for (app, name), migration in sorted(MigrationLoader(connection).disk_migrations.items()):
        for operation in migration.operations if app == label else ():
            if not operation.reversible:
                place = f"migration '{app}.{name}'"
                message = f"it can't be reversed: {operation.describe()}"
                way_out = "give RunPython a reverse_code and RunSQL a reverse_sql, even if it is 'noop'"
                yield subject.finding("migrations.irreversible", place, message, way_out)


def check_applying(subject: PluginUnderTest, failures: dict[str, LoadFailure]) -> Iterator[RuleFinding]:
    """The migrations run on an empty database."""
    failure = failures.get(subject.name)
    if failure is not None:
        way_out = "make them run on an empty database, after those of webnet"
        yield subject.finding("migrations.failed", "its migrations", failure.reason, way_out)


def check_reversing(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """The migrations can be reversed with rows in the tables, and run again."""
    label = subject.config.label if subject.config is not None else None
    if label is None or not MigrationLoader(connection).graph.leaf_nodes(label):
        return
    found = attempt(lambda: plugin_migrations.unmigrate(label), doing="Reversing them")
    if not isinstance(found, LoadFailure):
        found = plugin_migrations.migrate_plugins([subject.entry]).get(subject.name)
    if found is not None:
        way_out = "make their reverse operations leave nothing behind"
        yield subject.finding("migrations.failed", "its migrations", found.reason, way_out)


def _unique_sets(model: type[models.Model]) -> Iterator[tuple[str, ...]]:
    for column in model._meta.local_concrete_fields:
        if column.unique and not column.primary_key:
            yield (column.name,)
    yield from (tuple(names) for names in model._meta.unique_together)
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields:
            yield tuple(constraint.fields)


def _has_customer(model: Any) -> bool:
    return model is Customer or any(field.attname == "customer_id" for field in model._meta.concrete_fields)


def _leads_to_customer(column: Any) -> bool:
    """Whether the column is the customer, or refers to a row that a customer owns."""
    related = getattr(column, "related_model", None)
    return column.name == "customer" or (related is not None and is_customer_owned(related))
