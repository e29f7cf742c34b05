from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("plugins", "0012_json_as_text"),
    ]

    operations = [
        migrations.AddField(
            model_name="pluginconfig",
            name="changelog",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="pluginconfig",
            name="documentation",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="pluginconfig",
            name="icon",
            field=models.CharField(
                blank=True, help_text="An https address, or the path of a static file.", max_length=500
            ),
        ),
        migrations.AddField(
            model_name="pluginconfig",
            name="keywords",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="pluginconfig",
            name="licence",
            field=models.CharField(blank=True, help_text="An SPDX expression.", max_length=200),
        ),
        migrations.AddField(
            model_name="pluginconfig",
            name="support",
            field=models.CharField(blank=True, help_text="An https or mailto address.", max_length=500),
        ),
    ]
