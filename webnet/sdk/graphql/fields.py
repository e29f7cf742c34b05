"""Fields of plugins: they check their permission, limit rows to those that may be seen, and read them in batches."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Mapping
from types import CoroutineType
from typing import Any

import strawberry
from asgiref.sync import sync_to_async
from django.db.models import Manager, Model, QuerySet
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.info import Info as StrawberryInfo
from strawberry.utils.inspect import in_async_context
from strawberry_django.optimizer import is_optimized_by_prefetching, optimize

from webnet.api.declarations.fields import Column, DescribedField
from webnet.api.declarations.sizes import cost_of
from webnet.api.engine.checks.permission_checks import PERMISSION
from webnet.api.execution.isolation import run_coroutine
from webnet.api.paging.pages import WHOLE_ROWS
from webnet.api.strawberry_internals import rebuild_info, related_column
from webnet.customers.models import Customer
from webnet.plugins.tenancy import is_customer_owned
from webnet.sdk.context import PluginContext
from webnet.sdk.graphql.definition import find_row_type, refuse_untyped_arguments
from webnet.sdk.graphql.field_checks import refuse_unreadable, unresolvable
from webnet.sdk.graphql.info import Info
from webnet.sdk.graphql.relations import first_rows, first_rows_of_each, read_many, read_one
from webnet.sdk.graphql.row_batches import mark_batch
from webnet.sdk.scope import all_rows, is_in_scope, scope


def metadata_of(permission: str | None, cost: int | None) -> Mapping[Any, Any]:
    """A field's metadata with its permission and its cost; Strawberry keeps it when it copies the field."""
    return {PERMISSION: permission, **cost_of(cost)}


class PluginField(DescribedField):
    """A field with a resolver of the plugin; or a root field without one, which returns all rows that may be seen."""

    @property
    def is_basic_field(self) -> bool:
        return False

    @property
    def is_async(self) -> bool:
        """Never for Strawberry: `call` runs a coroutine to its end, so that its rows are shaped like any others."""
        return False

    def __call__(self, resolver: Any) -> Any:
        refuse_untyped_arguments(resolver)
        return super().__call__(resolver)

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return in_thread(lambda: self.resolve(source, own_info(info), args, kwargs))

    def resolve(self, source: Any, info: Info, args: list[Any], kwargs: dict[str, Any]) -> Any:
        self.authorise(source, info)
        return self.shape(self.call(source, info, args, kwargs), info)

    def authorise(self, source: Any, info: Info) -> None:
        """Raise PermissionDenied unless the actor has the field's permission."""
        if permission := self.metadata.get(PERMISSION):
            info.context.require(permission, customer=owner_of(source, info))

    def call(self, source: Any, info: Info, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The result of the plugin's resolver; without one, all rows for a root field, or the value of the column."""
        if self.base_resolver is not None:
            result = self.base_resolver(
                *args, **{name: info if is_info(value) else value for name, value in kwargs.items()}
            )
            return run_coroutine(result) if isinstance(result, CoroutineType) else result
        shown = find_row_type(self.type)
        return all_rows(shown.model) if source is None and shown else getattr(source, self.python_name)

    def refuse_unresolvable(self, model: type[Model] | None, *, is_root: bool) -> None:
        """Raise PluginDefinitionError if it fails for every source; webnet calls this method by its name."""
        if self.base_resolver is not None:
            return
        if model is not None:
            refuse_unreadable(self, model)
        elif is_root and find_row_type(self.type) is None:
            raise unresolvable(self, "write a resolver: only a type made with graphql.type(model) has rows without one")

    def shape(self, result: Any, info: Info) -> Any:
        """The rows as the field's type needs them: a queryset is limited to visible rows, optimised and capped."""
        reading = info.context.reading
        if isinstance(result, Manager):
            result = result.all()
        if isinstance(result, QuerySet):
            result = self._read(result, info)
        if isinstance(result, list):
            mark_batch(result, reading)
        return result

    def _read(self, rows: QuerySet[Any], info: Info) -> Any:
        reading = info.context.reading
        if rows.query.is_sliced:  # Django can't filter a slice, so its rows are checked one by one
            found = [row for row in rows if is_in_scope(row, reading)]
        else:
            planned = optimize(scope(rows, reading, shown_by=info.context.plugin), info, config=WHOLE_ROWS)
            found = list(first_rows(planned) if self._is_list else planned[:1])
        return found if self._is_list else next(iter(found), None)

    @property
    def _is_list(self) -> bool:
        kind = self.type
        return isinstance(kind.of_type if isinstance(kind, StrawberryOptional) else kind, StrawberryList)


class NodeField(PluginField):
    """A root field that finds one row by its global id."""

    @property
    def arguments(self) -> list[StrawberryArgument]:
        return [StrawberryArgument("id", None, StrawberryAnnotation(strawberry.ID), description="The global id.")]

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        """Ignore what Strawberry read from the class: the only argument is `id`."""

    def refuse_unresolvable(self, model: type[Model] | None, *, is_root: bool) -> None:  # noqa: ARG002 - the base class's signature
        if find_row_type(self.type) is None:
            raise unresolvable(self, "graphql.node() finds rows: give it a type made with graphql.type(model)")

    def call(self, _: Any, info: Info, args: list[Any], kwargs: dict[str, Any]) -> Any:  # noqa: ARG002 - the base class's signature
        kind: Any = self.type
        return info.context.find(kind.of_type if isinstance(kind, StrawberryOptional) else kind, kwargs["id"])


class SubscriptionField(PluginField):
    """A stream of the items of an async generator of the plugin."""

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return self._stream(source, own_info(info), args, kwargs) if self.base_resolver is not None else None

    def refuse_unresolvable(self, model: type[Model] | None, *, is_root: bool) -> None:  # noqa: ARG002 - the base class's signature
        resolver: Any = self.base_resolver.wrapped_func if self.base_resolver is not None else None
        if resolver is None or inspect.iscoroutinefunction(inspect.unwrap(resolver)):
            raise unresolvable(self, "write an async generator: 'async def' with 'yield'")

    async def _stream(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        await sync_to_async(self.authorise)(source, info)
        async for item in self.call(source, info, args, kwargs):
            if self.metadata.get(PERMISSION):
                await sync_to_async(self.authorise_again)(info)
            yield item

    def authorise_again(self, info: Info) -> None:
        """Raise PermissionDenied if the permission was revoked meanwhile: `info` still has the state of the start."""
        then = info.context
        now = PluginContext.of(then.plugin, actor=then.actor, customer=then.customer)
        now.require(self.metadata[PERMISSION])


class RowField(Column):
    """A column or a relation of a row type."""

    @property
    def is_basic_field(self) -> bool:
        return super().is_basic_field and not self.is_relation and not self.metadata.get(PERMISSION)

    def refuse_unresolvable(self, model: type[Model] | None, *, is_root: bool) -> None:  # noqa: ARG002 - as for PluginField
        """Raise PluginDefinitionError if the model's rows don't have it."""
        if self.base_resolver is None and model is not None:
            refuse_unreadable(self, model)

    def get_queryset(self, queryset: Any, info: Any, **kwargs: Any) -> Any:
        """The rows that the optimizer prefetches for a relation."""
        if is_optimized_by_prefetching(queryset):
            return queryset
        column = related_column(kwargs)
        rows = super().get_queryset(queryset, info, **kwargs)  # type: ignore[no-untyped-call]  # Strawberry has no types here
        return first_rows_of_each(rows, column) if self.is_list and column else rows

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if info is None or self.base_resolver is not None:
            return super().get_result(source, info, args, kwargs)
        return in_thread(lambda: self._resolve(source, own_info(info)))

    def _resolve(self, source: Any, info: Info) -> Any:
        if permission := self.metadata.get(PERMISSION):
            info.context.require(permission, customer=owner_of(source, info))
        name = self.django_name or self.python_name
        if not self.is_relation or not isinstance(source, Model):
            return getattr(source, name)
        read = read_many if self.is_list else read_one
        return read(source, name, info.context.reading)


def in_thread(resolve: Any) -> Any:
    """Call `resolve`; on a thread if an event loop is running, which must not query the database."""
    return sync_to_async(resolve)() if in_async_context() else resolve()


def own_info(info: Any) -> Info:
    """The plugin's `Info` for Strawberry's."""
    return rebuild_info(Info, info)


def is_info(value: object) -> bool:
    return isinstance(value, StrawberryInfo)


def owner_of(source: Any, info: Info) -> Any:
    """The customer whose permissions apply: the row's, or the row itself; None for the request's."""
    customers = info.context.reading.customers
    if isinstance(source, Customer):
        return customers.get(source.pk)
    return customers.get(source.customer_id) if is_customer_owned(type(source)) else None
