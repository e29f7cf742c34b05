"""Imports what apps add to the Django admin: the host's as Django does it, and a plugin's so that it can fail alone."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule


def import_admin_pages(config: AppConfig) -> None:
    """Import the app's `admin.py`, where it has one; what goes wrong is raised, and leaves nothing in the admin.

    Instead of Django's own `autodiscover()`, which one app that fails stops for all.
    """
    if not apps.is_installed("django.contrib.admin") or not module_has_submodule(config.module, "admin"):
        return
    from django.contrib.admin import site

    before = dict(site._registry)  # noqa: SLF001 - as autodiscover() does it
    try:
        import_module(f"{config.name}.admin")
        for model, pages in site._registry.items():  # noqa: SLF001
            if before.get(model) is not pages:
                _ = pages.urls  # else they would be asked for first when the host's own addresses are read
    except BaseException:
        site._registry = before  # noqa: SLF001
        raise
