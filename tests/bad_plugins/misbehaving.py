"""What the plugins that load well and go wrong afterwards have in common: all that is called misbehaves."""

from collections.abc import AsyncIterator
from typing import Any, NewType

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


def make_queries(name: str, misbehave: Any) -> type:
    """Root fields: `<name>Answer` misbehaves, `<name>Scalar` does when it is told, and `<name>Sound` answers."""
    kind = strawberry.scalar(NewType(f"{name.title()}Colour", object), serialize=lambda _: misbehave())

    def answer() -> str | None:
        misbehave()
        return "never"

    def sound() -> str:
        return "sound"

    def scalar() -> object:
        return "red"

    members = {
        f"{name}_answer": strawberry.field(resolver=answer),
        f"{name}_scalar": strawberry.field(resolver=scalar, graphql_type=kind | None),
        f"{name}_sound": strawberry.field(resolver=sound),
    }
    return strawberry.type(type(f"{name.title()}Queries", (), members))


def make_subscriptions(name: str, misbehave: Any) -> type:
    """A subscription `<name>Events` whose first event never comes."""

    async def events() -> AsyncIterator[str]:
        misbehave()
        yield "never"

    return strawberry.type(
        type(f"{name.title()}Subscriptions", (), {f"{name}_events": strawberry.subscription(resolver=events)})
    )


class Misbehaving(PluginBase):
    """A customer's hooks misbehave, and the platform's do not, so that the plugin can be enabled at all."""

    version = "1.0"

    def misbehave(self) -> None:
        raise NotImplementedError

    def get_graphql_schema(self) -> GraphQLExtension:
        queries, events = make_queries(self.name, self.misbehave), make_subscriptions(self.name, self.misbehave)
        return GraphQLExtension(query=queries, subscription=events)

    def get_dashboard_widgets(self) -> list[dict[str, Any]]:
        data, html = (lambda _: self.misbehave()), (lambda _: self.misbehave())
        return [{"name": "data", "title": "Data", "data": data}, {"name": "html", "title": "HTML", "html": html}]

    def get_ui_views(self) -> list[dict[str, Any]]:
        async def later(_: Any) -> None:
            self.misbehave()

        return [
            {"name": "start", "path": "", "view": lambda _: self.misbehave()},
            {"name": "later", "path": "later/", "view": later},
        ]

    def get_navigation_items(self) -> list[dict[str, Any]]:
        return [{"label": self.name.title(), "url": ""}]

    def on_enable(self, context: Any) -> None:
        if context.customer is not None:
            self.misbehave()

    def after_enable(self, context: Any) -> None:
        self.misbehave()

    def on_disable(self, context: Any) -> None:
        if context.customer is not None:
            self.misbehave()

    def after_disable(self, context: Any) -> None:
        self.misbehave()

    def on_unload(self) -> None:
        self.misbehave()

    def health_check(self, context: Any) -> None:
        self.misbehave()
