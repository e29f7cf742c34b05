"""Connections of plugins' rows, with webnet's keyset pagination: 50 rows per page by default, 100 at most."""

from __future__ import annotations

from typing import Any

import strawberry
from django.db.models import Model, QuerySet
from strawberry.types.arguments import StrawberryArgument

from webnet.api.declarations.connections import ConnectionField, narrow, take_arguments
from webnet.api.declarations.fields import make_order
from webnet.api.declarations.mistakes import mistake
from webnet.api.paging.batches import open_nested_page
from webnet.api.paging.pages import Listing, Page, PageArguments, empty_page, open_page
from webnet.api.strawberry_internals import rebuild_info
from webnet.customers.models import Customer
from webnet.sdk.graphql.definition import RowType
from webnet.sdk.graphql.field_checks import unresolvable
from webnet.sdk.graphql.fields import PluginField
from webnet.sdk.graphql.info import Info
from webnet.sdk.graphql.row_batches import mark_batch, peers_of
from webnet.sdk.scope import all_rows, scope

RELATION = "webnet.relation"
COUNTED = "webnet.counted"


class PluginConnectionField(PluginField, ConnectionField):
    """A field with pages of rows: of a relation, of a resolver's queryset, or of all rows that may be seen."""

    declared_as = RowType

    def resolve(self, source: Any, info: Info, args: list[Any], kwargs: dict[str, Any]) -> Any:
        self.authorise(source, info)
        arguments = take_arguments(kwargs)
        if self.base_resolver is None and isinstance(source, Model):
            return self._open_nested(source, info, arguments)
        rows = self._find_rows(source, info, args, kwargs)
        return open_page(_host(info), self._list(rows, info, arguments), arguments)

    def make_empty(self) -> Any:
        """The value for a customer without the plugin; webnet calls this method by its name."""
        return empty_page(self.shown_rows.order.read(None))

    def refuse_unresolvable(self, model: type[Model] | None, *, is_root: bool) -> None:  # noqa: ARG002 - the base class's signature
        if self.base_resolver is None and model is not None:
            self._find_column(model, self.shown_rows.model)

    def _find_rows(self, source: Any, info: Info, args: list[Any], kwargs: dict[str, Any]) -> QuerySet[Any]:
        if self.base_resolver is None:
            return all_rows(self.shown_rows.model)
        rows = self.call(source, info, args, kwargs)
        if not isinstance(rows, QuerySet) or rows.query.is_sliced:
            raise TypeError(f"'{self.python_name}' must return a queryset that is not sliced: pages are slices of it.")
        return rows

    def _list(self, rows: QuerySet[Any], info: Info, arguments: PageArguments) -> Listing[Any]:
        reading = info.context.reading
        return Listing(
            rows=narrow(scope(rows, reading, shown_by=info.context.plugin), arguments.filter),
            ordering=self.shown_rows.order.read(arguments.order),
            on_rows_read=lambda found: mark_batch(found, reading),
        )

    def _open_nested(self, source: Model, info: Info, arguments: PageArguments) -> Page[Any]:
        model = self.shown_rows.model
        column, key = self._find_column(type(source), model)
        known = info.context.reading.customers.known() if isinstance(source, Customer) else peers_of(source)
        return open_nested_page(
            _host(info),
            parent=(column,),
            key=(getattr(source, key),),
            among=lambda: [(getattr(each, key),) for each in known],
            arguments=arguments,
            make_listing=lambda: self._list(all_rows(model), info, arguments),
        )

    def _find_column(self, parent: type[Model], model: type[Model]) -> tuple[str, str]:
        """(foreign key of the rows to their parent, column of the parent that it refers to)."""
        name = self.metadata.get(RELATION) or self.python_name
        keys: list[Any] = [each for each in model._meta.concrete_fields if each.is_relation]
        leading = [each for each in keys if issubclass(parent, each.related_model)]
        named = [each for each in leading if each.remote_field.get_accessor_name() == name]
        found: Any = next(iter(named or leading), None)
        if found is None or (len(leading) > 1 and not named):
            message = (
                f"'{model.__name__}' must have one foreign key to '{parent.__name__}', or name its accessor with "
                "relation="
            )
            raise mistake(self.origin, f"the connection '{self.python_name}'", message, name=self.python_name)
        return found.attname, found.target_field.attname


class CountField(PluginConnectionField):
    """The number of rows of a relation, counted for a whole batch at once."""

    @property
    def arguments(self) -> list[StrawberryArgument]:
        return []

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        """Ignore what Strawberry read from the class: there are no arguments."""

    @property
    def shown_rows(self) -> RowType:
        model = self.metadata[COUNTED]
        return RowType(name=model.__name__, model=model, order=make_order(model, name=""))

    def resolve(self, source: Any, info: Info, *_: Any) -> Any:
        self.authorise(source, info)
        return self._open_nested(source, info, PageArguments()).total_count

    def refuse_unresolvable(self, model: type[Model] | None, *, is_root: bool) -> None:  # noqa: ARG002 - the base class's signature
        if model is None:
            raise unresolvable(self, "graphql.count() counts the rows of a row: use it where graphql.type(model) is")
        self._find_column(model, self.shown_rows.model)

    def make_empty(self) -> int:
        return 0


def _host(info: Info) -> Any:
    """Strawberry's own `info`, with the host's context."""
    return rebuild_info(strawberry.Info, info)
