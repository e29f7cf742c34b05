"""Hangs signs on what others bring."""

from __future__ import annotations

from webnet.plugins.base import GraphQLExtension, PluginBase


class Plugin(PluginBase):
    name = "signs"
    version = "1.0"
    dependencies = ("shelf",)

    def get_graphql_schema(self) -> GraphQLExtension:
        from signs.schema import extension

        return extension
