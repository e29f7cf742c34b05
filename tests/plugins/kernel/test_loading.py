"""Plugins in INSTALLED_APPS: each once, and none can stop Django. Each test has an interpreter of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests import interpreters
from tests.databases import with_files_of_its_own
from tests.servers import START_SECONDS
from webnet.plugins.loading import installed_apps

pytestmark = with_files_of_its_own

Boot = Callable[..., Any]
Install = Callable[..., str]

SETTINGS = """
    from webnet.plugins.loading.installed_apps import with_plugins
    SECRET_KEY = "test"
    USE_TZ = True
    DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    INSTALLED_APPS = with_plugins(["host"], PLUGINS)
"""
HOST = """
    from django.db import models
    class Customer(models.Model):
        slug = models.SlugField()
"""
# The host looks at its relations while it gets ready, before the plugins are; so Django keeps what it saw.
HOST_APPS = """
    from django.apps import AppConfig, apps
    class HostConfig(AppConfig):
        name = "host"
        def ready(self):
            apps.get_model("host", "Customer")._meta.related_objects
            from webnet.plugins.loading import installed_apps
            HostConfig.told = sorted(installed_apps.failures())
"""
DEVICE = """
    from django.db import models
    class Device(models.Model):
        customer = models.ForeignKey("host.Customer", models.CASCADE)
        partners = models.ManyToManyField("host.Customer", related_name="partner_devices")
"""
GOOD = """
    from django.db import models
    class Item(models.Model):
        customer = models.ForeignKey("host.Customer", models.CASCADE)
"""
# Everything that a half-loaded plugin could break in the host, in one go. No garbage is collected by chance.
USE_THE_HOST = """
    import gc, json, django
    gc.disable()
    django.setup()
    from django.apps import apps
    from django.core.management import call_command
    from webnet.plugins.loading import installed_apps
    Customer = apps.get_model("host", "Customer")
    call_command("check", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)
    Customer.objects.create(slug="acme").delete()
    report = {
        "failures": {module: failure.reason for module, failure in installed_apps.failures().items()},
        "labels": [config.label for config in apps.get_app_configs()],
        "models": sorted(model._meta.label for model in apps.get_models()),
        "accessors": sorted(name for name in vars(Customer) if name.endswith(("_set", "_devices"))),
        "related": sorted(relation.name for relation in Customer._meta.related_objects),
    }
"""


@pytest.fixture
def boot(install: Install, tmp_path: Path) -> Boot:
    """Starts Django with the plugins in an interpreter of its own and returns the `report` that the code makes."""

    def run(*plugins: str, settings: str = SETTINGS, code: str = USE_THE_HOST, more: str = "") -> Any:
        install("host", models=HOST, apps=HOST_APPS)
        (tmp_path / "host_settings.py").write_text(f"PLUGINS = {plugins!r}\n" + dedent(settings))
        script = dedent(code) + dedent(more) + "\nprint(json.dumps(report))\n"
        path = os.pathsep.join([str(tmp_path), str(Path(installed_apps.__file__).parents[3])])
        environment = os.environ | {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "host_settings"}
        ran = interpreters.run(
            ["-W", "error", "-c", script], environment=environment, folder=tmp_path, timeout=START_SECONDS
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout.splitlines()[-1])

    return run


def test_a_good_plugin_brings_its_models(boot: Boot, install: Install) -> None:
    install("good", models=GOOD)

    report = boot("good")

    assert report["failures"] == {}
    assert report["models"] == ["good.Item", "host.Customer"]
    assert report["accessors"] == ["item_set"]


def test_a_plugin_keeps_its_own_app_config(boot: Boot, install: Install) -> None:
    install(
        "acme.maps",
        apps="""
            from django.apps import AppConfig
            class MapsConfig(AppConfig):
                name = "acme.maps"
                label = "acme_maps"
                verbose_name = "Maps of Acme"
                default_auto_field = "django.db.models.AutoField"
                was_ready = 0
                def ready(self):
                    type(self).was_ready += 1
        """,
        models=GOOD,
    )
    install("acme")

    report = boot(
        "acme.maps",
        more="""
            config = apps.get_app_config("acme_maps")
            report["config"] = [config.name, config.verbose_name, type(config).__name__, config.was_ready]
            report["key"] = type(apps.get_model("acme_maps", "Item")._meta.pk).__name__
            report["folder"] = config.path.rpartition("/")[2]
        """,
    )

    assert report["config"] == ["acme.maps", "Maps of Acme", "MapsConfig", 1]
    assert (report["key"], report["folder"]) == ("AutoField", "maps")


BROKEN_MODELS = {
    "a syntax error": "def (",
    "an exception at once": "1/0",
    "an exit": "raise SystemExit(1)",
    "an exception after a model": DEVICE + "    1/0",
    "an exception after a one-to-one": DEVICE.replace("ForeignKey", "OneToOneField") + "    1/0",
    "an exception after a child of the host's model": """
    from host.models import Customer
    class Special(Customer): ...
    1/0
    """,
    "an exception after waiting for a model that never comes": """
    from django.db import models
    class Device(models.Model):
        thing = models.ForeignKey("host.Thing", models.CASCADE)
        things = models.ManyToManyField("host.Thing")
    1/0
    """,
    "an exception after a model with the host's label": """
    from django.db import models
    class Device(models.Model):
        customer = models.ForeignKey("host.Customer", models.CASCADE)
        class Meta:
            app_label = "host"
    1/0
    """,
    "an exception after connecting a signal": """
    from django.db.models.signals import post_save
    from django.dispatch import receiver
    @receiver(post_save)
    def spoil(sender, **_):
        raise RuntimeError("a half plugin runs")
    1/0
    """,
    "no exception, and a model that points nowhere": """
    from django.db import models
    class Device(models.Model):
        customer = models.ForeignKey("host.Customer", models.CASCADE)
        thing = models.ForeignKey("nowhere.Thing", models.CASCADE)
    """,
}


@pytest.mark.parametrize("fault", BROKEN_MODELS)
@pytest.mark.parametrize("plugins", [("bad", "good"), ("good", "bad")])
def test_models_that_fail_are_taken_out_whole_and_the_host_works(
    fault: str, plugins: tuple[str, str], boot: Boot, install: Install
) -> None:
    install("bad", models=BROKEN_MODELS[fault])
    install("good", models=GOOD)

    report = boot(*plugins)

    assert list(report["failures"]) == ["bad"]
    assert report["models"] == ["good.Item", "host.Customer"]
    assert report["accessors"] == ["item_set"]
    assert report["related"] == ["item"]


def test_without_the_isolation_the_same_models_stop_django(boot: Boot, install: Install) -> None:
    install("bad", models=BROKEN_MODELS["an exception after a model"])

    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        boot(settings=SETTINGS.replace("PLUGINS)", "[]) + ['bad']"))


def test_a_plugin_built_on_a_broken_ones_models_is_put_aside_too(boot: Boot, install: Install) -> None:
    install("bad", models=DEVICE + "    1/0")
    install("by_import", models="from bad.models import Device")
    install(
        "by_name",
        models="""
            from django.db import models
            class Site(models.Model):
                customer = models.ForeignKey("host.Customer", models.CASCADE)
                device = models.ForeignKey("bad.Device", models.CASCADE)
        """,
    )
    install(
        "by_two_steps",
        models="""
        from django.db import models
        class Pin(models.Model):
            site = models.ForeignKey("by_name.Site", models.CASCADE)
    """,
    )

    report = boot("by_two_steps", "by_name", "by_import", "bad")

    assert sorted(report["failures"]) == ["bad", "by_import", "by_name", "by_two_steps"]
    assert "The model 'by_name.Site' refers to 'bad.Device'" in report["failures"]["by_name"]
    assert "The model 'by_two_steps.Pin' refers to 'by_name.Site'" in report["failures"]["by_two_steps"]
    assert report["models"] == ["host.Customer"]
    assert report["accessors"] == []


def test_a_broken_plugins_models_do_not_come_back_by_a_later_import(boot: Boot, install: Install) -> None:
    install("bad", models=DEVICE + "    1/0")

    report = boot(
        "bad",
        more="""
            try:
                import bad.models
            except ImportError:
                report["again"] = sorted(model._meta.label for model in apps.get_models())
        """,
    )

    assert report["again"] == ["host.Customer"]


@pytest.mark.parametrize("raised", ["1/0", "raise SystemExit", "raise ImportError('no')"])
def test_an_app_that_is_not_ready_fails_and_its_models_stay(raised: str, boot: Boot, install: Install) -> None:
    install(
        "late",
        models=GOOD,
        apps=f"""
            from django.apps import AppConfig
            class LateConfig(AppConfig):
                name = "late"
                def ready(self): {raised}
        """,
    )

    report = boot("late")

    assert report["failures"]["late"].startswith("ready() of the app 'late' raised")
    assert report["models"] == ["host.Customer", "late.Item"]


def test_an_earlier_app_that_asks_for_failures_gets_those_of_ready_too(boot: Boot, install: Install) -> None:
    install(
        "late", apps="from django.apps import AppConfig\nclass L(AppConfig):\n  name = 'late'\n  def ready(self): 1/0"
    )

    assert boot("late", more="report['told'] = apps.get_app_config('host').told")["told"] == ["late"]


STAYS_OUT = {
    "nowhere": (None, "There is no package 'nowhere': install it, or remove it from WEBNET_PLUGINS."),
    "raises": ({"__init__": "1/0"}, "Importing 'raises' raised ZeroDivisionError: division by zero."),
    "exits": ({"__init__": "raise SystemExit(2)"}, "Importing 'exits' raised SystemExit: 2."),
    "needs": (
        {"__init__": "import not_there_at_all"},
        "raised ModuleNotFoundError: No module named 'not_there_at_all'.",
    ),
    "bad_apps": ({"apps": "1/0"}, "Importing 'bad_apps' raised ZeroDivisionError: division by zero."),
    "two_apps": (
        {"apps": "from django.apps import AppConfig as A\nclass B(A): default=True\nclass C(A): default=True"},
        "declares more than one default AppConfig",
    ),
    "other_apps": (
        {"apps": "from django.apps import AppConfig\nclass C(AppConfig): name = 'json'"},
        "The apps.py of 'other_apps' is for 'json': set name = 'other_apps'.",
    ),
    "my.host": ({}, "'my.host' has the app label 'host', which 'host' has too: set another label in its apps.py."),
    "failures": ({}, "A plugin's package can't be named 'failures': rename it."),
    "../up": (None, "Importing '../up' raised"),
}


@pytest.mark.parametrize("module", STAYS_OUT)
def test_a_package_that_is_no_app_stays_out_with_its_reason(module: str, boot: Boot, install: Install) -> None:
    files, reason = STAYS_OUT[module]
    if files is not None:
        install(module.partition(".")[0])
        install(module, **files)
    install("good", models=GOOD)

    report = boot(module, "good")

    assert reason in report["failures"][module]
    assert report["labels"] == ["host", "good"]


def test_a_single_file_is_told_to_become_a_folder(boot: Boot, tmp_path: Path) -> None:
    (tmp_path / "single.py").write_text("")

    reason = "'single' is a single file: make it a package with __init__.py and plugin.py."
    assert boot("single")["failures"] == {"single": reason}


LISTED_TWICE = {
    "before, in the list": 'INSTALLED_APPS = with_plugins(["good", "host", "good.apps.GoodConfig"], PLUGINS)',
    "twice through us": "INSTALLED_APPS = with_plugins(with_plugins(['host'], PLUGINS), [*PLUGINS, *PLUGINS])",
    "after": 'INSTALLED_APPS += ["good"]',
    "after, by its class": 'INSTALLED_APPS = [*INSTALLED_APPS, "good.apps.GoodConfig"]',
    "after, often": 'INSTALLED_APPS += ["good", "good", "good.apps.GoodConfig", "django.contrib.contenttypes"]',
    "in front": 'INSTALLED_APPS = ["good", *INSTALLED_APPS]',
    "in front, by its class": 'INSTALLED_APPS.insert(0, "good.apps.GoodConfig")',
    "on both sides": 'INSTALLED_APPS = ["good", *INSTALLED_APPS, "good"]',
    "our entry again": "INSTALLED_APPS += INSTALLED_APPS[-1:]",
}


@pytest.mark.parametrize("way", LISTED_TWICE)
def test_a_plugin_that_is_listed_as_an_app_too_is_there_once(way: str, boot: Boot, install: Install) -> None:
    install("good", models=GOOD, apps="from django.apps import AppConfig\nclass GoodConfig(AppConfig): name = 'good'")

    report = boot(
        "good",
        settings=SETTINGS + "    " + LISTED_TWICE[way],
        more="report['kind'] = [kind.__name__ for kind in type(apps.get_app_config('good')).__mro__[:3]]",
    )

    assert report["labels"].count("good") == 1
    assert report["kind"] == ["GoodConfig", "IsolatedApp", "GoodConfig"]
    assert report["models"][-2:] == ["good.Item", "host.Customer"]


def test_webnets_own_settings_can_be_extended_with_a_plugins_app(boot: Boot, tmp_path: Path) -> None:
    report = boot(
        settings=f"""
            import os
            os.environ.update(WEBNET_DEBUG="1", WEBNET_DATA_DIR={str(tmp_path)!r}, WEBNET_PLUGINS="hello_world")
            from webnet.settings import *
            INSTALLED_APPS += ["hello_world"]
        """,
        code="""
            import json, django
            django.setup()
            from webnet.plugins.registry import registry
            report = [[entry.name, entry.status] for entry in registry.entries()]
        """,
    )

    assert report == [["hello_world", "loaded"]]


def test_calling_it_twice_changes_nothing() -> None:
    once = installed_apps.with_plugins(["django.contrib.auth"], ["hello_world"])

    assert once == ["django.contrib.auth", "webnet.plugins.loading.installed_apps.hello_world"]
    assert installed_apps.with_plugins(once, ["hello_world"]) == once


def test_a_dotted_module_has_one_entry_without_further_dots(install: Install) -> None:
    install("acme")
    install("acme.maps")

    assert installed_apps.with_plugins([], ["acme.maps"]) == ["webnet.plugins.loading.installed_apps.acme:maps"]


def test_a_module_that_only_begins_alike_is_another_app() -> None:
    listed = ["hello_world_more", "hello_world.more", "hello"]

    assert installed_apps.with_plugins(listed, ["hello_world"])[:3] == listed
