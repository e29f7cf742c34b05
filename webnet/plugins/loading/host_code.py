"""The host's code as it was before a plugin's code ran: functions and classes that were replaced are put back.

That is the code of webnet, of the libraries it is made of, and of the most important modules of Python. A module joins
as soon as it is imported. Comparing them all takes a millisecond, since most of what they hold is the same.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import ne
from types import ModuleType
from typing import Any

from webnet.plugins.loading.process_state import Change

OWN = "webnet"
PACKAGES = frozenset(
    {
        *(OWN, "django", "strawberry", "strawberry_django", "graphql"),
        *("asgiref", "corsheaders", "whitenoise", "jsonschema"),
    }
)
MODULES = frozenset(
    {
        *("asyncio", "asyncio.base_events", "asyncio.events", "asyncio.tasks", "builtins", "contextlib", "contextvars"),
        *("copy", "datetime", "decimal", "functools", "hashlib", "hmac", "http.client", "importlib", "inspect", "io"),
        *("json", "json.decoder", "json.encoder", "logging", "os", "pathlib", "pickle", "posixpath", "queue"),
        *("random", "secrets", "select", "selectors", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess"),
        *("tempfile", "threading", "time", "typing", "urllib.parse", "urllib.request", "uuid", "warnings", "weakref"),
    }
)
# Parts of these packages that decide nothing at run time, or that would only make the comparison slower.
LEFT_OUT = (
    *(
        "django.contrib.gis",
        "django.contrib.postgres",
        "django.core.management",
        "django.db.migrations",
        "django.forms",
    ),
    *("django.contrib.admin.templatetags", "django.contrib.admin.views", "django.contrib.admin.widgets", "django.test"),
    *("django.db.models.functions", "django.db.models.lookups", "django.views.debug", "django.views.generic"),
    *("graphql.language", "graphql.pyutils", "graphql.utilities", "graphql.validation", "strawberry.exceptions"),
    *("strawberry.extensions", "strawberry.federation", "strawberry_django.mutations", "strawberry.printer"),
    *(
        "sqlparse",
        "jsonschema.exceptions",
    ),
)
# Whose tables `django_state` compares, and puts back at every depth.
SETTINGS = "webnet.settings"
# Where Django's descriptors for the other end of a relation are from: every plugin with a foreign key adds some.
_RELATIONS = ("django.db.models.fields.related_descriptors", "django.contrib.contenttypes.fields")
# `process_state` compares these.
OF_THE_PROCESS = frozenset({"threading.excepthook", "warnings.showwarning", "logging.raiseExceptions"})
# So many modules and classes are compared at once; those of a chunk that differs are then compared one by one.
CHUNK_SIZE = 64
_ABSENT: Any = object()


class _Chunk:
    """Some modules and classes: their names and themselves, their dictionaries, and what these held.

    Most chunks are unchanged, and comparing all values of one takes no loop in Python.
    """

    def __init__(self) -> None:
        self.owners: list[tuple[str, Any]] = []
        self.current: list[Any] = []
        self.known: list[dict[str, Any]] = []
        self._values: list[Any] = []

    def add(self, label: str, owner: Any) -> None:
        self.owners.append((label, owner))
        self.current.append(vars(owner))
        self.known.append(dict(vars(owner)))
        self._values += self.known[-1].values()

    def list_changed(self) -> list[int]:
        if self._list_values() == self._values:
            return []
        return [index for index, differs in enumerate(map(ne, self.current, self.known)) if differs]

    def restore(self, index: int) -> Iterator[tuple[str, str]]:
        """Put back what is no longer as it was, and yield whose it was and its name."""
        label, owner = self.owners[index]
        known, current = self.known[index], dict(self.current[index])
        for name, value in known.items():
            if current.get(name, _ABSENT) is not value and _is_patch(label, name, value, current.get(name, _ABSENT)):
                _set(owner, name, value)
                yield label, name
        for name, value in current.items():
            if name not in known and _hides(owner, name, value):
                _delete(owner, name)
                yield label, name

    def remember(self, changed: Iterable[int]) -> None:
        """Know these as they are now."""
        for index in changed:
            self.known[index] = dict(self.current[index])
        self._values = self._list_values()

    def _list_values(self) -> list[Any]:
        values: list[Any] = []
        for each in self.current:
            values += each.values()  # By far the fastest of all ways, and this is done for each plugin four times.
        return values


class HostCode:
    """What the host's modules and classes hold; there is one for each process (`host_code`)."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Know nothing: once all plugins are loaded, these copies would be 3 MB of every process."""
        self._chunks = [_Chunk()]
        # Single objects of webnet, such as the manager: nothing in them may hide a method of their class.
        self._objects: list[tuple[str, Any]] = []
        # Models of webnet: their managers are objects, which Django makes anew when a relation is added.
        self._models: list[tuple[str, Any]] = []
        # Tables of webnet, such as the roles, with copies.
        self._tables: list[tuple[str, Any, Any]] = []
        self._seen: set[str] = set()
        # Of all modules, in the order of `sys.modules`, when it was last looked at.
        self._names: list[str] = []
        # Comparing takes most of the time, so it is done after a plugin's code has run, and before only where needed.
        self._is_current = False

    def expect_changes(self) -> None:
        """The host's own code runs before the next plugin does: what it changes is then taken as it is."""
        self._is_current = False

    def begin(self) -> None:
        """Know all as it is before a plugin's code runs."""
        if not self._is_current:
            self._tables = [(name, table, _copy(table)) for name, table, _ in self._tables]
            for chunk in self._chunks:
                if changed := chunk.list_changed():
                    chunk.remember(changed)
            self._is_current = True
        self._take_in_new_modules()

    def restore(self) -> Iterator[Change]:
        """Put back what has changed, and yield what that was."""
        for chunk in self._chunks:
            if changed := chunk.list_changed():
                names = [f"{label}.{name}" for index in changed for label, name in chunk.restore(index)]
                yield from (Change(what=name, is_harmful=True) for name in names)
                chunk.remember(changed)
        for name, table, copy in self._tables:
            if table != copy:
                _refill(table, copy)
                yield Change(what=name, is_harmful=True)
        managers = (
            (f"{label}.{manager.name}", manager) for label, model in self._models for manager in model._meta.managers
        )
        for label, owner in chain(self._objects, managers):
            for name in [name for name in vars(owner) if _is_code(getattr(type(owner), name, None))]:
                delattr(owner, name)
                yield Change(what=f"{label}.{name}", is_harmful=True)
        self._take_in_new_modules()

    def _take_in_new_modules(self) -> None:
        # By name: a module that was replaced in `sys.modules` is put back there, and is the one that counts.
        names = list(sys.modules)
        known = len(self._names)
        # New ones come last. To look each of them up takes five times as long.
        fresh = names[known:] if names[:known] == self._names else names
        self._names = names
        for name in [name for name in fresh if name not in self._seen]:
            self._seen.add(name)
            module: object = sys.modules[name]  # Which may be anything, and None.
            is_of_host = name in MODULES or (_top(name) in PACKAGES and not name.startswith(LEFT_OUT))
            if is_of_host and isinstance(module, ModuleType):
                self._take_in(name, module)

    def _take_in(self, name: str, module: ModuleType) -> None:
        self._add(name, module)
        # The type is asked, not the value: `isinstance` would evaluate a lazy object.
        for attribute, value in list(vars(module).items()):
            kind = type(value)
            if issubclass(kind, type):
                if value.__module__ == name and not issubclass(value, BaseException):
                    self._add(f"{name}.{attribute}", value)
                    if _top(name) == OWN and hasattr(value, "_meta"):
                        self._models.append((f"{name}.{attribute}", value))
            elif _top(name) != OWN:
                continue
            elif kind in (dict, list, set) and attribute.isupper() and not name.startswith(SETTINGS):
                self._tables.append((f"{name}.{attribute}", value, _copy(value)))
            elif _top(kind.__module__) == OWN and hasattr(value, "__dict__") and not _is_shadowed(value):
                self._objects.append((f"{name}.{attribute}", value))

    def _add(self, label: str, owner: Any) -> None:
        if len(self._chunks[-1].owners) == CHUNK_SIZE:
            self._chunks.append(_Chunk())
        self._chunks[-1].add(label, owner)


host_code = HostCode()


def _is_patch(label: str, name: str, former: Any, current: Any) -> bool:
    """Whether code was replaced or removed, or anything of webnet; elsewhere, code itself keeps its state in names."""
    place = f"{label}.{name}"
    is_submodule = isinstance(current, ModuleType) and sys.modules.get(place) is current
    if is_submodule or _is_relation(current) or place in OF_THE_PROCESS:
        return False
    if _top(label) == OWN:
        return _is_code(former) or not name.startswith("__")
    # The host's libraries extend each other when they are imported: strawberry_django does so with Django's QuerySet.
    return _is_code(former) and _top(getattr(current, "__module__", None) or "") not in PACKAGES


def _hides(owner: Any, name: str, value: Any) -> bool:
    """Whether a new name takes precedence over a function that the code there has used so far."""
    if isinstance(owner, ModuleType):
        return name in vars(builtins) and not name.startswith("__") and owner is not builtins
    inherited = next((vars(base)[name] for base in owner.__mro__[1:] if name in vars(base)), None)
    return _is_code(inherited) and not _is_relation(value)


def _is_code(value: Any) -> bool:
    """Whether it is a function, a class, or a descriptor such as a property."""
    # Both ask the type alone, so that lazy objects stay lazy.
    return callable(value) or hasattr(type(value), "__get__")


def _top(name: str) -> str:
    return name.partition(".")[0]


def _is_relation(value: Any) -> bool:
    return type(value).__module__ in _RELATIONS


def _is_shadowed(owner: Any) -> bool:
    return any(_is_code(getattr(type(owner), name, None)) for name in vars(owner))


def _set(owner: Any, name: str, value: Any) -> None:
    # Not by `setattr`: a metaclass, such as that of enums, may refuse it.
    if isinstance(owner, ModuleType):
        vars(owner)[name] = value
    else:
        type.__setattr__(owner, name, value)


def _delete(owner: Any, name: str) -> None:
    if isinstance(owner, ModuleType):
        del vars(owner)[name]
    else:
        type.__delattr__(owner, name)


def _copy(table: Any) -> Any:
    return type(table)(table)


def _refill(table: Any, copy: Any) -> None:
    table.clear()
    if isinstance(table, list):
        table.extend(copy)
    else:
        table.update(copy)
