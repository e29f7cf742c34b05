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
    """One person at one view of webnet: `slug` is the customer whose view it is, None for the platform's."""

    def __init__(self, *, who: str, slug: str | None) -> None:
        self.who = who
        self.slug = slug
        self._mutations: dict[str, tuple[str, str]] = {}

    @property
    def address(self) -> str:
        """Where its GraphQL is."""
        return f"/graphql/{self.slug}/" if self.slug else "/graphql/"

    @abstractmethod
    def run(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, as it came: `data`, and `errors` where there are any."""

    def query(self, document: str, **variables: Any) -> Any:
        """The answer's data. Raises AssertionError, with their codes and places, where the answer has errors."""
        answer = self.run(document, **variables)
        if "errors" in answer:
            raise AssertionError(f"{self.who} at {self.address} got errors: {_tell(answer['errors'])}.")
        return answer["data"]

    def error_code(self, document: str, **variables: Any) -> str:
        """The code of the answer's one error. Raises AssertionError where it has none, or several."""
        errors = self.run(document, **variables).get("errors", [])
        if len(errors) != 1:
            told = _tell(errors) or "none"
            raise AssertionError(f"{self.who} at {self.address} should have got one error, and got: {told}.")
        return str(errors[0]["extensions"]["code"])

    def mutate(self, field: str, selection: str = "__typename", **values: Any) -> dict[str, Any]:
        """Send one mutation, its input made of `values`: its payload, or its refusal with `code` and `message`.

        `selection` is of the payload; `__typename` is always there and says which of the two it is.
        """
        taken, payload = self._shape_of(field)
        document = (
            f"mutation($input: {taken}!) {{ {field}(input: $input) {{ __typename "
            f"... on {payload} {{ {selection} }} ... on Refusal {{ code message }} }} }}"
        )
        answer: dict[str, Any] = self.query(document, input=values)[field]
        return answer

    def _shape_of(self, field: str) -> tuple[str, str]:
        """The names of a mutation's input and payload, as this view's schema has them."""
        if field not in self._mutations:
            schema = self.query(_FIELDS)
            refusals = {each["name"] for each in schema["__type"]["possibleTypes"]}
            for each in schema["__schema"]["mutationType"]["fields"]:
                self._mutations[each["name"]] = _read_shape(each, refusals)
        if field not in self._mutations:
            words = "is its plugin enabled for this customer? The fixture `enable_plugin` does that"
            raise AssertionError(f"{self.who} at {self.address} has no mutation '{field}': {words}.")
        return self._mutations[field]


class WebnetClient(GraphQLClient):
    """A client inside the test's process and its transaction, through the same view that a server has."""

    def __init__(self, *, who: str, slug: str | None, token: str | None, user: Any = None) -> None:
        from django.test import Client

        super().__init__(who=who, slug=slug)
        self.user = user
        self._token = token
        self._machine, self._browser = Client(), Client()
        if user is not None:
            self._browser.force_login(user)

    @property
    def headers(self) -> dict[str, str]:
        """What says who asks."""
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def run(self, document: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": document, "variables": variables})
        answer: dict[str, Any] = self._machine.post(
            self.address, body, content_type="application/json", headers=self.headers
        ).json()
        return answer

    def count_statements(self, document: str, **variables: Any) -> int:
        """How many SQL statements the document takes, once all that webnet keeps between requests is warm."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        self.query(document, **variables)
        with CaptureQueriesContext(connection) as statements:
            self.query(document, **variables)
        return len(statements)

    def get_page(self, plugin: str, path: str = "", **parameters: Any) -> HttpResponseBase:
        """A page of the plugin, as this person's browser gets it; `path` is the UIView's."""
        return self.get(f"/c/{self.slug}/plugins/{plugin}/{path}", **parameters)

    def get(self, address: str, **parameters: Any) -> HttpResponseBase:
        """Any page of this webnet, as this person's browser gets it."""
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
        except urllib.error.HTTPError as error:  # a refused request is an answer too
            with error:
                answer = json.load(error)
        return answer


def _read_shape(field: dict[str, Any], refusals: set[str]) -> tuple[str, str]:
    result = _without_required(field["type"])
    members = [each["name"] for each in result["possibleTypes"] or ()]
    payload = next((name for name in members if name not in refusals), result["name"])
    taken = next((_without_required(argument["type"])["name"] for argument in field["args"]), "")
    return taken, payload


def _without_required(kind: dict[str, Any]) -> dict[str, Any]:
    """The type behind the `!`."""
    return kind if kind["name"] else kind["ofType"]


def _tell(errors: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{each.get('extensions', {}).get('code')} at {'.'.join(map(str, each.get('path', ()))) or 'the document'}: "
        f"{each['message']}"
        for each in errors
    )
