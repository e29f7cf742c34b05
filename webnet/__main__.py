"""The command line: `webnet <command>`, `python -m webnet <command>` and `manage.py <command>` are the same."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError


def main() -> None:
    """Run one management command; what is wrong with a setting or the database ends it with one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webnet.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"webnet can't start: {problem}")
    except DatabaseError as error:
        from webnet.server.database_faults import tell_fault  # only now, when Django is set up

        fault = tell_fault(error, command="".join(sys.argv[1:2]))
        if fault is None or "--traceback" in sys.argv:
            raise
        sys.exit(fault)


if __name__ == "__main__":
    main()
