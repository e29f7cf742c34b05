"""Commits the change in which its hook runs, before its audit row is written, and hides the error."""

from contextlib import suppress
from typing import Any

from django.db import DatabaseError, connection, transaction

from webnet.plugins.base import PluginBase


class Plugin(PluginBase):
    name = "committing"
    version = "1.0"

    def on_enable(self, context: Any) -> None:
        if context.customer is not None:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("COMMIT")
            transaction.commit()
