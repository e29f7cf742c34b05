"""Which rows a request may see: those of its customers, as far as the plugin is effective for them."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from webnet.api.request.reader import Reading
from webnet.plugins.gate.effective import effective_customers
from webnet.plugins.registry import find_plugin
from webnet.plugins.tenancy import is_customer_owned

Row = TypeVar("Row", bound=Model)


class LeakPrevented(RuntimeError):
    """A resolver was about to show a row that is not this request's; narrow its rows with `context.rows()`."""


def all_rows(model: Any) -> QuerySet[Any]:
    """Every row, by the model's own manager."""
    rows: QuerySet[Any] = model._default_manager.all()  # noqa: SLF001 - Django documents it
    return rows


def scope(rows: QuerySet[Row], reading: Reading, *, shown_by: str | None = None) -> QuerySet[Row]:
    """The rows that this request may see; those of a model that is everybody's are left as they are.

    Another plugin than the model's own may show them: `shown_by` must then be effective for their customers as well.
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
    """Whether this request may see the row, wherever it comes from; `shown_by` as above."""
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
