"""The story that each document tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.docs.documents import Document
from tests.docs.story import Story, read_steps, run_step


@pytest.fixture
def story(live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Story:
    """webnet after its first `make run`, with a server for `curl`."""
    settings.DEBUG = True
    settings.WEBNET_PORT = 0
    settings.WEBNET_DEMO_PASSWORD = ""
    for folder in ("backups", "keys"):
        (tmp_path / folder).mkdir()
    story = Story(server_url=live_server.url, monkeypatch=monkeypatch, elsewhere=tmp_path)
    story.begin()
    return story


@pytest.fixture
def tell(story: Story) -> Callable[[str], None]:
    """Call it with the text of a document to run all of it."""

    def tell_document(text: str) -> None:
        for block, answer in read_steps(Document(name="test.md", text=text).blocks()):
            run_step(story, block, answer)

    return tell_document
