"""Throw-away plugins that need one another, for pages about switching."""

from __future__ import annotations

from webnet.plugins.base import PluginBase


class Soil(PluginBase):
    name = "soil"
    verbose_name = "Soil"
    version = "1.2"
    description = "What everything grows on"


class Garden(PluginBase):
    name = "garden"
    verbose_name = "Garden"
    version = "1.0"
    description = "Beds and paths"
    dependencies = ("soil>=1",)


class Fence(PluginBase):
    name = "fence"
    verbose_name = "Fence"
    version = "1.0"
    dependencies = ("garden",)


class Stubborn(PluginBase):
    name = "stubborn"
    verbose_name = "Stubborn"
    version = "1.0"

    def on_enable(self, context: object) -> None:
        raise RuntimeError("not today")
