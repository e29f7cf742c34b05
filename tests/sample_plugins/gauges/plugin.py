"""The gauges plugin."""

from webnet.plugins.base import GraphQLExtension, PluginBase


class Plugin(PluginBase):
    name = "gauges"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        from gauges import schema

        return GraphQLExtension(query=schema.GaugeQueries, mutation=schema.GaugeMutations, types=(schema.Gauge,))
