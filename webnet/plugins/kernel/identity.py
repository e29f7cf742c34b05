"""Reads a plugin's metadata and dependencies, before any of its declarations is called."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from webnet.containment import deadline
from webnet.errors import PluginDefinitionError, shorten
from webnet.plugins.base import PluginBase
from webnet.plugins.declarations import Dependency, UpgradeNote
from webnet.plugins.kernel.addresses import is_mail_address, is_static_path, is_web_address
from webnet.plugins.kernel.dependencies import is_specifier, is_version, newest_first, parse_dependency
from webnet.plugins.kernel.parsing import (
    DECLARATION_SECONDS,
    MAXIMUM_NAME_LENGTH,
    MAXIMUM_TEXT_LENGTH,
    DeclarationSource,
    check_name,
    check_text,
    is_text,
    refuse_duplicates,
    take_all,
)

# More than any plugin needs. The API lists them without pages, and counts each list as if it were so long.
MAXIMUM_DEPENDENCIES = 100
MAXIMUM_KEYWORDS = 100
MAXIMUM_UPGRADE_NOTES = 100
ADDRESSES = ("homepage", "documentation", "support", "changelog")
# What each text may be long at most: what its column holds.
_TEXTS = {
    "name": None,  # see `check_name`
    "verbose_name": 200,
    "version": 50,
    "author": 200,
    "description": None,
    "licence": 200,
    "icon": 500,
    **dict.fromkeys(ADDRESSES, 500),
    "webnet_version": None,
}


@dataclass(frozen=True, kw_only=True)
class PluginIdentity:
    """A plugin's metadata and dependencies; `verbose_name` is `name` if the author did not set one.

    `licence` is an SPDX expression, `icon` an https address or the path of a static file, and the other addresses are
    https or http addresses; `support` may be a mailto address, too.
    """

    name: str
    verbose_name: str
    version: str
    author: str
    description: str
    licence: str
    icon: str
    homepage: str
    documentation: str
    support: str
    changelog: str
    webnet_version: str
    keywords: tuple[str, ...]
    dependencies: tuple[Dependency, ...]


def read_identity(plugin: PluginBase) -> PluginIdentity:
    """Read and validate the plugin's metadata; raises PluginDefinitionError."""
    with deadline(DECLARATION_SECONDS):
        return _read_all(plugin)


def read_upgrade_notes(plugin: PluginBase, name: str) -> tuple[UpgradeNote, ...]:
    """Read and validate the plugin's `upgrade_notes`, the newest version first; raises PluginDefinitionError."""
    source = DeclarationSource(plugin=name, place=f"class {type(plugin).__name__}, upgrade_notes")
    declared = plugin.upgrade_notes
    if not isinstance(declared, Mapping):
        problem = f"must be a dict like {{'2.0.0': 'Set the new address first.'}}, not {type(declared).__name__}"
        raise source.mistake(problem)
    notes = {}
    with deadline(DECLARATION_SECONDS):
        items = take_all(source, declared.items(), maximum=MAXIMUM_UPGRADE_NOTES)
    for version, text in items:
        if not isinstance(version, str) or not is_version(version):
            raise source.mistake(f"{reprlib.repr(version)} is not a valid version: use one like '1.0.0' (PEP 440)")
        if not is_text(text) or not str(text).strip():
            raise source.mistake(
                f"the note of '{version}' must be a string that is not empty, not {reprlib.repr(text)}"
            )
        check_text(source, version, str(text))
        notes[version] = UpgradeNote(version=version, text=text)
    return tuple(notes[version] for version in newest_first(notes))


def _read_all(plugin: PluginBase) -> PluginIdentity:
    name = getattr(plugin, "name", "")
    label = shorten(name, MAXIMUM_NAME_LENGTH) if isinstance(name, str) and name else type(plugin).__module__
    source = DeclarationSource(plugin=label, place=f"class {type(plugin).__name__}")
    texts = {name: _read_text(source, plugin, name) for name in _TEXTS}
    check_name(source.inside("name"), texts["name"])
    if not is_version(texts["version"]):
        raise source.mistake(f"'{texts['version']}' is not a valid version: use one like '1.0.0' (PEP 440)")
    if not is_specifier(texts["webnet_version"]):
        raise source.mistake(f"webnet_version is '{texts['webnet_version']}': use a version specifier like '>=1.2,<2'")
    texts["licence"] = _read_licence(source, texts["licence"])
    _check_addresses(source, texts)
    dependencies = _read_dependencies(source.inside("dependencies"), plugin)
    if any(needed.name == texts["name"] for needed in dependencies):
        raise source.mistake("the plugin depends on itself: remove its name from dependencies")
    texts["verbose_name"] = texts["verbose_name"] or texts["name"]
    return PluginIdentity(
        **texts, keywords=_read_keywords(source.inside("keywords"), plugin), dependencies=dependencies
    )


def _read_text(source: DeclarationSource, plugin: PluginBase, name: str) -> str:
    value = getattr(plugin, name)
    if not is_text(value):
        raise source.mistake(f"{name} must be a string, not {type(value).__name__}")
    text = str(value).strip()
    check_text(source, name, text)
    longest = _TEXTS[name]
    if longest is not None and len(text) > longest:
        raise source.mistake(f"{name} has {len(text)} characters: use at most {longest}")
    if not text and name in {"name", "version"}:
        raise source.mistake(f"{name} is missing: add {name} = '{'my_plugin' if name == 'name' else '1.0.0'}'")
    return text


def _read_licence(source: DeclarationSource, text: str) -> str:
    try:
        return canonicalize_license_expression(text) if text else ""
    except InvalidLicenseExpression:
        example = "'MIT', 'Apache-2.0 OR MIT' or 'LicenseRef-Proprietary'"
        raise source.mistake(f"licence is '{text}': use an SPDX expression like {example}") from None


def _check_addresses(source: DeclarationSource, texts: dict[str, str]) -> None:
    """Refuse what is not safe to show: the addresses and the icon become links and images."""
    for name in (name for name in ADDRESSES if texts[name]):
        if name == "support" and is_mail_address(texts[name]):
            continue
        if not is_web_address(texts[name]):
            also = " or 'mailto:help@example.com'" if name == "support" else ""
            raise source.mistake(f"{name} is '{texts[name]}': use an address like 'https://example.com/'{also}")
    icon = texts["icon"]
    # Browsers load no image from http into a page from https.
    is_secure = icon.startswith("https://") and is_web_address(icon)
    if icon and not is_secure and not is_static_path(icon):
        rule = "the path of a static file like 'my_plugin/icon.svg', or an address like 'https://example.com/icon.svg'"
        raise source.mistake(f"icon is '{icon}': use {rule}")


def _read_keywords(source: DeclarationSource, plugin: PluginBase) -> tuple[str, ...]:
    declared = plugin.keywords
    if not isinstance(declared, list | tuple):
        raise source.mistake(f"must be a list like ['network', 'monitoring'], not {type(declared).__name__}")
    keywords = []
    for index, keyword in enumerate(take_all(source, declared, maximum=MAXIMUM_KEYWORDS), start=1):
        place = source.inside(f"item {index}")
        if not is_text(keyword) or not str(keyword).strip():
            raise place.mistake(f"must be a string that is not empty, not {reprlib.repr(keyword)}")
        check_text(place, "keyword", str(keyword))
        keywords.append(str(keyword).strip())
    refuse_duplicates(source, "keyword", keywords)
    return tuple(keywords)


def _read_dependencies(source: DeclarationSource, plugin: PluginBase) -> tuple[Dependency, ...]:
    declared = plugin.dependencies
    if isinstance(declared, str) or not isinstance(declared, list | tuple):
        raise source.mistake(f"must be a list like ['device_inventory>=1.2'], not {type(declared).__name__}")
    needs = take_all(source, declared, maximum=MAXIMUM_DEPENDENCIES)
    found = tuple(_read_dependency(source, needed) for needed in needs)
    refuse_duplicates(source, "plugin", [needed.name for needed in found])
    return found


def _read_dependency(source: DeclarationSource, declared: object) -> Dependency:
    if isinstance(declared, Dependency):
        declared = str(declared)
    is_short = isinstance(declared, str) and len(declared) <= MAXIMUM_TEXT_LENGTH
    needed = parse_dependency(declared) if isinstance(declared, str) and is_short else None
    if needed is None:
        rule = "use a name and a version specifier, like 'device_inventory>=1.2,<2'"
        raise source.mistake(f"{reprlib.repr(declared)} is not a dependency: {rule}")
    try:
        check_name(source, needed.name)
    except PluginDefinitionError as error:
        raise source.mistake(f"'{needed.name}' is not a plugin name: use the other plugin's 'name'") from error
    return needed
