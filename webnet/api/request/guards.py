"""Requires users to be signed in for all root fields, except those marked as open to all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.utils.await_maybe import await_maybe

from webnet.api.request.context import Info
from webnet.api.strawberry_internals import fields_of
from webnet.errors import PermissionDenied, Unauthenticated

OPEN_TO_ALL = "webnet.open_to_all"
open_to_all = {OPEN_TO_ALL: True}


class SignedInOnly(FieldExtension):
    """For queries and subscriptions: raises the error UNAUTHENTICATED."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        if not info.context.is_signed_in:
            raise Unauthenticated
        return next_(source, info, **kwargs)

    async def resolve_async(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        return await await_maybe(self.resolve(next_, source, info, **kwargs))


class SignedInOrRefused(FieldExtension):
    """For mutations: raises the refusal NOT_SIGNED_IN, which is a member of every result union."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        if not info.context.is_signed_in:
            raise PermissionDenied(Unauthenticated().message, code="NOT_SIGNED_IN")
        return next_(source, info, **kwargs)


def add_guard(root: Any, guard: type[FieldExtension]) -> None:
    """Add the guard to all fields of a root type that are not open to all; once, before the schema is built."""
    for field in fields_of(root):
        if field.metadata.get(OPEN_TO_ALL) or any(isinstance(extension, guard) for extension in field.extensions):
            continue
        field.extensions = [guard(), *field.extensions]
