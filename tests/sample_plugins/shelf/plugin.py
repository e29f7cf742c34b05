"""The shelf plugin."""

from webnet.plugins.base import GraphQLExtension, Permission, PluginBase


class Plugin(PluginBase):
    name = "shelf"
    verbose_name = "Shelf"
    version = "1.0"

    def get_permissions(self) -> list[Permission]:
        return [
            Permission(name="arrange", description="Move books", minimum_role="operator"),
            Permission(name="audit", description="Look behind the books", minimum_role="admin"),
        ]

    def get_settings_schema(self) -> dict:
        return {
            "type": "object",
            "properties": {
                "limit": {"type": "integer", "default": 10},
                "key": {"type": "string", "writeOnly": True},
            },
        }

    def get_graphql_schema(self) -> GraphQLExtension:
        from shelf import schema
        from webnet.sdk import graphql

        return GraphQLExtension(
            query=schema.ShelfQueries,
            mutation=schema.ShelfMutations,
            subscription=schema.ShelfSubscriptions,
            types=(schema.Shelf,),
            extends=graphql.extends(schema.CustomerFields),
        )
