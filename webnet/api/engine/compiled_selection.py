"""Executes the fields of objects by what was found out about each field once, when a request first came to it.

An answer is the same as graphql-core's, with its errors, their paths and their order: what is not the plain case (a
value that has to be awaited, an abstract type, an error) is left to graphql-core's own methods, and no resolver runs
twice. Nothing here knows webnet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from enum import Enum
from types import NoneType
from typing import Any

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLString,
    get_argument_values,
    get_nullable_type,
)
from graphql.pyutils import Path, Undefined, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

# The Python type whose values a scalar returns as they are; an Int also has to be within 32 bits.
UNCHANGED: dict[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool, GraphQLInt: int}
# What can't be awaited, as Strawberry says too.
PLAIN = frozenset({NoneType, bool, int, float, str, dict, list, tuple})
# Arguments that no resolver can change, so that all of its calls may get the same ones.
IMMUTABLE = (NoneType, bool, int, float, str, Enum)

# Returned by `OfSource.read` where the resolver has to be called as any other.
NEEDS_INFO = object()


class OfSource:
    """A resolver whose value depends on the source alone, as declared by whoever makes one of it.

    `read(source)` returns what `resolve(source, info)` would, or NEEDS_INFO. A function that wraps one is none, and is
    called with all that a resolver gets.
    """

    def __init__(self, read: Callable[[Any], Any], resolve: Callable[..., Any]) -> None:
        self.__dict__.update(vars(resolve))  # By them, Strawberry knows a resolver that only reads an attribute.
        self.read = read
        self.resolve = resolve

    def __call__(self, source: Any, info: Any) -> Any:
        return self.resolve(source, info)


class FieldStep:
    """What is done for one field of a selection, the same for each object of the request."""

    __slots__ = (
        "arguments",
        "details",
        "exact",
        "field",
        "head",
        "info_class",
        "is_nullable",
        "key",
        "leaf",
        "names",
        "object_type",
        "parent_type",
        "read",
        "resolve",
        "return_type",
        "tail",
    )

    def __init__(
        self, key: str, details: Any, field: GraphQLField, parent_type: GraphQLObjectType, resolve: Callable[..., Any]
    ) -> None:
        self.key = key
        self.details = details
        self.field = field
        self.parent_type = parent_type
        self.resolve = resolve
        self.return_type = field.type
        kind: Any = field.type
        self.is_nullable = not isinstance(kind, GraphQLNonNull)
        kind = kind if self.is_nullable else kind.of_type
        self.object_type = kind if isinstance(kind, GraphQLObjectType) else None
        self.leaf: Any = kind if isinstance(kind, GraphQLScalarType | GraphQLEnumType) else None
        self.exact = UNCHANGED.get(kind)
        # The names of an enum's values that were met before.
        self.names: dict[tuple[type, Any], Any] | None = {} if isinstance(kind, GraphQLEnumType) else None
        has_arguments = field.args or details[0].node.arguments
        # None until they are known, and for as long as each call needs its own.
        self.arguments: dict[str, Any] | None = None if has_arguments else {}
        self.read = resolve.read if type(resolve) is OfSource and not has_arguments else None
        # All of `info` but the path, once it was made for the first object.
        self.info_class: type | None = None
        self.head: tuple[Any, ...] = ()
        self.tail: tuple[Any, ...] = ()

    @property
    def nodes(self) -> list[FieldNode]:
        """The field's nodes in the document."""
        return [each.node for each in self.details]

    def path_in(self, path: Path | None) -> Any:
        """The path of the field in the object at that path."""
        return tuple.__new__(Path, (path, self.key, self.parent_type.name))


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """An executor that looks at a field's type, resolver and arguments once for all objects of a list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._selections: dict[int, tuple[Any, Sequence[Any]]] = {}
        # Types of values that can't be awaited, and are no errors.
        self._plain: set[type] = set(PLAIN)
        middleware = self.middleware_manager
        self._is_plain = middleware is None or not middleware.middlewares

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 - graphql-core's signature
        # Copies of an executor, which execute the events of a subscription, have another root value and context.
        self._selections = {}
        return super().execute_operation(serially)

    def execute_fields(  # noqa: C901 - a call of a function for each field would be the most of what it costs
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """The fields of one object."""
        if position_context is not None or not self._is_plain:  # Parts of the answer come later, or a hook is called.
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        found = self._selections.get(id(grouped_field_set))
        steps = self._prepare(parent_type, grouped_field_set) if found is None else found[1]
        results: dict[str, Any] = {}
        awaited: list[str] = []
        try:
            for key, read, exact, is_nullable, step in steps:
                if read is None:
                    completed = self._resolve(step, source_value, path)
                else:
                    try:
                        value = read(source_value)
                    except Exception as error:  # noqa: BLE001 - whatever a resolver raises is an error of its field
                        self.handle_field_error(error, step.return_type, step.details, step.path_in(path))
                        results[key] = None
                        continue
                    # The check of 32 bits is written here, since calling a function would double the time.
                    if type(value) is exact and (exact is not int or -(2**31) <= value < 2**31):
                        results[key] = value
                        continue
                    if value is None and is_nullable:
                        results[key] = None
                        continue
                    if value is NEEDS_INFO:
                        completed = self._resolve(step, source_value, path)
                    else:
                        completed = self._complete(step, value, path)
                results[key] = completed
                if type(completed) not in PLAIN and self.is_awaitable(completed):
                    awaited.append(key)
        except Exception:
            if awaited:
                self.settle_in_background([results[key] for key in awaited])
            raise
        return _await_values(results, awaited) if awaited else results

    def collect_and_execute_subfields(
        self, return_type: GraphQLObjectType, field_details_list: Any, path: Path, result: Any, position_context: Any
    ) -> Any:
        """The fields of an object of this type."""
        fields, deferred, _ = self.collect_subfields(return_type, field_details_list)
        if deferred or position_context is not None:
            return self.execute_collected_subfields(return_type, result, path, fields, deferred, position_context)
        return self.execute_fields(return_type, result, path, fields, None)

    def complete_iterable_value(
        self, item_type: Any, field_details_list: Any, info: Any, path: Path, items: Any, position_context: Any
    ) -> Any:
        """The items of a list."""
        kind: Any = get_nullable_type(item_type)
        is_plain = position_context is None and type(items) in {list, tuple}
        if is_plain and not field_details_list[0].node.directives:  # One may ask for the list in parts.
            exact = UNCHANGED.get(kind)
            if exact is not None and exact is not int and all(type(item) is exact for item in items):
                return list(items)
            if isinstance(kind, GraphQLObjectType):
                return self._complete_objects(kind, item_type, field_details_list, info, path, items)
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    def _prepare(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> Sequence[Any]:
        steps = []
        for key, details in grouped_field_set.items():
            field = self.schema.get_field(parent_type, details[0].node.name.value)
            if field is not None:
                step = FieldStep(key, details, field, parent_type, field.resolve or self.field_resolver)
                steps.append((key, step.read, step.exact, step.is_nullable, step))
        # With the fields themselves, since their identity must not become that of others.
        self._selections[id(grouped_field_set)] = grouped_field_set, steps
        return steps

    def _resolve(self, step: FieldStep, source: Any, path: Path | None) -> Any:
        """The field of one object by its resolver, as `Executor.execute_field` does it."""
        field_path = step.path_in(path)
        info = self._info(step, field_path)
        try:
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
        kind = type(result)
        try:
            is_value = kind in self._plain
            if not is_value:
                if self._is_awaitable(result):
                    path = path or step.path_in(object_path)
                    info = info or self._info(step, path)
                    return self.complete_awaitable_value(step.return_type, step.details, info, path, result, None)
                is_value = not isinstance(result, Exception) and result is not Undefined
            if result is None and step.is_nullable:
                return None
            if is_value and result is not None and step.leaf is not None:
                completed = self._complete_leaf(step, kind, result)
            else:
                path = path or step.path_in(object_path)
                info = info or self._info(step, path)
                if is_value and result is not None and step.object_type is not None:
                    completed = self.complete_object_value(step.object_type, step.details, info, path, result, None)
                else:
                    completed = self.complete_value(step.return_type, step.details, info, path, result, None)
            if type(completed) not in PLAIN and self.is_awaitable(completed):
                path = path or step.path_in(object_path)
                return self._await_completed(completed, step.return_type, step.details, path)
        except Exception as error:  # noqa: BLE001 - it is an error of this field
            self.handle_field_error(error, step.return_type, step.details, path or step.path_in(object_path))
            return None
        return completed

    def _complete_leaf(self, step: FieldStep, kind: type, result: Any) -> Any:
        if step.names is None or not (kind is str or issubclass(kind, Enum)):
            return self.complete_leaf_value(step.leaf, result)
        name = step.names.get((kind, result))
        if name is None:
            name = step.names[kind, result] = self.complete_leaf_value(step.leaf, result)
        return name

    def _is_awaitable(self, value: Any) -> bool:
        """As `is_awaitable` says, and what it said of other values of the type, where that follows from the type."""
        if self.is_awaitable(value):
            return True
        kind: Any = type(value)
        is_ordinary = kind.__getattribute__ is object.__getattribute__ and not hasattr(kind, "__getattr__")
        if is_ordinary and not issubclass(kind, BaseException):
            self._plain.add(kind)
        return False

    def _complete_objects(
        self, kind: GraphQLObjectType, item_type: Any, details: Any, info: Any, path: Path, items: Sequence[Any]
    ) -> Any:
        results: list[Any] = []
        awaited: list[int] = []
        iterator = iter(items)
        try:
            for index, item in enumerate(iterator):
                item_path: Any = tuple.__new__(Path, (path, index, None))
                if type(item) not in self._plain and self._is_awaitable(item):
                    results.append(
                        self.complete_awaitable_list_item_value(item, item_type, details, info, item_path, None)
                    )
                    awaited.append(index)
                    continue
                try:
                    if item is None or item is Undefined or isinstance(item, Exception):
                        completed = self.complete_value(item_type, details, info, item_path, item, None)
                    else:
                        completed = self.complete_object_value(kind, details, info, item_path, item, None)
                    if type(completed) not in PLAIN and self.is_awaitable(completed):
                        completed = self._await_completed(completed, item_type, details, item_path)
                        awaited.append(index)
                except Exception as error:  # noqa: BLE001 - it is an error of this item
                    self.handle_field_error(error, item_type, details, item_path)
                    completed = None
                results.append(completed)
        except Exception:
            pending = [results[index] for index in awaited] + list(_awaitable_rest(iterator, self.is_awaitable))
            if pending:
                self.settle_in_background(pending)
            raise
        return _await_values(results, awaited) if awaited else results

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
