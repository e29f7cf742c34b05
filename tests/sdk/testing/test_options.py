"""How the kit sets itself up: by a project's own options, whatever the caller's environment says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import interpreters
from tests.databases import with_files_of_its_own

pytestmark = with_files_of_its_own

PROJECT = """
[tool.pytest.ini_options]
addopts = ["-p", "webnet.sdk.testing"]
webnet_plugins = ["hello_world"]
"""
CONFTEST = """
from webnet.sdk.models import Customer

MODEL = Customer.__name__
"""
TESTS = """
from django.conf import settings
from django.db import connection


def test_the_callers_webnet_is_nowhere(webnet_customer):
    assert settings.WEBNET_PLUGINS == ("hello_world",)
    assert settings.REDIS_URL == "" and not settings.WEBNET_SAFE_MODE
    assert "webnet-tests-" in str(settings.WEBNET_DATA_DIR)
    assert "precious" not in str(connection.settings_dict["NAME"])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with options, a conftest.py that imports models, and one test."""
    files = {"pyproject.toml": PROJECT, "conftest.py": CONFTEST, "test_it.py": TESTS}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run_pytest(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    theirs = {
        "DATABASE_URL": f"sqlite:///{project}/precious.sqlite3",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "WEBNET_PLUGINS": "no_such_plugin",
        "WEBNET_SAFE_MODE": "1",
        "TEST_DATABASE": "sqlite",
    }
    command = ["-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return interpreters.run(command, environment=os.environ | theirs, folder=project, timeout=300)


def test_nothing_of_the_callers_environment_reaches_the_tests(project: Path) -> None:
    done = run_pytest(project)

    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert not (project / "precious.sqlite3").exists()


def test_without_pytest_django_it_says_what_is_missing(project: Path) -> None:
    done = run_pytest(project, "-p", "no:django")

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "webnet.sdk.testing needs pytest-django: install it" in done.stderr


def test_named_twice_it_is_one(project: Path) -> None:
    """As a project does whose conftest.py names it too."""
    (project / "conftest.py").write_text(f'pytest_plugins = ["webnet.sdk.testing"]\n{CONFTEST}')

    done = run_pytest(project, "-p", "webnet.sdk.testing")

    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_plugin_under_test_that_needs_one_that_is_not_listed_names_it(project: Path) -> None:
    """Also if a conftest.py imports its models, which are gone then."""
    package = project / "loans"
    package.mkdir()
    (project / "pyproject.toml").write_text(PROJECT.replace('"hello_world"', '"loans"') + 'pythonpath = ["."]\n')
    (project / "conftest.py").write_text("from loans.models import Loan\n")
    (package / "__init__.py").touch()
    (package / "plugin.py").write_text(
        "from webnet.plugins.base import PluginBase\n\n\nclass Plugin(PluginBase):\n"
        "    name, version, dependencies = 'loans', '1.0', ['device_inventory']\n"
    )
    (package / "models.py").write_text("from device_inventory.models import Device as Loan\n")

    done = run_pytest(project)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "A plugin under test can't be used: 'loans' is failed: " in done.stderr
    assert "it needs 'device_inventory', which is not loaded: add it to WEBNET_PLUGINS (in tests, to " in done.stderr
