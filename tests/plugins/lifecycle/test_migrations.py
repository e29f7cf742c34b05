"""Each plugin's migrations on their own: one that fails concerns that plugin, and nobody else."""

from textwrap import dedent

from tests.plugins.lifecycle.installation import BOOK_MODELS, plugin_py, write_shelf

RAISING = """
    from django.db import migrations

    def light(apps, editor):
        raise ValueError("no current")

    class Migration(migrations.Migration):
        operations = [migrations.RunPython(light, migrations.RunPython.noop)]
"""
SYNTAX_ERROR = "def migrate(:"
ORPHAN = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("nowhere", "0001_initial")]
"""
NO_OPERATIONS = """
    from django.db import migrations

    class Migration(migrations.Migration):
        pass
"""
ADD_PAGES = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("shelf", "0001_initial")]
        operations = [migrations.AddField("book", "pages", models.IntegerField(default=1))]
"""
BAD = {
    "alamp": {"migrations__0001_initial": RAISING},  # before all others in the alphabet, as Django sorts
    "torn": {"migrations__0001_initial": SYNTAX_ERROR},
    "orphan": {"migrations__0001_initial": ORPHAN},
    "fork": {"migrations__0001_one": NO_OPERATIONS, "migrations__0001_two": NO_OPERATIONS},
}
ALL = (*BAD, "shelf")


def write_all(installation):
    write_shelf(installation)
    for name, migrations in BAD.items():
        installation.write(name, plugin=plugin_py(name), **migrations)


def test_migrations_that_fail_or_can_not_be_read_concern_their_own_plugin_only(installation):
    write_all(installation)

    seen = installation.run(
        """
        with connection.cursor() as cursor:  # the host has something to migrate, too
            call_command("migrate", "sessions", "zero", verbosity=0)
        report["migrate"] = run("migrate", verbosity=0)
        report["tables"] = tables("shelf_") + tables("django_session")
        report["sync"] = run("sync_plugins")
        report["plugins"] = plugins()
        report["again"] = run("sync_plugins", migrate=True)[1]
        report["lamp"] = plugins()["alamp"]
        commands = [["check"], ["showmigrations", "--list"], ["makemigrations", "--check", "--dry-run"]]
        report["other commands"] = {words[0]: run(*words) for words in commands}
        manager.enable("shelf", actor=ME)
        report["customer"] = str(customers.create(actor=ME, slug="acme", name="Acme"))
        Customer.objects.get().delete()
        """,
        plugins=ALL,
    )

    told, code = seen["migrate"]
    assert code == 1
    assert "'alamp' is not migrated: Migration 'alamp.0001_initial' raised ValueError: no current." in told
    assert seen["tables"] == ["shelf_book", "shelf_book_readers", "django_session"]
    assert seen["sync"][1] == 1
    status = {name: status for name, (_, status, _) in seen["plugins"].items()}
    assert status == {
        "alamp": "needs_migration",
        "torn": "failed",
        "orphan": "failed",
        "fork": "failed",
        "shelf": "loaded",
    }
    reason = {name: reason for name, (*_, reason) in seen["plugins"].items()}
    assert reason["alamp"] == "1 migration is not applied (0001_initial): run 'manage.py sync_plugins --migrate'."
    assert "SyntaxError" in reason["torn"]
    assert "'nowhere'" in reason["orphan"]
    assert "'fork' has more than one last migration, '0001_one' and '0001_two'" in reason["fork"]
    assert seen["again"] == 1
    assert seen["lamp"][2] == (
        "Migration 'alamp.0001_initial' raised ValueError: no current. "
        "Fix it, then run 'manage.py sync_plugins --migrate'."
    )
    assert [told for told, code in seen["other commands"].values() if code] == []
    assert seen["customer"] == "acme"


def test_without_the_hiding_one_bad_file_stops_the_migrations_of_all(installation):
    """The negative control of the test above: the same files, seen by Django."""
    write_all(installation)

    seen = installation.run(
        """
        from django.conf import settings
        settings.MIGRATION_MODULES.clear()
        try:
            call_command("migrate", "shelf", verbosity=0)
        except SyntaxError as error:
            report = str(error.filename)
        """,
        plugins=ALL,
    )

    assert seen.endswith("torn/migrations/0001_initial.py")


def test_a_mended_migration_is_taken_by_the_next_sync(installation):
    write_all(installation)
    installation.run('run("sync_plugins", migrate=True)', plugins=ALL)
    for name in BAD:
        installation.write(name, migrations__0001_initial=NO_OPERATIONS)
    installation.write("fork", migrations__0001_one="", migrations__0001_two="")

    seen = installation.run('report = [run("sync_plugins", migrate=True), plugins()]', plugins=ALL)

    assert seen[0][1] == 0
    assert {status for _, status, _ in seen[1].values()} == {"loaded"}


def test_an_upgrade_runs_the_migrations_of_the_new_version_and_a_refused_one_does_not(installation):
    settings = """
        def get_settings_schema(self):
            return {{"type": "object", "properties": {{"limit": {{"type": "integer", "maximum": {maximum}}}}}}}

        def on_upgrade(self, from_version):
            from shelf.models import Book
            Book.objects.update(title=f"since {{from_version}}")
    """
    write_shelf(installation, plugin=plugin_py("shelf", "1.0", more=settings.format(maximum=99)))
    installation.run(
        """
        call_command("sync_plugins", migrate=True)
        manager.enable("shelf", actor=ME, availability=Availability.DEFAULT_ON)
        acme = customers.create(actor=ME, slug="acme", name="Acme")
        manager.update_settings("shelf", actor=ME, customer="acme", patch={"limit": 50})
        from shelf.models import Book
        Book.objects.create(customer=acme, title="Atlas")
        """,
        plugins=("shelf",),
    )
    installation.write("shelf", migrations__0002_pages=ADD_PAGES)
    installation.write("shelf", models=dedent(BOOK_MODELS) + "    pages = models.IntegerField(default=1)\n")
    installation.write("shelf", plugin=plugin_py("shelf", "2.0", more=settings.format(maximum=10)))

    refused = installation.run(
        """
        report["dry"] = run("sync_plugins", migrate=True, dry_run=True)
        report["sync"] = run("sync_plugins", migrate=True)
        report["migrate"] = run("migrate", verbosity=0)
        with connection.cursor() as cursor:
            described = connection.introspection.get_table_description(cursor, "shelf_book")
        report["columns"] = sorted(column.name for column in described)
        report["plugins"] = plugins()
        """,
        plugins=("shelf",),
    )
    installation.write("shelf", plugin=plugin_py("shelf", "2.0", more=settings.format(maximum=50)))
    taken = installation.run(
        """
        report["dry"] = run("sync_plugins", migrate=True, dry_run=True)
        report["without"] = [run("sync_plugins")[1], plugins()]
        report["with"] = [run("sync_plugins", migrate=True)[1], plugins()]
        from shelf.models import Book
        report["book"] = list(Book.objects.values_list("title", "pages"))
        """,
        plugins=("shelf",),
    )

    assert "1 customer ('acme')" in refused["dry"][0]
    assert "  migration 0002_pages" in refused["dry"][0].splitlines()
    assert (refused["sync"][1], refused["migrate"][1]) == (1, 0)
    assert refused["columns"] == ["customer_id", "id", "title"]
    assert refused["plugins"]["shelf"][:2] == ["1.0", "loaded"]
    assert taken["dry"] == ["shelf 1.0 → 2.0: loaded\n  migration 0002_pages\n", 0]
    assert taken["without"][1]["shelf"][:2] == ["1.0", "needs_migration"]
    assert taken["with"] == [0, {"shelf": ["2.0", "loaded", ""]}]
    assert taken["book"] == [["since 1.0", 1]]
