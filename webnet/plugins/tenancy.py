"""Whose a plugin's rows are: each model says so, by what it extends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from django.db import models

from webnet.customers.models import Customer

Row = TypeVar("Row", bound=models.Model)


class ForeignReference(ValueError):
    """A row of one customer was about to point at a row of another: a mistake in the plugin's code."""


class CustomerOwnedQuerySet(models.QuerySet[Row]):
    """Rows of customers; nothing here narrows them by itself, which is what `context.rows()` is for."""

    def of(self, customer: Customer) -> CustomerOwnedQuerySet[Row]:
        """The rows of one customer."""
        return self.filter(customer=customer)

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        """Django's own, with the check that `save()` makes too."""
        rows = list(objs)
        keep_with_customer(rows)
        return super().bulk_create(rows, *args, **kwargs)


class CustomerOwnedModel(models.Model):
    """A model whose every row belongs to one customer, and whose references stay with that customer.

    The SDK's types show such rows to that customer only, and only while the plugin is effective for them.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="%(app_label)s_%(class)s_set")

    objects = CustomerOwnedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row; without a customer it takes that of the row it points at.

        Raises ForeignReference where it points at a row of another customer.
        """
        keep_with_customer([self])
        super().save(*args, **kwargs)


class GlobalModel(models.Model):
    """A model whose rows are everybody's: each customer that has the plugin sees all of them."""

    class Meta:
        abstract = True


def is_customer_owned(model: Any) -> bool:
    """Whether each row of the model has one customer."""
    return isinstance(model, type) and issubclass(model, CustomerOwnedModel)


def has_tenancy(model: type[models.Model]) -> bool:
    """Whether the model says whose its rows are."""
    if not issubclass(model, CustomerOwnedModel):
        return issubclass(model, GlobalModel)
    customer: Any = next((field for field in model._meta.fields if field.name == "customer"), None)
    return customer is not None and customer.related_model is Customer and not customer.null


def keep_with_customer(rows: Sequence[models.Model]) -> None:
    """Give rows without a customer that of the rows they point at, and refuse any that points at another's."""
    for field in _references(type(rows[0])) if rows else ():
        owners = _read_owners(field, [row for row in rows if not field.is_cached(row)])
        for row in rows:
            _keep(row, field, owners)


def _references(model: type[models.Model]) -> Iterator[Any]:
    """The columns that point at rows of customers."""
    return (field for field in model._meta.concrete_fields if is_customer_owned(field.related_model))


def _read_owners(field: Any, rows: Iterable[models.Model]) -> dict[Any, Any]:
    """The customers' ids of the rows that are pointed at, by what points at them."""
    targets = {getattr(row, field.attname) for row in rows} - {None}
    column = field.target_field.attname
    found = field.related_model._base_manager.filter(**{f"{column}__in": targets})  # noqa: SLF001 - Django documents it
    return dict(found.values_list(column, "customer_id")) if targets else {}


def _keep(row: Any, field: Any, owners: dict[Any, Any]) -> None:
    target = field.get_cached_value(row, default=None)
    owner = target.customer_id if target is not None else owners.get(getattr(row, field.attname))
    if row.customer_id is None:
        row.customer_id = owner
    elif owner is not None and owner != row.customer_id:
        raise ForeignReference(
            f"'{row._meta.label}.{field.name}' points at a row of another customer: find it with `context.get()`."
        )
