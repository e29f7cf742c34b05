"""Keeps when customers and users were changed last; for those that exist, that is when they were made."""

from typing import Any

from django.db import migrations, models
from django.db.models import F


def fill(apps: Any, schema_editor: Any) -> None:
    # Django has filled the new columns with the time of the migration.
    for name, made in (("Customer", "created_at"), ("User", "date_joined")):
        rows = apps.get_model("customers", name).objects.using(schema_editor.connection.alias)
        rows.update(updated_at=F(made))


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_invitations")]
    operations = [
        migrations.AddField("customer", "updated_at", models.DateTimeField(auto_now=True, null=True)),
        migrations.AddField("user", "updated_at", models.DateTimeField(auto_now=True, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
