"""Clients of webnet's GraphQL API, for tests: one inside the test's process, one over the network."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpResponseBase

TIMEOUT_SECONDS = 60
_FIELDS = """{ __schema { mutationType { fields { name args { type { ...T } } type { ...T } } } }
__type(name: "Refusal") { possibleTypes { name } } }
fragment T on __Type { name possibleTypes { name } ofType { name possibleTypes { name } } }"""


class GraphQLClient(ABC):
    """A user on a view of webnet: `slug` is the customer of the view, None for the platform's view."""

    def __init__(self, *, who: str, slug: str | None) -> None:
        self.who = who
        self.slug = slug
        self._mutations: dict[str, tuple[str, str]] = {}

    @property
    def address(self) -> str:
        """The path of the view's GraphQL endpoint."""
        return f"/graphql/{self.slug}/" if self.slug else "/graphql/"

    @abstractmethod
    def run(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole response: `data`, and `errors` if there are any."""

    def query(self, document: str, **variables: Any) -> Any:
        """The response's data. Raises AssertionError, with their codes and paths, if the response has errors."""
        answer = self.run(document, **variables)
        if "errors" in answer:
            raise AssertionError(f"{self.who} at {self.address} got errors: {_describe_errors(answer['errors'])}.")
        return answer["data"]

    def error_code(self, document: str, **variables: Any) -> str:
        """The code of the response's error. Raises AssertionError if it has none, or several."""
        errors = self.run(document, **variables).get("errors", [])
        if len(errors) != 1:
            got = _describe_errors(errors) or "none"
            raise AssertionError(f"{self.who} at {self.address} should have got one error, but got: {got}.")
        return str(errors[0]["extensions"]["code"])

    def mutate(self, field: str, selection: str = "__typename", **values: Any) -> dict[str, Any]:
        """Send a mutation with `values` as its input. Returns its payload, or its refusal with `code` and `message`.

        `selection` selects fields of the payload; `__typename` is always selected and distinguishes the two.
        """
        input_type, payload = self._shape_of(field)
        document = (
            f"mutation($input: {input_type}!) {{ {field}(input: $input) {{ __typename "
            f"... on {payload} {{ {selection} }} ... on Refusal {{ code message }} }} }}"
        )
        result: dict[str, Any] = self.query(document, input=values)[field]
        return result

    def _shape_of(self, field: str) -> tuple[str, str]:
        """The names of a mutation's input and payload types in this view's schema."""
        if field not in self._mutations:
            schema = self.query(_FIELDS)
            refusals = {each["name"] for each in schema["__type"]["possibleTypes"]}
            for each in schema["__schema"]["mutationType"]["fields"]:
                self._mutations[each["name"]] = _read_shape(each, refusals)
        if field not in self._mutations:
            raise AssertionError(
                f"{self.who} at {self.address} has no mutation '{field}'. Is its plugin enabled for this customer? The "
                "fixture `enable_plugin` does that."
            )
        return self._mutations[field]


class WebnetClient(GraphQLClient):
    """A client in the test's process and transaction, which calls the same views as a server."""

    def __init__(self, *, who: str, slug: str | None, token: str | None, user: Any = None) -> None:
        from django.test import Client

        super().__init__(who=who, slug=slug)
        self.user = user
        self._token = token
        self._api, self._browser = Client(), Client()
        if user is not None:
            self._browser.force_login(user)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authenticate the client."""
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def run(self, document: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": document, "variables": variables})
        answer: dict[str, Any] = self._api.post(
            self.address, body, content_type="application/json", headers=self.headers
        ).json()
        return answer

    def count_statements(self, document: str, **variables: Any) -> int:
        """The number of SQL statements that the document takes, once webnet's caches are warm."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        self.query(document, **variables)
        with CaptureQueriesContext(connection) as statements:
            self.query(document, **variables)
        return len(statements)

    def get_page(self, plugin: str, path: str = "", **parameters: Any) -> HttpResponseBase:
        """A page of the plugin, as this user's browser gets it; `path` is that of the UIView."""
        return self.get(f"/c/{self.slug}/plugins/{plugin}/{path}", **parameters)

    def get(self, address: str, **parameters: Any) -> HttpResponseBase:
        """Any page, as this user's browser gets it."""
        response: HttpResponseBase = self._browser.get(address, parameters)
        return response


class HttpClient(GraphQLClient):
    """A client of a webnet in another process, over HTTP."""

    def __init__(self, *, who: str, slug: str | None, url: str, token: str | None) -> None:
        super().__init__(who=who, slug=slug)
        self._url, self._token = url, token

    def run(self, document: str, **variables: Any) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        body = json.dumps({"query": document, "variables": variables}).encode()
        request = urllib.request.Request(f"{self._url}{self.address}", body, headers)  # noqa: S310 - our own server
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 - likewise
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:  # error responses have a body as well
            with error:
                answer = json.load(error)
        return answer


def _read_shape(field: dict[str, Any], refusals: set[str]) -> tuple[str, str]:
    result = _without_required(field["type"])
    members = [each["name"] for each in result["possibleTypes"] or ()]
    payload = next((name for name in members if name not in refusals), result["name"])
    input_type = next((_without_required(argument["type"])["name"] for argument in field["args"]), "")
    return input_type, payload


def _without_required(kind: dict[str, Any]) -> dict[str, Any]:
    """The type without its `!`."""
    return kind if kind["name"] else kind["ofType"]


def _describe_errors(errors: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{each.get('extensions', {}).get('code')} at {'.'.join(map(str, each.get('path', ()))) or 'the document'}: "
        f"{each['message']}"
        for each in errors
    )
