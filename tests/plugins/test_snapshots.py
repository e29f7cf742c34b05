"""What a plugin changes of others while it is loaded is put back: each test runs such code as a plugin would."""

from __future__ import annotations

import decimal
import gc
import json
import locale
import logging
import os
import random
import resource
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin import site
from django.contrib.auth.models import Group
from django.core.checks.registry import registry as checks
from django.core.signals import request_finished
from django.db import close_old_connections, connection
from django.db.models import CharField
from django.db.models.signals import post_save
from django.template.defaultfilters import register as filters
from django.urls import converters

from webnet.customers import access
from webnet.customers.models import Customer, Membership, User
from webnet.database.guard import ConnectionPatchRefused
from webnet.django_internals import registered_admin_pages, restore_admin_pages
from webnet.errors import PluginDefinitionError
from webnet.plugins.base import HOOKS
from webnet.plugins.hooks import after_commit
from webnet.plugins.loading.host_code import host_code
from webnet.plugins.loading.process_state import Change, ProcessState
from webnet.plugins.loading.snapshots import watching
from webnet.plugins.manager import manager

MODULE = "some_plugin"


@pytest.fixture(autouse=True)
def _start_of_a_process() -> None:
    """Other tests may have replaced what belongs to the host."""
    host_code.expect_changes()


def call_nothing(*_: object, **__: object) -> None:
    """What a plugin puts in the place of a function of the host's."""


def forget_nothing(names: list[str]) -> None:
    for name in names:
        del sys.modules[name]


def lower(limit: int) -> None:
    """By one, and only the limit that the process may raise again."""
    soft, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (soft - 1, hard))


# Each with a part of the reason, and something whose value must be the same afterwards.
HARM: dict[str, tuple[Callable[[], object], str, Callable[[], object]]] = {
    "a function": (
        lambda: setattr(access, "require", call_nothing),
        "webnet.customers.access.require",
        lambda: access.require,
    ),
    "a method": (
        lambda: setattr(User, "check_password", call_nothing),
        "webnet.customers.models.User.check_password",
        lambda: User.check_password,
    ),
    "a removed function": (
        lambda: delattr(access, "require"),
        "webnet.customers.access.require",
        lambda: access.require,
    ),
    "an inherited method": (
        lambda: setattr(Customer, "save", call_nothing),
        "webnet.customers.models.Customer.save",
        lambda: "save" in vars(Customer),
    ),
    "a method of a single object": (
        lambda: setattr(manager, "enable", call_nothing),
        "webnet.plugins.manager.manager.enable",
        lambda: vars(manager).get("enable"),
    ),
    "a builtin in a module": (
        lambda: setattr(access, "len", call_nothing),
        "webnet.customers.access.len",
        lambda: hasattr(access, "len"),
    ),
    "a number of webnet's": (
        lambda: setattr(after_commit, "DEADLINE_SECONDS", 0),
        "webnet.plugins.hooks.after_commit.DEADLINE_SECONDS",
        lambda: after_commit.DEADLINE_SECONDS,
    ),
    "a table of webnet's": (HOOKS.clear, "webnet.plugins.base.HOOKS", lambda: dict(HOOKS)),
    "Django's code": (
        lambda: setattr(post_save.__class__, "send", call_nothing),
        "django.db.models.signals.ModelSignal.send",
        lambda: vars(post_save.__class__).get("send"),
    ),
    "Python's code": (lambda: setattr(json, "dumps", call_nothing), "json.dumps", lambda: json.dumps),
    "a setting": (
        lambda: setattr(settings, "WEBNET_THREADS", 0),
        "the setting WEBNET_THREADS",
        lambda: settings.WEBNET_THREADS,
    ),
    "a list in the settings": (
        lambda: settings.MIDDLEWARE.append("nowhere"),
        "the setting MIDDLEWARE",
        lambda: (id(settings.MIDDLEWARE), list(settings.MIDDLEWARE)),
    ),
    "something deep in the settings": (
        settings.TEMPLATES[0]["OPTIONS"].clear,
        "the setting TEMPLATES",
        lambda: dict(settings.TEMPLATES[0]["OPTIONS"]),
    ),
    "a removed setting": (
        lambda: delattr(settings, "LOGIN_URL"),
        "the setting LOGIN_URL",
        lambda: settings.LOGIN_URL,
    ),
    "a signal handler": (
        lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
        "the handler of SIGCHLD",
        lambda: signal.getsignal(signal.SIGCHLD),
    ),
    "blocked signals": (
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}),
        "the blocked signals",
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
    ),
    "a replaced module": (
        lambda: sys.modules.update({"webnet.customers.access": ModuleType("fake")}),
        "sys.modules (webnet.customers.access)",
        lambda: sys.modules["webnet.customers.access"],
    ),
    "removed modules": (
        lambda: forget_nothing(["json", "webnet.errors"]),
        "sys.modules (",
        lambda: (sys.modules["json"], sys.modules["webnet.errors"]),
    ),
    "receivers of others": (
        lambda: request_finished.disconnect(close_old_connections),
        "the receivers of request_finished",
        lambda: len(request_finished.receivers),
    ),
    "admin pages of others": (
        lambda: site.unregister(Group),
        "the admin pages of auth.Group",
        lambda: site.get_model_admin(Group),
    ),
    "system checks": (
        checks.registered_checks.clear,
        "the system checks",
        lambda: len(checks.registered_checks),
    ),
    "a URL converter": (
        lambda: converters.REGISTERED_CONVERTERS.update(int=converters.StringConverter()),
        "the URL converters (int)",
        lambda: converters.get_converters()["int"],
    ),
    "a template filter": (
        lambda: filters.filter("date", call_nothing),
        "django.template.defaultfilters (date)",
        lambda: filters.filters["date"],
    ),
    "a field of a model": (
        lambda: CharField(max_length=5, default="").contribute_to_class(Customer, "colour"),
        "the fields of customers.Customer",
        lambda: [field.name for field in Customer._meta.get_fields()],
    ),
}
# What is put back with a warning, as it is called there.
LITTER: dict[str, tuple[Callable[[], object], str, Callable[[], object]]] = {
    "stderr": (lambda: setattr(sys, "stderr", None), "sys.stderr", lambda: sys.stderr),
    "the hook for exceptions": (
        lambda: setattr(sys, "excepthook", call_nothing),
        "sys.excepthook",
        lambda: sys.excepthook,
    ),
    "the hook for threads": (
        lambda: setattr(threading, "excepthook", call_nothing),
        "threading.excepthook",
        lambda: threading.excepthook,
    ),
    "the recursion limit": (
        lambda: sys.setrecursionlimit(sys.getrecursionlimit() + 7),
        "the recursion limit",
        sys.getrecursionlimit,
    ),
    "an emptied path": (sys.path.clear, "sys.path", lambda: (id(sys.path), list(sys.path))),
    "a path before all others": (lambda: sys.path.insert(0, "/nowhere"), "sys.path", lambda: list(sys.path)),
    "import hooks": (sys.meta_path.clear, "sys.meta_path", lambda: list(sys.meta_path)),
    "the environment": (
        lambda: os.environ.update(WEBNET_THREADS="0"),
        "the environment (WEBNET_THREADS)",
        lambda: dict(os.environ),
    ),
    "the working directory": (lambda: os.chdir("/"), "the working directory", Path.cwd),
    "a resource limit": (
        lambda: lower(resource.RLIMIT_NOFILE),
        "RLIMIT_NOFILE",
        lambda: resource.getrlimit(resource.RLIMIT_NOFILE),
    ),
    "the umask": (lambda: os.umask(0o000), "the umask", lambda: os.umask(os.umask(0o022)) and None),
    "the time zone": (
        lambda: (os.environ.update(TZ="Asia/Tokyo"), time.tzset()),
        "the environment (TZ), the time zone",
        lambda: (time.tzname, time.timezone),
    ),
    "the locale": (
        lambda: locale.setlocale(locale.LC_ALL, "C"),
        "the locale",
        lambda: locale.setlocale(locale.LC_ALL),
    ),
    "warnings as errors": (
        lambda: warnings.simplefilter("error"),
        "the filters of warnings",
        lambda: list(warnings.filters),
    ),
    "the timeout of sockets": (
        lambda: socket.setdefaulttimeout(3),
        "the default timeout of sockets",
        socket.getdefaulttimeout,
    ),
    "decimal numbers": (
        lambda: setattr(decimal.getcontext(), "prec", 3),
        "the context of decimal numbers",
        lambda: decimal.getcontext().prec,
    ),
    "the garbage collector": (gc.disable, "the garbage collector", gc.isenabled),
    "the root logger": (
        lambda: logging.root.setLevel(logging.CRITICAL),
        "the logger 'root'",
        lambda: (logging.root.level, logging.getLogger("webnet.plugins").isEnabledFor(logging.INFO)),
    ),
    "a logger of the host": (
        lambda: setattr(logging.getLogger("webnet.plugins.registry"), "disabled", True),
        "the logger 'webnet.plugins.registry'",
        lambda: logging.getLogger("webnet.plugins.registry").disabled,
    ),
    "all of logging": (
        lambda: logging.disable(logging.CRITICAL),
        "logging.disable",
        lambda: logging.root.manager.disable,
    ),
}


@pytest.fixture
def _pages() -> Iterator[None]:
    """The admin has a page for groups."""
    before = registered_admin_pages(site)
    if not site.is_registered(Group):
        site.register(Group)
    yield
    restore_admin_pages(site, before)


@pytest.mark.parametrize("what", HARM)
@pytest.mark.usefixtures("_pages")
def test_what_belongs_to_the_host_is_put_back_and_the_plugin_is_refused(what: str) -> None:
    harm, named, look = HARM[what]
    before = look()

    with pytest.raises(PluginDefinitionError) as refused, watching(MODULE):
        harm()

    assert named in refused.value.message and MODULE in refused.value.message
    assert look() == before


@pytest.mark.parametrize("what", LITTER)
def test_what_belongs_to_the_process_is_put_back_with_a_warning(what: str, caplog: pytest.LogCaptureFixture) -> None:
    change, named, look = LITTER[what]
    before = look()

    with watching(MODULE):
        change()

    assert look() == before
    (record,) = [record for record in caplog.records if record.name == "webnet.plugins.loading.snapshots"]
    assert record.getMessage() == f"Plugin '{MODULE}' changed {named}, which belongs to others. It was put back."


def test_a_plugin_that_fails_leaves_nothing_behind_either(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        settings.WEBNET_THREADS = 0
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), watching(MODULE):
        fail()

    assert settings.WEBNET_THREADS > 0
    assert "the setting WEBNET_THREADS" in caplog.text


def test_random_numbers_may_be_asked_for_but_not_be_chosen_for_others(caplog: pytest.LogCaptureFixture) -> None:
    before = random.getstate()

    with watching(MODULE):
        random.seed(1)

    assert random.getstate() == before
    assert not caplog.records


def test_what_every_import_does_is_allowed(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    keep: list[Any] = [call_nothing]

    with watching(MODULE):
        sys.modules["some_plugin.models"] = ModuleType("some_plugin.models")
        sys.path.append(str(tmp_path))
        sys.meta_path.insert(0, keep[0])
        post_save.connect(call_nothing, sender=Customer)
        checks.register(call_nothing)
        converters.REGISTERED_CONVERTERS["some_plugin"] = converters.StringConverter()
        filters.filter("some_plugin", call_nothing)
        settings.SOME_PLUGIN_LIMIT = 5
        warnings.filterwarnings("ignore", module="some_plugin")
        logging.getLogger("some_plugin").setLevel(logging.DEBUG)
        Customer.some_plugin_notes = property(call_nothing)

    assert not caplog.records
    post_save.disconnect(call_nothing, sender=Customer)
    checks.registered_checks.discard(call_nothing)
    del converters.REGISTERED_CONVERTERS["some_plugin"], filters.filters["some_plugin"], settings.SOME_PLUGIN_LIMIT
    del Customer.some_plugin_notes, sys.modules["some_plugin.models"]
    sys.meta_path.remove(keep[0])
    sys.path.remove(str(tmp_path))
    warnings.filters[:] = [entry for entry in warnings.filters if "some_plugin" not in str(entry[3])]


def test_what_the_host_changes_itself_between_two_plugins_is_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with watching("first_plugin"):
        pass
    monkeypatch.setattr(access, "require", call_nothing)
    host_code.expect_changes()

    with watching(MODULE):
        pass

    assert access.require is call_nothing


@pytest.mark.parametrize("is_first_gone", [False, True])
def test_a_module_of_the_host_is_compared_from_its_import_on(
    monkeypatch: pytest.MonkeyPatch, *, is_first_gone: bool
) -> None:
    late = ModuleType(f"webnet.imported_late_{is_first_gone}")
    late.answer = call_nothing  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "imported_early", ModuleType("imported_early"))
    with watching("first_plugin"):
        pass
    if is_first_gone:
        monkeypatch.delitem(sys.modules, "imported_early")
    monkeypatch.setitem(sys.modules, late.__name__, late)

    with pytest.raises(PluginDefinitionError, match=r"webnet\.imported_late_\w+\.answer"), watching(MODULE):
        late.answer = print  # type: ignore[attr-defined]

    assert late.answer is call_nothing


@pytest.mark.django_db
def test_wrappers_of_statements_are_taken_off_the_connection() -> None:
    before = list(connection.execute_wrappers)

    with pytest.raises(PluginDefinitionError, match="execute_wrappers"), watching(MODULE):
        connection.execute_wrappers.append(call_nothing)

    assert connection.execute_wrappers == before


@pytest.mark.django_db
def test_a_connection_can_not_be_changed_while_a_plugin_is_loaded() -> None:
    cursor = connection.cursor

    with pytest.raises(ConnectionPatchRefused), watching(MODULE):
        connection.cursor = call_nothing

    assert connection.cursor == cursor


def test_a_manager_of_webnets_models_is_put_back() -> None:
    with pytest.raises(PluginDefinitionError, match=r"Membership\.objects\.get_queryset"), watching(MODULE):
        Membership.objects.get_queryset = call_nothing

    assert "get_queryset" not in vars(Membership.objects)


def test_a_limit_that_can_not_be_put_back_is_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    state, former = ProcessState(), resource.getrlimit(resource.RLIMIT_NOFILE)
    lower(resource.RLIMIT_NOFILE)

    def refuse(*_: object) -> None:
        raise PermissionError

    # As for everybody but root, where the limit that a process can't raise again was lowered.
    with monkeypatch.context() as patched:
        patched.setattr(resource, "setrlimit", refuse)
        changes = list(state.restore())
    resource.setrlimit(resource.RLIMIT_NOFILE, former)

    assert changes == [Change(what="RLIMIT_NOFILE, for good", is_harmful=True)]
