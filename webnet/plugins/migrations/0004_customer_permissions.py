"""Lets customers decide which of their roles have a plugin's permissions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plugins", "0003_settings_faults")]

    operations = [
        migrations.AddField(
            model_name="customerpluginconfig", name="permissions", field=models.JSONField(default=dict)
        ),
    ]
