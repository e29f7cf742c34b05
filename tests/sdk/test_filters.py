"""Filters and orders of a plugin's connections: joined as they say, and stable from page to page."""

from __future__ import annotations

import pytest
from shelf.models import Book, Genre, Shelf
from shelf.schema import BookFilter

from webnet.api.declarations.connections import narrow
from webnet.sdk import graphql

pytestmark = pytest.mark.django_db(transaction=True)

BOOKS = """query($filter: BookFilter, $order: [BookOrder!], $first: Int, $after: String) {
  books(filter: $filter, order: $order, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { title } } } }"""


@pytest.fixture
def client(world):
    """acme's viewer, where acme has four books of its own making and no others."""
    Book.objects.of(world.acme).delete()
    shelf, other = Shelf.objects.of(world.acme)
    crime = Genre.objects.create(name="crime")
    for title, pages, genre, place in (
        ("Ash", 300, crime, shelf),
        ("Birch", 100, crime, other),
        ("Cedar", 300, None, shelf),
        ("Crime and ash", 200, None, other),
    ):
        Book.objects.create(shelf=place, title=title, pages=pages, genre=genre)
    return world.client("acme-viewer", "acme")


def titles(client, **variables):
    return [edge["node"]["title"] for edge in client.data(BOOKS, **variables)["books"]["edges"]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["Ash", "Birch", "Cedar", "Crime and ash"]),
        ({"title": ["Ash", "Cedar", "Nobody's"]}, ["Ash", "Cedar"]),  # items of a list: OR
        ({"title": []}, []),
        ({"title": None}, ["Ash", "Birch", "Cedar", "Crime and ash"]),  # null does not filter
        ({"search": "ASH"}, ["Ash", "Crime and ash"]),
        ({"search": "crime"}, ["Ash", "Birch", "Crime and ash"]),  # lookups: OR, the genre's name among them
        ({"pagesFrom": 300}, ["Ash", "Cedar"]),
        ({"search": "crime", "pagesFrom": 200}, ["Ash", "Crime and ash"]),  # fields: AND
        ({"search": "%"}, []),
    ],
)
def test_a_filter_narrows_as_it_says(client, wanted, found):
    assert titles(client, filter=wanted) == found


def test_a_filter_by_a_row_takes_its_global_id(client, world):
    shelf = world.ids(world.acme, Shelf)[0]

    assert titles(client, filter={"shelf": shelf}) == ["Ash", "Cedar"]
    assert titles(client, filter={"shelf": "no id"}) == []


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ([{"field": "TITLE", "direction": "DESC"}], ["Crime and ash", "Cedar", "Birch", "Ash"]),
        ([{"field": "PAGES"}], ["Birch", "Crime and ash", "Ash", "Cedar"]),  # ties go by age
        (
            [{"field": "PAGES", "direction": "DESC"}, {"field": "TITLE", "direction": "DESC"}],
            ["Cedar", "Ash", "Crime and ash", "Birch"],
        ),
        ([], ["Ash", "Birch", "Cedar", "Crime and ash"]),
    ],
)
def test_an_order_holds_within_a_page_and_from_page_to_page(client, order, found):
    assert titles(client, order=order) == found

    paged, after = [], None
    for _ in found:
        page = client.data(BOOKS, order=order, first=1, after=after)["books"]
        paged += [edge["node"]["title"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        assert page["totalCount"] == 4

    assert paged == found and page["pageInfo"]["hasNextPage"] is False


@graphql.filter
class WitheringFilter:
    """`short` is nobody's column: the filter does it itself."""

    title: list[str] | None
    short: bool | None = graphql.lookup()

    def apply(self, rows):
        return rows.filter(pages__lt=250) if self.short else rows


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (WitheringFilter(), ["Ash", "Birch", "Cedar", "Crime and ash"]),
        (WitheringFilter(short=False), ["Ash", "Birch", "Cedar", "Crime and ash"]),
        (WitheringFilter(short=True), ["Birch", "Crime and ash"]),
        (WitheringFilter(short=True, title=["Ash", "Birch"]), ["Birch"]),
    ],
)
def test_a_filter_narrows_in_a_way_of_its_own(client, world, wanted, found):
    rows = narrow(Book.objects.of(world.acme).order_by("pk"), wanted)

    assert list(rows.values_list("title", flat=True)) == found


def test_a_filter_is_an_input_with_its_docstring():
    assert BookFilter.__strawberry_definition__.is_input
    assert BookFilter.__strawberry_definition__.description == "`search` is a part of the title."
