"""Creates the table of trusted documents."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="TrustedDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("application", models.CharField(max_length=100)),
                ("digest", models.CharField(max_length=64)),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("application", "digest"),
                "constraints": [
                    models.UniqueConstraint(fields=("digest", "application"), name="trusted_once_per_application")
                ],
            },
        ),
    ]
