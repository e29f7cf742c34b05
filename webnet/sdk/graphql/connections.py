"""Connections of a plugin's rows: the host's keyset pages, 50 rows unless asked otherwise and never more than 100."""

from __future__ import annotations

from typing import Any

import strawberry
from django.db.models import Model, QuerySet
from strawberry.types.arguments import StrawberryArgument

from webnet.api.declarations.connections import ConnectionField, take_arguments
from webnet.api.declarations.fields import mistake
from webnet.api.declarations.filters import narrow
from webnet.api.declarations.orders import make_order
from webnet.api.paging.connections import Listing, Page, empty_page
from webnet.api.paging.page_request import PageArguments
from webnet.api.resolvers.pages import open_nested_page, open_page
from webnet.api.strawberry_internals import rebuild_info
from webnet.customers.models import Customer
from webnet.sdk.graphql.definition import RowType
from webnet.sdk.graphql.fields import PluginField
from webnet.sdk.graphql.info import Info
from webnet.sdk.graphql.row_batches import meet, peers_of
from webnet.sdk.scope import all_rows, scope

RELATION = "webnet.relation"
COUNTED = "webnet.counted"


class PluginConnectionField(PluginField, ConnectionField):
    """A field with pages of rows: of a relation, of all that may be seen, or of a resolver's queryset."""

    declared_as = RowType

    def resolve(self, source: Any, info: Info, args: list[Any], kwargs: dict[str, Any]) -> Any:
        self.authorise(source, info)
        arguments = take_arguments(kwargs)
        if self.base_resolver is None and isinstance(source, Model):
            return self._open_nested(source, info, arguments)
        rows = self._find_rows(source, info, args, kwargs)
        return open_page(_host(info), self._list(rows, info, arguments), arguments)

    def make_empty(self) -> Any:
        """What a customer has without the plugin; the host asks for it by this name."""
        return empty_page(self.shown_rows.order.read(None))

    def _find_rows(self, source: Any, info: Info, args: list[Any], kwargs: dict[str, Any]) -> QuerySet[Any]:
        if self.base_resolver is None:
            return all_rows(self.shown_rows.model)
        rows = self.call(source, info, args, kwargs)
        if not isinstance(rows, QuerySet) or rows.query.is_sliced:
            raise TypeError(f"'{self.python_name}' must return a queryset, unsliced: the page is cut out of it.")
        return rows

    def _list(self, rows: QuerySet[Any], info: Info, arguments: PageArguments) -> Listing[Any]:
        reading = info.context.reading
        return Listing(
            rows=narrow(scope(rows, reading, shown_by=info.context.plugin), arguments.filter),
            ordering=self.shown_rows.order.read(arguments.order),
            meet=lambda found: meet(found, reading),
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
        """(column of the rows that names their parent, what it holds of the parent)."""
        name = self.metadata.get(RELATION) or self.python_name
        keys: list[Any] = [each for each in model._meta.concrete_fields if each.is_relation]
        leading = [each for each in keys if issubclass(parent, each.related_model)]
        named = [each for each in leading if each.remote_field.get_accessor_name() == name]
        found: Any = next(iter(named or leading), None)
        if found is None or (len(leading) > 1 and not named):
            words = f"'{model.__name__}' has not one foreign key to '{parent.__name__}': name its accessor as relation="
            raise mistake(getattr(self.origin, "__module__", "?"), f"the connection '{self.python_name}'", words)
        return found.attname, found.target_field.attname


class CountField(PluginConnectionField):
    """How many rows a relation has, counted for all rows that were read together."""

    @property
    def arguments(self) -> list[StrawberryArgument]:
        return []

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        """There are none."""

    @property
    def shown_rows(self) -> RowType:
        model = self.metadata[COUNTED]
        return RowType(name=model.__name__, model=model, order=make_order(model, name=""))

    def resolve(self, source: Any, info: Info, *_: Any) -> Any:
        self.authorise(source, info)
        return self._open_nested(source, info, PageArguments()).total_count

    def make_empty(self) -> int:
        return 0


def _host(info: Info) -> Any:
    """Strawberry's own `info`, with the host's context."""
    return rebuild_info(strawberry.Info, info)
