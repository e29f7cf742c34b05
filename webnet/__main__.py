"""The command line: `webnet <command>`, `python -m webnet <command>` and `manage.py <command>` are the same."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    """Run one management command; a setting that is missing or wrong ends it with one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webnet.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"webnet can't start: {problem}")


if __name__ == "__main__":
    main()
