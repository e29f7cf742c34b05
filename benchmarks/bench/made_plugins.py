"""Writes plugins to measure with: packages without models, each with settings and a field in the schema."""

from __future__ import annotations

from pathlib import Path
from string import Template

from benchmarks.bench.sizes import name_plugin

# One package in each folder. The settings are those of many plugins: a few scalars, a list, and a secret.
PLUGIN = Template('''"""A plugin to measure with."""

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


@strawberry.type
class Made${number}Queries:
    @strawberry.field
    def ${name}_answer(self) -> int:
        return ${digits}


class Plugin(PluginBase):
    name = "${name}"
    verbose_name = "Made plugin number ${digits}"
    version = "1.${digits}.0"
    author = "Author ${author}"
    description = "A description of the plugin, of some typical length. A description of the plugin, of some length."

    def get_graphql_schema(self):
        return GraphQLExtension(query=Made${number}Queries)

    def get_settings_schema(self):
        return {
            "type": "object",
            "properties": {
                "timeout": {"type": "integer", "default": 10, "minimum": 0},
                "mode": {"type": "string", "default": "auto", "enum": ["auto", "manual"]},
                "tags": {"type": "array", "items": {"type": "string"}, "default": ["a", "b"]},
                "limit": {"type": "integer", "default": 100},
                "key": {"type": "string", "writeOnly": True},
            },
        }
''')


def make_plugins(folder: Path, *, count: int) -> list[str]:
    """Write so many packages into the folder, which has to be on the path; their names, for `WEBNET_PLUGINS`."""
    names = [name_plugin(number) for number in range(count)]
    for digits, name in enumerate(names):
        package = folder / name
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        values = {"name": name, "number": f"{digits:03}", "digits": digits, "author": digits % 9}
        (package / "plugin.py").write_text(PLUGIN.substitute(values))
    return names
