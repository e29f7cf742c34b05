"""Layers of settings: JSON Merge Patch (RFC 7396), where each value comes from, and secrets held apart."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import reduce
from typing import Any, Literal, Protocol

from webnet.errors import InvalidSettings, SettingsIssue
from webnet.plugins.schema.pointer import MISSING, join_pointer, pointer_get, pointer_set, split_pointer, walk_leaves

MAXIMUM_DEPTH = 32

Layer = Literal["schema_default", "global", "customer"]


class KnowsSecrets(Protocol):
    """What splitting needs of a settings schema."""

    def is_secret(self, pointer: str) -> bool:
        """Whether the value there is a secret, or part of one."""

    def has_secrets_below(self, pointer: str) -> bool:
        """Whether there may be a secret somewhere under that place."""


def merge_patch(target: Any, patch: Any) -> Any:
    """What the target becomes by the patch (RFC 7396); neither is changed, and nothing is shared with them.

    Raises InvalidSettings when the patch is nested deeper than MAXIMUM_DEPTH.
    """
    refuse_depth(patch)
    return _merge(deepcopy(target), patch)


def merge_layers(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """All layers as one, later ones over earlier ones.

    The first is taken as it is, so that a schema's default may be null; in the others null removes, as in any patch.
    """
    merged: dict[str, Any] = reduce(merge_patch, layers[1:], deepcopy(dict(layers[0])))
    return merged


def sources(
    defaults: Mapping[str, Any], global_layer: Mapping[str, Any], customer_layer: Mapping[str, Any]
) -> tuple[tuple[str, Layer], ...]:
    """For each leaf of the merged settings its pointer and the layer that it comes from; an array is one leaf."""
    merged = merge_layers(defaults, global_layer, customer_layer)
    found: list[tuple[str, Layer]] = []
    for segments, _ in walk_leaves(merged):
        pointer = join_pointer(segments)
        found.append((pointer, _find_layer(pointer, global_layer, customer_layer)))
    return tuple(found)


def split_secrets(schema: KnowsSecrets, patch: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Takes the secrets out of a merge patch: the patch without them, and the secrets by pointer.

    In the secrets, None means: remove the secret at that pointer and all beneath it. It is there for a secret patched
    with null, and for an object with secrets that is patched with null or with anything else that is no object; such
    a patch stays in the plain one too.
    """
    refuse_depth(patch)
    secrets: dict[str, Any] = {}
    return _take_secrets(schema, patch, (), secrets), secrets


def join_secrets(layer: Mapping[str, Any], secrets: Mapping[str, Any]) -> dict[str, Any]:
    """One layer with its own secrets (by pointer) in their places again; join before merging the layers."""
    joined = deepcopy(dict(layer))
    for pointer, value in secrets.items():
        pointer_set(joined, pointer, value)
    return joined


def change_secrets(secrets: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's secrets (by pointer) after the changes that `split_secrets` found."""
    kept = {pointer: value for pointer, value in secrets.items() if not any(_is_within(pointer, c) for c in changes)}
    return {**kept, **{pointer: value for pointer, value in changes.items() if value is not None}}


def refuse_depth(patch: Any) -> None:
    """Raises InvalidSettings when objects and arrays are nested deeper than MAXIMUM_DEPTH."""
    level = [patch]
    for _ in range(MAXIMUM_DEPTH + 1):
        level = [member for value in level for member in _members(value)]
        if not level:
            return
    words = f"is nested deeper than {MAXIMUM_DEPTH} levels"
    raise InvalidSettings(f"The settings {words}.", issues=(SettingsIssue(path="", message=words),))


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return deepcopy(patch)
    merged = target if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged


def _find_layer(pointer: str, global_layer: Mapping[str, Any], customer_layer: Mapping[str, Any]) -> Layer:
    if pointer_get(customer_layer, pointer) is not MISSING:
        return "customer"
    if pointer_get(global_layer, pointer) is not MISSING:
        return "global"
    return "schema_default"


def _take_secrets(
    schema: KnowsSecrets, patch: Mapping[str, Any], place: tuple[str, ...], secrets: dict[str, Any]
) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in patch.items():
        pointer = join_pointer((*place, key))
        if schema.is_secret(pointer):
            secrets[pointer] = deepcopy(value)
        elif isinstance(value, Mapping):
            plain[key] = _take_secrets(schema, value, (*place, key), secrets)
        else:
            plain[key] = deepcopy(value)
            if schema.has_secrets_below(pointer):
                secrets[pointer] = None
    return plain


def _is_within(pointer: str, above: str) -> bool:
    return split_pointer(pointer)[: len(split_pointer(above))] == split_pointer(above)


def _members(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
