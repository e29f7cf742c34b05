"""Declares one permission, and asks for another."""

from webnet.plugins.base import GraphQLExtension, Permission, PluginBase


class Plugin(PluginBase):
    name = "unheard_permission"
    version = "1.0"

    def get_permissions(self) -> list[Permission]:
        return [Permission(name="view", description="Look into vaults")]

    def get_graphql_schema(self) -> GraphQLExtension:
        from unheard_permission.schema import extension

        return extension
