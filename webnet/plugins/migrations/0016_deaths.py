"""Remembers for a day in which plugins' code processes have ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plugins", "0015_leases")]

    operations = [
        migrations.CreateModel(
            name="PluginDeath",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("plugin_name", models.CharField(max_length=100)),
                ("customer_id", models.PositiveBigIntegerField()),
                ("died_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
