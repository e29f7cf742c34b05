"""Annotations that are text are evaluated once, where Strawberry would parse them again and again."""

from __future__ import annotations

import ast
from typing import Annotated, Any

import pytest
import strawberry

from webnet.api.declarations.annotations import read_annotations
from webnet.api.declarations.fields import object_type


class Later: ...


# Looked up in this module.
KNOWN = (Annotated, Later)


def make(**annotations: str) -> Any:
    """A class of this module with these annotations."""
    return type("Device", (), {"__annotations__": annotations, "__module__": __name__})


def read(**annotations: str) -> dict[str, Any]:
    cls = make(**annotations)
    read_annotations(cls)
    found: dict[str, Any] = cls.__annotations__
    return found


def test_what_exists_is_evaluated() -> None:
    found = read(name="str", later="list[Later] | None", id="strawberry.ID")

    assert found == {"name": str, "later": list[Later] | None, "id": strawberry.ID}


@pytest.mark.parametrize(
    "text", ["Unknown", "list[Unknown]", "strawberry.unknown", "str[", "list['Later']", "Annotated[Later, 1]"]
)
def test_all_else_is_left_to_strawberry(text: str) -> None:
    assert read(name=text) == {"name": text}


def test_a_type_may_refer_to_itself_and_to_one_that_is_declared_later() -> None:
    device = object_type(make(name="str", parent="Device | None", racks="list[Rack]"))
    rack = object_type(type("Rack", (), {"__annotations__": {"name": "str"}, "__module__": __name__}))
    globals().update(Device=device, Rack=rack)

    schema = strawberry.Schema(query=device)

    assert "parent: Device\n" in str(schema) and "racks: [Rack!]!" in str(schema)


def test_a_type_of_names_that_exist_is_made_without_parsing_any(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = ast.parse
    monkeypatch.setattr(ast, "parse", lambda text, *rest, **more: parsed.append(text) or parse(text, *rest, **more))

    object_type(make(name="str", height="int | None", names="list[str]"))

    assert parsed == []
