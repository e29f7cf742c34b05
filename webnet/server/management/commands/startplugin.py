"""Creates a new plugin in `plugins/` from the template."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.templates import TemplateCommand
from strawberry.utils.str_converters import to_camel_case

import webnet
from webnet.errors import PluginDefinitionError
from webnet.plugins.kernel.parsing import DeclarationSource, check_name

RENDERED = ["py", "md", "toml"]


class Command(TemplateCommand):
    help = "Creates a plugin in plugins/, from a template."
    rewrite_template_suffixes = ((".py-tpl", ".py"), (".md-tpl", ".md"))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="lower-case letters, digits and underscores, starting with a letter")

    def handle(self, **options: Any) -> None:  # type: ignore[override]  # Django's signature differs per command
        name = options.pop("name")
        try:
            check_name(DeclarationSource(plugin=name, place="startplugin"), name)
        except PluginDefinitionError as mistake:
            raise CommandError(str(mistake)) from mistake
        self.validate_name_of_plugin(name)
        folder = Path(settings.HOME_DIR) / "plugins" / name
        folder.parent.mkdir(exist_ok=True)
        try:
            folder.mkdir()
        except FileExistsError:
            raise CommandError(f"'{folder}' already exists: choose another name.") from None
        context = {"template": str(find_template()), "extensions": RENDERED, "files": []}
        super().handle("plugin", name, str(folder), **{**options, **context, **_graphql_names(name)})
        self.stdout.write(f"Created {folder.relative_to(settings.HOME_DIR)}: add '{name}' to WEBNET_PLUGINS.")

    def validate_name_of_plugin(self, name: str) -> None:
        """Raise CommandError for the name of an existing module, before anything is written."""
        self.app_or_project, self.a_or_an = "plugin", "a"
        self.validate_name(name)


def find_template() -> Path:
    """The template: part of the installed package, or in a checkout one of the examples."""
    package = Path(webnet.__file__).parent
    shipped = package / "plugin_template"
    return shipped if shipped.is_dir() else package.parent / "examples" / "plugin_template"


def _graphql_names(name: str) -> dict[str, str]:
    """The plugin's name as the start of GraphQL fields and types: `myPlugin` and `MyPlugin` for `my_plugin`.

    Django's own `camel_case_plugin_name` differs: it makes `Rack2D` of `rack2d`, and GraphQL `Rack2d`.
    """
    field = to_camel_case(name)
    return {"plugin_camel": field, "plugin_pascal": field[0].upper() + field[1:]}
