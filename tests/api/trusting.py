"""Trusts documents and asks with their ids, for tests."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from webnet.api.documents import changes
from webnet.api.documents.ids import digest_of, show_id
from webnet.customers.access import Actor

SYSTEM = Actor.system("tests")
PLUGINS = "query Plugins($n: Int = 10) { plugins(first: $n) { nodes { name enabled } } }"
VIEWER = "query Viewer { viewer { user { username } } }"
RENAME = """mutation Rename { updateCustomer(input: { slug: "acme", name: "Acme Limited" }) {
    __typename ... on Refusal { code } } }"""


def id_of(text: str) -> str:
    """The document's id."""
    return show_id(digest_of(text))


def trust(*texts: str, application: str = "web", **options: Any) -> None:
    """Trust the application with these documents."""
    documents = {digest_of(text): text for text in texts}
    changes.trust(actor=SYSTEM, application=application, documents=documents, **options)


def forget(*texts: str, application: str = "web") -> None:
    """Forget these documents of the application, or all."""
    changes.forget(actor=SYSTEM, application=application, digests=[digest_of(text) for text in texts] or None)


def error_of(response: HttpResponse) -> tuple[str, str]:
    """The code and the message of the only error."""
    answer = response.json()
    (error,) = answer["errors"]
    assert "data" not in answer
    return error["extensions"]["code"], error["message"]


def code_of(response: HttpResponse) -> str:
    """The code of the only error."""
    return error_of(response)[0]
