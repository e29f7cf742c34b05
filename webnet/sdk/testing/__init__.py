"""The testing kit for plugins: a pytest plugin, assertions, and `boot()`, which starts a webnet of its own.

Add it to the project's pytest options, together with the modules of the plugins under test, dependencies first:

    [tool.pytest.ini_options]
    addopts = ["-p", "webnet.sdk.testing"]
    pythonpath = ["."]
    webnet_plugins = ["my_plugin"]

It needs pytest and pytest-django. The module `fixtures` has the fixtures; `pytest --fixtures` describes them.
"""

from __future__ import annotations

from webnet.sdk.testing.assertions import (
    assert_no_leaks,
    assert_statements_do_not_grow,
    assert_vanishes_when_disabled,
)
from webnet.sdk.testing.boot import BootedWebnet, boot
from webnet.sdk.testing.hooks import (
    pytest_addoption,
    pytest_configure,
    pytest_load_initial_conftests,
    pytest_sessionfinish,
)
from webnet.sdk.testing.protocols import MakeClient, MakeCustomer, MakeHookContext, SetSettings, SwitchPlugin
from webnet.sdk.trial.client import HttpClient, WebnetClient

__all__ = [
    "BootedWebnet",
    "HttpClient",
    "MakeClient",
    "MakeCustomer",
    "MakeHookContext",
    "SetSettings",
    "SwitchPlugin",
    "WebnetClient",
    "assert_no_leaks",
    "assert_statements_do_not_grow",
    "assert_vanishes_when_disabled",
    "boot",
    "pytest_addoption",
    "pytest_configure",
    "pytest_load_initial_conftests",
    "pytest_sessionfinish",
]
