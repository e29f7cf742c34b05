"""Creates a new plugin in `plugins/` from the template."""

from __future__ import annotations

import keyword
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError
from django.core.management.templates import TemplateCommand
from strawberry.utils.str_converters import to_camel_case

import webnet
from webnet.errors import PluginDefinitionError
from webnet.plugins.kernel.parsing import DeclarationSource, check_name
from webnet.plugins.loading import installed_apps
from webnet.plugins.registry import registry
from webnet.program import PROGRAM, find_checkout

RENDERED = ["py", "md", "toml", "graphql"]


class Command(TemplateCommand):
    help = "Creates a plugin in plugins/, from a template."
    rewrite_template_suffixes = ((".py-tpl", ".py"), (".md-tpl", ".md"), (".graphql-tpl", ".graphql"))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="lower-case letters, digits and underscores, starting with a letter")

    def handle(self, **options: Any) -> None:  # type: ignore[override]  # Django's signature differs per command
        name = options.pop("name")
        try:
            check_name(DeclarationSource(plugin=name, place="startplugin"), name)
        except PluginDefinitionError as mistake:
            raise CommandError(str(mistake)) from mistake
        _refuse_unusable(name)
        folder = Path(settings.HOME_DIR) / "plugins" / name
        # Before Django looks for a module of that name, which a plugin in `plugins/` is too.
        if folder.exists():
            raise CommandError(f"'{folder}' already exists: choose another name, or delete it.")
        try:
            self._create(name, folder, options)
        except OSError as problem:
            raise CommandError(f"'{folder}' can't be created: {problem.strerror}.") from problem
        self.stdout.write(f"Created {folder.relative_to(settings.HOME_DIR)}: add '{name}' to WEBNET_PLUGINS.")

    def _create(self, name: str, folder: Path, options: dict[str, Any]) -> None:
        """Render the template elsewhere and move it, so that the folder is complete or does not exist.

        Django refuses the name of a module, which even an empty folder in `plugins/` would be.
        """
        context = {"template": str(find_template()), "extensions": RENDERED, "files": []}
        context |= {"program": PROGRAM, "start": f"{PROGRAM} run"}
        if find_checkout() is not None:
            context |= {"program": f"python {PROGRAM}", "start": "make run"}
        is_first = not folder.parent.exists()
        folder.parent.mkdir(exist_ok=True)
        try:
            with TemporaryDirectory(prefix=".startplugin-", dir=folder.parent) as drafts:
                draft = Path(drafts) / name
                draft.mkdir()  # with the permissions of a new folder, unlike the temporary one
                super().handle("plugin", name, str(draft), **{**options, **context, **_graphql_names(name)})
                draft.rename(folder)
        finally:
            if is_first and not any(folder.parent.iterdir()):
                folder.parent.rmdir()


def _refuse_unusable(name: str) -> None:
    """Raise CommandError for names with which the plugin would not load; Django looks for a module of that name."""
    taken = {
        **dict.fromkeys(vars(installed_apps), "webnet"),
        **{entry.name: f"the plugin '{entry.module}'" for entry in registry.entries()},
        **{config.label: f"the app '{config.name}'" for config in apps.get_app_configs()},
    }
    if keyword.iskeyword(name):
        raise CommandError(f"'{name}' is a keyword of Python: choose another name.")
    # Django refuses them in the name of a reverse relation, which begins with the plugin's.
    if "__" in name or name.endswith("_"):
        raise CommandError(f"'{name}' has an underscore at its end, or two in a row: leave one out.")
    if (find_template() / name).exists():
        raise CommandError(f"'{name}' is also a folder of the template: choose another name.")
    if name in taken:
        raise CommandError(f"The name '{name}' is taken by {taken[name]}: choose another one.")


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
