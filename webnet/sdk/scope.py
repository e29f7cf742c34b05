"""Decides which rows a request may see: those of its customers for whom the plugin is effective."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from webnet.api.request.reader import Reading
from webnet.plugins.gate.effective import effective_customers
from webnet.plugins.registry import find_plugin
from webnet.plugins.tenancy import is_customer_owned

Row = TypeVar("Row", bound=Model)


class LeakPrevented(RuntimeError):
    """A resolver returned a row that the request may not see; use `context.rows()` to narrow its rows."""


def all_rows(model: Any) -> QuerySet[Any]:
    """All rows of the model's default manager."""
    rows: QuerySet[Any] = model._default_manager.all()  # noqa: SLF001 - documented by Django
    return rows


def scope(rows: QuerySet[Row], reading: Reading, *, shown_by: str | None = None) -> QuerySet[Row]:
    """The rows that this request may see; rows of global models are not limited.

    `shown_by` is the plugin that shows the rows. If it is not the model's own, both must be effective for the customer.
    """
    if not is_customer_owned(rows.model):
        return rows
    plugin = find_plugin(rows.model)
    needed = {plugin, shown_by or plugin}
    if plugin is None or not needed <= reading.effective_plugins:
        return rows.none()
    if reading.view is not None:
        return rows.filter(customer=reading.view.pk)
    if not reading.actor.is_platform_operator:
        rows = rows.filter(customer__in=reading.visible_customers().values("pk"))
    for each in sorted(filter(None, needed)):
        rows = rows.filter(customer__in=effective_customers(each, reading.platform).values("pk"))
    return rows


def is_in_scope(row: Any, reading: Reading, *, shown_by: str | None = None) -> bool:
    """Whether this request may see the row, wherever it comes from; `shown_by` is the same as for `scope`."""
    if not is_customer_owned(type(row)):
        return True
    plugin = find_plugin(type(row))
    needed = {plugin, shown_by or plugin}
    if not needed <= reading.effective_plugins:
        return False
    if reading.view is not None:
        return bool(row.customer_id == reading.view.pk)
    customer = reading.customers.get(row.customer_id)
    return customer is not None and needed <= reading.state_of(customer).effective
