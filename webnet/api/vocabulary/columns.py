"""What Django's columns hold: the GraphQL type of each, which types are wide enough, and what can be ordered by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, models
from strawberry.scalars import Base64
from strawberry_django.fields.types import field_type_map

from webnet.api.vocabulary.scalars import EXACT_DIGITS, BigInt

# strawberry-django's documented way to say what `auto` means; its own types for these are too narrow, or missing.
TYPES_OF_AUTO: Mapping[type[models.Field[Any, Any]], Any] = {
    models.BigIntegerField: BigInt,
    models.PositiveBigIntegerField: BigInt,
    models.DurationField: timedelta,
    models.BinaryField: Base64,
    # The name in the storage, as in the column: a size or a URL takes the storage, and there may be no file.
    models.FileField: str,
    models.ImageField: str,
}
field_type_map.update(TYPES_OF_AUTO)  # type: ignore[arg-type]  # A NewType is a callable to mypy.

_BIG = (models.BigIntegerField, models.PositiveBigIntegerField, models.BigAutoField)
# GraphQL types that hold less than some columns do, and the columns of which they hold everything. A String holds the
# text of each, and other types are the plugin's own business.
_HELD: Mapping[str, tuple[type[models.Field[Any, Any]], ...]] = {
    "Boolean": (models.BooleanField,),
    "Int": (models.IntegerField, models.BooleanField),  # without those in _BIG
    "BigInt": (models.IntegerField, models.BooleanField),
    "Float": (models.FloatField, models.IntegerField),  # without those in _BIG
    "Decimal": (models.DecimalField, models.IntegerField),
    "Date": (models.DateField,),  # without DateTimeField
    "DateTime": (models.DateTimeField,),
    "Time": (models.TimeField,),
    "Duration": (models.DurationField,),
    "UUID": (models.UUIDField,),
    "Base64": (models.BinaryField,),
}
_TOO_WIDE: Mapping[str, tuple[type[models.Field[Any, Any]], ...]] = {
    "Int": _BIG,
    "Float": _BIG,
    "Date": (models.DateTimeField,),
}

# The Python type of the values of each kind of column by which rows can be ordered. A subclass comes before its base.
# Addresses are ordered as texts by SQLite and as numbers by PostgreSQL, so they are not among them.
ORDERED: tuple[tuple[type[models.Field[Any, Any]], type], ...] = (
    (models.DateTimeField, datetime),
    (models.DateField, date),
    (models.TimeField, time),
    (models.DurationField, timedelta),
    (models.DecimalField, Decimal),
    (models.FloatField, float),
    (models.BooleanField, bool),
    (models.IntegerField, int),
    (models.UUIDField, UUID),
    (models.CharField, str),
    (models.TextField, str),
)


def learn_own_columns(model: type[models.Model]) -> None:
    """Have `auto` show a column of a plugin's own class as the Django column that it extends."""
    for column in model._meta.concrete_fields:
        kind: Any = type(column.output_field if isinstance(column, models.GeneratedField) else column)
        known = next((base for base in kind.__mro__ if base in field_type_map), None)
        if known is not None:
            field_type_map.setdefault(kind, field_type_map[known])


def content_of(column: Any) -> Any:
    """The column whose values these are: of a generated column its result, and of a foreign key the referred one."""
    if isinstance(column, models.GeneratedField):
        return column.output_field
    return column.target_field if isinstance(column, models.ForeignKey) else column


def can_be_null(column: Any) -> bool:
    """Whether there may be no value; of a generated column nobody knows."""
    return bool(column.null) or isinstance(column, models.GeneratedField)


def holds_all(type_name: str, column: Any) -> bool:
    """Whether the GraphQL type of this name has a value for whatever the column holds."""
    if type_name not in _HELD:
        return True
    content = content_of(column)
    while isinstance(getattr(content, "base_field", None), models.Field):  # An ArrayField, shown as a list.
        content = content.base_field
    return isinstance(content, _HELD[type_name]) and not isinstance(content, _TOO_WIDE.get(type_name, ()))


def find_order_kind(column: Any) -> type | None:
    """The Python type of the column's values; None if rows can't be ordered by it."""
    content = column.output_field if isinstance(column, models.GeneratedField) else column
    if isinstance(content, models.DecimalField) and content.max_digits > EXACT_DIGITS and connection.vendor == "sqlite":
        return None  # SQLite keeps a double, so a cursor would name another number than that of its row.
    return next((kind for field, kind in ORDERED if isinstance(content, field)), None)


def describe_misfit(column: Any, value: object) -> str | None:
    """Why the column can't hold this number, and would be compared with another one; None if it can."""
    content = content_of(column)
    if not isinstance(content, models.DecimalField) or not isinstance(value, Decimal):
        return None
    before, _, after = f"{abs(value):f}".partition(".")
    whole = content.max_digits - content.decimal_places
    if len(before.lstrip("0")) <= whole and len(after.rstrip("0")) <= content.decimal_places:
        return None
    return f"must have at most {whole} digits before the point and {content.decimal_places} after it"
