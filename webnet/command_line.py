"""The command line: Django's, but with webnet's commands first, and by the name that webnet has here."""

from __future__ import annotations

import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, ManagementUtility, find_commands, get_commands
from django.core.management.base import OutputWrapper
from django.core.management.color import color_style

import webnet
from webnet.api.apps import ApiConfig
from webnet.containment import raise_operator_interrupt
from webnet.program import PROGRAM
from webnet.server import collector

# Django's own commands whose messages tell people to run 'manage.py'. The output of others may be data.
NAMING_MANAGE_PY = frozenset(
    {"createsuperuser", "makemigrations", "migrate", "runserver", "showmigrations", "squashmigrations"}
)


# Commands that have nothing to do with plugins' types: they start in two thirds of the time. The workers of `serve` are
# processes of their own, which build the schema.
WITHOUT_SCHEMA = frozenset(
    {
        *("changepassword", "create_customer", "create_token", "create_user", "createsuperuser", "invite_member"),
        *("revoke_invitation", "revoke_token", "set_member", "trust_documents", "update_customer", "update_user"),
        *("checkpoint_audit_log", "export_audit_log", "prune_audit_log", "verify_audit_log"),
        *("backup", "dbshell", "makemigrations", "serve", "showmigrations", "startplugin"),
    }
)


# Commands that say whether plugins work, or change something. A trial finds the plugins whose types don't build, and
# nobody asks for the schema afterwards.
WITH_TRIAL_ONLY = frozenset(
    {
        *("acknowledge_problem", "check", "check_plugin_health", "disable_plugin", "enable_plugin", "list_plugins"),
        *("migrate", "reset_plugin", "resume_plugin", "revert_settings", "rotate_settings_keys", "set_availability"),
        *("set_role_permission", "set_settings", "sync_plugins", "uninstall_plugin"),
    }
)


class CommandLine(ManagementUtility):
    """Runs one command, and explains them."""

    def __init__(self, arguments: list[str]) -> None:
        super().__init__([PROGRAM, *arguments])

    def execute(self) -> None:
        """Run the command; `--version` is webnet's and not Django's."""
        if self.argv[1:] in (["--version"], ["version"]):
            sys.stdout.write(f"{webnet.__version__}\n")
            return
        # So that a KeyboardInterrupt that a plugin raises is told from the operator's Ctrl-C.
        signal.signal(signal.SIGINT, raise_operator_interrupt)
        command = "".join(self.argv[1:2])
        ApiConfig.needs_trial = command not in WITHOUT_SCHEMA
        ApiConfig.needs_schema = command not in WITHOUT_SCHEMA | WITH_TRIAL_ONLY
        super().execute()

    def main_help_text(self, commands_only: bool = False) -> str:  # noqa: FBT001, FBT002 - Django's signature
        """All commands, webnet's first; these also where the settings can't be read."""
        if commands_only:
            return super().main_help_text(commands_only)
        sections: dict[str, list[str]] = defaultdict(list, {"webnet": find_own_commands()})
        for name, app in sorted(get_commands().items()):
            if name not in sections["webnet"]:
                sections["django" if app == "django.core" else str(app).rpartition(".")[-1]].append(name)
        style = color_style()
        lines = ["", f"Type '{PROGRAM} help <command>' for help on a command."]
        for section in ["webnet", *sorted(set(sections) - {"webnet"})]:
            lines += ["", style.NOTICE(f"[{section}]"), *(f"    {name}" for name in sections[section])]
        if self.settings_exception is not None:
            lines += ["", style.NOTICE(f"No command can run, and some are not listed: {self.settings_exception}")]
        return "\n".join(lines)

    def fetch_command(self, subcommand: str) -> BaseCommand:
        """The command; one of Django's calls the program by its name here. Django is set up by now."""
        collector.keep_all()
        command = super().fetch_command(subcommand)
        if subcommand in NAMING_MANAGE_PY:
            command.stdout, command.stderr = RenamingOutput(sys.stdout), RenamingOutput(sys.stderr)
            command.stderr.style_func = command.style.ERROR
        return command


class RenamingOutput(OutputWrapper):
    """Says PROGRAM where Django says `manage.py`."""

    def write(self, msg: str = "", *arguments: Any, **options: Any) -> None:  # type: ignore[override]  # as Django's
        named = msg.replace("python manage.py", "manage.py").replace("manage.py", PROGRAM)
        super().write(named, *arguments, **options)


def find_own_commands() -> list[str]:
    """The names of webnet's commands, without its settings."""
    rooms = Path(webnet.__file__).parent.glob("*/management")
    return sorted(name for room in rooms for name in find_commands(str(room)))
