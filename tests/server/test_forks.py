"""A forked process has no other threads, so it must not wait for what one of them was doing when it was forked."""

from __future__ import annotations

import os

from tests import interpreters
from tests.servers import ROOT, START_SECONDS

ASKING = """
import os, threading
from webnet.database.sqlite.turns import turn
asking = threading.Thread(target=turn.lock.acquire)
asking.start()
asking.join()
print("free" if turn.lock.acquire(blocking=False) else "taken", flush=True)
if os.fork() == 0:
    print("free" if turn.lock.acquire(blocking=False) else "taken", flush=True)
else:
    os.wait()
"""


def test_a_fork_has_turns_of_its_own() -> None:
    done = interpreters.run(["-c", ASKING], environment=os.environ, folder=ROOT, timeout=START_SECONDS)

    assert (done.stdout.split(), done.stderr) == (["taken", "free"], "")
