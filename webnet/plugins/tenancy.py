"""Who owns a plugin's rows: every model declares it by the class that it extends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from django.db import models

from webnet.customers.models import Customer

Row = TypeVar("Row", bound=models.Model)


class ForeignReference(ValueError):
    """A row of one customer was about to refer to a row of another: a bug in the plugin's code."""


class CustomerOwnedQuerySet(models.QuerySet[Row]):
    """Rows of customers, not filtered by customer; `context.rows()` does that."""

    def of(self, customer: Customer) -> CustomerOwnedQuerySet[Row]:
        """The rows of one customer."""
        return self.filter(customer=customer)

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        """Like Django's, but with the same check as `save()`."""
        rows = list(objs)
        keep_with_customer(rows)
        return super().bulk_create(rows, *args, **kwargs)


class CustomerOwnedModel(models.Model):
    """A model whose rows each belong to one customer, and refer only to rows of that customer.

    The SDK's types show such rows only to that customer, and only while the plugin is effective for it.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="%(app_label)s_%(class)s_set")

    objects = CustomerOwnedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row; without a customer it gets that of a row that it refers to.

        Raises ForeignReference if it refers to a row of another customer.
        """
        keep_with_customer([self])
        super().save(*args, **kwargs)


class GlobalModel(models.Model):
    """A model whose rows are shared: every customer that has the plugin sees all of them."""

    class Meta:
        abstract = True


def is_customer_owned(model: Any) -> bool:
    """Whether each row of the model belongs to one customer."""
    return isinstance(model, type) and issubclass(model, CustomerOwnedModel)


def has_tenancy(model: type[models.Model]) -> bool:
    """Whether the model declares who owns its rows."""
    if not issubclass(model, CustomerOwnedModel):
        return issubclass(model, GlobalModel)
    customer: Any = next((field for field in model._meta.fields if field.name == "customer"), None)
    return customer is not None and customer.related_model is Customer and not customer.null


def keep_with_customer(rows: Sequence[models.Model]) -> None:
    """Set the customer of rows without one from the rows they refer to; raises ForeignReference for another's."""
    for field in _references(type(rows[0])) if rows else ():
        owners = _read_owners(field, [row for row in rows if not field.is_cached(row)])
        for row in rows:
            _keep(row, field, owners)


def _references(model: type[models.Model]) -> Iterator[Any]:
    """The foreign keys to rows of customers."""
    return (field for field in model._meta.concrete_fields if is_customer_owned(field.related_model))


def _read_owners(field: Any, rows: Iterable[models.Model]) -> dict[Any, Any]:
    """The ids of the customers that own the referenced rows, by the foreign key's value; in one query."""
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
            f"'{row._meta.label}.{field.name}' refers to a row of another customer: look it up with `context.get()`."
        )
