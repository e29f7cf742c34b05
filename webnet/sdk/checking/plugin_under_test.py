"""The plugin that is being checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps

from webnet.api.engine.ownership import Ownership
from webnet.api.resolvers.contributions import models_of
from webnet.api.schema import full_schema
from webnet.plugins.kernel.manifest import Manifest
from webnet.plugins.registry import Entry, registry
from webnet.sdk.checking.report import RuleFinding


@dataclass(frozen=True)
class PluginUnderTest:
    """A plugin of this process, loaded or not, with what the rules ask about it."""

    entry: Entry

    @classmethod
    def find(cls, module: str) -> PluginUnderTest:
        """The plugin of this module."""
        return cls(next(entry for entry in registry.entries() if entry.module == module))

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def is_loaded(self) -> bool:
        return self.entry.status == "loaded"

    @property
    def manifest(self) -> Manifest:
        """The plugin's declarations. Raises LookupError if it is not loaded."""
        if self.entry.manifest is None:
            raise LookupError(f"'{self.name}' is not loaded: {self.entry.reason}")
        return self.entry.manifest

    @cached_property
    def config(self) -> AppConfig | None:
        """Its Django app; None if that could not be loaded."""
        return next((config for config in apps.get_app_configs() if config.name == self.entry.module), None)

    @cached_property
    def models(self) -> tuple[Any, ...]:
        return models_of(self.entry)

    @cached_property
    def folder(self) -> Path | None:
        """The folder of its package."""
        return Path(self.config.path) if self.config is not None else None

    @property
    def owners(self) -> Ownership:
        return full_schema().owners

    def finding(self, rule: str, place: str, message: str, way_out: str) -> RuleFinding:
        """A finding about this plugin."""
        return RuleFinding(rule=rule, plugin=self.name, place=place, message=message.rstrip("."), way_out=way_out)
