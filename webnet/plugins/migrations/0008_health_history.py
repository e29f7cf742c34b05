"""Keeps what earlier health checks said beside the last one."""

from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    dependencies = [("plugins", "0007_pauses")]

    operations = [
        migrations.RemoveConstraint("PluginHealth", "one_health_per_pair"),
        migrations.AddField("PluginHealth", "is_latest", models.BooleanField(default=True)),
        migrations.AddConstraint(
            "PluginHealth",
            models.UniqueConstraint(
                "plugin", Coalesce("customer", 0), condition=Q(is_latest=True), name="one_latest_health_per_pair"
            ),
        ),
        migrations.AddIndex("PluginHealth", models.Index(fields=["plugin", "customer", "-id"], name="health_by_pair")),
    ]
