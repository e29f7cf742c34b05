"""Imports the template tags and admin pages of one app.

Django imports those of all apps at once, and lets one that fails break every template, or the whole admin.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from django.apps import AppConfig, apps
from django.template.backends.django import get_package_libraries
from django.utils.module_loading import module_has_submodule

from webnet.django_internals import registered_admin_pages, restore_admin_pages
from webnet.errors import PluginDefinitionError


def lacks_init(folder: Path) -> bool:
    """Whether Django overlooks the modules in a folder, since it is not a package."""
    return any(folder.glob("*.py")) and not (folder / "__init__.py").exists()


def import_template_tags(config: AppConfig) -> None:
    """Import the app's template tag libraries, as Django will later, and raise what goes wrong."""
    if not module_has_submodule(config.module, "templatetags"):
        return
    package = import_module(f"{config.name}.templatetags")
    for library in get_package_libraries(package):
        _refuse_taken_name(config, library.removeprefix(f"{package.__name__}."))


def hide_template_tags(config: AppConfig) -> None:
    """Make the app look as if it had no template tags: Django skips packages that can't be imported."""
    sys.modules[f"{config.name}.templatetags"] = None  # type: ignore[assignment]  # An import of it raises ImportError.


def _refuse_taken_name(config: AppConfig, library: str) -> None:
    """Refuse a library with the name of an earlier one, which it would replace even in the host's templates."""
    for place in ("django", *(other.name for other in apps.get_app_configs())):
        if place == config.name:
            return
        if _has(f"{place}.templatetags", library):
            problem = f"has a template tag library '{library}', but '{place}' has one of that name: rename the file"
            raise PluginDefinitionError(f"Plugin '{config.name}' {problem}.")


def _has(package: str, library: str) -> bool:
    try:
        return module_has_submodule(import_module(package), library)
    except ImportError:
        return False


def import_admin_pages(config: AppConfig) -> None:
    """Import the app's `admin.py`, if there is one; raise what goes wrong, and leave nothing of it in the admin."""
    if not apps.is_installed("django.contrib.admin") or not module_has_submodule(config.module, "admin"):
        return
    from django.contrib.admin import site

    before = registered_admin_pages(site)
    try:
        import_module(f"{config.name}.admin")
        for model, pages in registered_admin_pages(site).items():
            if before.get(model) is not pages:
                _ = pages.urls  # Otherwise an error in it would surface when the host's URLs are loaded.
    except BaseException:
        restore_admin_pages(site, before)
        raise
