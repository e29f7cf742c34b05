"""A GraphQL client for tests, over the real HTTP view."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.factories import make_token
from webnet.customers.models import User


class GraphQLClient:
    """Posts operations; `token` makes it a machine, `signed_in` a browser, neither nobody."""

    def __init__(self, *, token: str | None = None, view: str | None = None, **options: Any) -> None:
        self.http = Client(**options)
        self.url = f"/graphql/{view}/" if view else "/graphql/"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    @classmethod
    def of(cls, user: User, *, view: str | None = None, **limits: Any) -> GraphQLClient:
        """A client with a new token of the user, where wished with limits."""
        count = user.api_tokens.count()
        return cls(token=make_token(user, name=f"token {count}", **limits), view=view)

    def at(self, view: str | None) -> GraphQLClient:
        """The same client on another view."""
        other = GraphQLClient(view=view)
        other.http, other._headers = self.http, self._headers
        return other

    def send(self, body: Any, **headers: str) -> HttpResponse:
        """Post this body, JSON or not; returns the HTTP response."""
        raw = body if isinstance(body, bytes) else json.dumps(body)
        return self.http.post(self.url, raw, content_type="application/json", headers=self._headers | headers)

    def run(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer."""
        return self.send({"query": query, "variables": variables}).json()

    def data(self, query: str, **variables: Any) -> Any:
        """The data of an operation that must not have errors."""
        answer = self.run(query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def code(self, query: str, **variables: Any) -> str:
        """The code of the one error that the operation must have."""
        (error,) = self.run(query, **variables)["errors"]
        return error["extensions"]["code"]

    def mutate(self, field: str, selection: str, **values: Any) -> dict[str, Any]:
        """One mutation with one input: its payload, or its refusal with `__typename` and all that refusals have."""
        name = field[0].upper() + field[1:]
        query = f"""mutation($input: {name}Input!) {{ {field}(input: $input) {{
            __typename ... on {name}Payload {{ {selection} }} ... on Refusal {{ code message }} }} }}"""
        return self.data(query, input=values)[field]
