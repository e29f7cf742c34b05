"""A plugin's migration changes what is its plugin's own, and nothing else: anything more undoes it."""

from __future__ import annotations

import pytest

from tests.plugins.lifecycle.installation import Installation, plugin_py, write_shelf

MIGRATION = """
    from django.db import connection, migrations, models

    {functions}

    class Migration(migrations.Migration):
        {options}
        dependencies = [("shelf", "0001_initial"), ("customers", "0001_initial"), ("plugins", "0001_initial")]
        operations = [{operations}]
"""
SQL = "migrations.RunSQL({sql!r}, migrations.RunSQL.noop)"
# By name: what runs, and what the reason says of it. `thief` is its plugin, which has no models.
TAKEN = {
    "drops": ("DROP TABLE plugins_refusalcount", "it drops the table 'plugins_refusalcount'"),
    "column": (
        "ALTER TABLE customers_customer ADD COLUMN spy integer NULL",
        "it adds the column 'spy' of 'customers_customer'",
    ),
    "key": (
        "CREATE TABLE thief3_gem (id integer PRIMARY KEY); "
        "ALTER TABLE customers_customer ADD COLUMN gem integer REFERENCES thief3_gem (id)",
        "it adds the column 'gem' of 'customers_customer'",
    ),
    "renames": (
        "ALTER TABLE customers_customer RENAME COLUMN slug TO slag",
        "the column 'sl",
    ),
    "index": (
        "CREATE UNIQUE INDEX one_name ON customers_customer (name)",
        "it adds the index 'one_name' of 'customers_customer'",
    ),
    "peer": ("ALTER TABLE shelf_book ADD COLUMN spy integer NULL", "it adds the column 'spy' of 'shelf_book'"),
    "inserts": (
        "INSERT INTO customers_customer (slug, name, is_active, created_at) VALUES ('spy', 'Spy', true, '2020-01-01')",
        "it writes rows of 'customers_customer'",
    ),
    "updates": ("UPDATE shelf_book SET title = 'mine'", "it writes rows of 'shelf_book'"),
    "commits": ("COMMIT", "COMMIT is refused here"),
    "commits first": ("/* */ commit; DROP TABLE plugins_refusalcount", "is refused here"),
    "deletes": ("DELETE FROM django_migrations WHERE app = 'shelf'", "it writes rows of 'django_migrations'"),
}
TAKEN_ON = {
    "sqlite": {
        "trigger": (
            "CREATE TRIGGER thief_spy AFTER INSERT ON customers_customer BEGIN DELETE FROM shelf_book; END",
            "it adds the trigger 'thief_spy' of 'customers_customer'",
        ),
        "disarms": (
            "DROP TRIGGER plugins_pluginauditlog_no_update",
            "it drops the trigger 'plugins_pluginauditlog_no_update' of 'plugins_pluginauditlog'",
        ),
        "hides": (
            "CREATE TEMPORARY TABLE customers_customer (id integer)",
            "it hides the table 'customers_customer' by a temporary one",
        ),
    },
    "postgresql": {
        "trigger": (
            "CREATE FUNCTION thief_spy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            "CREATE TRIGGER thief_spy BEFORE INSERT ON customers_customer FOR EACH ROW EXECUTE FUNCTION thief_spy()",
            "it adds the trigger 'thief_spy' of 'customers_customer'",
        ),
        "disarms": (
            "CREATE OR REPLACE FUNCTION plugins_pluginauditlog_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RETURN NEW; END'",
            "of 'plugins_auditcheckpoint'",
        ),
        "switches off": (
            "ALTER TABLE customers_membership DISABLE TRIGGER ALL",
            "of 'customers_membership'",
        ),
        "empties": ("TRUNCATE shelf_book CASCADE", "it writes rows of 'shelf_book'"),
        "grants": ("GRANT ALL ON customers_customer TO public", "it changes the table 'customers_customer'"),
        "swallows": (
            "CREATE RULE nothing AS ON INSERT TO shelf_book DO INSTEAD NOTHING",
            "it adds the rule 'nothing' of 'shelf_book'",
        ),
        "hides": (
            "CREATE TEMPORARY TABLE customers_customer (id integer)",
            "it hides the table 'customers_customer' by a temporary one",
        ),
    },
}
BY_CODE = {
    "commits past Python": (
        "def run(apps, editor):\n"
        "        import sqlite3\n"
        "        from contextlib import suppress\n"
        "        with suppress(sqlite3.Error):\n"
        "            if connection.vendor == 'sqlite':\n"
        "                sqlite3.Connection.execute(connection.connection, 'COMMIT')\n"
        "            else:\n"
        "                connection.connection.pgconn.exec_(b'COMMIT')\n"
        "        migrations.RunSQL('DROP TABLE plugins_refusalcount').database_forwards('x', editor, None, None)",
        "",
    ),
    "cascades": (
        "def run(apps, editor):\n        apps.get_model('shelf', 'Book').objects.create(title='x', customer_id=1)",
        "writes rows of 'shelf_book'",
    ),
    "names a host's table": (
        "def run(apps, editor):\n"
        "        class Mine(models.Model):\n"
        "            class Meta:\n"
        "                app_label, db_table = 'thief', 'customers_customer'\n"
        "        editor.delete_model(Mine)",
        "it drops the table 'customers_customer'",
    ),
}


def write_thief(installation: Installation, name: str, operations: str, functions: str = "", options: str = "") -> None:
    code = MIGRATION.format(operations=operations, functions=functions, options=options)
    installation.write(name, plugin=plugin_py(name), migrations__0001_initial=code)


def write_all(installation: Installation, vendor: str) -> dict[str, str]:
    """Each as a plugin of its own; returns what is said of it, by plugin."""
    said = {}
    for number, (sql, reason) in enumerate([*TAKEN.values(), *TAKEN_ON[vendor].values()]):
        write_thief(installation, f"thief{number}", SQL.format(sql=sql))
        said[f"thief{number}"] = reason
    for number, (code, reason) in enumerate(BY_CODE.values()):
        write_thief(installation, f"coder{number}", "migrations.RunPython(run)", functions=code)
        said[f"coder{number}"] = reason
    write_thief(installation, "unsafe", "migrations.RunPython(migrations.RunPython.noop)", options="atomic = False")
    said["unsafe"] = "Migration 'unsafe.0001_initial' has atomic = False"
    return said


PREPARE = """
    call_command("sync_plugins", migrate=True)
    acme = customers.create(actor=ME, slug="acme", name="Acme")
    from shelf.models import Book
    Book.objects.create(customer=acme, title="Atlas")
"""
# Of another plugin, which points at a book.
NOTE_MODELS = """
    from django.db import models
    from webnet.sdk.models import GlobalModel

    class Note(GlobalModel):
        book = models.ForeignKey("shelf.book", models.CASCADE)
        text = models.CharField(max_length=9)
"""
NOTE_INITIAL = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("shelf", "0001_initial")]
        operations = [migrations.CreateModel("Note", [
            ("id", models.BigAutoField(primary_key=True, serialize=False)),
            ("book", models.ForeignKey("shelf.book", models.CASCADE)),
            ("text", models.CharField(max_length=9)),
        ])]
"""
OWN_ROWS = """
    from django.db import migrations

    def fill(apps, editor):
        Book = apps.get_model("shelf", "Book")
        Note = apps.get_model("notes", "Note")
        apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="shelf", model="shelf")
        Book.objects.update(title="Atlas of the world")
        Note.objects.create(book=Book.objects.get(), text="mine")
        Book.objects.all().delete()

    class Migration(migrations.Migration):
        dependencies = [("shelf", "0001_initial"), ("notes", "0001_initial"), ("contenttypes", "__latest__")]
        operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
"""
OWN_CHANGES = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("shelf", "0002_fill")]
        operations = [
            migrations.RunSQL("CREATE TABLE shelf_extra (id integer)", "DROP TABLE shelf_extra"),
            migrations.AddField("book", "owner", models.ForeignKey("customers.user", models.CASCADE, null=True)),
            migrations.AlterField("book", "id", models.AutoField(primary_key=True, serialize=False)),
            migrations.AlterModelTable("book", "library"),
            migrations.RenameModel("book", "Tome"),
            migrations.AddIndex("tome", models.Index(fields=["title"], name="by_title")),
        ]
"""
DROP_EXTRA = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shelf", "0003_own")]
        operations = [
            migrations.RunSQL("DROP TABLE shelf_extra", "CREATE TABLE shelf_extra (id integer)"),
        ]
"""


@pytest.mark.slow
def test_a_migration_that_changes_its_own_is_applied_and_reversed(installation):
    """Also where the keys of another plugin have to follow, and with rows that Django keeps for every app."""
    write_shelf(installation)
    installation.write("notes", plugin=plugin_py("notes"), models=NOTE_MODELS, migrations__0001_initial=NOTE_INITIAL)
    installation.run(PREPARE, plugins=("shelf", "notes"))
    own = {"migrations__0002_fill": OWN_ROWS, "migrations__0003_own": OWN_CHANGES, "migrations__0004_drop": DROP_EXTRA}
    installation.write("shelf", **own)

    seen = installation.run(
        """
        from webnet.plugins.loading import migrations
        from webnet.plugins.registry import registry

        class Step:
            def __call__(self, action, migration=None, fake=False):
                report.setdefault(action, []).append(str(migration))

        report["faults"] = {
            name: fault.reason for name, fault in migrations.migrate_plugins(registry.loaded(), Step()).items()
        }
        report["tables"] = tables("shelf_") + tables("library")
        migrations.GuardedExecutor(connection).migrate([("shelf", "0001_initial")])
        report["back"] = tables("shelf_") + tables("library")
        with connection.cursor() as cursor:
            keys = connection.introspection.get_relations(cursor, "notes_note")
        report["keys"] = {name: key[:2] for name, key in keys.items()}  # Django 6.1 adds a function
        """,
        plugins=("shelf", "notes"),
    )

    assert seen["faults"] == {}
    assert seen["apply_success"] == ["shelf.0002_fill", "shelf.0003_own", "shelf.0004_drop"]
    assert seen["tables"] == ["library", "library_readers"]
    assert seen["back"] == ["shelf_book", "shelf_book_readers"]
    assert seen["keys"]["book_id"][1] == "shelf_book"


@pytest.mark.slow
def test_a_migration_that_touches_what_is_not_its_plugins_is_undone_and_named(installation, settings):
    vendor = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2].replace("sqlite3", "sqlite")
    write_shelf(installation)
    installation.run(PREPARE, plugins=("shelf",))
    said = write_all(installation, vendor)

    seen = installation.run(
        """
        from shelf.models import Book
        from webnet.database import catalogue

        def look():
            parts = catalogue.read_catalogue(catalogue.find_schema())
            return {repr(part): definition.text for part, definition in parts.items()}

        before = look()
        report["sync"] = run("sync_plugins", migrate=True)
        report["changed"] = [part for part in before.keys() | look().keys() if before.get(part) != look().get(part)]
        report["plugins"] = plugins()
        report["rows"] = [list(Customer.objects.values_list("slug", flat=True)), Book.objects.get().title]
        report["again"] = str(customers.create(actor=ME, slug="globex", name="Globex"))
        report["verify"] = run("verify_audit_log")[1]
        """,
        plugins=("shelf", *said),
    )

    assert seen["sync"][1] == 1
    for name, reason in said.items():
        _, status, told = seen["plugins"][name]
        assert status == "needs_migration", (name, told)
        assert told.startswith(f"Migration '{name}.0001_initial'") and reason in told, (name, told)
        assert told.endswith("Fix it, then run 'manage.py sync_plugins --migrate'."), (name, told)
    assert seen["changed"] == []
    assert seen["rows"] == [["acme"], "Atlas"]
    assert seen["plugins"]["shelf"][1] == "loaded"
    assert (seen["again"], seen["verify"]) == ("globex", 0)


def test_a_migration_that_leaves_a_wrong_foreign_key_is_undone_and_the_next_plugin_is_migrated(installation):
    """Django's editor for SQLite leaves its transaction open then, so that nothing after it could be changed."""
    write_shelf(installation)
    installation.run(PREPARE, plugins=("shelf",))
    sql = "INSERT INTO shelf_book (customer_id, title) VALUES (999, 'nobody''s')"
    code = MIGRATION.format(operations=SQL.format(sql=sql), functions="", options="")
    installation.write("shelf", migrations__0002_wrong=code)
    write_thief(installation, "zebra", SQL.format(sql="CREATE TABLE zebra_stripe (id integer)"))

    seen = installation.run('report = [run("sync_plugins", migrate=True)[1], plugins()]', plugins=("shelf", "zebra"))

    assert seen[1]["shelf"][1] == "needs_migration" and "raised IntegrityError" in seen[1]["shelf"][2]
    assert seen[1]["zebra"][1:] == ["loaded", ""]
