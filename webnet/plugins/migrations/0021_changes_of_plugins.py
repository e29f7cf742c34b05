"""Adds the index by which the last change of each plugin is found, for everybody and for each customer."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("plugins", "0020_worker_versions")]

    operations = [
        migrations.AddIndex(
            "PluginAuditLog",
            models.Index(
                fields=["chain", "plugin_name", "-position"],
                name="audit_changes_of_plugin",
                condition=Q(outcome="succeeded") & ~Q(action="check_plugin_health"),
            ),
        ),
    ]
