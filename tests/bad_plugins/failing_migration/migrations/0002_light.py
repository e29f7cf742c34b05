import sys

from django.db import migrations


def light(apps, editor):
    apps.get_model("failing_migration", "Lamp").objects.create(name="half")
    sys.exit("no current")


class Migration(migrations.Migration):
    dependencies = [("failing_migration", "0001_initial")]
    operations = [migrations.RunPython(light, migrations.RunPython.noop)]
