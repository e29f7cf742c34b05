"""Keeps when a customer's config was made; for those that exist, that is their last change, the earliest time known."""

from typing import Any

from django.db import migrations, models
from django.db.models import F


def fill(apps: Any, schema_editor: Any) -> None:
    # Django has filled the new column with the time of the migration.
    rows = apps.get_model("plugins", "CustomerPluginConfig").objects.using(schema_editor.connection.alias)
    rows.update(created_at=F("updated_at"))


class Migration(migrations.Migration):
    dependencies = [("plugins", "0017_problems")]
    operations = [
        migrations.AddField("customerpluginconfig", "created_at", models.DateTimeField(auto_now_add=True, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
