from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("plugins", "0002_append_only_audit_log"),
    ]

    operations = [
        migrations.AddField(
            model_name="customerpluginconfig",
            name="settings_fault",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="pluginconfig",
            name="settings_checked",
            field=models.CharField(
                blank=True,
                help_text="Of the version, schema and keys with which all layers were checked last.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="pluginconfig",
            name="settings_fault",
            field=models.TextField(blank=True),
        ),
    ]
