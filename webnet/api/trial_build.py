"""Finds the plugins whose types don't build, in a child process: a failed build spoils the classes it touched."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

import strawberry
from django.conf import settings

import webnet
from webnet.api.contributions import Contribution
from webnet.plugins.failure import LoadFailure, attempt

logger = logging.getLogger(__name__)

TRIAL = "WEBNET_TRIAL_BUILD"
TIMEOUT_SECONDS = 120
CRASHED = "Building its GraphQL types ended the process."


def find_failures(contributions: Sequence[Contribution]) -> Mapping[str, LoadFailure]:
    """The plugins whose part of the schema does not build, with the reasons; kept until one of them changes."""
    if TRIAL in os.environ:
        return {}
    stored = Path(settings.WEBNET_DATA_DIR) / f"schema-trial-{_name(contributions)}.json"
    if not stored.exists():
        _write(stored, _run_trial())
    found = json.loads(stored.read_text(encoding="utf-8"))
    return {plugin: LoadFailure(**failure) for plugin, failure in found.items()}


def run(
    contributions: Sequence[Contribution], build: Callable[[Iterable[Contribution]], object]
) -> dict[str, LoadFailure]:
    """In the child: build with all of them, and where that fails, find out whose fault it is."""
    if _try(contributions, build) is None:
        return {}
    failures: dict[str, LoadFailure] = {}
    accepted: list[Contribution] = []
    for contribution in contributions:
        failure = _try([*accepted, contribution], build)
        if failure is None:
            accepted.append(contribution)
        else:
            failures[contribution.plugin] = failure
    return failures


def _try(
    contributions: Sequence[Contribution], build: Callable[[Iterable[Contribution]], object]
) -> LoadFailure | None:
    """Build in a fork, which takes its classes with it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        found = attempt(lambda: build(contributions), doing="Building its GraphQL types")
        said = {"reason": found.reason, "traceback": found.traceback} if isinstance(found, LoadFailure) else None
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    said = json.loads(answer) if answer else {"reason": CRASHED}
    return LoadFailure(**said) if said else None


def _run_trial() -> Mapping[str, Mapping[str, str]]:
    done = subprocess.run(
        [sys.executable, "-m", "webnet", "try_schema"],
        env={**os.environ, TRIAL: "1"},
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    try:
        found: Mapping[str, Mapping[str, str]] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        logger.exception("The trial build gave no answer: %s", done.stderr.decode(errors="replace")[-2000:])
        return {}
    return found


def _write(stored: Path, found: Mapping[str, Mapping[str, str]]) -> None:
    for former in stored.parent.glob("schema-trial-*.json"):
        former.unlink(missing_ok=True)
    draft = stored.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(found), encoding="utf-8")
    draft.replace(stored)


def _name(contributions: Iterable[Contribution]) -> str:
    """A name for exactly this code: versions, and when the packages' files were last changed."""
    parts = [webnet.__version__, strawberry.__file__]
    for contribution in contributions:
        package = Path(import_module(contribution.module).__file__ or "").parent
        changed = max((file.stat().st_mtime_ns for file in package.rglob("*.py")), default=0)
        parts.append(f"{contribution.plugin} {changed}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
