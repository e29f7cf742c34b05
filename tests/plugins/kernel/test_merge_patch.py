"""Layers of settings: RFC 7396 against a plain model of it, sources, and secrets held apart."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webnet.errors import InvalidSettings
from webnet.plugins.schema.merge_patch import MAXIMUM_DEPTH, change_secrets, join_secrets
from webnet.plugins.schema.settings_schema import (
    SettingsSchema,
    merge_layers,
    merge_patch,
    pointer_get,
    pointer_set,
    sources,
    split_secrets,
)
from webnet.plugins.schema.walk import MISSING, join_pointer, split_pointer

names = st.sampled_from(["a", "b", "c", "~", "a/b"])
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=2)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)
objects = st.dictionaries(names, documents, max_size=3)


def model_of_rfc_7396(target: Any, patch: Any) -> Any:
    """The pseudocode of section 2, line by line."""
    if isinstance(patch, dict):
        if not isinstance(target, dict):
            target = {}
        for name, value in patch.items():
            if value is None:
                if name in target:
                    del target[name]
            else:
                target[name] = model_of_rfc_7396(target.get(name), value)
        return target
    return patch


@given(documents, documents)
def test_merge_patch_is_rfc_7396(target: Any, patch: Any) -> None:
    assert merge_patch(target, patch) == model_of_rfc_7396(deepcopy(target), deepcopy(patch))


@given(documents, documents)
def test_merge_patch_changes_neither_and_shares_nothing(target: Any, patch: Any) -> None:
    before = deepcopy((target, patch))

    merged = merge_patch(target, patch)
    if isinstance(merged, dict):
        merged.clear()
        merged["scribbled"] = True

    assert (target, patch) == before


def test_merge_patch_shares_no_inner_value() -> None:
    patch = {"a": [{"b": 1}], "c": {"d": [1]}}

    merged = merge_patch({}, patch)
    merged["a"][0]["b"] = merged["c"]["d"][0] = 2

    assert patch == {"a": [{"b": 1}], "c": {"d": [1]}}


def test_a_patch_that_is_nested_too_deep_is_refused() -> None:
    patch: Any = 1
    for _ in range(MAXIMUM_DEPTH + 1):
        patch = {"a": [patch]}

    with pytest.raises(InvalidSettings, match="nested deeper than 32 levels"):
        merge_patch({}, patch)


def test_a_hopelessly_deep_patch_is_refused_too() -> None:
    patch: Any = 1
    for _ in range(100_000):
        patch = [patch]

    with pytest.raises(InvalidSettings):
        merge_patch({}, {"a": patch})

    while isinstance(patch, list):  # Python itself can't let go of it at once.
        patch = patch.pop()


def test_later_layers_go_over_earlier_ones() -> None:
    defaults = {"a": 1, "b": {"c": 1, "d": 1}, "e": [1, 2]}

    assert merge_layers(defaults, {"b": {"c": 2}}, {"b": {"d": 3}, "e": [3]}) == {
        "a": 1,
        "b": {"c": 2, "d": 3},
        "e": [3],
    }


def test_a_default_may_be_null() -> None:
    assert merge_layers({"a": None}, {}, {"b": 1}) == {"a": None, "b": 1}


def test_each_leaf_has_the_layer_that_it_comes_from() -> None:
    defaults = {"a": 1, "b": {"c": 1, "d": [1]}, "e": {}}

    found = sources(defaults, {"b": {"c": 2}}, {"b": {"d": [3, 4]}, "x/y": 1})

    assert dict(found) == {
        "/a": "schema_default",
        "/b/c": "global",
        "/b/d": "customer",
        "/e": "schema_default",
        "/x~1y": "customer",
    }


@given(objects, objects, objects)
@pytest.mark.slow
def test_the_sources_name_every_leaf_and_the_layer_has_its_value(defaults: Any, first: Any, second: Any) -> None:
    first, second = merge_patch({}, first), merge_patch({}, second)
    merged = merge_layers(defaults, first, second)

    for pointer, layer in sources(defaults, first, second):
        holder = {"schema_default": defaults, "global": first, "customer": second}[layer]
        assert pointer_get(merged, pointer) == pointer_get(holder, pointer)


@given(st.lists(st.text(max_size=3), max_size=4))
def test_pointers_carry_any_name(segments: list[str]) -> None:
    assert split_pointer(join_pointer(segments)) == tuple(segments)


def test_a_pointer_reads_through_objects_and_arrays() -> None:
    document = {"a/b": [{"~": 1}], "": 2}

    assert pointer_get(document, "/a~1b/0/~0") == 1
    assert pointer_get(document, "/") == 2
    assert pointer_get(document, "") is document
    assert pointer_get(document, "/a~1b/7") is MISSING
    assert pointer_get(document, "/a~1b/-1", None) is None
    assert pointer_get(document, "/ /x", "else") == "else"


def test_a_pointer_sets_and_makes_what_is_on_the_way() -> None:
    document: dict[str, Any] = {"a": 1}

    pointer_set(document, "/b/c", 2)
    pointer_set(document, "/a/d", 3)

    assert document == {"a": {"d": 3}, "b": {"c": 2}}


def test_what_is_no_pointer_is_refused() -> None:
    with pytest.raises(ValueError, match="not a JSON Pointer"):
        pointer_get({}, "a")


SECRETS = SettingsSchema(
    {
        "properties": {
            "greeting": {"type": "string"},
            "key": {"writeOnly": True},
            "smtp": {"properties": {"host": {}, "password": {"type": "string", "format": "password"}}},
            "accounts": {"additionalProperties": {"properties": {"user": {}, "token": {"writeOnly": True}}}},
        }
    }
)


def test_secrets_are_taken_out_of_a_patch() -> None:
    patch = {"greeting": "Hi", "key": "k", "smtp": {"host": "h", "password": "p"}, "accounts": {"a/b": {"token": "t"}}}

    plain, secrets = split_secrets(SECRETS, patch)

    assert plain == {"greeting": "Hi", "smtp": {"host": "h"}, "accounts": {"a/b": {}}}
    assert secrets == {"/key": "k", "/smtp/password": "p", "/accounts/a~1b/token": "t"}


def test_null_for_a_secret_removes_it() -> None:
    assert split_secrets(SECRETS, {"key": None}) == ({}, {"/key": None})


@pytest.mark.parametrize("replacement", [None, "off", 1, []])
def test_what_replaces_an_object_removes_all_secrets_beneath(replacement: Any) -> None:
    plain, secrets = split_secrets(SECRETS, {"smtp": replacement, "greeting": None})

    assert plain == {"smtp": replacement, "greeting": None}
    assert secrets == {"/smtp": None}
    assert change_secrets({"/smtp/password": "p", "/smtp2": "q"}, secrets) == {"/smtp2": "q"}


secret_names = st.sampled_from(["greeting", "key", "smtp", "accounts", "host", "password", "token", "x"])
secret_values = st.recursive(
    st.none() | st.integers(0, 3), lambda inner: st.dictionaries(secret_names, inner, max_size=3), max_leaves=6
)
patches = st.dictionaries(secret_names, secret_values, max_size=4)


@given(st.lists(patches, max_size=4))
@pytest.mark.slow
def test_a_layer_and_its_secrets_kept_apart_are_the_layer_kept_whole(changes: list[dict[str, Any]]) -> None:
    whole: Any = {}
    plain: Any = {}
    secrets: dict[str, Any] = {}

    for change in map(_without_objects_as_secrets, changes):
        whole = merge_patch(whole, change)
        plain_patch, secret_patch = split_secrets(SECRETS, change)
        plain, secrets = merge_patch(plain, plain_patch), change_secrets(secrets, secret_patch)

    assert join_secrets(plain, secrets) == whole
    assert all(SECRETS.is_secret(pointer) for pointer in secrets)


def _without_objects_as_secrets(patch: dict[str, Any], place: tuple[str, ...] = ()) -> dict[str, Any]:
    """A secret is replaced whole, and an object would be merged: the schema refuses to mark objects."""
    cleaned: dict[str, Any] = {}
    for name, value in patch.items():
        inner = (*place, name)
        if not isinstance(value, dict):
            cleaned[name] = value
        else:
            cleaned[name] = 0 if SECRETS.is_secret(join_pointer(inner)) else _without_objects_as_secrets(value, inner)
    return cleaned
