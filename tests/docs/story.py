"""A document as a story: read from top to bottom by somebody who has just run `make run` for the first time."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.template import Context, Template

from tests.docs import console_blocks, graphql_blocks, python_blocks
from tests.docs.comparing import Placeholders
from tests.docs.documents import Block, find_missing_paths
from tests.docs.not_run import FOLLOWED, NOT_RUN, ON_AN_INSTALLED_MACHINE
from tests.docs.story_plugins import StoryPlugins
from tests.docs.tutorial import is_step
from webnet.server.management.commands import run


@dataclass
class Story:
    """What the blocks of one document leave behind for those after them."""

    server_url: str
    monkeypatch: pytest.MonkeyPatch
    elsewhere: Path
    first_start: str = ""
    source: str = ""
    placeholders: Placeholders = field(default_factory=Placeholders)
    plugins: StoryPlugins = field(init=False)

    def __post_init__(self) -> None:
        self.plugins = StoryPlugins(self.monkeypatch)

    def remember(self, shown: Any, got: Any) -> None:
        """Keep what a shown `wn_…` stood for, so that it can be said again."""
        self.placeholders.remember(shown, got)

    def fill(self, text: str) -> str:
        """The text with what earlier answers said."""
        return self.placeholders.fill(text)

    def begin(self) -> None:
        """`make run` for the first time, up to the point where it would serve."""
        self.monkeypatch.setattr(run, "_make_server", lambda: SimpleNamespace(run=_close))
        output = io.StringIO()
        call_command("run", stdout=output)
        self.placeholders.remember_password(re.findall(r"shown only once: (\S+)", output.getvalue())[0])
        self.first_start = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8000", output.getvalue())


def _close(*, sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()


def require_template(_story: Story, block: Block, _answer: Block | None) -> None:
    """Every template is one that Django can render, in the console's frame where it extends it."""
    Template(block.text).render(Context())


def require_paths(_story: Story, block: Block, _answer: Block | None) -> None:
    """Every path that a diagram or a list of files names is there."""
    assert find_missing_paths(block.text) == []


# How each language is run: (story, block, the block after it where that is its answer).
Runner = Callable[[Story, Block, Block | None], None]
RUNNERS: dict[str, Runner] = {
    "console": console_blocks.run,
    "graphql": graphql_blocks.run,
    "html": require_template,
    "mermaid": require_paths,
    "python": python_blocks.run,
    "text": require_paths,
}
ANSWER = {"graphql": "json"}
VARIABLES = "Variables"


def read_steps(blocks: tuple[Block, ...]) -> Iterator[tuple[Block, Block | None]]:
    """Each block with its answer; what is not run is left out, and an answer to nothing is a step of its own.

    Variables are the block's; further ones make it a step again. Numbered steps are left out too: the tutorial's test
    runs them.
    """
    waiting = [block for block in blocks if not is_not_run(block) and not is_step(block)]
    asked: Block | None = None
    while waiting:
        block = waiting.pop(0)
        if block.language in ANSWER:
            asked = block
            if waiting and waiting[0].title == VARIABLES:
                block = waiting.pop(0)
        if block.title == VARIABLES and asked is not None:
            block = replace(asked, line=block.line, variables=block.text)
        answers = block.language in ANSWER and waiting and waiting[0].language == ANSWER[block.language]
        yield block, waiting.pop(0) if answers else None


def is_not_run(block: Block) -> bool:
    """Whether the block is on the list of those that need no running, or others follow it."""
    is_followed = block.document in FOLLOWED or ON_AN_INSTALLED_MACHINE in block.text
    return is_followed or (block.document, block.text.split("\n", 1)[0]) in NOT_RUN


def run_step(story: Story, block: Block, answer: Block | None) -> None:
    """Run one block; one that nobody knows how to run fails."""
    if block.language not in RUNNERS:
        kind = block.language or "no language"
        pytest.fail(f"{block.place}: nobody runs a block of {kind}: write a runner, or name it in not_run.py.")
    RUNNERS[block.language](story, block, answer)
