"""`kill -9` in the middle of updates of settings and of a rotation of their keys: nothing is half done."""

import json
import os
import random
from pathlib import Path

import pytest
from django.db import connection

from tests import interpreters
from tests.factories import make_customer
from tests.plugins.killing import Sealed

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
KILLS = 100


def database_url():
    """The tests' own database, for another process."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    password = f":{parts['PASSWORD']}" if parts["PASSWORD"] else ""
    return f"postgres://{parts['USER']}{password}@{parts['HOST']}:{parts['PORT'] or 5432}/{parts['NAME']}"


def test_after_100_kills_of_updates_and_of_rotations_every_secret_opens_and_every_chain_is_whole(install):
    install(Sealed(), enabled=True)
    for number in range(8):
        make_customer(f"c{number:02}")
    connection.close()
    seed = random.randrange(1_000_000)  # noqa: S311 - printed where the test fails, so that it can be run again
    environment = os.environ | {"DATABASE_URL": database_url(), "WEBNET_PLUGINS": "", "PYTHONPATH": str(ROOT)}

    command = [str(ROOT / "tests" / "plugins" / "killing.py"), str(KILLS), str(seed)]
    ended = interpreters.run(command, environment=environment, folder=ROOT, timeout=500)

    assert ended.returncode == 0, f"seed {seed}: {ended.stderr}"
    report = json.loads(ended.stdout.splitlines()[-1])
    assert report["updates"] >= KILLS
    assert report["rotations"] >= KILLS
    assert report["rows"] > KILLS
    assert report["chains"] == 9
