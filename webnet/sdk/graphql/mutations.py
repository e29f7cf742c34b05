"""Mutations of plugins: the result is a union of the payload and the possible refusals."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from django.core.exceptions import ValidationError
from strawberry.annotation import StrawberryAnnotation

from webnet import errors
from webnet.api.declarations.mutations import make_result
from webnet.api.engine.checks.permission_checks import PERMISSION
from webnet.audit.operation import undo_with_answer
from webnet.customers.models import Role
from webnet.input_faults import refuse_invalid
from webnet.sdk.graphql.fields import PluginField, metadata_of
from webnet.sdk.graphql.info import Info
from webnet.sdk.graphql.row_batches import mark_batch

ALWAYS = (errors.PermissionDenied, errors.NotFound, errors.InvalidInput)


class MutationField(PluginField):
    """A mutation; without a permission of its own it needs the role of an operator."""

    def authorise(self, source: Any, info: Info) -> None:
        if self.metadata.get(PERMISSION):
            super().authorise(source, info)
        else:
            info.context.require_role(Role.OPERATOR)

    def resolve(self, source: Any, info: Info, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The payload; a refusal, which says that nothing was changed, undoes what the resolver has changed so far.

        A ValidationError of Django is such a refusal.
        """
        try:
            return super().resolve(source, info, args, kwargs)
        except errors.Refusal:
            undo_with_answer()
            raise
        except ValidationError as error:
            undo_with_answer()
            raise refuse_invalid(error) from error

    def shape(self, result: Any, info: Info) -> Any:
        """The payload; the rows of each list in it become a batch."""
        if is_dataclass(result):
            for each in fields(result):
                value = getattr(result, each.name, None)
                if isinstance(value, list):
                    mark_batch(value, info.context.reading)
        return result


def mutation(
    *,
    permission: str | None = None,
    refusals: Iterable[builtins.type[errors.Refusal]] = (),
    description: str | None = None,
    cost: int | None = None,
    deprecation_reason: str | None = None,
) -> Callable[[Callable[..., Any]], Any]:
    """Declare a mutation, whose resolver returns the payload or raises a refusal.

    The result is the union `CreateDeviceResult` of the payload, PermissionDenied, NotFound, InvalidInput and the
    `refusals` (of `webnet.sdk.errors`). Callers need the permission; without one, the role of an operator. `cost` is
    its points, without those of what is selected of the result.
    """

    def declare(resolver: Callable[..., Any]) -> Any:
        result = make_result(resolver, [*ALWAYS, *refusals])
        field = MutationField(
            type_annotation=StrawberryAnnotation(result),
            metadata=metadata_of(permission, cost),
            description=description,
            deprecation_reason=deprecation_reason,
        )
        return field(resolver)

    return declare
