"""How long the verification of a clean audit log takes, and how its memory grows with the rows.

    python benchmarks/audit_verification.py [--rows 100000]

Fails when 100,000 rows take 30 s or more of the processor, when any fault is found, or when the whole log takes over
1 MiB more at its peak than its first tenth. The database is that of TEST_DATABASE, as for the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.databases import make_database
from tests.servers import ROOT

MOST_SECONDS = 30
FOR_ROWS = 100_000
MOST_MIB_MORE = 1.0
LIMIT_SECONDS = 1_800


def measure(rows: int) -> dict[str, float]:
    """In the child: seconds of the processor, faults, and MiB at the peak for a tenth of the rows and for all."""
    from benchmarks.django_process import set_up_django

    set_up_django()
    from django.core.management import call_command

    from benchmarks.audit_rows import fill
    from webnet.audit import retention

    call_command("migrate", verbosity=0)
    fill(rows)
    retention.make_checkpoint()
    started = process_time()
    faults, _ = verify_up_to(rows)
    seconds = process_time() - started
    tracemalloc.start()
    peaks = [verify_up_to(count)[1] for count in (rows // 10, rows)]
    return {"seconds": seconds, "faults": faults, "tenth": peaks[0], "all": peaks[1]}


def verify_up_to(rows: int) -> tuple[int, float]:
    """(faults, MiB at the peak) of a verification that is left after so many rows."""
    from webnet.audit import signing_keys
    from webnet.audit.verification import snapshot, verify

    class EnoughError(Exception):
        pass

    seen = faults = 0

    def advance() -> None:
        nonlocal seen
        seen += 1
        if seen > rows:
            raise EnoughError

    tracemalloc.reset_peak()
    try:
        with snapshot():
            faults = sum(1 for _ in verify(trusted=signing_keys.trusted_keys(), advance=advance))
    except EnoughError:
        pass
    return faults, tracemalloc.get_traced_memory()[1] / 1024**2


def judge(rows: int, figures: dict[str, float]) -> bool:
    """Print the figures, and whether they are as promised."""
    more = figures["all"] - figures["tenth"]
    print(f"{rows} rows verified in {figures['seconds']:.1f} s of the processor, {figures['faults']:.0f} faults")
    print(f"memory at the peak: {figures['tenth']:.1f} MiB for a tenth of the rows, {figures['all']:.1f} MiB for all")
    is_fast = figures["seconds"] < MOST_SECONDS * max(rows / FOR_ROWS, 1)
    return is_fast and not figures["faults"] and more <= MOST_MIB_MORE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=FOR_ROWS, help="how long the log is")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.measure:
        print(json.dumps(measure(wanted.rows)))
        return 0
    is_good = judge(wanted.rows, measure_in_child(wanted.rows))
    print("good" if is_good else "NOT GOOD")
    return 0 if is_good else 1


def measure_in_child(rows: int) -> dict[str, float]:
    """The figures, from an interpreter of its own."""
    with tempfile.TemporaryDirectory() as folder, make_database() as database:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEBNET_")}
        environment = inherited | {
            "DATABASE_URL": f"sqlite:///{folder}/benchmark.sqlite3",
            **database,
            "DJANGO_SETTINGS_MODULE": "webnet.settings",
            "PYTHONPATH": str(ROOT),
            "WEBNET_DATA_DIR": folder,
            "WEBNET_DEBUG": "1",
            "WEBNET_PLUGINS": "",
            "WEBNET_SECRET_KEY": "for-a-benchmark",
        }
        command = [sys.executable, __file__, "--measure", "--rows", str(rows)]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS, check=True
        )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
