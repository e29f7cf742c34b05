"""Boots many houses quickly: an interpreter with the libraries imported, of which each house's process is a fork.

A program of its own: it reads one boot a line, JSON with `environment` and `code`, and answers each with one line, the
exit code and what was printed. Nothing of webnet is imported before the fork, and no settings are read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

LIBRARIES = (
    *("django.contrib.admin.sites", "django.test", "django.core.handlers.wsgi", "django.core.management"),
    *("strawberry.schema", "strawberry.relay", "strawberry_django", "jsonschema", "cryptography.fernet", "nh3"),
)


class Nursery:
    """The interpreter, as the tests see it."""

    def __init__(self, environment: dict[str, str]) -> None:
        environment = {name: value for name, value in environment.items() if name != "DJANGO_SETTINGS_MODULE"}
        command = [sys.executable, str(Path(__file__))]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, code: str, environment: dict[str, str]) -> Any:
        """Run the code in a process with this environment; returns the JSON of its last line."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        print(json.dumps({"environment": environment, "code": code}), file=stdin, flush=True)
        exit_code, printed = json.loads(stdout.readline())
        assert exit_code == 0, f"The process ended with {exit_code}:\n{printed}"
        return json.loads(printed.splitlines()[-1])

    def close(self) -> None:
        self._process.communicate()


def boot(order: dict[str, Any]) -> tuple[int, str]:
    """The fork's exit code, and what it printed."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            live(order, output.fileno())
        status = os.waitpid(child, 0)[1]
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode(errors="replace")


def live(order: dict[str, Any], output: int) -> None:
    """The fork: everything of the order's, until the code has ended."""
    for stream in (1, 2):
        os.dup2(output, stream)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path[:0] = order["environment"]["PYTHONPATH"].split(os.pathsep)
    code = 0
    try:
        exec(compile(order["code"], "<boot>", "exec"), {"__name__": "__main__"})  # noqa: S102 - the tests' own
    except BaseException:  # noqa: BLE001 - also an exit that somebody sneaked in
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    for library in LIBRARIES:
        __import__(library)
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(boot(json.loads(line)))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
