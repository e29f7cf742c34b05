"""Layers of settings: JSON Merge Patch (RFC 7396), the source of each value, and secrets, which are kept separately."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, Literal, Protocol

from webnet.errors import InvalidSettings, SettingsIssue
from webnet.plugins.schema.walk import MISSING, join_pointer, pointer_get, pointer_set, split_pointer, walk_leaves
from webnet.sentences import sentence

# Far deeper than any real settings, and far from Python's recursion limit.
MAXIMUM_DEPTH = 32
# Of one document of settings, all layers together. What a plugin has more of belongs into its own tables.
MAXIMUM_VALUES = 10_000
MAXIMUM_CHARACTERS = 256 * 1024
# Names are parts of pointers, which refusals and the history show.
MAXIMUM_NAME = 200

Layer = Literal["schema_default", "global", "customer"]


class KnowsSecrets(Protocol):
    """The part of a settings schema that is needed to separate secrets from plain values."""

    def is_secret(self, pointer: str) -> bool:
        """Whether the value there is a secret, or part of one."""

    def has_secrets_below(self, pointer: str) -> bool:
        """Whether there may be a secret below that place."""


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a merge patch (RFC 7396) to a copy of the target.

    Raises InvalidSettings if the patch is nested deeper than MAXIMUM_DEPTH.
    """
    return copy_json(_merge_sharing(target, patch))


def merge_layers(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of all layers merged, later ones over earlier ones.

    The first one is taken as it is, since a default may be null; in the others null removes a value, as in any patch.
    """
    merged: dict[str, Any] = copy_json(share_layers(*layers))
    return merged


def share_layers(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """The same without a copy: the layers' own values are in it, so it may be read, and not changed or given away."""
    merged: dict[str, Any] = reduce(_merge_sharing, layers[1:], dict(layers[0]))
    return merged


def copy_json(value: Any) -> Any:
    """A copy of JSON that has nothing in common with it; no two values of the copy are the same object either."""
    if isinstance(value, Mapping):
        return {name: copy_json(member) for name, member in value.items()}
    return [copy_json(item) for item in value] if isinstance(value, list) else value


def sources(
    defaults: Mapping[str, Any], global_layer: Mapping[str, Any], customer_layer: Mapping[str, Any]
) -> tuple[tuple[str, Layer], ...]:
    """The pointer of each leaf of the merged settings, and the layer it comes from; an array is one leaf."""
    merged = share_layers(defaults, global_layer, customer_layer)
    found: list[tuple[str, Layer]] = []
    for segments, _ in walk_leaves(merged):
        pointer = join_pointer(segments)
        if pointer_get(customer_layer, pointer) is not MISSING:
            found.append((pointer, "customer"))
        elif pointer_get(global_layer, pointer) is not MISSING:
            found.append((pointer, "global"))
        else:
            found.append((pointer, "schema_default"))
    return tuple(found)


def split_secrets(schema: KnowsSecrets, patch: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a merge patch into the patch without secrets, and the secrets by pointer.

    A secret of None means: remove the secret at that pointer and all below it. It stands for a secret that is patched
    with null, and for an object with secrets that is patched with null or anything else that is not an object; the
    latter stays in the plain patch as well.
    """
    refuse_depth(patch)
    secrets: dict[str, Any] = {}
    return _take_secrets(schema, patch, (), secrets), secrets


def join_secrets(layer: Mapping[str, Any], secrets: Mapping[str, Any]) -> dict[str, Any]:
    """Put the secrets of a layer (by pointer) back into their places; to be done before layers are merged."""
    joined: dict[str, Any] = copy_json(layer)
    for pointer, value in secrets.items():
        pointer_set(joined, pointer, value)
    return joined


def change_secrets(secrets: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's secrets (by pointer) after the changes that `split_secrets` returned."""
    kept = {pointer: value for pointer, value in secrets.items() if not any(_is_within(pointer, c) for c in changes)}
    return {**kept, **{pointer: value for pointer, value in changes.items() if value is not None}}


def refuse_depth(patch: Any) -> None:
    """Raise InvalidSettings if objects and arrays are nested deeper than MAXIMUM_DEPTH.

    Level by level and not recursively, so that a hostile patch can't exhaust the stack.
    """
    level = [patch]
    for _ in range(MAXIMUM_DEPTH + 1):
        level = [member for value in level for member in _members(value)]
        if not level:
            return
    message = sentence("are nested deeper than {count} levels", count=MAXIMUM_DEPTH)
    issues = (SettingsIssue(path="", message=message),)
    raise InvalidSettings(sentence("The settings {fault}.", fault=message), issues=issues)


def find_excess(document: Any) -> SettingsIssue | None:
    """What the document has too much of to be checked and stored; None if it is small enough."""
    values, characters, level = 0, 0, [document]
    while level:
        values += len(level)
        characters += sum(len(value) for value in level if isinstance(value, str))
        names = [len(name) for value in level if isinstance(value, Mapping) for name in value]
        characters += sum(names)
        if max(names, default=0) > MAXIMUM_NAME:
            message = sentence("have a member whose name is longer than {count} characters", count=MAXIMUM_NAME)
            return SettingsIssue(path="", message=message)
        if values > MAXIMUM_VALUES:
            return SettingsIssue(path="", message=sentence("have more than {count:,} values", count=MAXIMUM_VALUES))
        if characters > MAXIMUM_CHARACTERS:
            return SettingsIssue(
                path="", message=sentence("have more than {count:,} characters", count=MAXIMUM_CHARACTERS)
            )
        level = [member for value in level for member in _members(value)]
    return None


def _merge_sharing(target: Any, patch: Any) -> Any:
    refuse_depth(patch)
    return _merge(target, patch)


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged


def _take_secrets(
    schema: KnowsSecrets, patch: Mapping[str, Any], place: tuple[str, ...], secrets: dict[str, Any]
) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in patch.items():
        pointer = join_pointer((*place, key))
        if schema.is_secret(pointer):
            secrets[pointer] = copy_json(value)
        elif isinstance(value, Mapping):
            plain[key] = _take_secrets(schema, value, (*place, key), secrets)
        else:
            plain[key] = copy_json(value)
            if schema.has_secrets_below(pointer):
                secrets[pointer] = None
    return plain


def _is_within(pointer: str, above: str) -> bool:
    return split_pointer(pointer)[: len(split_pointer(above))] == split_pointer(above)


def _members(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
