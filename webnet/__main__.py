"""The command line: `webnet`, `python -m webnet` and `manage.py` are the same."""

import os
import sys
from argparse import ArgumentError, ArgumentParser

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from webnet.command_line import CommandLine
from webnet.server import collector
from webnet.server.observability.logs import RecordFormatter


def main() -> None:
    """Run a management command; a wrong setting or an unusable database ends it with one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webnet.settings")
    collector.relax(is_starting=True)
    # Read before Django does, since plugins are loaded, and their failures logged, before it parses the options.
    RecordFormatter.shows_plugin_tracebacks = read_verbosity(sys.argv[2:]) > 1
    try:
        CommandLine(sys.argv[1:]).execute()
    except ImproperlyConfigured as problem:
        sys.exit(f"webnet can't start: {problem}")
    except Exception as error:
        explanation = None if "--traceback" in sys.argv else explain(error)
        if explanation is None:
            raise
        sys.exit(explanation)


def explain(error: Exception) -> str | None:
    """One sentence about an error of the database, also where code raised one of its own about it; None for others."""
    if not apps.models_ready:
        return None
    from webnet.server.database_faults import explain_error  # imports models, so Django must be set up

    return explain_error(error, command="".join(sys.argv[1:2]))


def read_verbosity(options: list[str]) -> int:
    """The value of `-v`; 1 without it, and if it is not a number, which Django reports."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("-v", "--verbosity", type=int, default=1)
    try:
        return int(parser.parse_known_args(options)[0].verbosity)
    except ArgumentError:
        return 1


if __name__ == "__main__":
    main()
