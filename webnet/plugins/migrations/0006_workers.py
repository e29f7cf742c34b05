"""Keeps a row for each process that serves, so that a plugin is not taken away under its feet."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plugins", "0005_audit_checkpoints")]

    operations = [
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=32, unique=True)),
                ("host", models.CharField(max_length=255)),
                ("process_id", models.PositiveIntegerField()),
                ("plugins", models.JSONField(default=dict)),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
            ],
        ),
    ]
