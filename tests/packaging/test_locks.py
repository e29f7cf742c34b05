"""The locked packages: what installs them is one of them, and no lock says where they come from."""

from __future__ import annotations

import re

import pytest

from tests.servers import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


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
