"""Keeps problems that processes have reported, and who knows of one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("plugins", "0016_deaths"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProblemAcknowledgement",
            fields=[
                ("key", models.CharField(max_length=300, primary_key=True, serialize=False)),
                ("acknowledged_by", models.CharField(max_length=150)),
                ("acknowledged_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ReportedProblem",
            fields=[
                ("kind", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
                ("count", models.PositiveBigIntegerField()),
            ],
        ),
    ]
