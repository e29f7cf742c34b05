"""Whose settings a page is about: everybody's, or one customer's; and the documents that read and change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from webnet.console.frame.page_frame import Frame
from webnet.console.settings_form.layers import Layer
from webnet.plugins.schema.walk import split_pointer


@dataclass(frozen=True, kw_only=True)
class FoundSettings:
    """A plugin's settings as the API has them; `layer` is None if the plugin declares none."""

    plugin: str
    verbose_name: str
    revision: int
    layer: Layer | None


@dataclass(frozen=True, kw_only=True)
class Target:
    """The settings of a plugin, for the customer of the frame or for everybody."""

    frame: Frame
    plugin: str

    @property
    def customer(self) -> str | None:
        """The customer's slug; None for everybody."""
        return self.frame.customer.slug if self.frame.customer else None

    def address(self, page: str = "plugin-settings", **more: Any) -> str:
        """The address of one of the pages about these settings."""
        if self.customer is None:
            return reverse(page, kwargs={"plugin": self.plugin, **more})
        return reverse(f"customer-{page}", kwargs={"customer": self.customer, "plugin": self.plugin, **more})

    def find(self) -> FoundSettings | None:
        """The settings; None if the plugin does not exist, or not for the viewer."""
        if self.customer is None:
            found = self.frame.run("plugin_settings", {"plugin": self.plugin})["plugin"]
            # The global layer is for operators of the platform only.
            return None if found is None or found["settings"] is None else _read(found, found)
        variables = {"customer": self.customer, "plugin": self.plugin}
        config = self.frame.run("customer_plugin_settings", variables)["customerPluginConfig"]
        return None if config is None else _read(config["plugin"], config)

    def plan(self, patch: Mapping[str, Any], *, revision: int, secrets: Sequence[str]) -> dict[str, Any]:
        """What the change would do."""
        variables = {
            "plugin": self.plugin,
            "customer": self.customer,
            "settings": patch,
            "expectedRevision": revision,
        }
        places = [("settings", *split_pointer(path)) for path in secrets]
        planned: dict[str, Any] = self.frame.run("plugin_settings_plan", variables, secrets=places)[
            "pluginSettingsPlan"
        ]
        return planned

    def update(
        self,
        patch: Mapping[str, Any],
        *,
        revision: int,
        secrets: Sequence[str],
        reason: str,
        allow_invalid: bool,
    ) -> dict[str, Any]:
        """Change them; raises Refused."""
        places = [("input", "settings", *split_pointer(path)) for path in secrets]
        common = {"plugin": self.plugin, "settings": patch, "expectedRevision": revision, "reason": reason or None}
        if self.customer is None:
            given = {**common, "allowInvalid": allow_invalid}
            return self.frame.change("update_plugin_settings", {"input": given}, secrets=places)
        given = {**common, "customer": self.customer}
        return self.frame.change("update_customer_plugin_settings", {"input": given}, secrets=places)

    def find_history(self, page: Mapping[str, Any]) -> dict[str, Any] | None:
        """The revisions, with the plugin; None if the viewer may not see them."""
        if self.customer is None:
            found = self.frame.run("plugin_settings_history", {"plugin": self.plugin, **page})["plugin"]
        else:
            variables = {"customer": self.customer, "plugin": self.plugin, **page}
            config = self.frame.run("customer_plugin_settings_history", variables)["customerPluginConfig"]
            found = config and {**config, **config["plugin"]}
        return found if found and found["settingsHistory"] is not None else None

    def plan_revert(self, revision: int) -> dict[str, Any]:
        """What restoring a revision would do."""
        variables = {"plugin": self.plugin, "customer": self.customer, "revision": revision}
        planned: dict[str, Any] = self.frame.run("plugin_settings_revert_plan", variables)["pluginSettingsRevertPlan"]
        return planned

    def revert(self, revision: int, *, expected_revision: int, reason: str, allow_invalid: bool) -> dict[str, Any]:
        """Restore a revision; raises Refused."""
        common = {
            "plugin": self.plugin,
            "revision": revision,
            "expectedRevision": expected_revision,
            "reason": reason or None,
        }
        if self.customer is None:
            given = {**common, "allowInvalid": allow_invalid}
            return self.frame.change("revert_plugin_settings", {"input": given})
        return self.frame.change("revert_customer_plugin_settings", {"input": {**common, "customer": self.customer}})


def _read(plugin: Mapping[str, Any], settings: Mapping[str, Any]) -> FoundSettings:
    schema = plugin["settingsSchema"]
    layer = None
    if schema is not None:
        layer = Layer(
            schema=schema,
            settings=settings["settings"],
            inherited=settings["inheritedSettings"],
            secrets={each["path"]: str(each["updatedAt"]) for each in settings["secretSettings"] if each["isSet"]},
            sources={each["path"]: each["layer"] for each in settings["settingSources"]},
            # Only for a customer; the platform sets all of them.
            locked=plugin.get("platformOnlySettings") or (),
        )
    return FoundSettings(
        plugin=plugin["name"],
        verbose_name=plugin["verboseName"],
        revision=settings["settingsRevision"],
        layer=layer,
    )
