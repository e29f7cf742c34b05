"""The command line: `webnet`, `python -m webnet` and `manage.py` are the same."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError


def main() -> None:
    """Run a management command; a wrong setting or an unusable database ends it with one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webnet.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"webnet can't start: {problem}")
    except DatabaseError as error:
        from webnet.server.database_faults import explain_error  # imports models, so Django must be set up

        explanation = explain_error(error, command="".join(sys.argv[1:2]))
        if explanation is None or "--traceback" in sys.argv:
            raise
        sys.exit(explanation)


if __name__ == "__main__":
    main()
