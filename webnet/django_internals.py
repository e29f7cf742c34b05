"""Every private name of Django that webnet uses, each of them checked by `tests/packaging/test_django_internals.py`.

Written for Django 5.2 and 6.1. Everything else goes through Django's documented API; `_meta`, `_state`, `_base_manager`
and `_default_manager` are documented too, in spite of their names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any
from weakref import ReferenceType

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.transaction import Atomic
from django.dispatch import Signal
from django.http import HttpRequest
from django.middleware.csrf import REASON_BAD_ORIGIN, CsrfViewMiddleware


def expire_relation_caches(models: Iterable[type[Model]]) -> None:
    """Make the models look for their related models again (`Options._expire_cache`).

    `apps.clear_cache()` does this too, but only once start-up is over.
    """
    for model in models:
        options: Any = model._meta
        options._expire_cache()


def discard_pending_operations(models: Collection[type[Model]]) -> None:
    """Drop what was to run once another model is registered, where it concerns these models.

    `Apps._pending_operations` maps (app label, model name) to partials. Django's checks report what stays in it, and it
    runs if the missing model is registered later.
    """
    pending = apps._pending_operations
    for awaited, operations in list(pending.items()):
        pending[awaited] = [operation for operation in operations if not _mentions(operation, models)]
        if not pending[awaited]:
            del pending[awaited]


def _mentions(operation: Any, models: Collection[type[Model]]) -> bool:
    """Whether a partial, or one of those nested in its `func`, has one of the models, or its field, as an argument."""
    while operation is not None:
        arguments = (*getattr(operation, "args", ()), *(getattr(operation, "keywords", None) or {}).values())
        if any(argument in models or getattr(argument, "model", None) in models for argument in arguments):
            return True
        operation = getattr(operation, "func", None)
    return False


def registered_admin_pages(site: Any) -> dict[type[Model], Any]:
    """A copy of what is registered with an admin site, by model (`AdminSite._registry`); it has no public listing."""
    return dict(site._registry)


def restore_admin_pages(site: Any, pages: dict[type[Model], Any]) -> None:
    """Put back what `registered_admin_pages` returned, as `autodiscover_modules` does after a failed import."""
    site._registry = pages


class _CsrfCheck(CsrfViewMiddleware):
    """Returns the reason for a rejection instead of an HTML page, as the check in Django REST framework does."""

    def _reject(self, request: HttpRequest, reason: str) -> str:  # noqa: ARG002 - the signature is Django's
        return reason


def find_csrf_failure(request: HttpRequest) -> str | None:
    """Why Django's CSRF check rejects the request; None when it passes (`CsrfViewMiddleware._reject`)."""
    check = _CsrfCheck(lambda _: None)  # type: ignore[arg-type]  # The next handler is never called.
    reason: str | None = check.process_view(request, None, (), {})  # type: ignore[assignment,arg-type]  # Nor is the view.
    return reason


def find_origin_failure(request: HttpRequest) -> str | None:
    """Why Django's CSRF check rejects the header `Origin`; None without one (`CsrfViewMiddleware._origin_verified`)."""
    check: Any = _CsrfCheck(lambda _: None)  # type: ignore[arg-type]  # The next handler is never called.
    if "HTTP_ORIGIN" not in request.META or check._origin_verified(request):
        return None
    return str(REASON_BAD_ORIGIN % request.META["HTTP_ORIGIN"])


def allow_durable_blocks(block: Atomic) -> Atomic:
    """Let blocks with `durable=True` be nested directly in this one, as in those of a `TestCase` (`_from_testcase`)."""
    block._from_testcase = True  # type: ignore[attr-defined]  # The stubs leave it out.
    return block


def is_in_test_case(connection: BaseDatabaseWrapper) -> bool:
    """Whether a `TestCase`, which undoes everything at its end, has opened a transaction (`_from_testcase`)."""
    return any(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def make_commit_hooks_robust() -> None:
    """Let Django log what `on_commit` functions raise, since the change is committed then (`run_on_commit`)."""
    waiting: Any = connection.run_on_commit  # The stubs lack its third member.
    waiting[:] = [(savepoints, hook, True) for savepoints, hook, _ in waiting]


def forget_transaction() -> None:
    """Treat the connection as one without a transaction, whatever was done to it; the next statement opens another.

    The `atomic` blocks around the caller then end without a further effect.
    """
    connection.in_atomic_block = connection.needs_rollback = False
    connection.savepoint_ids, connection.atomic_blocks, connection.run_on_commit = [], [], []
    if connection.closed_in_transaction:  # Otherwise Django would keep what is closed until the end of the block.
        connection.closed_in_transaction, connection.connection = False, None
    connection.close()
    if connection.connection is not None:  # A database in memory would be lost with its connection.
        connection.connection.rollback()
        connection.set_autocommit(True)


def count_commit_hooks() -> int:
    """How many functions wait for the commit (`run_on_commit`)."""
    return len(connection.run_on_commit)


def wrap_commit_hooks(first: int, wrap: Callable[[Callable[[], object]], Callable[[], object]]) -> None:
    """Replace the functions that wait for the commit, from that number on, by what `wrap` makes of them."""
    waiting: Any = connection.run_on_commit
    waiting[first:] = [(savepoints, wrap(function), robust) for savepoints, function, robust in waiting[first:]]


def list_settings() -> dict[str, Any]:
    """All settings by name, Django's defaults included (`LazySettings._wrapped`), much faster than `dir()` has them."""
    lazy: Any = settings  # The stubs know the settings alone.
    return {name: value for name, value in vars(lazy._wrapped).items() if name.isupper()}


def list_receivers(signal: Signal) -> list[tuple[Any, ...]]:
    """What is connected to a signal: a key, the receiver or a weak reference to it, and more (`Signal.receivers`)."""
    return list(signal.receivers)


def is_dead(receiver: tuple[Any, ...]) -> bool:
    """Whether one of `list_receivers` no longer exists: signals refer to most of them weakly."""
    return isinstance(receiver[1], ReferenceType) and receiver[1]() is None


def restore_receivers(signal: Signal, receivers: list[tuple[Any, ...]]) -> None:
    """Connect exactly these, as `list_receivers` has them (`Signal.lock`, `Signal.sender_receivers_cache`)."""
    with signal.lock:
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


# The receivers for one sender: sync ones, and async ones.
Receivers = tuple[list[Any], list[Any]]
FindReceivers = Callable[[Signal, object], Receivers]


def receiver_finder() -> FindReceivers:
    """What all four ways of sending a signal ask for its receivers, with the signal and the sender."""
    return Signal._live_receivers


def replace_receiver_finder(find: FindReceivers) -> None:
    """Have every signal ask this instead (`Signal._live_receivers`)."""
    Signal._live_receivers = find  # type: ignore[method-assign,assignment]  # There is no other way to all.
