from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [migrations.RunSQL("ALTER TABLE customers_apitoken RENAME TO wrecking_migration_token")]
