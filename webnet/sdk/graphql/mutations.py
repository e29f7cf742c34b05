"""Mutations of a plugin: each ends in a union of its payload and the refusals that it can give."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any, get_type_hints

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.utils.str_converters import to_camel_case

from webnet import errors
from webnet.api.engine.permission_checks import PERMISSION
from webnet.api.types.refusals import REFUSALS
from webnet.customers.roles import Role
from webnet.sdk.graphql.definition import mistake
from webnet.sdk.graphql.fields import PluginField, metadata_of
from webnet.sdk.graphql.info import Info
from webnet.sdk.graphql.row_batches import meet

ALWAYS = (errors.PermissionDenied, errors.NotFound, errors.InvalidInput)


class MutationField(PluginField):
    """A change; without a permission of its own it needs the role of an operator."""

    def authorise(self, source: Any, info: Info) -> None:
        if self.metadata.get(PERMISSION):
            super().authorise(source, info)
        else:
            info.context.require_role(Role.OPERATOR)

    def shape(self, result: Any, info: Info) -> Any:
        """The payload; the rows of each list in it are read together."""
        if is_dataclass(result):
            for each in fields(result):
                value = getattr(result, each.name, None)
                if isinstance(value, list):
                    meet(value, info.context.reading)
        return result


def mutation(
    *,
    permission: str | None = None,
    refusals: Iterable[builtins.type[errors.Refusal]] = (),
    description: str | None = None,
) -> Callable[[Callable[..., Any]], Any]:
    """A field of the mutations whose resolver returns the payload, or raises a refusal.

    The result is the union `CreateDeviceResult` of the payload, PermissionDenied, NotFound, InvalidInput and the
    `refusals` (of `webnet.sdk.errors`). It needs the permission, or else the role of an operator.
    """

    def declare(resolver: Callable[..., Any]) -> Any:
        result = _make_result(resolver, [*ALWAYS, *refusals])
        field = MutationField(
            type_annotation=StrawberryAnnotation(result),
            metadata=metadata_of(permission),
            description=description,
        )
        return field(resolver)

    return declare


def _make_result(resolver: Callable[..., Any], raised: Sequence[Any]) -> Any:
    camel = to_camel_case(resolver.__name__)
    shown = _find_types(resolver, raised)
    payload = _read_payload(resolver)
    union = strawberry.union(f"{camel[0].upper()}{camel[1:]}Result", description=f"How {camel} ends.")
    return Annotated[reduce(or_, shown, payload), union]


def _find_types(resolver: Callable[..., Any], raised: Sequence[Any]) -> list[Any]:
    """The types of the refusals, each once."""
    types = {each: shown for each, shown, _ in REFUSALS}
    unknown = next((refusal for refusal in raised if refusal not in types), None)
    if unknown is not None:
        words = f"'{getattr(unknown, '__name__', unknown)}' is no refusal: name some of webnet.sdk.errors"
        raise mistake(resolver.__module__, f"the mutation '{resolver.__name__}'", words)
    return [types[refusal] for refusal in dict.fromkeys(raised)]


def _read_payload(resolver: Callable[..., Any]) -> Any:
    place = f"the mutation '{resolver.__name__}'"
    if "return" not in resolver.__annotations__:
        words = f"it has no type: write 'def {resolver.__name__}(…) -> SomePayload', a class made with graphql.type"
        raise mistake(resolver.__module__, place, words)
    try:
        return get_type_hints(resolver, localns={"strawberry": strawberry})["return"]
    except NameError as error:
        raise mistake(resolver.__module__, place, f"{error}: write its types above it") from error
