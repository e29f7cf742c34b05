"""Makes the audit log append-only in the database itself."""

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from webnet.audit import triggers as audit_triggers


def install(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    audit_triggers.install(editor.connection)


def remove(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    audit_triggers.remove(editor.connection)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("plugins", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(install, remove)]
