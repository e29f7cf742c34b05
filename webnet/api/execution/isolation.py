"""Confines a plugin's failure: clients see nothing of the exception, and a mutation with an error is undone.

Each mutation is one transaction with its answer, and is undone if that can't be given.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import lru_cache
from inspect import getattr_static
from threading import get_ident
from types import AsyncGeneratorType, CoroutineType
from typing import Any

from asgiref.sync import async_to_sync
from django.db.models import Model
from django.utils.functional import cached_property
from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationType,
    is_specified_scalar_type,
)
from graphql.pyutils import Path
from strawberry.resolvers import is_default_resolver
from strawberry.utils.inspect import in_async_context

from webnet.api.declarations.mutations import COMMITS_ITSELF
from webnet.api.engine.client_values import refuse_unstorable
from webnet.api.engine.ownership import Composite, Ownership
from webnet.api.errors import FieldFailed, is_about_input
from webnet.api.execution.compiled_selection import CompiledExecutor
from webnet.api.execution.failure_details import find_frames
from webnet.api.execution.field_steps import NEEDS_INFO, OfSource
from webnet.api.strawberry_internals import strawberry_field
from webnet.api.vocabulary.scalars import check_serializable
from webnet.audit.operation import transaction_with_answer, undo_with_answer
from webnet.containment import what_was_raised
from webnet.customers.models import Customer
from webnet.database.deadlines import check_deadline, current_deadline
from webnet.database.guard import refusing_transaction_control
from webnet.errors import DeadlineExceeded, WebnetError
from webnet.plugin_calls import innermost
from webnet.plugins.registry import registry
from webnet.plugins.runtime import open_requests
from webnet.plugins.runtime.calls import CheckedCall, current_call, take_turns
from webnet.plugins.runtime.resolver_calls import PluginResolver, ResolverCalls

Resolve = Callable[..., Any]

# The extension of a graphql-core field with the name of the plugin that defines it.
PLUGIN = "webnet.plugin"
# The extension of a mutation whose resolver must not return None.
PROMISED = "webnet.promised"
# Results that can still fail after the resolver has returned.
LATER = frozenset({CoroutineType, AsyncGeneratorType})


def make_mutations_nullable(schema: GraphQLSchema) -> None:
    """Let each mutation be null, so that one that fails does not take the answers of the others of its document along.

    Once, after the schema was built, for the host's and plugins' alike, however they are declared. That it is null
    without an error stays a mistake where its resolver has promised an answer.
    """
    for field in schema.mutation_type.fields.values() if schema.mutation_type is not None else ():
        if isinstance(field.type, GraphQLNonNull):
            field.type = field.type.of_type
            field.extensions = {**field.extensions, PROMISED: True}


def isolate(schema: GraphQLSchema, owners: Ownership) -> None:
    """Wrap every resolver of a plugin; once, after the schema was built. Derived schemas share them."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLScalarType) and not is_specified_scalar_type(kind):
            coerce, owner = kind.coerce_output_value, owners.types.get(kind.name)
            coerce = coerce if owner is None else _guard_scalar(coerce, owner, kind.name)
            kind.coerce_output_value = check_serializable(coerce)
        for name, field in kind.fields.items() if isinstance(kind, Composite) else ():
            plugin = owners.fields.get((kind.name, name)) or owners.types.get(kind.name)
            if plugin is not None:
                _isolate_field(field, plugin, place=f"{kind.name}.{name}")


def find_plugin(schema: GraphQLSchema, type_name: str | None, field_name: str) -> str | None:
    """The plugin that defines the field; None for the host."""
    kind = schema.type_map.get(type_name or "")
    field = kind.fields.get(field_name) if isinstance(kind, Composite) else None
    plugin: str | None = field.extensions.get(PLUGIN) if field is not None else None
    return plugin


class IsolatingExecutor(CompiledExecutor):
    """Also attributes errors to plugins that occur outside of a wrapped resolver, such as for invalid values.

    Commits a mutation only once its answer is complete: an error anywhere in it undoes what the mutation did.
    """

    def execute_fields_serially(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """The mutations of a document in order. One that fails is null, and the others are as without it."""
        execute: Any = super().execute_fields_serially  # Never awaitable: coroutines were run to their end.
        results: dict[str, Any] = {}
        deadline = current_deadline()
        if deadline is not None:
            deadline.begin_change()
        for name, details in grouped_field_set.items():
            field = parent_type.fields.get(details[0].node.name.value)
            arguments = (parent_type, source_value, path, {name: details}, position_context)
            if field is None or commits_itself(field):
                results |= execute(*arguments)
                continue
            errors, place = self.collected_errors.errors, Path(path, name, parent_type.name)
            known = len(errors)
            try:
                with refusing_transaction_control(), transaction_with_answer():
                    answer = execute(*arguments)
                    if answer[name] is None and len(errors) == known and PROMISED in field.extensions:
                        self.handle_field_error(TypeError("It returned None."), field.type, details, place)
                    if len(errors) != known:
                        undo_with_answer()
                        answer = {name: None}
                    results |= answer
            except Exception as error:  # noqa: BLE001 - the commit failed, and whatever it raises belongs to this field
                self.handle_field_error(error, field.type, details, place)
                results[name] = None
        return results

    def pause(self) -> None:
        """Raise DeadlineExceeded, also where nothing asks the database, or let others go on for a moment."""
        check_deadline()
        open_requests.give_way()

    def handle_field_error(self, raw_error: Exception, return_type: Any, field_details_list: Any, path: Path) -> None:
        # It ends the whole query: each of the other fields would only fail in the same way. What a mutation did is
        # undone with its field, and an event is one of a stream that goes on.
        is_query = self.operation.operation is OperationType.QUERY
        if isinstance(raw_error, DeadlineExceeded) and (is_query or path.prev is not None):
            raise raw_error
        error = self._attribute(raw_error, field_details_list[0].node.name.value, path)
        super().handle_field_error(error, return_type, field_details_list, path)

    def _attribute(self, error: Exception, field_name: str, path: Path) -> Exception:
        if _is_described(error):
            return error
        step: Path | None = path
        while step is not None and step.typename is None:  # An item of a list.
            step = step.prev
        type_name = step.typename if step is not None else None
        plugin = find_plugin(self.schema, type_name, field_name) or find_raiser(error)
        return (
            error
            if plugin is None
            else FieldFailed(what_was_raised(error), plugin=plugin, place=f"{type_name}.{field_name}")
        )


def commits_itself(field: GraphQLField) -> bool:
    """Whether the mutation commits before its answer is built, as the place where it says so explains."""
    return bool(getattr(strawberry_field(field), "metadata", {}).get(COMMITS_ITSELF))


def owner_of(source: Any) -> int | None:
    """The id of the customer that a row is or belongs to; None for anything else."""
    if isinstance(source, Customer):
        return source.pk
    owner = getattr(source, "customer_id", None) if isinstance(source, Model) else None
    return owner if isinstance(owner, int) else None


def _is_described(error: Exception) -> bool:
    """Whether the error is meant for clients (it has a code), or was attributed to a plugin already."""
    if isinstance(error, GraphQLError):
        return error.path is not None or "code" in (error.extensions or {}) or is_about_input(error)
    return isinstance(error, FieldFailed | WebnetError)


def find_raiser(error: BaseException) -> str | None:
    """The plugin whose code raised it while the host's code called it, such as for a filter of its rows."""
    return next((entry.name for entry in registry.loaded() if any(find_frames(error, entry.module))), None)


def _isolate_field(field: GraphQLField, plugin: str, *, place: str) -> None:
    field.extensions = {**field.extensions, PLUGIN: plugin}
    if field.resolve is not None:
        described = strawberry_field(field)
        if described is not None and not field.args and is_default_resolver(field.resolve):
            # strawberry-django's fields may show a column under another name.
            attribute = getattr(described, "django_name", None) or described.python_name
            field.resolve = _guard_attribute(field.resolve, plugin, place, attribute=attribute)
        else:
            field.resolve = _guard(field.resolve, plugin, place)
    if field.subscribe is not None:
        field.subscribe = _guard(field.subscribe, plugin, place)


def _guard_scalar(coerce: Callable[[Any], Any], plugin: str, place: str) -> Callable[[Any], Any]:
    def guarded(value: Any) -> Any:
        with CheckedCall(plugin, place):
            return coerce(value)

    return guarded


def _guard_attribute(resolve: Resolve, plugin: str, place: str, *, attribute: str) -> Resolve:
    """Strawberry's default resolver reads an attribute: most have nothing to guard, and a property's code is a call."""
    guarded = _guard(resolve, plugin, place)

    def read(source: Any, info: Any) -> Any:
        kind: Any = type(source)
        return guarded(source, info) if runs_code(kind, attribute) else resolve(source, info)

    if not isinstance(resolve, OfSource):
        return read
    unguarded = resolve.read

    def read_column(source: Any) -> Any:
        kind: Any = type(source)
        return NEEDS_INFO if runs_code(kind, attribute) else unguarded(source)

    return OfSource(read_column, read)


@lru_cache(maxsize=4096)  # Of all fields together, and bounded, since a plugin may make classes at run time.
def runs_code(kind: type, attribute: str) -> bool:
    """Whether a plugin's code may run when the attribute of an instance is read: not that of columns and relations."""
    found = getattr_static(kind, attribute, None)
    if isinstance(found, property | functools.cached_property | cached_property):
        return True
    has_own_way = getattr_static(kind, "__getattribute__") is not object.__getattribute__
    if has_own_way or (found is None and hasattr(kind, "__getattr__")):
        return True
    return hasattr(type(found), "__get__") and type(found).__module__.split(".")[0] not in {"builtins", "django"}


def _guard(resolve: Resolve, plugin: str, place: str) -> Resolve:
    resolver = PluginResolver(plugin, place)

    def guarded(source: Any, info: Any, **arguments: Any) -> Any:
        calls = innermost.get()
        try:
            if arguments:
                refuse_unstorable(arguments)
            if type(calls) is ResolverCalls and calls.thread == get_ident():
                outer = calls.enter(resolver)
                try:
                    # Most have none, and are called in half the time that way.
                    result = resolve(source, info, **arguments) if arguments else resolve(source, info)
                except BaseException as error:
                    calls.leave(resolver, outer, error)
                    raise
                calls.leave(resolver, outer)
            else:
                # On the event loop of a stream, where what it starts may run long after it has returned.
                with info.context.resolver_calls().make_call(resolver):
                    result = resolve(source, info, **arguments)
        except Exception as error:
            raise _attribute_error(error, resolver, source) from error
        if type(result) in LATER:
            return _guard_later(result, info.context.resolver_calls().make_call(resolver), source)
        return result

    return guarded


def _guard_later(result: Any, call: CheckedCall, source: Any) -> Any:
    """Wrap a coroutine or an asynchronous generator, which can fail after the resolver has returned it.

    Queries and mutations run on a thread, without an event loop: a coroutine is run to its end here.
    """
    if isinstance(result, CoroutineType):
        guarded = _guard_coroutine(result, call, source)
        return guarded if in_async_context() else run_coroutine(guarded)
    return _guard_events(result, call, source) if isinstance(result, AsyncGeneratorType) else result


def run_coroutine(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The coroutine's result, from a thread without an event loop; Django's asynchronous queries use this thread."""

    call = current_call()

    async def wait() -> Any:
        if call is None:
            return await coroutine
        return await take_turns(coroutine, CheckedCall(call.plugin, call.place, call.customer_id, call.user_id))

    return async_to_sync(wait)()


async def _guard_coroutine(coroutine: Coroutine[Any, Any, Any], call: CheckedCall, source: Any) -> Any:
    try:
        result = await take_turns(coroutine, call)
    except Exception as error:
        raise _attribute_error(error, call, source) from error
    return _guard_later(result, call, source)


async def _guard_events(events: AsyncGenerator[Any, Any], call: CheckedCall, source: Any) -> AsyncGenerator[Any, None]:
    try:
        while True:
            try:
                event = await take_turns(anext(events), call)
            except StopAsyncIteration:
                return
            except Exception as error:
                raise _attribute_error(error, call, source) from error
            yield event
    finally:
        # A call of its own: what was thrown into that of an event is not what ends the generator.
        await take_turns(events.aclose(), CheckedCall(call.plugin, call.place, call.customer_id, call.user_id))


def _attribute_error(error: Exception, call: CheckedCall | PluginResolver, source: Any) -> Exception:
    if _is_described(error):
        return error
    return FieldFailed(what_was_raised(error), plugin=call.plugin, place=call.place, customer_id=owner_of(source))
