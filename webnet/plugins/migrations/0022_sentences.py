"""Texts that webnet makes are sentences, whose columns are texts as before."""

from typing import ClassVar

from django.db import migrations

from webnet.values.stored_sentences import SentenceField

FIELDS = (
    ("customerpluginconfig", "pause_reason"),
    ("customerpluginconfig", "settings_fault"),
    ("pluginconfig", "pause_reason"),
    ("pluginconfig", "settings_fault"),
    ("pluginconfig", "status_reason"),
    ("pluginhealth", "message"),
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("plugins", "0021_changes_of_plugins")]
    # SQLite would write each of the tables again.
    operations: ClassVar = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AlterField(model, name, SentenceField(blank=True)) for model, name in FIELDS]
        )
    ]
