"""A page takes an answer that the API keeps, as long as it is that of the current state, and pays for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.console.conftest import SYSTEM
from tests.databases import one_database_is_enough
from webnet.api.http import in_process
from webnet.api.http.kept_answers import kept_answers
from webnet.plugins.manager import manager

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

PAGE = "/plugins/pages/contributions/"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that were executed rather than known."""
    kept_answers.clear()
    executed: list[str] = []
    run = in_process.run_operation

    def count(wanted: Any, *arguments: Any, **options: Any) -> Any:
        executed.append(wanted.query)
        return run(wanted, *arguments, **options)

    monkeypatch.setattr(in_process, "run_operation", count)
    return executed


def test_a_page_executes_again_only_what_has_changed(browse, runs):
    platform = browse("platform")

    first, second = platform.get(PAGE).text, platform.get(PAGE).text
    executed = len(runs)
    manager.disable("pages", actor=SYSTEM)
    platform.get(PAGE)

    assert executed == 1 and len(runs) == 2
    assert first.partition("<main")[2] == second.partition("<main")[2]


def test_a_known_answer_is_paid_for(browse, runs, settings):
    platform = browse("platform")
    platform.get(PAGE)
    charged: list[int] = []

    platform.get(PAGE)
    settings.WEBNET_USER_POINTS_PER_MINUTE = 1
    charged.append(platform.get(PAGE).status_code)
    charged.append(platform.get(PAGE).status_code)

    assert len(runs) >= 1
    assert charged[-1] == 429
