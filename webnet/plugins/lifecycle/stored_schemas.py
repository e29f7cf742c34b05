"""Keeps what each plugin adds to the schema, to say of the next version what it changes for clients.

It is text here: the rooms above make it and compare it, since this one knows no GraphQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from webnet.plugins.lifecycle.findings import SyncFinding
from webnet.plugins.models import PluginConfig, PluginSchema

# Of one plugin, in characters; the largest example has six thousand. Longer ones are not kept, and not compared.
MAXIMUM_LENGTH = 500_000


def read_schemas() -> dict[str, str]:
    """The SDL of the version that was synced last, by plugin."""
    return dict(PluginSchema.objects.values_list("plugin__name", "sdl"))


def store_schemas(findings: Iterable[SyncFinding], schemas: Mapping[str, str]) -> None:
    """Keep the SDL of those plugins whose installed version was taken."""
    known = read_schemas()
    taken = {found.entry.name for found in findings if found.is_accepted and found.entry.status == "loaded"}
    changed = {name for name in taken if known.get(name) != schemas.get(name, "")}
    if not changed:
        return
    for row in PluginConfig.objects.filter(name__in=changed).only("pk", "name"):
        sdl = schemas.get(row.name, "")
        if len(sdl) > MAXIMUM_LENGTH:
            PluginSchema.objects.filter(plugin=row).delete()
        else:
            PluginSchema.objects.update_or_create(plugin=row, defaults={"sdl": sdl})
