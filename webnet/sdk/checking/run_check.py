"""Runs the check in an interpreter of its own, on a temporary database."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from webnet.sdk.checking.report import Report, RuleFinding
from webnet.sdk.trial.environment import find_memory, make_environment
from webnet.sdk.trial.processes import ProcessFailed, run_to_end

CHILD_MODULE = "webnet.sdk.checking.child"
# A high limit: a plugin that webnet pauses after a few failures could not be checked any further.
NEVER = "1000000"


def check_plugin(
    module: str,
    *,
    needs: Sequence[str] = (),
    path: Iterable[Path] = (),
    against: str | None = None,
    store: bool = False,
) -> Report:
    """Check the plugin in this module; `needs` are the modules of its dependencies, in loading order.

    `path` are folders with modules that this process can't import itself. `against` is a version whose schema is stored
    beside the plugin; with `store`, that of this version is written there unless there are errors.
    """
    with tempfile.TemporaryDirectory(prefix="webnet-check-", dir=find_memory()) as folder:
        data_dir = Path(folder)
        environment = make_environment(plugins=dict.fromkeys([*needs, module]), data_dir=data_dir, path=path)
        environment["WEBNET_PAUSE_AFTER_FAILURES"] = NEVER
        report_file = data_dir / "report.json"
        try:
            options = [*(["--against", against] if against is not None else []), *(["--store"] if store else [])]
            run_to_end([CHILD_MODULE, module, str(report_file), *options], environment=environment, folder=data_dir)
            return Report.from_json(json.loads(report_file.read_text(encoding="utf-8")))
        except (ProcessFailed, FileNotFoundError) as problem:
            return Report(plugin=module, findings=(_crash_finding(module, problem),), skipped=("all the rest",))


def _crash_finding(module: str, problem: Exception) -> RuleFinding:
    message = "it ended the process" if isinstance(problem, FileNotFoundError) else str(problem).splitlines()[-1]
    way_out = "make sure that the plugin neither exits the process nor blocks it"
    return RuleFinding(rule="check.crashed", plugin=module, place="the check itself", message=message, way_out=way_out)
