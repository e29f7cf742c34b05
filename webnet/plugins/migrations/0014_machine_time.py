"""Adds what the clock of the machine said to each row of the audit log; existing rows and their text have none."""

import json
from datetime import datetime
from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from webnet.audit import triggers as audit_triggers


def restore_times(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Read the column from the text of rows that have it there: those that were written before a way back."""
    log = apps.get_model("plugins", "PluginAuditLog").objects.using(editor.connection.alias)
    audit_triggers.remove(editor.connection)
    for row in log.filter(text__contains='"machine_time":"').only("text").iterator(chunk_size=1000):
        if time := json.loads(row.text).get("machine_time"):
            log.filter(pk=row.pk).update(machine_time=datetime.fromisoformat(time))


def install_triggers(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    audit_triggers.install(editor.connection)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("plugins", "0013_metadata")]
    # Where SQLite makes the table anew, to remove the column, its triggers are installed again.
    operations: ClassVar = [
        migrations.RunPython(migrations.RunPython.noop, install_triggers),
        migrations.AddField("pluginauditlog", "machine_time", models.DateTimeField(null=True)),
        migrations.RunPython(restore_times, migrations.RunPython.noop),
        migrations.RunPython(install_triggers, migrations.RunPython.noop),
    ]
