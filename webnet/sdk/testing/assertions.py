"""Assertions for every plugin: customers don't see each other's rows, and a disabled plugin disappears."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from webnet.sdk.trial.client import WebnetClient

if TYPE_CHECKING:
    from webnet.customers.models import Customer
    from webnet.sdk.trial.documents import Question

# The values in a statement, of which there may be one for each row.
VALUES = re.compile(r"\(?(?:%s|\d+|'[^']*')(?:, (?:%s|\d+|'[^']*'))*\)?")
ROOTS = """{ __schema { queryType { fields { name } } mutationType { fields { name } }
subscriptionType { fields { name } } types { name } }
navigationItems { plugin { name } } currentCustomer { viewerPermissions } }"""


def assert_no_leaks(plugin: str, *, mine: WebnetClient, theirs: WebnetClient) -> None:
    """Raise AssertionError if anything that the plugin shows to `mine` contains a row of the other customer.

    Looks at its root fields, the fields it adds to other types, `Query.node` with the other customer's ids, its pages
    and widgets. The plugin must be enabled for both customers, and the other one must have rows that `theirs` can see:
    otherwise nothing would be tested.
    """
    from webnet.sdk.trial.traces import find_traces

    traces = find_traces(plugin, _customer_of(theirs))
    if not any(traces.found_in(shown) for _, shown in _show_all(plugin, theirs, traces.ids)):
        raise AssertionError(
            f"Plugin '{plugin}' shows {theirs.who} no row of '{theirs.slug}', so nothing is tested: is the plugin "
            "enabled for it, and does its schema show its models?"
        )
    for place, shown in _show_all(plugin, mine, traces.ids):
        found = traces.found_in(shown)
        if found is not None:
            raise AssertionError(
                f"Plugin '{plugin}', {place}: {mine.who} sees '{found}' of '{theirs.slug}': narrow its rows with "
                "`context.rows()`, or on pages and widgets with `objects.of(customer)`."
            )


def assert_vanishes_when_disabled(plugin: str, *, client: WebnetClient) -> None:
    """Disable the plugin for the client's customer, and raise AssertionError if anything of it is still there.

    Looks at its root fields, types, navigation items, pages and permissions. The plugin stays disabled.
    """
    before = list(_find_surfaces(plugin, client))
    if not before:
        raise AssertionError(
            f"Plugin '{plugin}' shows nothing to {client.who} at '{client.slug}', so nothing is tested: enable it for "
            "this customer first."
        )
    from webnet.plugins.manager import manager
    from webnet.sdk.trial.fixtures_data import SYSTEM

    manager.disable(plugin, actor=SYSTEM, customer=client.slug, with_dependents=True)
    after = list(_find_surfaces(plugin, client))
    if after:
        raise AssertionError(f"Plugin '{plugin}' is disabled for '{client.slug}', but still shows {', '.join(after)}.")


def assert_statements_do_not_grow(client: WebnetClient, document: str, *, add_rows: Callable[[], object]) -> None:
    """Raise AssertionError if the document takes more SQL statements once `add_rows` has created more rows (N+1).

    If a list is empty or a value null at first, a statement that is new does not count, unless it is sent for every
    row of a list: what belongs to rows is not read without rows.
    """
    first = client.query(document)
    few = _count_statements(client, document)
    add_rows()
    many = _count_statements(client, document)
    if many.total() <= few.total():
        return
    if 0 in _list_lengths(first):
        rows = min((length for length in _list_lengths(client.query(document)) if length > 1), default=None)
        if rows is None or all(times - few[statement] < rows for statement, times in many.items()):
            return
    raise AssertionError(
        f"{many.total()} SQL statements with more rows, {few.total()} with few: read related rows for all rows at "
        f"once, like relations of graphql.type do. {document}"
    )


def _count_statements(client: WebnetClient, document: str) -> Counter[str]:
    """How often the document sends each SQL statement, whatever its values, once webnet's caches are warm."""
    from django.db import connection

    client.query(document)
    found: Counter[str] = Counter()

    def count(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        found[VALUES.sub("?", sql)] += 1
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        client.query(document)
    return found


def _list_lengths(answer: Any) -> Iterator[int]:
    """The length of every list in an answer; 0 for null, since there is no row either."""
    if answer is None or isinstance(answer, list):
        yield len(answer or ())
    for each in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        yield from _list_lengths(each)


def _show_all(plugin: str, client: WebnetClient, ids: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """(place, what it shows the client) for everything that the plugin has."""
    for question in _questions(plugin, client, ids):
        yield question.place, json.dumps(client.run(question.document, **question.variables))
    for path in _page_paths(plugin):
        yield f"page '{path}'", _read_page(client, plugin, path)
    yield from _show_widgets(plugin, client)


def _questions(plugin: str, client: WebnetClient, ids: dict[str, tuple[str, ...]]) -> Iterator[Question]:
    from webnet.api.schema import full_schema
    from webnet.api.visibility import schema_without
    from webnet.plugins.gate.effective import customer_state
    from webnet.sdk.trial.documents import Questions

    owners = full_schema().owners
    schema = schema_without(owners.plugins - customer_state(_customer_of(client)).effective).graphql
    firsts = {name: each[0] for name, each in ids.items()}
    yield from Questions(plugin=plugin, schema=schema, owners=owners, ids=firsts)
    offered = Questions(plugin=plugin, schema=schema, owners=owners, ids=firsts, offer_ids=True)
    yield from (each for each in offered if each.variables)


def _show_widgets(plugin: str, client: WebnetClient) -> Iterator[tuple[str, str]]:
    from webnet.plugins.base import call_with
    from webnet.plugins.registry import registry
    from webnet.sdk.trial.fixtures_data import make_hook_context

    manifest = registry.get(plugin).manifest
    context = make_hook_context(plugin, customer=_customer_of(client))
    for widget in manifest.dashboard_widgets if manifest is not None else ():
        maker = widget.data or widget.html
        shown = call_with(maker, context) if maker is not None else None
        yield f"widget '{widget.name}'", json.dumps(shown, default=str)


def _find_surfaces(plugin: str, client: WebnetClient) -> Iterator[str]:
    """The names of everything that the plugin shows the client."""
    from webnet.api.schema import full_schema

    answer = client.query(ROOTS)
    schema, owners = answer["__schema"], full_schema().owners
    present = {each["name"] for each in schema["types"]}
    yield from (f"the type {name}" for name, owner in owners.types.items() if owner == plugin and name in present)
    for root in ("Query", "Mutation", "Subscription"):
        fields = {each["name"] for each in (schema[f"{root.lower()}Type"] or {"fields": ()})["fields"]}
        yield from (f"{root}.{name}" for name in fields if owners.fields.get((root, name)) == plugin)
    permissions = answer["currentCustomer"]["viewerPermissions"]
    yield from (f"the permission {each}" for each in permissions if each.startswith(f"{plugin}."))
    if any(item["plugin"]["name"] == plugin for item in answer["navigationItems"]):
        yield "its navigation item"
    for path in _page_paths(plugin):
        if client.get_page(plugin, path).status_code != 404:
            yield f"the page '{path}'"


def _page_paths(plugin: str) -> list[str]:
    """The paths of the plugin's pages, except those with arguments."""
    from webnet.plugins.registry import registry

    manifest = registry.get(plugin).manifest
    return [view.path for view in (manifest.ui_views if manifest is not None else ()) if "<" not in view.path]


def _read_page(client: WebnetClient, plugin: str, path: str) -> str:
    response: Any = client.get_page(plugin, path)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode(errors="replace"))


def _customer_of(client: WebnetClient) -> Customer:
    from webnet.customers.models import Customer

    if client.slug is None:
        raise ValueError(f"{client.who} is on the platform's view: pass a client on a customer's view.")
    return Customer.objects.select_related("generation").get(slug=client.slug)
