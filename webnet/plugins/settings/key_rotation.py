"""Seals every stored secret again with the current key, so that former keys can be removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from webnet.audit.operation import Operation, audited, lock_platform
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.errors import SecretUnreadable
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import layers, secrets
from webnet.plugins.settings.layers import Layer

# Each batch holds the platform's lock: some milliseconds for so many layers.
BATCH_SIZE = 200


@dataclass(kw_only=True)
class RotationReport:
    """The progress of a rotation: layers, secrets sealed again, and a sentence for each secret that no key decrypts."""

    total: int = 0
    done: int = 0
    sealed: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate(*, actor: Actor, reason: str | None, progress: Callable[[RotationReport], object]) -> RotationReport:
    """Batch by batch, each one transaction with its audit row: if it is interrupted, the next run continues from there.

    `progress` is called after each batch. Nothing is lost when settings change meanwhile: a batch holds the platform's
    lock, and what is written between two batches is sealed with the new key already.
    """
    access.require_operator(actor)
    batches: list[tuple[type[Any], list[int]]] = []
    for model in (PluginConfig, CustomerPluginConfig):
        keys = list(model.objects.exclude(secrets={}).order_by("pk").values_list("pk", flat=True))
        batches += [(model, keys[start : start + BATCH_SIZE]) for start in range(0, len(keys), BATCH_SIZE)]
    report = RotationReport(total=sum(len(batch) for _, batch in batches))
    for model, batch in batches:
        operation = Operation(actor=actor, action="rotate_settings_keys", reason=reason)
        sealed, unreadable = _rotate_batch(operation, model, batch)
        report.done += len(batch)
        report.sealed += sealed
        report.unreadable += unreadable
        progress(report)
    return report


@audited
def _rotate_batch(operation: Operation, model: type[Any], keys: Sequence[int]) -> tuple[int, list[str]]:
    lock_platform()
    # Read again under the lock: a layer may have changed since its key was listed.
    rows: list[Layer] = list(model.objects.filter(pk__in=keys))
    unreadable: list[str] = []
    counts = [_seal_again(row, unreadable) for row in rows]
    model.objects.bulk_update([row for row, count in zip(rows, counts, strict=True) if count], ["secrets"])
    if any(counts):
        operation.record(after={"secretsSealed": sum(counts)})
    return sum(counts), unreadable


def _seal_again(layer: Layer, unreadable: list[str]) -> int:
    plugin = layer.plugin.name if isinstance(layer, CustomerPluginConfig) else layer.name
    stale = [path for path, secret in layer.secrets.items() if not secrets.is_sealed_with_first_key(secret["sealed"])]
    fresh: dict[str, Any] = {}
    for path in stale:
        try:
            value = layers.open_secret(layer, path, plugin=plugin)
        except SecretUnreadable as error:
            unreadable.append(f"{error.message} ({layer})")
            continue
        sealed = secrets.seal(value, customer_id=layers.owner_of(layer), plugin=plugin, path=path)
        fresh[path] = {**layer.secrets[path], "sealed": sealed}
    layer.secrets = {**layer.secrets, **fresh}
    return len(fresh)
