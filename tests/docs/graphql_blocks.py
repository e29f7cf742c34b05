"""Runs the GraphQL operations of the documentation over the real HTTP view.

A first line such as `# as acme-operator, at /graphql/acme/` says who asks and where; without one it is the platform
operator at `/graphql/`. `# signed out` is nobody. The block after it is the whole answer.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.docs.comparing import require_json
from tests.docs.documents import Block
from webnet.accounts.authentication import SESSION_BACKEND
from webnet.customers.models import User

if TYPE_CHECKING:
    from tests.docs.story import Story

_WHO = re.compile(r"# (?:signed out|as (?P<user>[\w-]+))(?:, at (?P<path>/graphql/\S*))?")


def run(story: Story, block: Block, answer: Block | None) -> None:
    """Send the operation and compare the answer."""
    if answer is None:
        pytest.fail(f"{block.place}: a block of json with the answer must follow.")
    user, path = read_who(block.text)
    client = Client()
    if user is not None:
        client.force_login(User.objects.get(username=user), backend=SESSION_BACKEND)
    response = client.post(path, json.dumps({"query": story.fill(block.text)}), content_type="application/json")
    shown, got = json.loads(answer.text), response.json()
    require_json(shown, got)
    story.remember(shown, got)


def read_who(text: str) -> tuple[str | None, str]:
    """Who asks (None: nobody) and at which address."""
    first = text.split("\n", 1)[0]
    if not first.startswith("#"):
        return "platform", "/graphql/"
    found = _WHO.fullmatch(first.strip())
    assert found, f"'{first}' does not say who asks: write '# as acme-admin, at /graphql/acme/' or '# signed out'."
    return found["user"], found["path"] or "/graphql/"
