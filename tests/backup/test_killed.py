"""`kill -9` in the middle of a backup and of a restore: never a half that looks whole."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

from tests import interpreters
from tests.databases import make_database
from tests.servers import ROOT, make_environment

# A few in each test run; `TEST_KILLS=300` for a long one.
KILLS = int(os.environ.get("TEST_KILLS", "3"))
SECONDS_PER_KILL = 30


def test_after_each_kill_a_backup_is_whole_or_not_there_and_the_database_the_old_or_the_new_one(tmp_path: Path) -> None:
    seed = random.randrange(1_000_000)  # noqa: S311 - printed where the test fails, so that it can be run again

    with make_database() as database:
        environment = make_environment(tmp_path, PYTHONPATH=str(ROOT), WEBNET_PLUGINS="", **database)
        command = [str(ROOT / "tests" / "backup" / "killing.py"), str(KILLS), str(seed)]
        seconds = 60 + KILLS * SECONDS_PER_KILL
        ended = interpreters.run(command, environment=environment, folder=ROOT, timeout=seconds)

    assert ended.returncode == 0, f"seed {seed}: {ended.stderr}"
    report = json.loads(ended.stdout.splitlines()[-1])
    assert report["backups"] == report["restores"] == KILLS, f"seed {seed}: {report}"
