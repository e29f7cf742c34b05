"""Takes every kind of value, and passes it on to the database without a look at it, as careless authors would."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from gauges import models
from webnet.sdk import graphql

ORDER = (
    "title",
    "octets",
    "count",
    "price",
    "ratio",
    "is_open",
    "is_good",
    "day",
    "moment",
    "hour",
    "span",
    "key",
    "twice",
)


@graphql.filter
class GaugeFilter:
    """By every kind of column."""

    title: list[str] | None
    note_has: str | None = graphql.lookup("note__icontains", "title__startswith")
    octets: list[graphql.BigInt] | None
    count: list[int] | None
    count_from: int | None = graphql.lookup("small__gte")
    count_as_text: str | None = graphql.lookup("count")
    price: list[Decimal] | None
    price_to: Decimal | None = graphql.lookup("price__lte", "twice__lt")
    ratio_from: float | None = graphql.lookup("ratio__gte")
    day: datetime.date | None
    year_of_day: int | None = graphql.lookup("day__year")
    moment_from: datetime.datetime | None = graphql.lookup("moment__gte")
    day_of_moment: datetime.date | None = graphql.lookup("moment__date")
    hour: list[datetime.time] | None
    span_to: datetime.timedelta | None = graphql.lookup("span__lte")
    key: UUID | None
    key_as_text: str | None = graphql.lookup("key")
    address: str | None
    id: graphql.ID | None
    data: graphql.JSON | None
    tag: str | None = graphql.lookup("data__tag")


@graphql.type(models.Gauge, filter=GaugeFilter, order=ORDER)
class Gauge(graphql.Node):
    """A gauge."""

    title: graphql.auto
    note: graphql.auto
    octets: graphql.auto
    limit: graphql.auto
    count: graphql.auto
    small: graphql.auto
    price: graphql.auto
    ratio: graphql.auto
    is_open: graphql.auto
    is_good: graphql.auto
    day: graphql.auto
    moment: graphql.auto
    hour: graphql.auto
    span: graphql.auto
    key: graphql.auto
    address: graphql.auto
    raw: graphql.auto
    document: graphql.auto
    data: graphql.auto
    twice: Decimal | None


@graphql.input
class GaugeInput:
    """A new gauge; what is not given has its default."""

    title: str | None = graphql.UNSET
    note: str | None = graphql.UNSET
    octets: graphql.BigInt | None = graphql.UNSET
    count: int | None = graphql.UNSET
    small: int | None = graphql.UNSET
    price: Decimal | None = graphql.UNSET
    ratio: float | None = graphql.UNSET
    is_good: bool | None = graphql.UNSET
    day: datetime.date | None = graphql.UNSET
    moment: datetime.datetime | None = graphql.UNSET
    hour: datetime.time | None = graphql.UNSET
    span: datetime.timedelta | None = graphql.UNSET
    key: UUID | None = graphql.UNSET
    address: str | None = graphql.UNSET
    data: graphql.JSON | None = graphql.UNSET


@graphql.type
class GaugePayload:
    """The gauge as it was stored."""

    gauge: Gauge


@graphql.type
class GaugeQueries:
    gauges: graphql.Connection[Gauge] = graphql.connection()
    gauge: Gauge | None = graphql.node()

    @graphql.field
    def gauge_by_key(self, info: graphql.Info, key: graphql.ID) -> Gauge | None:
        """Passes the id on as if it were a primary key."""
        return info.context.rows(models.Gauge).get(pk=key)

    @graphql.connection
    def gauges_from(self, price: Decimal, octets: graphql.BigInt = 0) -> graphql.Connection[Gauge]:
        """The database is asked when the page is read."""
        return models.Gauge.objects.filter(price__gte=price, octets__in=[octets, octets + 1])

    @graphql.field
    def echo(self, data: graphql.JSON, price: Decimal | None = None) -> graphql.JSON | None:
        return data

    @graphql.field
    def broken(self, count: int = 1) -> int | None:
        """A mistake of the plugin, whatever it is given."""
        return {}["nothing"]

    @graphql.field
    def stuck(self) -> int | None:
        """A value that no client gave."""
        return models.Gauge.objects.filter(count="many").count()


@graphql.type
class GaugeMutations:
    @graphql.mutation()
    def add_gauge(self, info: graphql.Info, input: GaugeInput) -> GaugePayload:
        given: dict[str, Any] = {name: value for name, value in vars(input).items() if value is not graphql.UNSET}
        with info.context.operation("add gauge") as operation:
            gauge = models.Gauge.objects.create(customer=info.context.customer, **given)
            operation.after = {"data": given.get("data")}
        return GaugePayload(gauge=models.Gauge.objects.get(pk=gauge.pk))
