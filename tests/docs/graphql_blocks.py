"""Runs the GraphQL operations of the documentation over the real HTTP view.

A first line such as `# as acme-operator, at /graphql/acme/` says who asks and where; without one it is the platform
operator at `/graphql/`. `# signed out` is nobody. The block after it is the whole answer; a block of json between them,
titled "Variables", has the variables, and with further ones the same operation is sent again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from django.test import AsyncClient, Client

from tests.docs.comparing import require_json
from tests.docs.documents import Block
from webnet.accounts.authentication import SESSION_BACKEND
from webnet.customers.models import User

if TYPE_CHECKING:
    from tests.docs.story import Story

AnyClient = TypeVar("AnyClient", Client, AsyncClient)

_WHO = re.compile(r"# (?:signed out|as (?P<user>[\w-]+))(?:, at (?P<path>/graphql/\S*))?")


def run(story: Story, block: Block, answer: Block | None) -> None:
    """Send the operation and compare the answer."""
    if answer is None:
        pytest.fail(f"{block.place}: a block of json with the answer must follow.")
    shown, got = json.loads(answer.text), ask(block, fill=story.fill)
    require_json(shown, got)
    story.remember(shown, got)


def ask(block: Block, *, fill: Callable[[str], str]) -> Any:
    """What is answered, with what is filled into the document and the variables."""
    user, path = read_who(block.text)
    client = log_in(Client(), user)
    return client.post(path, make_body(block, fill=fill), content_type="application/json").json()


def log_in(client: AnyClient, user: str | None) -> AnyClient:
    """The client with a session of the user; without a user as it is."""
    if user is not None:
        client.force_login(User.objects.get(username=user), backend=SESSION_BACKEND)
    return client


def make_body(block: Block, *, fill: Callable[[str], str]) -> dict[str, Any]:
    """The body of the request, as a client sends it."""
    variables = {"variables": json.loads(fill(block.variables))} if block.variables else {}
    return {"query": fill(block.text), **variables}


def is_file(text: str) -> bool:
    """Whether it is a file of the reader's, such as `# client/overview.graphql`, and nobody sends it."""
    return re.match(r"# [\w/]+\.graphql\n", text) is not None


def read_who(text: str) -> tuple[str | None, str]:
    """Who asks (None: nobody) and at which address."""
    first = text.split("\n", 1)[0]
    if not first.startswith("#"):
        return "platform", "/graphql/"
    found = _WHO.fullmatch(first.strip())
    assert found, f"'{first}' does not say who asks: write '# as acme-admin, at /graphql/acme/' or '# signed out'."
    return found["user"], found["path"] or "/graphql/"
