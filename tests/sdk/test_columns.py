"""Every kind of column is shown whole, and rows are ordered by it the same on both databases, page by page."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from itertools import cycle
from pathlib import Path

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField
from django.test.utils import isolate_apps
from gauges import models
from gauges.schema import ORDER

from webnet.api.engine.checks.column_checks import refuse_narrow_fields
from webnet.api.engine.ownership import Ownership
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.paging import cursors
from webnet.api.vocabulary.columns import find_order_kind, holds_all
from webnet.api.vocabulary.node import read_global_id
from webnet.api.vocabulary.scalars import SCALARS
from webnet.errors import PluginDefinitionError
from webnet.sdk import graphql
from webnet.sdk.models import CustomerOwnedModel

LARGEST = 2**63 - 1
WHOLE = {
    "title": "x" * 20,
    "note": "\U0001f600\n",
    "octets": -LARGEST - 1,
    "limit": LARGEST,
    "count": -(2**31),
    "small": 32767,
    "price": Decimal("-9999999999.99"),
    "ratio": 5e-324,
    "is_open": True,
    "is_good": None,
    "day": datetime.date(1, 1, 1),
    "moment": datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC),
    "hour": datetime.time(23, 59, 59, 999999),
    "span": datetime.timedelta(days=-106_751_991, microseconds=1),
    "key": uuid.UUID(int=2**128 - 1),
    "address": "2001:db8::1",
    "raw": b"\0\xff",
    "document": "folder/of.txt",
    "data": {"big": 2**70, "list": [1.5, None]},
}
SHOWN = {
    **WHOLE,
    "price": "-9999999999.99",
    "day": "0001-01-01",
    "moment": "9999-12-31T23:59:59.999999Z",
    "hour": "23:59:59.999999",
    "span": "-P106751990DT23H59M59.999999S",
    "key": "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "raw": "AP8=",
    "twice": "-19999999999.98",
}
# Few values, so that there are ties, and among them those next to each other that a float would not tell apart.
VALUES = {
    "title": [None, *(f"{letter}{number}" for number in range(3) for letter in "aBé")],
    "octets": [LARGEST, LARGEST - 1, -LARGEST - 1, 0],
    "count": [3, -3, 3],
    "price": [
        Decimal("0.10"),
        Decimal("0.11"),
        Decimal("-0.10"),
        None,
        Decimal("9999999999.99"),
        Decimal("9999999999.98"),
    ],
    "ratio": [0.1, 0.1 + 2**-56, 1e308, -1e-300, None, 5e-324],
    "is_open": [True, False],
    "is_good": [None, True, False],
    "day": [None, datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(2026, 1, 1)],
    "moment": [None, *(datetime.datetime(2026, 1, 1, 0, 0, 0, each, tzinfo=datetime.UTC) for each in (0, 1, 999_999))],
    "hour": [None, datetime.time(), datetime.time(0, 0, 0, 1), datetime.time(23)],
    "span": [None, datetime.timedelta(microseconds=-1), datetime.timedelta(), datetime.timedelta(days=400)],
    "key": [None, uuid.UUID(int=1), uuid.UUID(int=2**127)],
}
COUNT = 10
PAGE = """query($order: [GaugeOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  gauges(order: $order, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.fixture
def client(enable_plugin, make_webnet_client):
    enable_plugin("gauges")
    return make_webnet_client("viewer")


@pytest.fixture
def rows(client, webnet_customer):
    """Ten rows, whose values of each column are repeated in turn."""
    columns = {name: cycle(values) for name, values in VALUES.items()}
    models.Gauge.objects.bulk_create(
        models.Gauge(customer=webnet_customer, **{name: next(values) for name, values in columns.items()})
        for _ in range(COUNT)
    )
    return list(models.Gauge.objects.order_by("pk"))


def test_every_column_is_shown_whole(client, webnet_customer):
    models.Gauge.objects.create(customer=webnet_customer, **WHOLE)
    names = {name: name.title().replace("_", "") for name in SHOWN}
    camel = {name: each[0].lower() + each[1:] for name, each in names.items()}

    (edge,) = client.query(f"{{ gauges {{ edges {{ node {{ {' '.join(camel.values())} }} }} }} }}")["gauges"]["edges"]

    assert {name: edge["node"][shown] for name, shown in camel.items()} == SHOWN


def test_a_column_without_a_value_is_shown_as_well(client, webnet_customer):
    models.Gauge.objects.create(customer=webnet_customer)

    (edge,) = client.query("{ gauges { edges { node { title raw document twice span } } } }")["gauges"]["edges"]

    assert edge["node"] == {"title": None, "raw": None, "document": "", "twice": None, "span": None}


def expected(rows, column, direction):
    """The ids in order: by the values, with rows without one last, and ties by age."""
    known = [row for row in rows if getattr(row, column) is not None]
    known.sort(key=lambda row: getattr(row, column), reverse=direction == "DESC")
    return [row.pk for row in [*known, *(row for row in rows if getattr(row, column) is None)]]


def keys(page):
    ids = (edge["node"]["id"] for edge in page["edges"])
    return [int(read_global_id(each)[1]) for each in ids]


@pytest.mark.slow  # Every column in both directions, each walked through twice.
def test_rows_are_ordered_by_each_column_with_those_without_a_value_last(client, rows):
    for column in (each for each in ORDER if each != "title"):
        for direction in ("ASC", "DESC"):
            order = [{"field": column.upper(), "direction": direction}]

            found = keys(client.query(PAGE, order=order)["gauges"])

            assert found == expected(rows, column, direction), order
            assert walk(client, order, forwards=True) == found == walk(client, order, forwards=False), order


@pytest.mark.slow
def test_texts_without_a_value_come_last_and_pages_hold_every_row_once(client, rows):
    for direction in ("ASC", "DESC"):
        order = [{"field": "TITLE", "direction": direction}]

        found = keys(client.query(PAGE, order=order)["gauges"])

        assert found[-1] == next(
            row.pk for row in rows if row.title is None
        )  # how letters are sorted is the database's
        assert sorted(found) == [row.pk for row in rows]
        assert walk(client, order, forwards=True) == found == walk(client, order, forwards=False)


def test_pages_of_several_nullable_columns(client, rows):
    order = [{"field": "IS_GOOD", "direction": "DESC"}, {"field": "PRICE"}, {"field": "DAY", "direction": "DESC"}]

    found = keys(client.query(PAGE, order=order)["gauges"])

    by_day = sorted(rows, key=lambda row: (row.day is None, -(row.day or datetime.date.max).toordinal()))
    by_price = sorted(by_day, key=lambda row: (row.price is None, row.price or 0))
    by_good = sorted(by_price, key=lambda row: (row.is_good is None, -(row.is_good or 0)))
    assert found == [row.pk for row in by_good]
    assert walk(client, order, forwards=True) == found == walk(client, order, forwards=False)


def walk(client, order, *, forwards):
    """All ids, three rows a page, from the one end or from the other."""
    found, cursor, has_more = [], None, True
    size, place = ("first", "after") if forwards else ("last", "before")
    while has_more:
        page = client.query(PAGE, order=order, **{size: 3, place: cursor})["gauges"]
        info = page["pageInfo"]
        assert info["hasPreviousPage" if forwards else "hasNextPage"] is (cursor is not None)
        found = [*found, *keys(page)] if forwards else [*keys(page), *found]
        cursor, has_more = (
            info["endCursor" if forwards else "startCursor"],
            info["hasNextPage" if forwards else "hasPreviousPage"],
        )
    return found


FORGED = {
    "octets": [2**63, "1", 1.5, None, True],
    "count": [2**63],
    "price": [1.5, "NaN", "1e999999", "0.001", "12345678901", "1", {}],
    "ratio": ["1", True, []],
    "is_open": [0, None, "true"],
    "day": ["2026-1-1", 5],
    "moment": ["2026-01-01", 1],
    "hour": ["12:00+01:00"],
    "span": ["P999999999D", 5],
    "key": ["x", 5],
    "title": ["\0", "\ud800", 5],
}


@pytest.mark.slow
def test_a_cursor_that_no_row_can_have_is_refused(client, rows, webnet_customer):
    for column, values in FORGED.items():
        for value in values:
            place = cursors.seal([value, 1], view=webnet_customer.slug, order=f"{column},id")

            answer = client.run(PAGE, order=[{"field": column.upper()}], after=place)

            refused = [error["extensions"]["code"] for error in answer.get("errors", ())]
            assert refused == ([] if (column, value) == ("price", "1") else ["BAD_CURSOR"]), (column, value)


def test_columns_that_the_databases_order_differently_are_no_orders():
    for column in ("address", "raw", "data", "document"):
        assert find_order_kind(models.Gauge._meta.get_field(column)) is None


def build(model=models.Gauge, **annotations):
    """A schema with a type that shows rows of the model by these fields."""
    cls = type("Narrow", (), {"__annotations__": annotations, "__module__": "gauges.schema", "__doc__": "Narrow."})
    return build_with(cls, model)


def build_with(cls, model=models.Gauge):
    """A schema with this class as the type that shows rows of the model."""
    shown = graphql.type(model)(cls)
    query = type("Query", (), {"__annotations__": {"narrow": shown}, "__module__": "gauges.schema"})

    import strawberry
    from strawberry.schema.config import StrawberryConfig

    return Schema(query=strawberry.type(query), config=StrawberryConfig(scalar_map=SCALARS))


OWNERS = Ownership(fields={}, types={"Narrow": "gauges"})


@pytest.mark.parametrize(
    ("name", "annotation", "problem"),
    [
        ("octets", int, "Int does not hold all that the column 'Gauge.octets', a BigIntegerField, holds"),
        ("limit", float, "Float does not hold all that the column 'Gauge.limit', a PositiveBigIntegerField, holds"),
        ("price", float | None, "Float does not hold all that the column 'Gauge.price', a DecimalField, holds"),
        ("moment", datetime.date | None, "Date does not hold all that the column 'Gauge.moment'"),
        ("ratio", int | None, "Int does not hold all that the column 'Gauge.ratio', a FloatField"),
        ("twice", float | None, "Float does not hold all that the column 'Gauge.twice', a GeneratedField"),
        ("day", datetime.date, "the column 'Gauge.day' can be null: write '| None' after the type"),
    ],
)
def test_a_field_that_is_narrower_than_its_column_is_refused_when_the_schema_is_built(name, annotation, problem):
    schema = build(**{name: annotation})

    with pytest.raises(PluginDefinitionError) as refused:
        refuse_narrow_fields(schema, OWNERS)

    assert f", the type 'Narrow', the field '{name}': {problem}" in refused.value.message


def test_a_narrow_field_is_told_with_file_and_line():
    class Narrow:
        """Octets of 32 bits."""

        title: graphql.auto
        octets: int

    with pytest.raises(PluginDefinitionError) as refused:
        refuse_narrow_fields(build_with(Narrow), OWNERS)

    line = Path(__file__).read_text().splitlines().index("        octets: int") + 1
    assert refused.value.message.startswith(
        f"In 'tests/sdk/test_columns.py', line {line}, the type 'Narrow', the field"
    )


def test_fields_that_are_wide_enough_are_taken():
    schema = build(
        octets=graphql.BigInt,
        count=float,
        small=int,
        price=Decimal | None,
        ratio=str | None,
        moment=datetime.datetime | None,
    )

    refuse_narrow_fields(schema, OWNERS)

    assert holds_all("Int", models.Gauge._meta.get_field("count"))


@isolate_apps("gauges")
def test_a_column_of_a_plugins_own_class_is_shown_as_what_it_extends():
    class Octets(BigIntegerField):
        pass

    class Disk(CustomerOwnedModel):
        size = Octets(default=0)

        class Meta:
            app_label = "gauges"

    assert "size: BigInt!" in build(Disk, size=graphql.auto).as_str()


def test_items_of_an_array_are_held_like_the_columns_that_they_are():
    array = ArrayField(BigIntegerField())

    assert holds_all("BigInt", array) and not holds_all("Int", array)
