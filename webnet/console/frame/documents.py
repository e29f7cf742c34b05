"""The GraphQL documents that pages run, each in a file of `webnet/console/documents/` that is named after it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from graphql import OperationType, get_operation_ast, parse

from webnet import console

FOLDER = files(console) / "documents"
# What stands for a secret, wherever a document is shown.
MASK = "…"


@dataclass(frozen=True, kw_only=True)
class RunDocument:
    """A document that a page has run: `name` is that of its file, `customer` the slug of the view or empty."""

    name: str
    variables: Mapping[str, Any]
    customer: str

    @property
    def document(self) -> str:
        return read_document(self.name)

    @property
    def variables_text(self) -> str:
        """The variables as JSON, for people to paste; empty without any."""
        return json.dumps(self.variables, indent=2, ensure_ascii=False, default=str) if self.variables else ""

    @property
    def fragment(self) -> str:
        """What opens it in a new tab of GraphiQL, behind the "#" of an address."""
        parts = {"query": self.document, "variables": self.variables_text}
        return urlencode({name: text for name, text in parts.items() if text})


@cache
def read_document(name: str) -> str:
    """The text of the document."""
    return (FOLDER / f"{name}.graphql").read_text(encoding="utf-8").strip()


@cache
def is_mutation(name: str) -> bool:
    """Whether the document changes something."""
    operation = get_operation_ast(parse(read_document(name)))
    return operation is not None and operation.operation is OperationType.MUTATION


def mask(variables: Mapping[str, Any], secrets: Sequence[str | Sequence[str]]) -> dict[str, Any]:
    """A copy of the variables without the values at these places, such as "input.password", or its names one by one
    where they may have dots themselves.
    """
    masked = copy.deepcopy(dict(variables))
    for place in secrets:
        *outer, last = place.split(".") if isinstance(place, str) else place
        inner: Any = masked
        for name in outer:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and inner.get(last) is not None:
            inner[last] = MASK
    return masked
