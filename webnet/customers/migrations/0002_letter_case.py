"""Indexes with LOWER or UPPER on SQLite hold what its own functions made, which know the case of A to Z only."""

import logging
from typing import Any

from django.db import IntegrityError, migrations, transaction

from webnet.program import PROGRAM

logger = logging.getLogger(__name__)

INDEXES = """
    SELECT name FROM sqlite_master WHERE type = 'index' AND (sql LIKE '%lower(%' OR sql LIKE '%upper(%')
"""


def rebuild_indexes(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        names = [name for (name,) in cursor.execute(INDEXES).fetchall()]
        for name in names:
            try:
                with transaction.atomic(using=connection.alias):
                    cursor.execute(f"REINDEX {connection.ops.quote_name(name)}")
            except IntegrityError:
                logger.warning(
                    "The index '%s' is not rebuilt: two rows differ only in the case of a letter like 'é'. "
                    "Change one of them, then run REINDEX for it on Django's connection, in '%s shell'.",
                    name,
                    PROGRAM,
                )


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [migrations.RunPython(rebuild_indexes, migrations.RunPython.noop)]
