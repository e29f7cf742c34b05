"""Keeps the version of webnet that a process runs, to see which have not been restarted since an upgrade."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plugins", "0019_plugin_schemas")]
    operations = [migrations.AddField("worker", "webnet_version", models.CharField(max_length=50, null=True))]
