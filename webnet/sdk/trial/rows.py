"""Creates rows of any model of a plugin, with values that fit its columns."""

from __future__ import annotations

import datetime
import ipaddress
import uuid
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone

from webnet.customers.models import Customer, User
from webnet.plugins.tenancy import is_customer_owned

FIRST_ADDRESS = int(ipaddress.IPv4Address("10.0.0.0"))
FIRST_DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class RowCreationFailed(RuntimeError):
    """No row of the model could be created; the message is the error."""


class RowMaker:
    """Creates rows whose values differ wherever they can; rows that they refer to are created first."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def make(self, model: Any, customer: Customer, *, rows: int) -> None:
        """Create rows of the model for the customer. Raises RowCreationFailed."""
        for _ in range(rows):
            self.make_one(model, customer)

    def make_one(self, model: Any, customer: Customer, depth: int = 0) -> Any:
        """Create a row; `depth` is the number of relations that were followed, since they can form a circle."""
        number = next(self._numbers)
        try:
            with transaction.atomic():
                row = model(**self._fill(model, customer, number, depth))
                row.save()
                for relation in model._meta.many_to_many:
                    getattr(row, relation.name).add(self._find_target(relation, customer, number, depth))
        except RowCreationFailed:
            raise
        except Exception as error:
            raise RowCreationFailed(f"{type(error).__name__}: {error}") from error
        return row

    def _fill(self, model: Any, customer: Customer, number: int, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for column in model._meta.concrete_fields:
            if column.name == "customer" and is_customer_owned(model):
                values["customer"] = customer
            elif column.is_relation:
                if not (column.null and depth > 2):
                    values[column.name] = self._find_target(column, customer, number, depth)
            elif not column.primary_key or (not column.has_default() and not isinstance(column, models.AutoField)):
                value = make_value(column, customer, number)
                if value is not None:
                    values[column.name] = value
        return values

    def _find_target(self, column: Any, customer: Customer, number: int, depth: int) -> Any:
        """A row to refer to: existing ones in turn, or for one-to-one a new one."""
        target = column.related_model
        if target is Customer:
            return customer
        if target is User:
            return User.objects.order_by("pk").first()
        if depth > 3:
            return None
        rows = target._default_manager.order_by("pk")  # noqa: SLF001 - Django documents it
        rows = rows.filter(customer=customer) if is_customer_owned(target) else rows
        existing = [] if column.one_to_one or target is column.model else list(rows[:20])
        return existing[number % len(existing)] if existing else self._new_target(column, target, customer, depth)

    def _new_target(self, column: Any, target: Any, customer: Customer, depth: int) -> Any:
        if target is column.model and column.null:
            return None
        return self.make_one(target, customer, depth + 1)


def make_value(column: Any, customer: Customer, number: int) -> Any:
    """A value for the column, which contains the customer's slug if possible; None leaves the column to its default."""
    if column.choices:
        flat = [value for value, _ in column.flatchoices if value not in ("", None)]
        return flat[number % len(flat)] if flat else None
    text = f"{customer.slug}-{column.name.replace('_', '-')}-{number}"
    for kind, make in _MAKERS.items():
        if isinstance(column, kind):
            return make(column, text, number)
    return None


def _make_text(column: Any, text: str, number: int) -> str:
    longest = column.max_length or len(text)
    # Short values differ in their number at least.
    return text if len(text) <= longest else f"{text[:1]}{number}"[-longest:]


def _make_number(column: Any, number: int) -> int:
    lowest = max([0, *(each.limit_value for each in column.validators if type(each) is MinValueValidator)], default=0)
    limits = [each.limit_value for each in column.validators if isinstance(each, MaxValueValidator)]
    highest = min([int(limit) for limit in limits if not callable(limit)], default=lowest + 10_000)
    return int(lowest) + number % max(int(highest) - int(lowest) + 1, 1)


def _make_decimal(column: Any, number: int) -> str:
    whole = max(column.max_digits - column.decimal_places, 1)
    return str(number % 10**whole)


# The first matching class decides, so subclasses come first.
_MAKERS: Mapping[type, Callable[[Any, str, int], Any]] = {
    models.EmailField: lambda _, text, __: f"{text}@example.com",
    models.URLField: lambda _, text, __: f"https://example.com/{text}",
    models.FileField: lambda *_: None,
    models.UUIDField: lambda *_: uuid.uuid4(),
    models.GenericIPAddressField: lambda _, __, number: str(ipaddress.IPv4Address(FIRST_ADDRESS + number)),
    models.CharField: _make_text,
    models.TextField: lambda _, text, __: text,
    models.BooleanField: lambda _, __, number: bool(number % 2),
    models.DecimalField: lambda column, _, number: _make_decimal(column, number),
    models.FloatField: lambda column, _, number: float(_make_number(column, number)),
    models.IntegerField: lambda column, _, number: _make_number(column, number),
    models.DateTimeField: lambda *_: timezone.now(),
    models.DateField: lambda _, __, number: (FIRST_DAY + datetime.timedelta(days=number)).date(),
    models.TimeField: lambda _, __, number: datetime.time(hour=number % 24),
    models.DurationField: lambda _, __, number: datetime.timedelta(seconds=number),
    models.JSONField: lambda _, text, __: {"sample": text},
    models.BinaryField: lambda _, text, __: text.encode(),
}
