"""Counts what fails at run time, of all processes together, for the last minutes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plugins", "0009_owed_calls")]

    operations = [
        migrations.CreateModel(
            name="PluginFailure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("plugin_name", models.CharField(max_length=100)),
                ("customer_id", models.PositiveBigIntegerField()),
                ("user_id", models.PositiveBigIntegerField()),
                ("minute", models.PositiveBigIntegerField(db_index=True)),
                ("failures", models.PositiveBigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["plugin_name", "customer_id", "user_id", "minute"], name="one_failure_count_per_minute"
                    )
                ]
            },
        ),
    ]
