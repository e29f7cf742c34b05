"""The checks of graphql-cop 1.15 (https://github.com/dolevf/graphql-cop), anonymous.

It is in no package registry, so this is not its code: its requests, and what it takes for a weakness in the responses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from tests.browsing import Answer, Client
from tests.conformance.conftest import Target, compare_with_stored
from tests.databases import one_database_is_enough

pytestmark = one_database_is_enough

PATH = "/graphql/"
IDE_WORDS = ("graphiql.min.css", "GraphQL Playground", "GraphiQL", "graphql-playground")
ALIASES = f"query cop {{ {' '.join(f'alias{number}: __typename' for number in range(101))} }}"
CIRCULAR = (
    "{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }"
)


def ask(client: Client, document: str, *, times: int = 0) -> Any:
    """The parsed response to a document, or to a batch of it."""
    one = {"query": document}
    body = [one] * times if times else {**one, "operationName": "cop"}
    return client.send(
        "POST", PATH, body=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    ).json()


def ask_by_get(client: Client, document: str) -> Answer:
    return client.get(f"{PATH}?{urlencode({'query': document})}")


def find_data(response: Any, *path: str) -> Any:
    """The value at this path of `data`; None if the response has no such value."""
    found = response.get("data") if isinstance(response, dict) else None
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def first_message(response: Any) -> str:
    return str(response["errors"][0]["message"]) if response.get("errors") else ""


def has_extension(response: Any, name: str) -> bool:
    in_errors = any(name in error.get("extensions", {}) for error in response.get("errors", ()))
    return in_errors or name in response.get("extensions", {})


def is_answered(answer: Answer) -> bool:
    return "json" in answer.headers["content-type"] and bool(find_data(answer.json(), "__typename"))


# By the title of the check: whether it finds its weakness.
CHECKS: dict[str, Callable[[Client], bool]] = {
    "Alias Overloading": lambda client: bool(
        find_data(ask(client, ALIASES), "alias100")
    ),
    "Array-based Query Batching": lambda client: len(ask(client, "query cop { __typename }", times=10)) >= 10,
    "Directive Overloading": lambda client: len(
        ask(client, f"query cop {{ __typename {'@aa' * 10} }}").get("errors", ())
    ) == 10,
    "Field Suggestions": lambda client: "Did you mean" in first_message(
        ask(client, "query cop { __schema { directive } }")
    ),
    "GET Method Query Support": lambda client: is_answered(ask_by_get(client, "query cop {__typename}")),
    "GraphQL IDE": lambda client: any(word in client.get(PATH, Accept="text/html").text for word in IDE_WORDS),
    "Introspection": lambda client: bool(
        find_data(ask(client, "query cop { __schema { types { name fields { name } } } }"), "__schema", "types")
    ),
    "Introspection-based Circular Query": lambda client: len(
        find_data(ask(client, f"query cop {CIRCULAR}"), "__schema", "types") or ()
    ) > 25,
    "Mutation is allowed over GET (possible CSRF)": lambda client: is_answered(
        ask_by_get(client, "mutation cop {__typename}")
    ),
    "POST based url-encoded query (possible CSRF)": lambda client: is_answered(
        client.send("POST", PATH, body=urlencode({"query": "query cop { __typename }"}).encode())
    ),
    "Trace Mode": lambda client: has_extension(ask(client, "query cop { __typename }"), "tracing"),
    "Unhandled Errors Detection": lambda client: has_extension(ask(client, "qwerty cop { abc }"), "exception"),
}  # fmt: skip


def run_checks(client: Client) -> Iterator[tuple[str, bool]]:
    for title, finds_weakness in CHECKS.items():
        yield title, finds_weakness(client)


def test_no_check_finds_a_weakness(target: Target):
    # First what the tool asks to see whether there is a GraphQL service at all.
    assert find_data(ask(target.client, "query cop { __typename }"), "__typename") == "Query"

    results = dict(run_checks(target.client))

    assert [title for title, is_weak in results.items() if is_weak] == []
    compare_with_stored("graphql_cop.json", results)


class SignedIn(Client):
    """The same requests with a token."""

    def __init__(self, base_url: str, token: str) -> None:
        super().__init__(base_url)
        self.token = token

    def send(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        return super().send(
            method, path, body=body, headers={**(headers or {}), "Authorization": f"Bearer {self.token}"}
        )


def test_what_is_only_for_users_would_be_found(target: Target):
    """The negative control: users may read the schema, are helped with names, and may use GET."""
    found = {title for title, is_weak in run_checks(SignedIn(target.client.base_url, target.token)) if is_weak}

    assert {"Field Suggestions", "GET Method Query Support", "Introspection"} <= found
