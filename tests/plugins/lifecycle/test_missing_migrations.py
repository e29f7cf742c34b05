"""A plugin whose tables are not as its models say is effective for nobody, and its status says which command to run."""

import pytest

from tests.plugins.lifecycle.installation import BOOK_INITIAL, BOOK_MODELS, plugin_py

PAGES = "    pages = models.IntegerField(default=1)\n"
NO_OPERATIONS = """
    from django.db import migrations

    class Migration(migrations.Migration):
        pass
"""
ADD_PAGES = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("wider", "0001_initial")]
        operations = [migrations.AddField("book", "pages", models.IntegerField(default=1))]
"""
# Nothing of this is in a table.
OTHER_WORDS = """
    from django.db import models
    from webnet.sdk.models import CustomerOwnedModel, GlobalModel

    class Book(CustomerOwnedModel):
        title = models.CharField("Title", max_length=50, default="?", help_text="Its title", choices=[("a", "A")])
        readers = models.ManyToManyField("customers.User", related_name="worded_books")

        class Meta:
            ordering = ("title",)
            verbose_name = "Volume"

    class Novel(Book):
        class Meta:
            proxy = True

    class Legacy(GlobalModel):
        class Meta:
            managed = False
"""
NOTES = """
    from django.db import models
    from webnet.sdk.models import GlobalModel

    class Note(GlobalModel):
        text = models.TextField()
"""
ODD_MODELS = """
    from django.db import models
    from webnet.sdk.models import GlobalModel

    class OddField(models.IntegerField):
        def deconstruct(self):
            raise LookupError("no such thing")

    class Odd(GlobalModel):
        number = OddField()
"""
GRAPHQL = """
    def get_graphql_schema(self):
        from strawberry import auto
        from webnet.plugins.base import GraphQLExtension
        from webnet.sdk import graphql
        from wider import models

        @graphql.type(models.Book)
        class WiderBook(graphql.Node):
            title: auto
            pages: auto

        @graphql.type
        class Queries:
            wider_books: graphql.Connection[WiderBook] = graphql.connection(description="Books.")

        return GraphQLExtension(query=Queries)
"""
ASK = """
    from django.test.utils import setup_test_environment
    from webnet.sdk.trial.client import WebnetClient
    from webnet.sdk.trial.fixtures_data import FixtureFactory

    setup_test_environment()

    factory = FixtureFactory.__new__(FixtureFactory)  # without a sync
    factory._numbers = iter(range(100))
    operator = factory.make_person("platform")
    token = factory.make_token(operator)

    def ask(document, slug="acme"):
        "What an operator sees."
        return WebnetClient(who=operator.username, slug=slug, token=token, user=operator).run(document)
"""
LOOK = """
    from webnet.plugins.gate.effective import customer_state, effective_customers

    def look(name):
        "Whether it is effective for acme, and why not."
        state = customer_state(Customer.objects.get(slug="acme"))
        return [name in state.effective, effective_customers(name).count(), [w.message for w in state.reasons(name)]]
"""


@pytest.fixture
def wider(installation):
    """`wider`, which is loaded and effective for acme."""
    installation.write("wider", plugin=plugin_py("wider", more=GRAPHQL.replace("            pages: auto\n", "")))
    installation.write("wider", models=BOOK_MODELS, migrations__0001_initial=BOOK_INITIAL)
    installation.run(
        """
        call_command("migrate", verbosity=0)
        call_command("sync_plugins")
        customers.create(actor=ME, slug="acme", name="Acme")
        manager.enable("wider", actor=ME, availability=Availability.DEFAULT_ON)
        """,
        plugins=("wider",),
    )
    installation.write("wider", plugin=plugin_py("wider", more=GRAPHQL))
    installation.write("wider", models=BOOK_MODELS + "    " + PAGES)
    return installation


def test_a_change_of_a_model_without_a_migration_names_the_command(wider):
    seen = wider.run(
        ASK,
        LOOK,
        """
        report["unsynced"] = look("wider")
        report["dry"] = run("sync_plugins", migrate=True, dry_run=True)
        report["sync"] = run("sync_plugins", migrate=True)
        report["again"] = run("sync_plugins")
        from webnet.server.management.commands.run import Command
        out = io.StringIO()
        Command(stdout=out, stderr=out, no_color=True)._sync_plugins()
        report["make run"] = out.getvalue()
        report["plugins"] = plugins()
        report["synced"] = look("wider")
        report["status"] = ask("{ plugin(name: \\"wider\\") { status statusReason } }")
        report["books"] = ask("{ widerBooks { edges { node { pages } } } }")
        report["everywhere"] = ask("{ widerBooks { edges { node { pages } } } }", slug=None)
        """,
        plugins=("wider",),
    )

    reason = (
        "Its models have changes that are in no migration (Add field pages to book): run 'manage.py makemigrations "
        "wider', then run 'manage.py sync_plugins --migrate'."
    )
    assert seen["unsynced"] == [False, 0, [reason]]
    assert seen["dry"] == [f"wider 1.0: needs_migration: {reason}\n", 1]
    assert seen["sync"] == [f"failed   wider 1.0: {reason}\n", 1] == seen["again"]
    assert seen["make run"] == f"{seen['again'][0]}Some plugins can't be used; the reasons are above.\n"
    assert seen["plugins"] == {"wider": ["1.0", "needs_migration", reason]}
    assert seen["synced"] == [False, 0, [f"'wider' can't run (needs migration): {reason}"]]
    assert seen["status"]["data"]["plugin"] == {"status": "NEEDS_MIGRATION", "statusReason": reason}
    assert "Cannot query field 'widerBooks'" in seen["books"]["errors"][0]["message"]
    assert "no such column" not in str(seen["everywhere"])

    wider.run('call_command("makemigrations", "wider", verbosity=0)', plugins=("wider",))
    mended = wider.run(LOOK, 'call_command("sync_plugins", migrate=True); report = look("wider")', plugins=("wider",))
    assert mended == [True, 1, []]


def test_a_process_with_a_migration_that_is_not_applied_withholds_the_plugin_until_it_is(wider):
    """Of the same version, started without a sync: the row still says that it is loaded."""
    wider.write("wider", migrations__0002_pages=ADD_PAGES)

    seen = wider.run(
        ASK,
        LOOK,
        """
        report["status"] = plugins()["wider"][1]
        report["before"] = look("wider")
        report["books"] = ask("{ widerBooks { edges { node { pages } } } }")
        call_command("migrate", verbosity=0)
        call_command("sync_plugins")
        report["after"] = look("wider")
        """,
        plugins=("wider",),
    )

    reason = "1 migration is not applied (0002_pages): run 'manage.py sync_plugins --migrate'."
    assert seen["status"] == "loaded"
    assert seen["before"] == [False, 0, [reason]]
    assert "Cannot query field 'widerBooks'" in seen["books"]["errors"][0]["message"]
    assert seen["after"] == [True, 1, []]


def test_only_what_is_missing_in_tables_counts_and_each_plugin_for_itself(installation):
    for name in ("bare", "odd", "worded", "unmarked"):
        installation.write(name, plugin=plugin_py(name))
    installation.write("bare", models=NOTES)
    installation.write("odd", models=ODD_MODELS, migrations__0001_initial=NO_OPERATIONS)
    installation.write("worded", models=OTHER_WORDS, migrations__0001_initial=BOOK_INITIAL)
    installation.write("unmarked", models=NOTES, migrations__0001_initial=NO_OPERATIONS)
    (installation.folder / "unmarked" / "migrations" / "__init__.py").unlink()
    names = ("bare", "odd", "worded", "unmarked")

    seen = installation.run(
        'call_command("migrate", host_only=True, verbosity=0); run("sync_plugins", migrate=True); report = plugins()',
        plugins=names,
    )

    assert seen["worded"] == ["1.0", "loaded", ""]
    assert {name: seen[name][1] for name in ("bare", "odd", "unmarked")} == dict.fromkeys(
        ("bare", "odd", "unmarked"), "needs_migration"
    )
    assert "Create model Note): run 'manage.py makemigrations bare', then" in seen["bare"][2]
    assert "LookupError: no such thing" in seen["odd"][2]
    folder = installation.folder / "unmarked" / "migrations"
    assert seen["unmarked"][2].startswith(f"The folder '{folder}' has no __init__.py, so Django ignores it: ")
