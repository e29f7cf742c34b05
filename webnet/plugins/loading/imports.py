"""Keeps one plugin's template tags from spoiling all templates: Django imports those of every app before the first."""

from __future__ import annotations

import sys
from importlib import import_module

from django.apps import AppConfig, apps
from django.template.backends.django import get_package_libraries
from django.utils.module_loading import module_has_submodule

from webnet.django_internals import registered_admin_pages, restore_admin_pages
from webnet.errors import PluginDefinitionError


def import_template_tags(config: AppConfig) -> None:
    """Import the app's libraries of template tags, as Django will; what goes wrong is raised."""
    if not module_has_submodule(config.module, "templatetags"):
        return
    package = import_module(f"{config.name}.templatetags")
    for library in get_package_libraries(package):
        _refuse_taken_name(config, library.removeprefix(f"{package.__name__}."))


def hide_template_tags(config: AppConfig) -> None:
    """Let Django take the app for one without any; it passes by a package that can't be imported."""
    sys.modules[f"{config.name}.templatetags"] = None  # type: ignore[assignment]  # Python's way to forbid it


def _refuse_taken_name(config: AppConfig, library: str) -> None:
    """A later library hides an earlier one of its name, also one that the host's templates load."""
    for place in ("django", *(other.name for other in apps.get_app_configs())):
        if place == config.name:
            return
        if _has(f"{place}.templatetags", library):
            words = f"has template tags called '{library}', as '{place}' has already: call the file otherwise"
            raise PluginDefinitionError(f"Plugin '{config.name}' {words}.")


def _has(package: str, library: str) -> bool:
    try:
        return module_has_submodule(import_module(package), library)
    except ImportError:
        return False


def import_admin_pages(config: AppConfig) -> None:
    """Import the app's `admin.py`, where it has one; what goes wrong is raised, and leaves nothing in the admin.

    Instead of Django's own `autodiscover()`, which one app that fails stops for all.
    """
    if not apps.is_installed("django.contrib.admin") or not module_has_submodule(config.module, "admin"):
        return
    from django.contrib.admin import site

    before = registered_admin_pages(site)
    try:
        import_module(f"{config.name}.admin")
        for model, pages in registered_admin_pages(site).items():
            if before.get(model) is not pages:
                _ = pages.urls  # else they would be asked for first when the host's own addresses are read
    except BaseException:
        restore_admin_pages(site, before)
        raise
