"""Runs the commands of the documentation: webnet's own in this process, `curl` against a server of the same database.

Lines that begin with `$ ` are commands, a backslash at the end continues one, and what follows is what it prints.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from django.core.management import CommandError, call_command

from tests.docs import not_run
from tests.docs.comparing import require_text
from tests.docs.documents import ROOT, Block

if TYPE_CHECKING:
    from tests.docs.story import Story

ADDRESS = "http://127.0.0.1:8000"
# Where the documentation has its backups and keys; here they are in a folder of the story.
ELSEWHERE = "/mnt/"
_ASSIGNMENT = re.compile(r"[A-Z_]+=.*")


def run(story: Story, block: Block, _answer: Block | None) -> None:
    """Run every command of the block, and compare where output is shown."""
    for command, shown in read_commands(block.text):
        filled = story.fill(command).replace(ELSEWHERE, f"{story.elsewhere}/")
        printed = run_command(story, filled).replace(f"{story.elsewhere}/", ELSEWHERE)
        if shown.strip():
            require_text(shown, printed)
            story.remember(shown, printed)


def read_commands(text: str) -> list[tuple[str, str]]:
    """Each command with the output that is shown for it."""
    joined = text.replace("\\\n", " ")
    assert joined.startswith("$ "), "A block of commands begins with '$ '."
    parts = re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


def run_command(story: Story, command: str) -> str:
    """What the command prints."""
    piped, _, command = command.rpartition(" | ")
    words = shlex.split(command, comments=True)
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words.pop(0)  # test_completeness looks after the names
    match words:
        case ["python", "manage.py", *rest] | ["webnet", *rest]:
            return _call(rest, stdin=_run_shell(piped) if piped else "")
        case ["curl", *rest]:
            return _curl(story, rest)
        case ["make", target]:
            assert f"\n{target}:" in (ROOT / "Makefile").read_text(), f"The Makefile has no '{target}'."
            return story.first_start if target == "run" else ""
    if " ".join(words) in not_run.COMMANDS:
        return ""
    return pytest.fail(f"Nobody runs '{command}': write a runner, or name it in not_run.py.")


def _run_shell(command: str) -> str:
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30, check=True).stdout


def _call(words: list[str], *, stdin: str) -> str:
    output = io.StringIO()
    try:
        with mock.patch("sys.stdin", io.StringIO(stdin)):
            call_command(*words, stdout=output, stderr=output, no_color=True)
    except CommandError as error:
        output.write(f"CommandError: {error}")
    except SystemExit:
        pass  # the exit code; what was wrong is printed
    return output.getvalue()


def _curl(story: Story, words: list[str]) -> str:
    given = [word.replace(ADDRESS, story.server_url) for word in words]
    quiet = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        ["curl", "--silent", *given], capture_output=True, text=True, timeout=30, check=True, env=quiet
    )
    return done.stdout
