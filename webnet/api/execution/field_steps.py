"""What is found out about a field of a selection once; nothing here knows webnet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import Any

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLString,
    get_nullable_type,
)
from graphql.pyutils import Path

# The Python type whose values a scalar returns as they are; an Int also has to be within 32 bits.
UNCHANGED: dict[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool, GraphQLInt: int}

# In the `info` of an `OfRequest`.
NOWHERE = Path(None, "", None)

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


class OfRequest:
    """A resolver that may use the source and `info`, but not its path, as declared by whoever makes one of it.

    `bind(info)` returns what reads the value from a source, for all objects of the field: it returns what
    `resolve(source, info)` would. The path of this `info` says nothing.
    """

    def __init__(self, bind: Callable[[Any], Callable[[Any], Any]]) -> None:
        self.bind = bind

    def __call__(self, source: Any, info: Any) -> Any:
        return self.bind(info)(source)


class OfKind:
    """An `is_type_of` that need not be asked about each object, as declared by whoever makes one of it.

    Where `is_known(value)` holds, `check(value, info)` would hold as well.
    """

    def __init__(self, is_known: Callable[[Any], bool], check: Callable[[Any, Any], Any]) -> None:
        self.is_known = is_known
        self.check = check

    def __call__(self, value: Any, info: Any) -> Any:
        return self.check(value, info)


class FieldStep:
    """What is done for one field of a selection, the same for each object of the request."""

    __slots__ = (
        "arguments",
        "complete_leaf",
        "details",
        "exact",
        "field",
        "head",
        "info_class",
        "is_known",
        "is_nullable",
        "item_type",
        "key",
        "object_type",
        "parent_type",
        "read",
        "resolve",
        "return_type",
        "selection",
        "tail",
    )

    def __init__(
        self,
        key: str,
        details: Any,
        field: GraphQLField,
        parent_type: GraphQLObjectType,
        *,
        resolve: Callable[..., Any],
        complete_leaf: Callable[[Any, Any], Any],
    ) -> None:
        self.key = key
        self.details = details
        self.field = field
        self.parent_type = parent_type
        self.resolve = resolve
        self.return_type = field.type
        node: FieldNode = details[0].node
        self.is_nullable = not isinstance(field.type, GraphQLNonNull)
        kind: Any = get_nullable_type(field.type)
        # None where the items are not to be executed one after the other: a directive may ask for a list in parts.
        self.item_type: Any = kind.of_type if isinstance(kind, GraphQLList) and not node.directives else None
        inner: Any = kind if self.item_type is None else get_nullable_type(self.item_type)
        # The type of the value, or of the items of the list.
        self.object_type = inner if isinstance(inner, GraphQLObjectType) else None
        self.is_known = _find_quick_check(self.object_type)
        # The steps of the objects' fields, None until they are known.
        self.selection: Sequence[Any] | None = None
        self.complete_leaf = find_completion(kind, complete_leaf)
        self.exact = UNCHANGED.get(kind)
        has_arguments = field.args or node.arguments
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


def find_completion(kind: Any, complete: Callable[[Any, Any], Any]) -> Callable[[Any], Any] | None:
    """How a value of this type is completed that is neither null nor an error; None for what is no leaf."""
    if isinstance(kind, GraphQLScalarType):
        return partial(complete, kind)
    if not isinstance(kind, GraphQLEnumType):
        return None
    # The names of values that were met before: a text is equal to the member of an enum that has it as its value.
    of_texts: dict[Any, Any] = {}
    of_members: dict[tuple[type, Any], Any] = {}

    def complete_name(value: Any) -> Any:
        if type(value) is str:
            name = of_texts.get(value)
            return name if name is not None else of_texts.setdefault(value, complete(kind, value))
        if not isinstance(value, Enum):
            return complete(kind, value)
        name = of_members.get((type(value), value))
        return name if name is not None else of_members.setdefault((type(value), value), complete(kind, value))

    return complete_name


def _find_quick_check(kind: GraphQLObjectType | None) -> Callable[[Any], bool] | None:
    """Whether an object is surely of the type; None where that has to be asked with `info`."""
    if kind is None:
        return None
    if kind.is_type_of is None:
        return _is_anything
    return kind.is_type_of.is_known if isinstance(kind.is_type_of, OfKind) else None


def _is_anything(_value: Any) -> bool:
    return True


def _read_nothing(_source: Any) -> None:
    return None


# The step of an absent field, with the same parts as any other behind its key.
ABSENT: tuple[Any, ...] = (_read_nothing, None, True, None, None, None)
