"""Rules on what a plugin says of itself: that it loads, its metadata and its settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from webnet.sdk.checking.plugin_under_test import Subject
from webnet.sdk.checking.report import Finding

# By attribute: what it is for.
METADATA = {
    "verbose_name": "people see it instead of the name",
    "author": "people must know whom to ask",
    "description": "people choose by it",
    "homepage": "people look there for help",
    "webnet_version": "without it the plugin is loaded by every webnet, also by one that it does not fit",
}
EXAMPLES = {
    "verbose_name": "My Plugin",
    "author": "Your Name",
    "description": "Keeps notes for each customer.",
    "homepage": "https://example.com/my-plugin",
    "webnet_version": ">=0.1,<1",
}


def check_loading(subject: Subject) -> Iterator[Finding]:
    """It loads on this webnet, and its types build."""
    entry = subject.entry
    if subject.is_loaded:
        return
    if entry.reason.startswith("on_load()"):
        yield subject.finding("hooks.load", "on_load()", entry.reason, "let it raise only where the plugin can't run")
    elif "does not declare who owns its rows" not in entry.reason:  # tenancy.model tells it by model
        yield subject.finding("load.failed", f"'{entry.module}'", entry.reason, "mend that, and check it again")


def check_metadata(subject: Subject) -> Iterator[Finding]:
    """People can tell what it is, whose it is and where it fits."""
    for attribute, why in METADATA.items():
        if not getattr(subject.manifest, attribute) or _is_default(subject, attribute):
            words = f'write {attribute} = "{EXAMPLES[attribute]}", since {why}'
            yield subject.finding(f"metadata.{attribute}", "class Plugin", f"it has no {attribute}", words)


def check_settings(subject: Subject) -> Iterator[Finding]:
    """The defaults alone are settings that fit, nothing misspelt is taken, and each setting says what it is."""
    schema = subject.manifest.settings_schema
    if schema is None:
        return
    for issue in schema.validate(schema.defaults()):
        place, words = f"get_settings_schema(), '{issue.path}'", "give it a default that fits, or require less"
        yield subject.finding("settings.defaults", place, f"the defaults do not fit: {issue.message}", words)
    if schema.schema.get("additionalProperties") is not False:
        words = 'write "additionalProperties": False'
        yield subject.finding("settings.open", "get_settings_schema()", "it takes settings that are misspelt", words)
    for name, declared in schema.schema.get("properties", {}).items():
        if not _is_described(declared):
            place, words = f"get_settings_schema(), '/{name}'", 'give it a "title" or a "description"'
            yield subject.finding("docs.setting", place, "it says nowhere what it is", words)


def _is_default(subject: Subject, attribute: str) -> bool:
    """Whether the plugin left it to webnet, which takes the name for a missing verbose name."""
    return attribute == "verbose_name" and not getattr(subject.entry.plugin, "verbose_name", "")


def _is_described(declared: Any) -> bool:
    return not isinstance(declared, dict) or bool(declared.get("title") or declared.get("description"))
