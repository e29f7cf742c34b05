"""Stores settings, the log's `before` and `after`, and details of health checks as text instead of `jsonb`.

On PostgreSQL `jsonb` has returned 1e20 as an integer and -0.0 as 0.0. The log's `text` has the numbers as they were
given, so they are read from there.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from webnet.audit import triggers as audit_triggers
from webnet.values.json_text import JsonTextField

# Numbers that jsonb writes in another way: with an exponent (also in a letter's name, which does no harm), or -0.0.
SPELLED_DIFFERENTLY = r"[0-9]e[+-]?[0-9]|-0\.0"
CHANGES_OF_SETTINGS = {
    "PluginConfig": ("update_plugin_settings", "revert_plugin_settings"),
    "CustomerPluginConfig": ("update_customer_plugin_settings", "revert_customer_plugin_settings"),
}


def restore_numbers(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite had stored text all along."""
    if editor.connection.vendor != "postgresql":
        return
    log = apps.get_model("plugins", "PluginAuditLog").objects.using(editor.connection.alias)
    with audit_triggers.deletes_allowed(editor.connection):
        for row in log.filter(text__regex=SPELLED_DIFFERENTLY).iterator(chunk_size=1000):
            written = json.loads(row.text)
            row.before, row.after = written["before"], written["after"]
            row.save(update_fields=["before", "after"])
    for name, actions in CHANGES_OF_SETTINGS.items():
        layers = apps.get_model("plugins", name).objects.using(editor.connection.alias).exclude(settings={})
        for layer in layers.iterator(chunk_size=1000):
            owner = {"customer_id": layer.customer_id} if name == "CustomerPluginConfig" else {"customer_id": None}
            plugin = layer.plugin.name if name == "CustomerPluginConfig" else layer.name
            last = log.filter(plugin_name=plugin, action__in=actions, outcome="succeeded", **owner).first()
            if last is not None and last.after["revision"] == layer.settings_revision:
                layer.settings = last.after["settings"]
            else:  # Its change was pruned.
                layer.settings = with_doubles(layer.settings)
            layer.save(update_fields=["settings"])


def with_doubles(value: Any) -> Any:
    """The value with doubles for integers beyond 64 bits, which no settings ever had."""
    if isinstance(value, Mapping):
        return {name: with_doubles(member) for name, member in value.items()}
    if isinstance(value, list):
        return [with_doubles(item) for item in value]
    return float(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def install_triggers(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    audit_triggers.install(editor.connection)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("plugins", "0011_status_traceback")]
    # SQLite drops the triggers of a table that is altered: they are installed again at the end of either direction.
    operations: ClassVar = [
        migrations.RunPython(migrations.RunPython.noop, install_triggers),
        migrations.AlterField("customerpluginconfig", "settings", JsonTextField(default=dict)),
        migrations.AlterField("pluginconfig", "settings", JsonTextField(default=dict)),
        migrations.AlterField("pluginauditlog", "before", JsonTextField(null=True)),
        migrations.AlterField("pluginauditlog", "after", JsonTextField(null=True)),
        migrations.AlterField("pluginhealth", "details", JsonTextField(default=dict)),
        migrations.RunPython(restore_numbers, migrations.RunPython.noop),
        migrations.RunPython(install_triggers, migrations.RunPython.noop),
    ]
