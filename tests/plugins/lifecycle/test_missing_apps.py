"""What a plugin lacks besides migrations is named: the plugin that is not listed, or the folder without __init__.py."""

import pytest

from tests.databases import one_database_is_enough
from tests.plugins.lifecycle.installation import BOOK_INITIAL, BOOK_MODELS, plugin_py, write_shelf

pytestmark = one_database_is_enough

ADD = "add it to WEBNET_PLUGINS (in tests, to webnet_plugins), or fix it if it is there."
READ = 'run("sync_plugins"); report = {name: reason for name, (_, _, reason) in plugins().items()}'
CLASS = """
    from django.db import models
    from shelf.models import Book
    from webnet.sdk.models import CustomerOwnedModel

    class Loan(CustomerOwnedModel):
        book = models.ForeignKey(Book, on_delete=models.CASCADE)
"""
NAME = CLASS.replace("from shelf.models import Book", "").replace("(Book,", '("shelf.Book",')
IN_SCHEMA = """
    def get_graphql_schema(self):
        from shelf.models import Book
"""
MIGRATION = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shelf", "0001_initial")]
"""


@pytest.fixture
def lending(installation):
    """Plugins that need `shelf`, each in another way."""
    write_shelf(installation)
    installation.write("by_class", plugin=plugin_py("by_class", "1.0", "shelf"), models=CLASS)
    installation.write("by_name", plugin=plugin_py("by_name", "1.0", "shelf"), models=NAME)
    installation.write("in_schema", plugin=plugin_py("in_schema", "1.0", "shelf", more=IN_SCHEMA))
    installation.write("in_migration", plugin=plugin_py("in_migration", "1.0", "shelf"))
    installation.write("in_migration", migrations__0001_initial=MIGRATION)
    return installation


LENDING = ("by_class", "by_name", "in_schema", "in_migration")


def test_a_plugin_that_is_not_listed_is_named_by_those_that_need_it(lending):
    host = 'call_command("migrate", host_only=True, verbosity=0)'

    seen = lending.run(host, READ, plugins=LENDING)

    assert seen == {
        "by_class": "Importing the models of 'by_class' raised RuntimeError: it needs 'shelf', which is not loaded: "
        f"{ADD}",
        "by_name": "The model 'by_name.Loan' refers to 'shelf.Book', which is not loaded: "
        f"{ADD.replace('add it', 'add its app')}",
        "in_schema": "Plugin 'in_schema', get_graphql_schema(): raised RuntimeError: it needs 'shelf', which is not "
        f"loaded: {ADD}",
        "in_migration": f"The migration 'in_migration.0001_initial' needs those of 'shelf', which is not loaded: {ADD}",
    }


def test_so_is_one_that_could_not_be_loaded(lending):
    lending.write("shelf", models="import nothing_of_this_name")

    seen = lending.run('call_command("migrate", host_only=True, verbosity=0)', READ, plugins=("shelf", "by_class"))

    assert seen["by_class"].endswith(
        "ModuleNotFoundError: it needs the models of 'shelf', which could not be loaded: fix that plugin first."
    )


def test_a_folder_without_init_is_named(installation):
    for name in ("unmarked", "split"):
        installation.write(name, plugin=plugin_py(name))
    (installation.folder / "unmarked" / "__init__.py").unlink()
    installation.write("split", models__book=BOOK_MODELS, migrations__0001_initial=BOOK_INITIAL)
    (installation.folder / "split" / "models" / "__init__.py").unlink()

    seen = installation.run('call_command("migrate", host_only=True, verbosity=0)', READ, plugins=("unmarked", "split"))

    assert seen == {
        "unmarked": f"The folder '{installation.folder}/unmarked' has no __init__.py: add an empty one.",
        "split": f"The folder '{installation.folder}/split/models' has no __init__.py: add an empty one.",
    }
