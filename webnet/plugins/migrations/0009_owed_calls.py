"""Keeps the after-hooks that have to be called until they were, also past the end of the process that owes them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("plugins", "0008_health_history")]

    operations = [
        migrations.CreateModel(
            name="OwedCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hook", models.CharField(max_length=20)),
                ("actor", models.JSONField()),
                ("claim", models.CharField(blank=True, db_index=True, max_length=32)),
                ("due_at", models.DateTimeField(db_index=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                (
                    "plugin",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="plugins.pluginconfig"
                    ),
                ),
            ],
        ),
    ]
