"""The testing kit as a plugin's author uses it, on the sample plugin `shelf`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shelf.models import Book, Genre, Shelf

from webnet.plugins.base import DashboardWidget
from webnet.plugins.manager import manager
from webnet.plugins.registry import registry
from webnet.sdk.graphql import relations
from webnet.sdk.testing import (
    WebnetClient,
    assert_no_leaks,
    assert_statements_do_not_grow,
    assert_vanishes_when_disabled,
)

NAMES = "{ allShelves { edges { node { name } } } }"


@pytest.fixture
def globex(make_webnet_customer, enable_plugin):
    globex = make_webnet_customer("globex")
    enable_plugin("shelf", customer=globex)
    return globex


def fill(customer, name):
    shelf = Shelf.objects.create(customer=customer, name=f"{customer.slug} {name}")
    Book.objects.create(shelf=shelf, title=f"{customer.slug} {name} book", pages=1)


def names(data):
    return [edge["node"]["name"] for edge in data["allShelves"]["edges"]]


def test_a_client_asks_and_changes(webnet_client, enable_plugin):
    enable_plugin("shelf")

    added = webnet_client.mutate("addShelf", "shelf { name }", name="new")

    assert added == {"__typename": "AddShelfPayload", "shelf": {"name": "new"}}
    assert names(webnet_client.query(NAMES)) == ["new"]


def test_a_refusal_is_an_answer_with_its_code(make_webnet_client, enable_plugin):
    enable_plugin("shelf")

    refused = make_webnet_client("viewer").mutate("addShelf", "shelf { name }", name="new")

    assert (refused["__typename"], refused["code"]) == ("PermissionDenied", "ROLE_TOO_LOW")


def test_everybody_has_their_own_view(make_webnet_client, enable_plugin, webnet_customer, globex):
    enable_plugin("shelf")
    fill(webnet_customer, "ours")
    fill(globex, "theirs")

    seen = {role: names(make_webnet_client(role).query(NAMES)) for role in ("viewer", "admin", "platform")}

    assert seen["viewer"] == seen["admin"] == ["acme ours"]
    assert seen["platform"] == ["acme ours", "globex theirs"]
    assert names(make_webnet_client("viewer", globex).query(NAMES)) == ["globex theirs"]
    assert make_webnet_client("").error_code("{ currentCustomer { slug } }") == "UNAUTHENTICATED"


def test_what_is_off_is_told_with_the_way_out(webnet_client):
    with pytest.raises(AssertionError, match=r"operator-acme-\d at /graphql/acme/ got errors: GRAPHQL_VALIDATION_FAIL"):
        webnet_client.query(NAMES)
    with pytest.raises(AssertionError, match=r"has no mutation 'addShelf'. Is its plugin enabled .*`enable_plugin`"):
        webnet_client.mutate("addShelf", name="new")


def test_an_error_that_is_not_there_is_told(webnet_client):
    with pytest.raises(AssertionError, match="should have got one error, but got: none"):
        webnet_client.error_code("{ currentCustomer { slug } }")


def test_a_plugin_that_is_not_under_test_is_told(enable_plugin):
    with pytest.raises(LookupError, match=r"no plugin 'other' among those .*shelf.*'webnet_plugins'"):
        enable_plugin("other")


@pytest.mark.parametrize("role", ["owner", "viewers"])
def test_a_role_that_is_none_is_told(make_webnet_client, role):
    with pytest.raises(ValueError, match=f"'{role}' is not a role: use one of viewer, operator, admin, platform"):
        make_webnet_client(role)


def test_settings_are_set_for_everybody_and_for_one(webnet_settings, hook_context, enable_plugin, webnet_customer):
    enable_plugin("hello_world")
    webnet_settings("hello_world", greeting="Hi")
    webnet_settings("hello_world", customer=webnet_customer, greeting="Moin")

    assert hook_context("hello_world").settings["greeting"] == "Hi"
    assert hook_context("hello_world", customer=webnet_customer).settings["greeting"] == "Moin"


def test_a_page_is_got_as_a_browser_does(make_webnet_client, enable_plugin):
    client = make_webnet_client("viewer")
    assert client.get_page("hello_world").status_code == 404

    enable_plugin("hello_world")

    assert b"Hello, Acme!" in client.get_page("hello_world").content


@pytest.mark.django_db(transaction=True)
def test_committed_rows_reach_widgets_and_are_gone_after_the_test(webnet_client, enable_plugin):
    enable_plugin("hello_world")

    widgets = webnet_client.query("{ dashboardWidgets { data error } }")["dashboardWidgets"]

    assert widgets == [{"data": {"text": "Hello, Acme!"}, "error": None}]


# What must hold of every plugin; each with a plugin for which it does not.


@pytest.fixture
def two(make_webnet_client, enable_plugin, webnet_customer, globex):
    """Clients of two customers that both have rows of the plugin."""
    enable_plugin("shelf")
    for customer in (webnet_customer, globex):
        fill(customer, "ours")
    return make_webnet_client("admin"), make_webnet_client("admin", globex)


def test_a_plugin_without_leaks_passes(two):
    mine, theirs = two

    assert_no_leaks("shelf", mine=mine, theirs=theirs)


@pytest.fixture
def careless_widget(monkeypatch):
    """`shelf` with a widget that shows everybody's rows."""
    leaking = DashboardWidget(name="all", title="All", data=lambda: [shelf.name for shelf in Shelf.objects.all()])
    entry = registry.get("shelf")
    changed = replace(entry, manifest=replace(entry.manifest, dashboard_widgets=(leaking,)))
    monkeypatch.setattr(registry, "_entries", registry._entries | {entry.module: changed})


@pytest.mark.usefixtures("careless_widget")
def test_a_leak_is_told_with_its_place_and_way_out(two):
    mine, theirs = two

    with pytest.raises(AssertionError, match=r"Plugin 'shelf', widget 'all': admin-acme.* of 'globex': narrow its row"):
        assert_no_leaks("shelf", mine=mine, theirs=theirs)


def test_what_only_takes_an_id_is_asked_with_one_of_the_other_customer(two, monkeypatch):
    """A filter by a row is optional, and would lead to another customer's rows if it were not narrowed."""
    mine, theirs = two
    run, asked = WebnetClient.run, []

    def listen(client, document, **variables):
        if client is mine:
            asked.append((document, variables))
        return run(client, document, **variables)

    monkeypatch.setattr(WebnetClient, "run", listen)

    assert_no_leaks("shelf", mine=mine, theirs=theirs)

    (given,) = (
        variables for document, variables in asked if document.startswith("query($filter: BookFilter) { books(")
    )
    foreign = theirs.query("{ shelves { id } books { edges { node { id } } } }")
    ids = {foreign["shelves"][0]["id"], foreign["books"]["edges"][0]["node"]["id"]}
    assert given["filter"]["shelf"] in ids


def test_a_leak_that_nobody_could_see_is_no_test(two, disable_plugin, globex):
    mine, theirs = two
    disable_plugin("shelf", customer=globex)

    with pytest.raises(AssertionError, match=r"shows admin-globex.* no row of 'globex', so nothing is tested"):
        assert_no_leaks("shelf", mine=mine, theirs=theirs)


def test_what_is_disabled_vanishes(make_webnet_client, enable_plugin):
    enable_plugin("hello_world")
    client = make_webnet_client("viewer")

    assert_vanishes_when_disabled("hello_world", client=client)

    assert client.get_page("hello_world").status_code == 404
    with pytest.raises(
        AssertionError, match=r"Plugin 'hello_world' shows nothing to .*, so nothing is tested: enable it"
    ):
        assert_vanishes_when_disabled("hello_world", client=client)


def test_what_stays_is_told(make_webnet_client, enable_plugin, monkeypatch):
    enable_plugin("hello_world")
    monkeypatch.setattr(manager, "disable", lambda *_, **__: None)

    with pytest.raises(
        AssertionError, match=r"is disabled for 'acme', but still shows the permission hello_world.greet, its nav"
    ):
        assert_vanishes_when_disabled("hello_world", client=make_webnet_client("viewer"))


def test_statements_that_do_not_grow_pass(two, webnet_customer):
    mine, _ = two

    assert_statements_do_not_grow(mine, NAMES, add_rows=lambda: fill(webnet_customer, "more"))


RELATED = "{ shelves { name books { title genre { name } } } }"


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_what_is_read_for_the_first_rows_does_not_count_as_growth(rows, enable_plugin, webnet_client, webnet_customer):
    enable_plugin("shelf")

    assert_statements_do_not_grow(
        webnet_client, RELATED, add_rows=lambda: [fill(webnet_customer, f"new {number}") for number in range(rows)]
    )


@pytest.mark.parametrize("rows", [2, 5])
def test_statements_that_grow_from_no_rows_are_told(rows, enable_plugin, webnet_client, webnet_customer, monkeypatch):
    enable_plugin("shelf")
    monkeypatch.setattr(relations, "peers_of", lambda row: [row])
    document = "{ named { name ... on Shelf { books { title } } } }"

    with pytest.raises(AssertionError, match=r"SQL statements with more rows, .* with few: read related rows"):
        assert_statements_do_not_grow(
            webnet_client, document, add_rows=lambda: [fill(webnet_customer, f"new {number}") for number in range(rows)]
        )


@pytest.mark.parametrize("books", [0, 1])
def test_what_rows_did_not_have_does_not_count_as_growth(books, enable_plugin, webnet_client, webnet_customer):
    enable_plugin("shelf")
    genre = Genre.objects.create(name="novel")
    shelves = [Shelf.objects.create(customer=webnet_customer, name=f"shelf {number}") for number in range(3)]
    Book.objects.bulk_create(Book(shelf=shelf, title="of no genre") for shelf in shelves for _ in range(books))

    assert_statements_do_not_grow(
        webnet_client,
        RELATED,
        add_rows=lambda: [Book.objects.create(shelf=each, title="first", genre=genre) for each in shelves],
    )


def test_statements_that_grow_are_told(two, webnet_customer, monkeypatch):
    mine, _ = two
    monkeypatch.setattr(relations, "peers_of", lambda row: [row])
    document = "{ named { name ... on Shelf { books { title } } } }"

    with pytest.raises(AssertionError, match=r"SQL statements with more rows, .* with few: read related rows"):
        assert_statements_do_not_grow(mine, document, add_rows=lambda: fill(webnet_customer, "more"))
