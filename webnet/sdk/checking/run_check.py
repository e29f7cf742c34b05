"""Starts the check in an interpreter of its own, on a database that is gone afterwards."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from webnet.sdk.checking.report import Finding, Report
from webnet.sdk.trial.environment import find_memory, make_environment
from webnet.sdk.trial.processes import ProcessFailed, run_to_end

INSIDE = "webnet.sdk.checking.child"
NEVER = "1000000"  # a plugin that is paused for what it does could not be checked for the rest


def check_plugin(module: str, *, needs: Sequence[str] = (), path: Iterable[Path] = ()) -> Report:
    """Check the plugin of this module, with those that it `needs`, by module, dependencies first.

    `path` names folders where the modules are that this process does not find itself.
    """
    with tempfile.TemporaryDirectory(prefix="webnet-check-", dir=find_memory()) as folder:
        data_dir = Path(folder)
        environment = make_environment(plugins=dict.fromkeys([*needs, module]), data_dir=data_dir, path=path)
        environment["WEBNET_PAUSE_AFTER_FAILURES"] = NEVER
        report_file = data_dir / "report.json"
        try:
            run_to_end([INSIDE, module, str(report_file)], environment=environment, folder=data_dir)
            return Report.from_json(json.loads(report_file.read_text(encoding="utf-8")))
        except (ProcessFailed, FileNotFoundError) as problem:
            return Report(plugin=module, findings=(_tell_crash(module, problem),), skipped=("all the rest",))


def _tell_crash(module: str, problem: Exception) -> Finding:
    told = "it ended the process" if isinstance(problem, FileNotFoundError) else str(problem).splitlines()[-1]
    words = "let the plugin neither end the process nor keep it busy"
    return Finding(rule="check.crashed", plugin=module, place="the check itself", message=told, way_out=words)
