"""The locked packages: what installs them is one of them, and no lock says where they come from."""

from __future__ import annotations

import json
import re

import pytest

from requirements.lock import NPM_FOLDERS
from tests.servers import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
NPM_LOCKS = [lock for pattern in ("*/", "*/*/") for lock in sorted(ROOT.glob(f"{pattern}package-lock.json"))]


def find_version(lock: str, package: str) -> str:
    (version,) = re.findall(rf"(?m)^{package}==(\S+)", (ROOT / "requirements" / lock).read_text())
    return version


def test_the_uv_that_installs_is_the_one_that_developers_get():
    assert find_version("uv.txt", "uv") == find_version("dev.txt", "uv")


@pytest.mark.parametrize("lock", LOCKS, ids=[lock.name for lock in LOCKS])
def test_every_package_has_a_hash_and_no_address(lock):
    text = lock.read_text()
    packages = re.findall(r"(?m)^[a-z0-9_.-]+==.*\\\n +--hash=sha256:", text)

    assert len(packages) == len(re.findall(r"(?m)^\S+==", text)) > 0
    assert "://" not in text


@pytest.mark.parametrize("lock", NPM_LOCKS, ids=[lock.parent.name for lock in NPM_LOCKS])
def test_every_package_of_npm_has_a_hash_and_no_address(lock):
    packages = {name: each for name, each in json.loads(lock.read_text())["packages"].items() if name}

    assert len(packages) > 0
    assert [name for name, each in packages.items() if "resolved" in each or "integrity" not in each] == []


def test_what_is_locked_again_is_there():
    assert {lock.parent.relative_to(ROOT).as_posix() for lock in NPM_LOCKS} >= set(NPM_FOLDERS)
