"""Lets the index of each plugin's changes alone have the order in which the last one is asked for."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("plugins", "0022_sentences")]

    operations = [
        migrations.RemoveIndex("PluginAuditLog", "audit_changes_of_plugin"),
        migrations.AddIndex(
            "PluginAuditLog",
            models.Index(
                "chain",
                "plugin_name",
                (F("position") + 0).desc(),
                name="audit_changes_of_plugin",
                condition=Q(outcome="succeeded") & ~Q(action="check_plugin_health"),
            ),
        ),
    ]
