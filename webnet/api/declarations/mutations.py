"""Declares mutations: each returns a union of its payload and the refusals that it can raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from webnet import errors
from webnet.api.declarations.fields import Declare, DescribedField, Resolver
from webnet.api.declarations.mistakes import mistake
from webnet.api.declarations.refusals import REFUSALS

# In the metadata of a mutation that commits before its answer is built, so that an error in the answer undoes nothing.
COMMITS_ITSELF = "webnet.commits_itself"
commits_itself = {COMMITS_ITSELF: True}


def mutation(
    *refusals: type[errors.Refusal], ends: str | None = None, metadata: Mapping[Any, Any] | None = None
) -> Declare:
    """A field of the mutations whose resolver returns the payload, or raises PermissionDenied or one of the refusals.

    `ends` is the description of its result union; by default it only names the mutation.
    """

    def declare(resolver: Resolver) -> Any:
        result = make_result(resolver, (errors.PermissionDenied, *refusals), ends=ends)
        return DescribedField(type_annotation=StrawberryAnnotation(result), metadata=metadata)(resolver)

    return declare


def make_result(resolver: Any, refusals: Sequence[Any], *, ends: str | None = None) -> Any:
    """The union `CreateDeviceResult` of what `create_device` returns, and of the types of the refusals."""
    camel = to_camel_case(resolver.__name__)
    shown = _find_types(resolver, refusals)
    payload = _read_payload(resolver)
    ends = ends or f"How {camel} ends."
    union = strawberry.union(f"{camel[0].upper()}{camel[1:]}Result", description=ends)
    return Annotated[reduce(or_, shown, payload), union]


def _find_types(resolver: Callable[..., Any], refusals: Sequence[Any]) -> list[Any]:
    """The types of the refusals, each once."""
    types = {each: shown for each, shown, _ in REFUSALS}
    unknown = next((refusal for refusal in refusals if refusal not in types), None)
    if unknown is not None:
        message = f"'{getattr(unknown, '__name__', unknown)}' is not a refusal: use one from webnet.sdk.errors"
        raise mistake(resolver, f"the mutation '{resolver.__name__}'", message)
    return [types[refusal] for refusal in dict.fromkeys(refusals)]


def _read_payload(resolver: Callable[..., Any]) -> Any:
    place = f"the mutation '{resolver.__name__}'"
    if "return" not in resolver.__annotations__:
        message = f"it has no type: write 'def {resolver.__name__}(…) -> SomePayload', a class made with graphql.type"
        raise mistake(resolver, place, message)
    try:
        payload = get_type_hints(resolver, localns={"strawberry": strawberry})["return"]
    except NameError as error:
        raise mistake(resolver, place, f"{error}: write its types above it") from error
    for member in get_args(payload) if get_origin(payload) in (Union, UnionType) else (payload,):
        if not _fits_union(member):
            name = member.__name__ if isinstance(member, type) else member
            message = f"it returns {name}, which can't be its payload: return a class made with graphql.type"
            raise mistake(resolver, place, f"{message}, with a field for it")
    return payload


def _fits_union(kind: Any) -> bool:
    """Whether it can be a member of a mutation's result; Strawberry decides about lazy types, which are not classes."""
    made = get_origin(kind) or kind
    if not isinstance(made, type) or made is NoneType:
        return True
    definition = get_object_definition(made)
    return definition is not None and not definition.is_input
