"""Connections of a plugin's rows: the host's keyset pages, 50 rows unless asked otherwise and never more than 100."""

from __future__ import annotations

from typing import Any

import strawberry
from django.db.models import Model, QuerySet
from strawberry import UNSET, relay
from strawberry.annotation import StrawberryAnnotation
from strawberry.relay.types import NodeType
from strawberry.types.arguments import StrawberryArgument

from webnet.api.paging.connections import Listing, Page, empty_page
from webnet.api.paging.page_request import PageInfo
from webnet.api.resolvers.pages import open_nested_page, open_page
from webnet.api.strawberry_internals import rebuild_info, type_arguments_of
from webnet.customers.models import Customer
from webnet.sdk.graphql.definition import RowType, find_row_type, mistake
from webnet.sdk.graphql.fields import PluginField
from webnet.sdk.graphql.filters import narrow
from webnet.sdk.graphql.info import Info
from webnet.sdk.graphql.orders import make_order
from webnet.sdk.graphql.row_batches import meet, peers_of
from webnet.sdk.scope import all_rows, scope

PAGE_ARGUMENTS = {"first": int, "after": str, "last": int, "before": str}
RELATION = "webnet.relation"
COUNTED = "webnet.counted"


@strawberry.type(description="A row in a page.")
class Edge(relay.Edge[NodeType]):
    cursor: str
    node: NodeType


@strawberry.type(description="A page of rows; `totalCount` is counted only when asked for.")
class Connection(relay.Connection[NodeType]):
    edges: list[Edge[NodeType]]  # type: ignore[assignment]  # Relay's own edges have other descriptions.
    page_info: PageInfo  # type: ignore[assignment]  # So has its PageInfo.
    total_count: int


class ConnectionField(PluginField):
    """A field with pages of rows: of a relation, of all that may be seen, or of a resolver's queryset."""

    @property
    def arguments(self) -> list[StrawberryArgument]:
        own = self.base_resolver.arguments if self.base_resolver is not None else []
        kinds: dict[str, Any] = {name: kind | None for name, kind in PAGE_ARGUMENTS.items()}
        shown = self.row_type
        if shown.order.input is not None:
            kinds = {"order": list[shown.order.input] | None, **kinds}  # type: ignore[name-defined]  # made at run time
        if shown.filter is not None:
            kinds = {"filter": shown.filter | None, **kinds}
        paging = [
            StrawberryArgument(name, None, StrawberryAnnotation(kind), default=UNSET) for name, kind in kinds.items()
        ]
        return [*own, *paging]

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        """Strawberry sets what it has read; there is nothing to keep."""

    @property
    def row_type(self) -> RowType:
        """The row type whose pages these are."""
        kind: Any = self.type
        nodes = type_arguments_of(kind)
        shown = find_row_type(nodes.get("NodeType"))
        if shown is None:
            module = getattr(self.origin, "__module__", "?")
            words = "write it as 'devices: graphql.Connection[Device]', with a type made with graphql.type(model)"
            raise mistake(module, f"the connection '{self.python_name}'", words)
        return shown

    def resolve(self, source: Any, info: Info, args: list[Any], kwargs: dict[str, Any]) -> Any:
        self.authorise(source, info)
        given = {name: kwargs.pop(name, UNSET) for name in (*PAGE_ARGUMENTS, "filter", "order")}
        if self.base_resolver is None and isinstance(source, Model):
            return self._open_nested(source, info, given)
        return open_page(_host(info), self._list(self._find_rows(source, info, args, kwargs), info, given), given)

    def make_empty(self) -> Any:
        """What a customer has without the plugin; the host asks for it by this name."""
        return empty_page(self.row_type.order.read(None))

    def _find_rows(self, source: Any, info: Info, args: list[Any], kwargs: dict[str, Any]) -> QuerySet[Any]:
        if self.base_resolver is None:
            return all_rows(self.row_type.model)
        rows = self.call(source, info, args, kwargs)
        if not isinstance(rows, QuerySet) or rows.query.is_sliced:
            raise TypeError(f"'{self.python_name}' must return a queryset, unsliced: the page is cut out of it.")
        return rows

    def _list(self, rows: QuerySet[Any], info: Info, given: dict[str, Any]) -> Listing[Any]:
        reading = info.context.reading
        return Listing(
            rows=narrow(scope(rows, reading, shown_by=info.context.plugin), given["filter"]),
            ordering=self.row_type.order.read(given["order"] or None),
            meet=lambda found: meet(found, reading),
        )

    def _open_nested(self, source: Model, info: Info, given: dict[str, Any]) -> Page[Any]:
        model = self.row_type.model
        column, key = self._find_column(type(source), model)
        known = info.context.reading.customers.known() if isinstance(source, Customer) else peers_of(source)
        return open_nested_page(
            _host(info),
            parent=(column,),
            key=(getattr(source, key),),
            among=lambda: [(getattr(each, key),) for each in known],
            arguments=given,
            make_listing=lambda: self._list(all_rows(model), info, given),
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


class CountField(ConnectionField):
    """How many rows a relation has, counted for all rows that were read together."""

    @property
    def arguments(self) -> list[StrawberryArgument]:
        return []

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        """There are none."""

    @property
    def row_type(self) -> RowType:
        model = self.metadata[COUNTED]
        return RowType(name=model.__name__, model=model, filter=None, order=make_order(model, name="", by=()))

    def resolve(self, source: Any, info: Info, *_: Any) -> Any:
        self.authorise(source, info)
        return self._open_nested(source, info, {"filter": UNSET, "order": UNSET}).total_count

    def make_empty(self) -> int:
        return 0


def _host(info: Info) -> Any:
    """Strawberry's own `info`, with the host's context."""
    return rebuild_info(strawberry.Info, info)
