"""The ticker plugin."""

from webnet.plugins.base import GraphQLExtension, PluginBase


class Plugin(PluginBase):
    name = "ticker"
    verbose_name = "Ticker"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        from ticker import schema

        return GraphQLExtension(subscription=schema.TickerSubscriptions)
