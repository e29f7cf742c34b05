"""Keeps which process does what one has to do for all."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("plugins", "0014_machine_time")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("name", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("holder", models.CharField(blank=True, max_length=32)),
                ("renewals", models.PositiveBigIntegerField(default=0)),
            ],
        ),
    ]
