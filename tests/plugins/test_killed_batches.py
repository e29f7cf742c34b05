"""`kill -9` in the middle of a command for many customers: started again, it does what is left, and nothing twice."""

import json
import os
import random

import pytest
from django.db import connection

from tests import interpreters
from tests.plugins.test_batches import make_customers, plugin
from tests.plugins.test_killed_settings import ROOT, database_url

pytestmark = pytest.mark.django_db(transaction=True)

KILLS, CUSTOMERS = 3, 60


def test_a_killed_command_continues_and_says_in_the_end_how_many_were_left(install, tmp_path):
    install(plugin("idle"), enabled=True)
    listed = tmp_path / "customers.txt"
    listed.write_text("\n".join(make_customers(CUSTOMERS)))
    connection.close()
    seed = random.randrange(1_000_000)  # noqa: S311 - printed where the test fails, so that it can be run again
    environment = os.environ | {"DATABASE_URL": database_url(), "WEBNET_PLUGINS": "", "PYTHONPATH": str(ROOT)}

    command = [str(ROOT / "tests" / "plugins" / "batch_killing.py"), str(listed), str(KILLS), str(seed)]
    ended = interpreters.run(command, environment=environment, folder=ROOT, timeout=60)

    assert ended.returncode == 0, f"seed {seed}: {ended.stderr}"
    report = json.loads(ended.stdout.splitlines()[-1])
    assert report["kills"] >= KILLS, f"seed {seed}"
    assert report["continued"] >= 2, f"seed {seed}"
    # Each command once after its kills, and once when all was done.
    assert [total.split(", ")[-1] for total in report["totals"]] == ["0 refused."] * 4
    assert report["totals"][1::2] == ["60 customers: 0 changed, 60 unchanged, 0 refused."] * 2
    assert report["chains"] == CUSTOMERS + 1
