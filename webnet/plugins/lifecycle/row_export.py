"""Exports a plugin's rows into a file, one JSON object a line, before they are deleted; `loaddata` reads them again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import orjson
from django.conf import settings
from django.core import serializers
from django.db import connection, models
from django.utils import timezone

from webnet.plugins.models import CustomerPluginConfig, PluginConfig

FOLDER = "uninstalled"
# Rows that are in memory at the same time, and lines between two calls of `progress`.
BATCH_SIZE = 1_000

Progress = Callable[[str, int], None]


def export_rows(row: PluginConfig, plugin_models: Iterable[type[models.Model]], progress: Progress) -> Path:
    """Returns the new file in the data folder, readable by its owner only; `progress` gets (table, rows so far).

    The rows of the plugin's models come first, in the format of Django's fixtures (`.jsonl`), then those of its
    configuration, without secrets. A table that does not exist has no rows. The file is only there once it is complete.
    """
    folder = Path(settings.WEBNET_DATA_DIR) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{row.name}-{timezone.now():%Y%m%dT%H%M%S%f}.jsonl"
    # Renamed at the end, so that an export that was killed leaves nothing that looks complete.
    draft = target.with_suffix(".part")
    draft.touch(mode=0o600)
    with draft.open("w", encoding="utf-8") as file:
        for model in present(plugin_models):
            rows = all_rows(model).order_by("pk").iterator(chunk_size=BATCH_SIZE)
            lines = (serializers.serialize("jsonl", [row]).rstrip("\n") for row in rows)
            _write(file, model._meta.db_table, lines, progress)
        _write(file, "configuration", _configuration_lines(row), progress)
    draft.rename(target)
    return target


def present(plugin_models: Iterable[type[models.Model]]) -> list[type[models.Model]]:
    """Those that have a table; many-to-many tables are exported with the models themselves."""
    tables = set(connection.introspection.table_names())
    return [model for model in plugin_models if model._meta.db_table in tables]


def all_rows(model: type[models.Model]) -> models.QuerySet[models.Model]:
    """All of a model's rows, also those that its own default manager hides."""
    return model._base_manager.all()  # noqa: SLF001 - Django documents it


def _configuration_lines(row: PluginConfig) -> Iterator[str]:
    yield _as_line(row, {"version": row.version})
    configs = CustomerPluginConfig.objects.filter(plugin=row).select_related("customer").order_by("pk")
    for config in configs.iterator(chunk_size=BATCH_SIZE):
        yield _as_line(config, {"customer": config.customer.slug})


def _as_line(layer: PluginConfig | CustomerPluginConfig, more: dict[str, Any]) -> str:
    fields = {"enabled": layer.enabled, "availability": layer.availability, "settings": layer.settings, **more}
    return orjson.dumps({"configuration": fields}).decode()


def _write(file: IO[str], table: str, lines: Iterator[str], progress: Progress) -> None:
    count = 0
    for count, line in enumerate(lines, start=1):
        file.write(f"{line}\n")
        if count % BATCH_SIZE == 0:
            progress(table, count)
    progress(table, count)
