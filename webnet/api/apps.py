"""Registers the API with Django, for its templates, static files and command."""

import sys
from typing import Any

from django.apps import AppConfig
from django.conf import settings

POSTGRESQL_CLIENTS = ("psycopg", "psycopg2")


class ApiConfig(AppConfig):
    name = "webnet.api"
    label = "api"
    verbose_name = "API"
    # Set by the command line before Django is set up: False for a command that does not serve requests, and for one
    # that does not even ask for plugins.
    needs_schema = True
    needs_trial = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        if not any("postgresql" in each["ENGINE"] for each in settings.DATABASES.values()):
            import_strawberry_without_clients()

    def ready(self) -> None:
        """Build the schema now, so that plugins whose types don't build have failed before the first request.

        Whoever asks for the schema of a process that has only tried to build it builds it then.
        """
        if not self.needs_trial:
            return
        from webnet.api.schema import full_schema, try_contributions

        try_contributions()
        if self.needs_schema:
            full_schema()


def import_strawberry_without_clients() -> None:
    """Import strawberry_django, which imports PostgreSQL's array fields, and with them its client, if there is one.

    With another database the client would take 9 MB of every process for nothing. None in `sys.modules` makes an import
    fail (https://docs.python.org/3/reference/import.html#the-module-cache), for which strawberry_django is prepared.
    Afterwards everybody can import a client who wants one.
    """
    absent = [name for name in POSTGRESQL_CLIENTS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None, as above
    try:
        import strawberry_django  # noqa: F401 - for its effect
    finally:
        for name in absent:
            del sys.modules[name]
