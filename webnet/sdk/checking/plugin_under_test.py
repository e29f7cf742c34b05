"""The plugin that is checked, as every rule sees it."""

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
from webnet.sdk.checking.report import Finding


@dataclass(frozen=True)
class Subject:
    """One plugin of this process, loaded or not."""

    entry: Entry

    @classmethod
    def find(cls, module: str) -> Subject:
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
        """What it declares; for plugins that are loaded."""
        if self.entry.manifest is None:
            raise LookupError(f"'{self.name}' is not loaded: {self.entry.reason}")
        return self.entry.manifest

    @cached_property
    def config(self) -> AppConfig | None:
        """Its Django app; None where it could not be had."""
        return next((config for config in apps.get_app_configs() if config.name == self.entry.module), None)

    @cached_property
    def models(self) -> tuple[Any, ...]:
        return models_of(self.entry)

    @cached_property
    def folder(self) -> Path | None:
        """Where its package is."""
        return Path(self.config.path) if self.config is not None else None

    @property
    def owners(self) -> Ownership:
        return full_schema().owners

    def finding(self, rule: str, place: str, message: str, way_out: str) -> Finding:
        """A finding of this plugin's."""
        return Finding(rule=rule, plugin=self.name, place=place, message=message.rstrip("."), way_out=way_out)
