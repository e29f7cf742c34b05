"""Closes every root field to those who are not signed in, unless it says that it is open to all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField
from strawberry.utils.await_maybe import await_maybe

from webnet.api.request.context import Info
from webnet.api.strawberry_internals import fields_of
from webnet.errors import PermissionDenied, Unauthenticated

OPEN_TO_ALL = "webnet.open_to_all"
open_to_all = {OPEN_TO_ALL: True}


class SignedInOnly(FieldExtension):
    """Queries answer with the error UNAUTHENTICATED."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        if not info.context.is_signed_in:
            raise Unauthenticated
        return next_(source, info, **kwargs)

    async def resolve_async(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        return await await_maybe(self.resolve(next_, source, info, **kwargs))


class SignedInOrRefused(FieldExtension):
    """Mutations answer with the refusal NOT_SIGNED_IN, which is in every result's union."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        if not info.context.is_signed_in:
            raise PermissionDenied(Unauthenticated().message, code="NOT_SIGNED_IN")
        return next_(source, info, **kwargs)


def close(root: Any, guard: type[FieldExtension]) -> None:
    """Put the guard before all fields of a root type; once, before the schema is built."""
    for field in fields_of(root):
        if not field.metadata.get(OPEN_TO_ALL):
            _put_first(field, guard)


def _put_first(field: StrawberryField, guard: type[FieldExtension]) -> None:
    if not any(isinstance(extension, guard) for extension in field.extensions):
        field.extensions = [guard(), *field.extensions]
