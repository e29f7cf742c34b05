"""Keeps what each plugin adds to the schema, so that a sync can say what a new version changes for clients."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plugins", "0018_times")]
    operations = [
        migrations.CreateModel(
            name="PluginSchema",
            fields=[
                (
                    "plugin",
                    models.OneToOneField(
                        on_delete=models.CASCADE,
                        primary_key=True,
                        related_name="stored_schema",
                        serialize=False,
                        to="plugins.pluginconfig",
                    ),
                ),
                ("sdl", models.TextField(blank=True)),
            ],
        ),
    ]
