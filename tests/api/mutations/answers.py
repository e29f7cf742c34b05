"""How the tests of mutations ask, and read an answer."""

from __future__ import annotations

from typing import Any

from tests.api.client import GraphQLClient


def kind(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["__typename"], answer["code"]


def ask(client: GraphQLClient, field: str, more: str, **values: Any) -> dict[str, Any]:
    """The mutation's answer with what one refusal says besides code and message."""
    name = field[0].upper() + field[1:]
    query = f"""mutation($input: {name}Input!) {{ {field}(input: $input) {{
        __typename ... on Refusal {{ code message }} {more} }} }}"""
    return client.data(query, input=values)[field]
