"""Rules on what a plugin declares: that it loads, its metadata and its settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from webnet.plugins import checks
from webnet.sdk.checking.plugin_under_test import PluginUnderTest
from webnet.sdk.checking.report import RuleFinding

# The reason for each attribute.
METADATA = {
    "verbose_name": "users see it instead of the name",
    "author": "users need to know whom to contact",
    "description": "operators choose plugins by it",
    "homepage": "users look there for help",
    "webnet_version": "without it the plugin is loaded by incompatible versions of webnet as well",
}
EXAMPLES = {
    "verbose_name": "My Plugin",
    "author": "Your Name",
    "description": "Keeps notes for each customer.",
    "homepage": "https://example.com/my-plugin",
    "webnet_version": ">=0.1,<1",
}


def check_loading(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """The plugin loads, and its GraphQL types can be built."""
    entry = subject.entry
    if subject.is_loaded:
        return
    if entry.reason.startswith("on_load()"):
        yield subject.finding("hooks.load", "on_load()", entry.reason, "raise only if the plugin can't run")
    elif entry.reason != _tenancy_reason(subject):  # the rule tenancy.model reports it for each model
        yield subject.finding("load.failed", f"'{entry.module}'", entry.reason, "fix that, and check the plugin again")


def check_metadata(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """The metadata is complete."""
    for attribute, why in METADATA.items():
        if not getattr(subject.manifest, attribute) or _is_default(subject, attribute):
            way_out = f'write {attribute} = "{EXAMPLES[attribute]}": {why}'
            yield subject.finding(f"metadata.{attribute}", "class Plugin", f"it has no {attribute}", way_out)


def check_settings(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """The defaults are valid settings, misspelt settings are rejected, and each setting has a description."""
    schema = subject.manifest.settings_schema
    if schema is None:
        return
    for issue in schema.validate(schema.defaults()):
        place, way_out = f"get_settings_schema(), '{issue.path}'", "give it a valid default, or require less"
        yield subject.finding("settings.defaults", place, f"the defaults are invalid: {issue.message}", way_out)
    if schema.schema.get("additionalProperties") is not False:
        way_out = 'write "additionalProperties": False'
        yield subject.finding("settings.open", "get_settings_schema()", "it accepts misspelt settings", way_out)
    for name, declared in schema.schema.get("properties", {}).items():
        if not _is_described(declared):
            place, way_out = f"get_settings_schema(), '/{name}'", 'give it a "title" or a "description"'
            yield subject.finding("docs.setting", place, "it has no description", way_out)


def _tenancy_reason(subject: PluginUnderTest) -> str | None:
    """The reason for which webnet sets a plugin aside that has a model without tenancy."""
    failure = checks.find_untenanted_plugins().get(subject.entry.module)
    return failure.reason if failure is not None else None


def _is_default(subject: PluginUnderTest, attribute: str) -> bool:
    """Whether the plugin omits it: webnet uses the name in place of a missing verbose name."""
    return attribute == "verbose_name" and not getattr(subject.entry.plugin, "verbose_name", "")


def _is_described(declared: Any) -> bool:
    return not isinstance(declared, dict) or bool(declared.get("title") or declared.get("description"))
