"""Plugins taken away for good, and those whose package is just gone."""

import json
import stat
from pathlib import Path

import pytest

from tests.plugins.lifecycle.installation import plugin_py, write_shelf

SETTINGS = """
    def get_settings_schema(self):
        secret = {"type": "string", "writeOnly": True}
        return {"type": "object", "properties": {"limit": {"type": "integer"}, "key": secret}}
"""
FILL = """
    call_command("sync_plugins", migrate=True)
    manager.enable("shelf", actor=ME, availability=Availability.DEFAULT_ON)
    acme = customers.create(actor=ME, slug="acme", name="Acme")
    manager.update_settings("shelf", actor=ME, customer="acme", patch={"limit": 3, "key": "s3cret"})
    manager.check_health("shelf", actor=ME, customer="acme")
    from shelf.models import Book
    from webnet.customers.models import User
    atlas = Book.objects.create(customer=acme, title="Atlas")
    atlas.readers.add(User.objects.create(username="ada"))
"""
LEFT_BEHIND = """
    from django.contrib.auth.models import Permission
    from django.contrib.contenttypes.models import ContentType
    from django.db.migrations.recorder import MigrationRecorder
    report["left"] = [
        tables("shelf_"),
        ContentType.objects.filter(app_label="shelf").count(),
        Permission.objects.filter(content_type__app_label="shelf").count(),
        MigrationRecorder(connection).migration_qs.filter(app="shelf").count(),
        PluginConfig.objects.count() + CustomerPluginConfig.objects.count() + PluginHealth.objects.count(),
    ]
"""


@pytest.fixture
def shelf(installation):
    write_shelf(installation, plugin=plugin_py("shelf", more=SETTINGS))
    return installation


def test_an_uninstall_exports_the_rows_and_leaves_nothing_but_the_log(shelf):
    seen = shelf.run(
        FILL,
        """
        report["rows before"] = PluginAuditLog.objects.filter(plugin_name="shelf").count()
        report["enabled"] = run("uninstall_plugin", "shelf", yes=True)
        manager.disable("shelf", actor=ME)
        report["dry"] = run("uninstall_plugin", "shelf", dry_run=True)
        report["tables"] = tables("shelf_")
        report["done"] = run("uninstall_plugin", "shelf", yes=True, reason="not needed")
        """,
        LEFT_BEHIND,
        """
        log = PluginAuditLog.objects.filter(plugin_name="shelf").order_by("position")
        report["rows after"], last = log.count(), log.last()
        report["log"] = [last.action, last.outcome, last.reason, last.plugin_version, last.after["rows"]]
        report["again"] = run("uninstall_plugin", "shelf", yes=True)
        report["reinstalled"] = run("sync_plugins", migrate=True)[1]
        row = PluginConfig.objects.get()
        report["clean"] = [row.enabled, row.settings, row.secrets, Book.objects.count()]
        """,
        plugins=("shelf",),
    )

    assert seen["enabled"] == ["'shelf' is enabled: disable it for everybody first. (PLUGIN_IN_USE)", 1]
    assert seen["dry"][0].splitlines() == [
        "       1 shelf_book",
        " reverse shelf.0001_initial",
        "'shelf' can be uninstalled.",
    ]
    assert seen["tables"] == ["shelf_book", "shelf_book_readers"]
    assert seen["done"][1] == 0
    assert seen["left"] == [[], 0, 0, 0, 0]
    assert seen["rows after"] == seen["rows before"] + 3  # refused, disabled, uninstalled
    assert seen["log"] == ["uninstall_plugin", "succeeded", "not needed", "1.0", {"shelf_book": 1}]
    assert seen["again"] == ["There is no plugin 'shelf'. (PLUGIN_NOT_FOUND)", 1]
    assert (seen["reinstalled"], seen["clean"]) == (0, [False, {}, {}, 0])
    _check_export(seen["done"][0])


def _check_export(told):
    file = Path(told.splitlines()[-1].rpartition(" in ")[2])
    book, platform, acme = map(json.loads, file.read_text().splitlines())
    assert (book["model"], book["fields"]["title"], book["fields"]["readers"]) == ("shelf.book", "Atlas", [1])
    assert platform["configuration"]["version"] == "1.0"
    assert (acme["configuration"]["customer"], acme["configuration"]["settings"]) == ("acme", {"limit": 3})
    assert "s3cret" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "exported        1 shelf_book" in told.splitlines()


def test_what_others_have_built_on_it_is_in_the_way_and_named(shelf):
    shelf.write("map", plugin=plugin_py("map", "1.0", "shelf"), models=MAP_MODELS, migrations__0001_initial=MAP_INITIAL)
    shelf.write("shelf", migrations__0002_stuck=IRREVERSIBLE)
    script = 'report = [run("uninstall_plugin", "shelf", dry_run=True), run("uninstall_plugin", "shelf", yes=True)[1]]'

    both = shelf.run('run("sync_plugins", migrate=True)', script, plugins=("shelf", "map"))
    gone = shelf.run('run("sync_plugins")', script, plugins=("shelf",))

    assert both[0][0].splitlines()[-3:] == [
        "prevented: The foreign key 'map_pin.book_id' of 'map' points at 'shelf_book'.",
        "prevented: Migrations of 'map' depend on those of 'shelf': uninstall 'map' first.",
        "prevented: The migration 'shelf.0002_stuck' can't be reversed (RunPython): give it a reverse, if only "
        "'migrations.RunPython.noop'.",
    ]
    told = "The foreign key 'map_pin.book_id', whose plugin is not installed, points at 'shelf_book'."
    assert f"prevented: {told}" in gone[0][0].splitlines()
    assert (both[0][1], both[1], gone[0][1], gone[1]) == (1, 1, 1, 1)


def test_a_worker_that_has_the_plugin_loaded_is_in_the_way_while_it_lives(shelf):
    seen = shelf.run(
        """
        from datetime import timedelta
        from webnet.plugins.runtime import workers
        call_command("sync_plugins", migrate=True)
        workers.beat("one")
        report["alive"] = run("uninstall_plugin", "shelf", yes=True)
        Worker.objects.update(seen_at=Worker.objects.get().seen_at - timedelta(seconds=61))
        report["dead"] = run("uninstall_plugin", "shelf", dry_run=True)[1]
        workers.beat("one")
        Worker.objects.update(plugins={"other": "1.0"})
        report["without"] = run("uninstall_plugin", "shelf", yes=True)[1]
        """,
        plugins=("shelf",),
    )

    told, code = seen["alive"]
    assert told.startswith("'shelf' is loaded by running workers (process ")
    assert told.endswith("take it out of their WEBNET_PLUGINS and restart them. (PLUGIN_IN_USE)")
    assert (code, seen["dead"], seen["without"]) == (1, 0, 0)


def test_a_killed_uninstall_is_done_to_its_end_by_the_next_one(shelf):
    seen = shelf.run(
        FILL,
        """
        from webnet.plugins.loading import migrations as plugin_migrations
        manager.disable("shelf", actor=ME)
        plugin_migrations.unmigrate("shelf")  # and killed here
        report["done"] = run("uninstall_plugin", "shelf", yes=True)[1]
        """,
        LEFT_BEHIND,
        plugins=("shelf",),
    )

    assert (seen["done"], seen["left"]) == (0, [[], 0, 0, 0, 0])


def test_one_that_never_loaded_is_taken_away_without_its_code(installation):
    installation.write("broken", plugin="not python")
    installation.run('run("sync_plugins")', plugins=("broken", "misspelt"))

    seen = installation.run(
        """
        report["sync"] = run("sync_plugins")[1]
        report["found"] = sorted(plugins())
        report["done"] = [run("uninstall_plugin", name, yes=True)[1] for name in report["found"]]
        report["left"] = plugins()
        report["log"] = PluginAuditLog.objects.filter(action="uninstall_plugin", outcome="succeeded").count()
        """
    )

    assert seen == {"sync": 0, "found": ["broken", "misspelt"], "done": [0, 0], "left": {}, "log": 2}


def test_one_that_never_loaded_well_but_has_tables_is_kept_until_its_code_is_back(installation):
    """Its first migration was run, and no version was ever taken, since the second one fails."""
    installation.write("shelf", plugin="not python")
    installation.run('run("sync_plugins")', plugins=("shelf",))
    failing = IRREVERSIBLE.replace("lambda apps, editor: None", "lambda apps, editor: 1 / 0")
    write_shelf(installation, migrations__0002_failing=failing)
    look = 'report["seen"] = [plugins()["shelf"][:2], tables("shelf_")]'

    there = installation.run('run("sync_plugins", migrate=True)', look, plugins=("shelf",))
    gone = installation.run('report["told"] = run("uninstall_plugin", "shelf", yes=True)', look)

    assert there["seen"] == gone["seen"] == [[None, "needs_migration"], ["shelf_book", "shelf_book_readers"]]
    assert "install it again, and name it in WEBNET_PLUGINS for this command" in gone["told"][0]


def test_a_plugin_whose_package_is_gone_is_missing_harms_nothing_and_comes_back_as_it_was(shelf):
    shelf.run(FILL, plugins=("shelf",))

    gone = shelf.run(
        """
        report["sync"] = run("sync_plugins")
        report["plugins"] = plugins()
        report["uninstall"] = run("uninstall_plugin", "shelf", yes=True)
        report["host"] = [run("check")[1], run("migrate", verbosity=0)[1], run("list_plugins", customer="acme")[1]]
        report["acme"] = customers.update(actor=ME, customer="acme", is_active=False).changed
        report["tables"] = tables("shelf_")
        """,
        plugins=("hello_world",),
    )
    back = shelf.run(
        """
        report["sync"] = run("sync_plugins")[1]
        from shelf.models import Book
        from webnet.plugins.gate import effective
        from webnet.plugins.settings import layers
        customers.update(actor=ME, customer="acme", is_active=True)
        acme = Customer.objects.select_related("generation").get()
        report["acme"] = [sorted(effective.customer_state(acme).effective), list(Book.objects.values_list("title"))]
        config = CustomerPluginConfig.objects.get()
        report["settings"] = dict(layers.opened(PluginConfig.objects.get(name="shelf"), config))
        """,
        plugins=("shelf",),
    )

    assert gone["plugins"]["shelf"] == ["1.0", "missing", "The plugin is no longer installed."]
    assert "install it again, and name it in WEBNET_PLUGINS for this command" in gone["uninstall"][0]
    assert (gone["host"], gone["acme"], gone["tables"]) == ([0, 0, 0], True, ["shelf_book", "shelf_book_readers"])
    assert (back["sync"], back["acme"]) == (0, [["shelf"], [["Atlas"]]])
    assert back["settings"] == {"limit": 3, "key": "s3cret"}


MAP_MODELS = """
    from django.db import models
    from webnet.sdk.models import CustomerOwnedModel, GlobalModel

    class Pin(GlobalModel):
        book = models.ForeignKey("shelf.Book", models.CASCADE)
"""
MAP_INITIAL = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("shelf", "0001_initial")]
        operations = [
            migrations.CreateModel("Pin", [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("book", models.ForeignKey("shelf.book", models.CASCADE)),
            ]),
        ]
"""
IRREVERSIBLE = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shelf", "0001_initial")]
        operations = [migrations.RunPython(lambda apps, editor: None)]
"""


def test_a_migration_is_reversed_and_forgotten_in_one_transaction(shelf):
    """Killed in between, it could be neither reversed nor run again."""
    seen = shelf.run(
        """
        from django.db.migrations.recorder import MigrationRecorder
        call_command("sync_plugins", migrate=True)
        forget = MigrationRecorder.record_unapplied

        def die(*arguments):
            raise SystemExit("killed")

        MigrationRecorder.record_unapplied = die
        try:
            report["killed"] = run("uninstall_plugin", "shelf", yes=True)[1]
        finally:
            MigrationRecorder.record_unapplied = forget
        report["tables"] = tables("shelf_")
        report["again"] = run("uninstall_plugin", "shelf", yes=True)[1]
        """,
        LEFT_BEHIND,
        plugins=("shelf",),
    )

    assert seen == {
        "killed": "killed",
        "tables": ["shelf_book", "shelf_book_readers"],
        "again": 0,
        "left": [[], 0, 0, 0, 0],
    }


def test_a_migration_that_meets_a_deadlock_is_tried_again(shelf):
    """Dropping a table needs a lock on those that it refers to, in which others write."""
    seen = shelf.run(
        """
        from django.db import OperationalError
        from webnet.plugins.loading.migration_guard import GuardedExecutor
        report["deadlocks"] = []

        class Deadlock(Exception):
            sqlstate = "40P01"

        def failing_once(method):
            def run(self, *arguments, **options):
                if method.__name__ in report["deadlocks"]:
                    return method(self, *arguments, **options)
                report["deadlocks"].append(method.__name__)
                raise OperationalError from Deadlock()
            return run

        GuardedExecutor.apply_migration = failing_once(GuardedExecutor.apply_migration)
        GuardedExecutor.unapply_migration = failing_once(GuardedExecutor.unapply_migration)
        report["sync"] = run("sync_plugins", migrate=True)[1]
        report["tables"] = tables("shelf_")
        report["uninstall"] = run("uninstall_plugin", "shelf", yes=True)[1]
        """,
        LEFT_BEHIND,
        plugins=("shelf",),
    )

    assert seen == {
        "deadlocks": ["apply_migration", "unapply_migration"],
        "sync": 0,
        "tables": ["shelf_book", "shelf_book_readers"],
        "uninstall": 0,
        "left": [[], 0, 0, 0, 0],
    }
