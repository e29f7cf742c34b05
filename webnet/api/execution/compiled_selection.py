"""Executes the fields of objects by what was found out about each field once, when a request first came to it.

An answer is the same as graphql-core's, with its errors, their paths and their order: what is not the plain case (a
value that has to be awaited, an abstract type, an error) is left to graphql-core's own methods, and no resolver runs
twice. Nothing here knows webnet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from time import monotonic
from types import NoneType
from typing import Any

from graphql import ExecutionResult, GraphQLObjectType, get_argument_values, get_nullable_type
from graphql.pyutils import Path, Undefined, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from webnet.api.execution.field_steps import ABSENT, NEEDS_INFO, NOWHERE, UNCHANGED, FieldStep, OfRequest
from webnet.api.vocabulary.absent_field import AbsentField, prefer_present

# What can't be awaited, as Strawberry says too.
PLAIN = frozenset({NoneType, bool, int, float, str, dict, list, tuple})
# Arguments that no resolver can change, so that all of its calls may get the same ones.
IMMUTABLE = (NoneType, bool, int, float, str, Enum)
# The classes in C by which attributes of their values are only looked up, as those of `object` are.
ORDINARY = frozenset(
    kind.__getattribute__
    for kind in (object, str, int, float, dict, list, tuple, datetime, date, time, timedelta, Decimal)
)
# How often `pause` is called at most, in seconds.
PAUSE_SECONDS = 0.001


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """An executor that looks at a field's type, resolver and arguments once for all objects of a list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._selections: dict[int, tuple[Any, Sequence[Any]]] = {}
        # Types of values that can't be awaited, and are no errors.
        self._plain: set[type] = set(PLAIN)
        middleware = self.middleware_manager
        self._is_plain = middleware is None or not middleware.middlewares
        self._next_pause = 0.0

    def pause(self) -> None:
        """Called now and then before an object or a resolver that gets `info`; an exception ends what comes then."""

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 - graphql-core's signature
        # Copies of an executor, which execute the events of a subscription, have another root value and context.
        self._selections = {}
        result = super().execute_operation(serially)
        if type(result) is ExecutionResult:
            # The ways from here back to the executor, which has the context and with it all that was read: without
            # them, reference counts free that at once, instead of the collector some requests later.
            self._selections = {}
            vars(self).pop("async_helpers", None)
        return result

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: Any,
        serially: bool,  # noqa: FBT001 - graphql-core's signature
        new_defer_usages: Any,
    ) -> Any:
        prefer_present(grouped_field_set)
        return super().execute_collected_root_fields(
            root_type, root_value, grouped_field_set, serially, new_defer_usages
        )

    def collect_subfields(self, return_type: GraphQLObjectType, field_details_list: Any) -> Any:
        collected = super().collect_subfields(return_type, field_details_list)
        prefer_present(collected.grouped_field_set)
        return collected

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: Any, path: Path, position_context: Any
    ) -> Any:
        if isinstance(field_details_list[0].node, AbsentField):
            return None
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """The fields of one object, where graphql-core comes to it."""
        self._pause_if_due()
        if position_context is not None or not self._is_plain:  # Parts of the answer come later, or a hook is called.
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        return self._execute(self._steps_of(parent_type, grouped_field_set), source_value, path)

    def collect_and_execute_subfields(
        self, return_type: GraphQLObjectType, field_details_list: Any, path: Path, result: Any, position_context: Any
    ) -> Any:
        """The fields of an object of this type, where graphql-core comes to it."""
        fields, deferred, _ = self.collect_subfields(return_type, field_details_list)
        if deferred or position_context is not None:
            return self.execute_collected_subfields(return_type, result, path, fields, deferred, position_context)
        return self.execute_fields(return_type, result, path, fields, None)

    def complete_iterable_value(
        self, item_type: Any, field_details_list: Any, info: Any, path: Path, items: Any, position_context: Any
    ) -> Any:
        """The items of a list, which are often values that stay as they are."""
        exact = UNCHANGED.get(get_nullable_type(item_type))
        is_plain = position_context is None and type(items) in {list, tuple} and exact not in {None, int}
        # A directive may ask for the list in parts.
        if is_plain and not field_details_list[0].node.directives and all(type(item) is exact for item in items):
            return list(items)
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    def _pause_if_due(self) -> None:
        if monotonic() >= self._next_pause:
            self.pause()
            self._next_pause = monotonic() + PAUSE_SECONDS

    def _steps_of(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> Sequence[Any]:
        found = self._selections.get(id(grouped_field_set))
        if found is not None:
            return found[1]
        steps: list[Any] = []
        for key, details in grouped_field_set.items():
            if isinstance(details[0].node, AbsentField):
                steps.append((key, *ABSENT))
                continue
            field = self.schema.get_field(parent_type, details[0].node.name.value)
            if field is not None:
                resolve = field.resolve or self.field_resolver
                complete = self.complete_leaf_value
                step = FieldStep(key, details, field, parent_type, resolve=resolve, complete_leaf=complete)
                read = step.read
                if type(resolve) is OfRequest and step.arguments is not None:
                    read = resolve.bind(self.build_resolve_info(field, step.nodes, parent_type, NOWHERE))
                is_known = step.is_known if step.item_type is None else None
                steps.append((key, read, step.exact, step.is_nullable, step.complete_leaf, is_known, step))
        # With the fields themselves, since their identity must not become that of others.
        self._selections[id(grouped_field_set)] = grouped_field_set, steps
        return steps

    def _selection_of(self, step: FieldStep) -> Sequence[Any] | None:
        """The steps of what is selected of the field's objects; None where parts of them come later."""
        if step.selection is None and step.object_type is not None and self._is_plain:
            fields, deferred, _ = self.collect_subfields(step.object_type, step.details)
            step.selection = None if deferred else self._steps_of(step.object_type, fields)
        return step.selection

    def _execute(  # noqa: C901, PLR0912 - a call of a function for each field would be the most of what it costs
        self, steps: Sequence[Any], source: Any, path: Path | None
    ) -> Any:
        """The fields of one object."""
        results: dict[str, Any] = {}
        awaited: list[str] = []
        plain = self._plain
        try:
            for key, read, exact, is_nullable, complete_leaf, is_known, step in steps:
                if read is None:
                    completed = self._resolve(step, source, path)
                else:
                    try:
                        value = read(source)
                    except Exception as error:  # noqa: BLE001 - whatever a resolver raises is an error of its field
                        self.handle_field_error(error, step.return_type, step.details, step.path_in(path))
                        results[key] = None
                        continue
                    # The check of 32 bits is written here, too.
                    if type(value) is exact and (exact is not int or -(2**31) <= value < 2**31):
                        results[key] = value
                        continue
                    if value is None and is_nullable:
                        results[key] = None
                        continue
                    if value is NEEDS_INFO:
                        completed = self._resolve(step, source, path)
                    elif is_known is not None and type(value) in plain and is_known(value):
                        completed = self._complete_known(step, value, path)
                    elif complete_leaf is not None and type(value) in plain and value is not None:
                        try:
                            completed = complete_leaf(value)
                        except Exception as error:  # noqa: BLE001 - it is an error of this field
                            self.handle_field_error(error, step.return_type, step.details, step.path_in(path))
                            completed = None
                    else:
                        completed = self._complete(step, value, path)
                results[key] = completed
                if type(completed) not in plain and self.is_awaitable(completed):
                    awaited.append(key)
        except Exception:
            if awaited:
                self.settle_in_background([results[key] for key in awaited])
            raise
        return _await_values(results, awaited) if awaited else results

    def _resolve(self, step: FieldStep, source: Any, path: Path | None) -> Any:
        """The field of one object by its resolver, as `Executor.execute_field` does it."""
        field_path = step.path_in(path)
        info = self._info(step, field_path)
        try:
            if monotonic() >= self._next_pause:
                self._pause_if_due()
            arguments = step.arguments
            if arguments is None:
                arguments = self._arguments(step)
            result = step.resolve(source, info, **arguments) if arguments else step.resolve(source, info)
        except Exception as error:  # noqa: BLE001 - whatever a resolver raises is an error of its field
            self.handle_field_error(error, step.return_type, step.details, field_path)
            return None
        return self._complete(step, result, path, field_path, info)

    def _complete(
        self, step: FieldStep, result: Any, object_path: Path | None, path: Any = None, info: Any = None
    ) -> Any:
        """The value of a resolved field; its path and `info` are made where they are needed."""
        kind, plain = type(result), self._plain
        try:
            if kind not in plain:
                if self._is_awaitable(result):
                    path = path or step.path_in(object_path)
                    info = info or self._info(step, path)
                    return self.complete_awaitable_value(step.return_type, step.details, info, path, result, None)
                is_value = not isinstance(result, Exception) and result is not Undefined
            else:
                is_value = result is not None
            if result is None and step.is_nullable:
                return None
            if is_value and step.complete_leaf is not None:
                completed = step.complete_leaf(result)
            else:
                path = path or step.path_in(object_path)
                completed = self._complete_inner(step, result, path, info) if is_value else NEEDS_INFO
                if completed is NEEDS_INFO:
                    info = info or self._info(step, path)
                    completed = self.complete_value(step.return_type, step.details, info, path, result, None)
            if type(completed) not in plain and self.is_awaitable(completed):
                path = path or step.path_in(object_path)
                return self._await_completed(completed, step.return_type, step.details, path)
        except Exception as error:  # noqa: BLE001 - it is an error of this field
            self.handle_field_error(error, step.return_type, step.details, path or step.path_in(object_path))
            return None
        return completed

    def _complete_known(self, step: FieldStep, value: Any, object_path: Path | None) -> Any:
        """An object that is surely of the field's type, and needs not be awaited."""
        selection = step.selection
        if selection is None:  # It is not known yet, or parts of it come later.
            return self._complete(step, value, object_path)
        path: Any = tuple.__new__(Path, (object_path, step.key, step.parent_type.name))
        try:
            completed = self._execute(selection, value, path)
        except Exception as error:  # noqa: BLE001 - it is an error of this field
            self.handle_field_error(error, step.return_type, step.details, path)
            return None
        if type(completed) is not dict and self.is_awaitable(completed):
            return self._await_completed(completed, step.return_type, step.details, path)
        return completed

    def _complete_inner(self, step: FieldStep, value: Any, path: Path, info: Any) -> Any:
        """An object, or a list of them; NEEDS_INFO for what is not the plain case."""
        selection = step.selection or self._selection_of(step)
        if selection is None:
            return NEEDS_INFO
        if step.item_type is None:
            is_known = step.is_known
            return self._execute(selection, value, path) if is_known and is_known(value) else NEEDS_INFO
        return (
            self._complete_objects(step, selection, value, path, info) if type(value) in {list, tuple} else NEEDS_INFO
        )

    def _complete_objects(  # noqa: C901 - as above
        self, step: FieldStep, selection: Sequence[Any], items: Sequence[Any], path: Path, info: Any
    ) -> Any:
        item_type, plain, is_known = step.item_type, self._plain, step.is_known
        results: list[Any] = []
        awaited: list[int] = []
        iterator = iter(items)
        try:
            for index, item in enumerate(iterator):
                if monotonic() >= self._next_pause:
                    self._pause_if_due()
                item_path: Any = tuple.__new__(Path, (path, index, None))
                if type(item) not in plain and self._is_awaitable(item):
                    info = info or self._info(step, path)
                    results.append(
                        self.complete_awaitable_list_item_value(item, item_type, step.details, info, item_path, None)
                    )
                    awaited.append(index)
                    continue
                try:
                    if type(item) in plain and item is not None and is_known is not None and is_known(item):
                        completed = self._execute(selection, item, item_path)
                    else:
                        info = info or self._info(step, path)
                        completed = self.complete_value(item_type, step.details, info, item_path, item, None)
                    if type(completed) not in plain and self.is_awaitable(completed):
                        completed = self._await_completed(completed, item_type, step.details, item_path)
                        awaited.append(index)
                except Exception as error:  # noqa: BLE001 - it is an error of this item
                    self.handle_field_error(error, item_type, step.details, item_path)
                    completed = None
                results.append(completed)
        except Exception:
            pending = [results[index] for index in awaited] + list(_awaitable_rest(iterator, self.is_awaitable))
            if pending:
                self.settle_in_background(pending)
            raise
        return _await_values(results, awaited) if awaited else results

    def _is_awaitable(self, value: Any) -> bool:
        """As `is_awaitable` says, and what it said of other values of the type, where that follows from the type."""
        if self.is_awaitable(value):
            return True
        kind: Any = type(value)
        is_ordinary = kind.__getattribute__ in ORDINARY and not hasattr(kind, "__getattr__")
        if is_ordinary and not issubclass(kind, BaseException):
            self._plain.add(kind)
        return False

    async def _await_completed(self, completed: Awaitable[Any], return_type: Any, details: Any, path: Path) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001 - it is an error of this field or item
            self.handle_field_error(error, return_type, details, path)
            return None

    def _arguments(self, step: FieldStep) -> dict[str, Any]:
        first = step.details[0]
        arguments = get_argument_values(
            step.field, first.node, self.variable_values, first.fragment_variable_values, self.hide_suggestions
        )
        if all(isinstance(value, IMMUTABLE) for value in arguments.values()):
            step.arguments = arguments
        return arguments

    def _info(self, step: FieldStep, path: Path) -> Any:
        """What `build_resolve_info` returns, which differs from object to object by the path alone."""
        if step.info_class is None:
            made: Any = self.build_resolve_info(step.field, step.nodes, step.parent_type, path)
            place = next(number for number, value in enumerate(made) if value is path)
            step.info_class, step.head, step.tail = type(made), made[:place], made[place + 1 :]
            return made
        return tuple.__new__(step.info_class, (*step.head, path, *step.tail))


async def _await_values(results: Any, awaited: Sequence[Any]) -> Any:
    """The dictionary or list, with what has to be awaited at these keys."""
    if len(awaited) == 1:
        results[awaited[0]] = await results[awaited[0]]
    else:
        values = await gather_with_cancel(*(results[key] for key in awaited))
        for key, value in zip(awaited, values, strict=True):
            results[key] = value
    return results


def _awaitable_rest(iterator: Iterator[Any], is_awaitable: Callable[[Any], bool]) -> Iterator[Any]:
    with suppress(Exception):
        for item in iterator:
            if is_awaitable(item):
                yield item
