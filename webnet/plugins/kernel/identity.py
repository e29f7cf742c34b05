"""Reads a plugin's metadata and dependencies, before any of its declarations is called."""

from __future__ import annotations

from dataclasses import dataclass

from webnet.errors import PluginDefinitionError
from webnet.plugins.base import PluginBase
from webnet.plugins.declarations import Dependency
from webnet.plugins.kernel.dependencies import is_specifier, is_version, parse_dependency
from webnet.plugins.kernel.parsing import DeclarationSource, check_name, check_text, is_text, refuse_duplicates

_TEXTS = ("name", "verbose_name", "version", "author", "description", "homepage", "webnet_version")


@dataclass(frozen=True, kw_only=True)
class PluginIdentity:
    """A plugin's metadata and dependencies; `verbose_name` is `name` if the author did not set one."""

    name: str
    verbose_name: str
    version: str
    author: str
    description: str
    homepage: str
    webnet_version: str
    dependencies: tuple[Dependency, ...]


def read_identity(plugin: PluginBase) -> PluginIdentity:
    """Read and validate the plugin's metadata; raises PluginDefinitionError."""
    name = getattr(plugin, "name", "")
    label = name if isinstance(name, str) and name else type(plugin).__module__
    source = DeclarationSource(plugin=label, place=f"class {type(plugin).__name__}")
    texts = {name: _read_text(source, plugin, name) for name in _TEXTS}
    check_name(source.inside("name"), texts["name"])
    if not is_version(texts["version"]):
        raise source.mistake(f"'{texts['version']}' is not a valid version: use one like '1.0.0' (PEP 440)")
    if not is_specifier(texts["webnet_version"]):
        raise source.mistake(f"webnet_version is '{texts['webnet_version']}': use a version specifier like '>=1.2,<2'")
    dependencies = _read_dependencies(source.inside("dependencies"), plugin)
    if any(needed.name == texts["name"] for needed in dependencies):
        raise source.mistake("the plugin depends on itself: remove its name from dependencies")
    texts["verbose_name"] = texts["verbose_name"] or texts["name"]
    return PluginIdentity(**texts, dependencies=dependencies)


def _read_text(source: DeclarationSource, plugin: PluginBase, name: str) -> str:
    value = getattr(plugin, name)
    if not is_text(value):
        raise source.mistake(f"{name} must be a string, not {type(value).__name__}")
    text = str(value).strip()
    check_text(source, name, text)
    if not text and name in {"name", "version"}:
        raise source.mistake(f"{name} is missing: add {name} = '{'my_plugin' if name == 'name' else '1.0.0'}'")
    return text


def _read_dependencies(source: DeclarationSource, plugin: PluginBase) -> tuple[Dependency, ...]:
    declared = plugin.dependencies
    if isinstance(declared, str) or not isinstance(declared, list | tuple):
        raise source.mistake(f"must be a list like ['device_inventory>=1.2'], not {type(declared).__name__}")
    found = tuple(_read_dependency(source, needed) for needed in declared)
    refuse_duplicates(source, "plugin", [needed.name for needed in found])
    return found


def _read_dependency(source: DeclarationSource, declared: object) -> Dependency:
    if isinstance(declared, Dependency):
        declared = str(declared)
    needed = parse_dependency(declared) if isinstance(declared, str) else None
    if needed is None:
        raise source.mistake(
            f"{declared!r} is not a dependency: use a name and a version specifier, like 'device_inventory>=1.2,<2'"
        )
    try:
        check_name(source, needed.name)
    except PluginDefinitionError as error:
        raise source.mistake(f"'{needed.name}' is not a plugin name: use the other plugin's 'name'") from error
    return needed
