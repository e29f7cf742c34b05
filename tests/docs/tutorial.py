"""Follows documents step by step in a workshop: files are written, commands called, and a real server is asked.

These are the numbered steps of the guide, which are the tutorial, and all of each document in `docs/paths/`.

The first line of a block of code says where it goes: `# helpdesk/models.py` is the whole file, `# helpdesk/schema.py,
more` adds to it, and `# helpdesk/plugin.py, in class Plugin` adds to that class; what is defined there already is
replaced. A block of `http` is a request, an empty line, the status, and lines that are in the answer. A block of `text`
is a folder with its files or, while a command prints events in another terminal, what it prints next.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator

import pytest

from tests.docs.comparing import require_json, require_text
from tests.docs.console_blocks import read_commands
from tests.docs.documents import Block, Document
from tests.docs.graphql_blocks import is_file, read_who
from tests.docs.source_parts import put_into
from tests.docs.workshop import Workshop

GUIDE = "docs/plugin-development.md"
PATHS = "docs/paths/"
# What a reader calls in a shell beside webnet's own commands.
PROGRAMS = frozenset({"curl", "echo", "grep", "mkdir", "rm"})
_STEP = re.compile(r"\d+\. ")
_PLACE = re.compile(r"(?:# |\{# )(?P<file>[\w./]+)(?:, (?:more|in class (?P<owner>\w+)))?(?: #\})?")
_REQUEST = re.compile(r"(?P<method>GET|POST) (?P<path>/\S*) (?:as (?P<user>[\w-]+)|signed out)")


def is_step(block: Block) -> bool:
    """Whether the block is followed here, and is not a part of the document's story."""
    return block.document.startswith(PATHS) or (block.document == GUIDE and _STEP.match(block.section) is not None)


def read_followed(document: Document) -> Iterator[tuple[Block, Block | None]]:
    """Each block of the steps, with its answer."""
    waiting = [block for block in document.blocks() if is_step(block)]
    while waiting:
        block = waiting.pop(0)
        answers = block.language == "graphql" and waiting and waiting[0].language == "json"
        yield block, waiting.pop(0) if answers else None


def run_step(workshop: Workshop, block: Block, answer: Block | None) -> None:
    """Do what the block says; one that nobody knows how to run fails."""
    if block.language not in RUNNERS:
        pytest.fail(f"{block.place}: nobody runs a block of {block.language or 'no language'} in a step.")
    RUNNERS[block.language](workshop, block, answer)


def _write(workshop: Workshop, block: Block, _answer: Block | None) -> None:
    first, _, rest = block.text.partition("\n")
    place = _PLACE.fullmatch(first.strip())
    assert place, f"'{first}' does not say where the code goes: write '# helpdesk/models.py'."
    path = workshop.file(place["file"])
    if "," in first:
        path.write_text(put_into(path.read_text(), rest, into_class=place["owner"] or ""))
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rest)


def _call(workshop: Workshop, block: Block, _answer: Block | None) -> None:
    for command, shown in read_commands(block.text):
        printed = run_command(workshop, workshop.fill(command))
        if shown.strip():
            require_text(shown, printed)
            workshop.placeholders.remember(shown, printed)


def run_command(workshop: Workshop, command: str) -> str:
    """What the command prints."""
    command, _, target = command.strip().partition(" > ")
    if command.startswith("export "):
        name = command.removeprefix("export ").partition("=")[0]
        workshop.exports[name] = workshop.call_shell(f'{command}; printf %s "${name}"')
        return ""
    printed = _run_words(workshop, command)
    if target:
        (workshop.home / target).write_text(printed)
    return "" if target else printed


def _run_words(workshop: Workshop, command: str) -> str:
    match shlex.split(command, comments=True):
        case ["make", "install-dev"] | [".", ".venv/bin/activate"]:
            return ""  # this interpreter's own environment is such a one
        case ["make", "run"]:
            return workshop.serve()
        case ["python", "manage.py", "startplugin", name]:
            workshop.plugin = name
            return workshop.run("manage.py", "startplugin", name)
        case ["python", "manage.py", *words]:
            return workshop.run("manage.py", *words)
        case ["pytest", *words]:
            return workshop.run("-m", "pytest", "-p", "no:cacheprovider", *words)
        case ["curl", "--no-buffer", *_]:
            return workshop.open_stream(command).first
        case [program, *_] if program in PROGRAMS:
            return workshop.call_shell(command)
    return pytest.fail(f"Nobody runs '{command}'.")


def _ask(workshop: Workshop, block: Block, answer: Block | None) -> None:
    if is_file(block.text):
        return _write(workshop, block, answer)
    if answer is None:
        pytest.fail(f"{block.place}: a block of json with the answer must follow.")
    user, path = read_who(block.text)
    document, shown = workshop.fill(block.text), json.loads(answer.text)
    if re.search(r"^subscription\b", document, re.MULTILINE):
        got = _hear(workshop, user, path, document)
    else:
        got = workshop.client(user).post_graphql(document, path=path).json()
    require_json(shown, got)
    workshop.placeholders.remember(shown, got)
    return None


def _hear(workshop: Workshop, user: str | None, path: str, document: str) -> object:
    """The first event of a stream, which is left after it."""
    listener = workshop.listener(user)
    view = path.strip("/").partition("/")[2] or None
    try:
        _, event = listener.subscribe(view, document).next()
    finally:
        listener.close()
    return event


def _visit(workshop: Workshop, block: Block, _answer: Block | None) -> None:
    request, _, status, *lines = block.text.splitlines()
    wanted = _REQUEST.fullmatch(request)
    assert wanted, f"'{request}' is no request: write 'GET /c/acme/ as acme-viewer'."
    answer = workshop.client(wanted["user"]).send(wanted["method"], workshop.fill(wanted["path"]))
    got = [line.strip() for line in answer.text.splitlines()]
    assert (answer.status, [line for line in lines if line.strip() not in got]) == (int(status), []), answer.text


def _read_on(workshop: Workshop, block: Block, _answer: Block | None) -> None:
    """What an open stream prints next, or a folder: the first words of the lines below its own are all of its files."""
    if workshop.stream is not None:
        require_text(block.text, workshop.stream.read(block.text.count("\n")))
        return
    top, *lines = block.text.splitlines()
    folder = workshop.home / top.split()[0]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {line.split()[0] for line in lines} == {name for name in files if "__pycache__" not in name}


RUNNERS: dict[str, Callable[[Workshop, Block, Block | None], None]] = {
    "console": _call,
    "graphql": _ask,
    "html": _write,
    "http": _visit,
    "python": _write,
    "text": _read_on,
}
