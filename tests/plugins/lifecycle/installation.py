"""A webnet of its own for tests that need real plugin packages: interpreters on a database with real tables."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests import interpreters
from tests.servers import ROOT, make_environment

# For the longest of these tests, on a machine that is busy with others.
LONGEST_SECONDS = 300

# What every script may use; `report` is printed as the last line, and returned.
PRELUDE = """
    import io, json, sys, django
    django.setup()
    from django.core.management import call_command, CommandError
    from django.db import connection, transaction
    from webnet.accounts import customers
    from webnet.customers.access import Actor
    from webnet.customers.models import Customer
    from webnet.plugins.manager import manager
    from webnet.plugins.models import *
    ME, report = Actor.system("tests"), {}

    def run(*arguments, **options):
        "The command's output and exit code, also of one that is refused."
        out = io.StringIO()
        try:
            call_command(*arguments, stdout=out, stderr=out, no_color=True, **options)
        except SystemExit as stopped:
            return [out.getvalue(), stopped.code]
        except CommandError as refused:
            return [f"{out.getvalue()}{refused}", 1]
        return [out.getvalue(), 0]

    def plugins():
        return {row.name: [row.version, str(row.status), row.status_reason] for row in PluginConfig.objects.all()}

    def tables(prefix=""):
        return sorted(name for name in connection.introspection.table_names() if name.startswith(prefix))
"""


@dataclass(frozen=True)
class Installation:
    """One installation: its data folder, its database, and the folder of its plugins' packages."""

    data_dir: Path
    database_url: str | None
    folder: Path

    def write(self, package: str, **files: str) -> None:
        """Put files of a package there, as `migrations__0001_initial="…"`; an empty one takes the file away."""
        for name, content in files.items():
            path = self.folder.joinpath(package, *name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "__init__.py").touch()
            if content:
                path.write_text(dedent(content))
            else:
                path.unlink()

    def environment(self, *plugins: str, **changes: str | None) -> dict[str, str]:
        """The environment of a process in this installation, with these plugins."""
        path = os.pathsep.join([str(self.folder), str(ROOT)])
        given: dict[str, str | None] = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        given |= {"DATABASE_URL": self.database_url, "WEBNET_PLUGINS": ",".join(plugins)}
        return make_environment(self.data_dir, **given, **changes)

    def run(self, *scripts: str, plugins: tuple[str, ...] = (), limit_seconds: int = LONGEST_SECONDS) -> Any:
        """Runs the scripts, one after the other, in one interpreter with these plugins; returns their `report`."""
        code = "\n".join(map(dedent, (PRELUDE, *scripts, "print(json.dumps(report))")))
        ran = interpreters.run(["-c", code], environment=self.environment(*plugins), folder=ROOT, timeout=limit_seconds)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout.splitlines()[-1])


def plugin_py(name: str, version: str = "1.0", *needs: str, more: str = "") -> str:
    """A `plugin.py`; `more` has further members."""
    head = f"""
from webnet.plugins.base import PluginBase

class Plugin(PluginBase):
    name = {name!r}
    version = {version!r}
    dependencies = {needs!r}
"""
    return head + "".join(f"    {line}\n" for line in dedent(more).strip().splitlines())


BOOK_MODELS = """
    from django.db import models
    from webnet.sdk.models import CustomerOwnedModel, GlobalModel

    class Book(CustomerOwnedModel):
        title = models.CharField(max_length=50)
        readers = models.ManyToManyField("customers.User")
"""
BOOK_INITIAL = """
    from django.conf import settings
    from django.db import migrations, models

    OWNED = "%(app_label)s_%(class)s_set"

    class Migration(migrations.Migration):
        initial = True
        dependencies = [("customers", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
        operations = [
            migrations.CreateModel("Book", [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("customer", models.ForeignKey("customers.customer", models.CASCADE, related_name=OWNED)),
                ("title", models.CharField(max_length=50)),
                ("readers", models.ManyToManyField(settings.AUTH_USER_MODEL)),
            ]),
        ]
"""


def write_shelf(installation: Installation, version: str = "1.0", **files: str) -> None:
    """`shelf`, a good plugin with one model, its migration, and a many-to-many table."""
    files = {"plugin": plugin_py("shelf", version), "models": BOOK_MODELS} | files
    installation.write("shelf", **({"migrations__0001_initial": BOOK_INITIAL} | files))
