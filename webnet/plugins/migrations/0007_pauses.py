"""Lets a plugin rest after failures: beside what the gate reads anyway, for everybody and for each customer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plugins", "0006_workers")]

    operations = [
        migrations.AddField("pluginconfig", "paused_until", models.DateTimeField(null=True)),
        migrations.AddField("pluginconfig", "pause_reason", models.TextField(blank=True)),
        migrations.AddField("pluginconfig", "pauses_in_a_row", models.PositiveIntegerField(default=0)),
        migrations.AddField("pluginconfig", "pause_ended_at", models.DateTimeField(null=True)),
        migrations.AddField("customerpluginconfig", "paused_until", models.DateTimeField(null=True)),
        migrations.AddField("customerpluginconfig", "pause_reason", models.TextField(blank=True)),
        migrations.AddField("customerpluginconfig", "pauses_in_a_row", models.PositiveIntegerField(default=0)),
        migrations.AddField("customerpluginconfig", "pause_ended_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            model_name="customerpluginconfig",
            index=models.Index(
                fields=["paused_until"], condition=models.Q(paused_until__isnull=False), name="paused_pairs"
            ),
        ),
    ]
