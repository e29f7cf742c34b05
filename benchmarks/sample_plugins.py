"""Makes plugins to measure with: any number of them, each with three models, their GraphQL types and a migration."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from string import Template

from tests.servers import ROOT

PREFIX = "sample"

FILES = {
    "__init__.py": '"""A plugin to measure with."""\n',
    "migrations/__init__.py": "",
    "apps.py": """
from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "$name"
    default_auto_field = "django.db.models.BigAutoField"
""",
    "models.py": """
from django.db import models

from webnet.sdk.models import CustomerOwnedModel


class ${kind}Site(CustomerOwnedModel):
    name = models.CharField(max_length=50)


class ${kind}Rack(CustomerOwnedModel):
    site = models.ForeignKey(${kind}Site, on_delete=models.CASCADE, related_name="racks")
    name = models.CharField(max_length=50)


class ${kind}Device(CustomerOwnedModel):
    rack = models.ForeignKey(${kind}Rack, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=50)
    height = models.PositiveIntegerField(default=1)
""",
    "schema.py": """
from __future__ import annotations

from $name import models
from webnet.sdk import graphql


@graphql.filter
class ${kind}DeviceFilter:
    name: list[str] | None
    search: str | None = graphql.lookup("name__icontains")


@graphql.type(models.${kind}Device, filter=${kind}DeviceFilter, order=("name", "height"))
class ${kind}Device(graphql.Node):
    name: str
    height: int
    rack: ${kind}Rack


@graphql.type(models.${kind}Rack)
class ${kind}Rack(graphql.Node):
    name: str
    site: ${kind}Site
    devices: graphql.Connection[${kind}Device] = graphql.connection(relation="devices")


@graphql.type(models.${kind}Site)
class ${kind}Site(graphql.Node):
    name: str
    racks: list[${kind}Rack]


@graphql.input
class Add${kind}SiteInput:
    name: str


@graphql.type
class Add${kind}SitePayload:
    site: ${kind}Site


@graphql.type
class ${kind}Queries:
    ${name}_sites: graphql.Connection[${kind}Site] = graphql.connection()
    ${name}_racks: graphql.Connection[${kind}Rack] = graphql.connection()
    ${name}_devices: graphql.Connection[${kind}Device] = graphql.connection()
    ${name}_device: ${kind}Device | None = graphql.node()


@graphql.type
class ${kind}Mutations:
    @graphql.mutation()
    def add_${name}_site(self, info: graphql.Info, input: Add${kind}SiteInput) -> Add${kind}SitePayload:
        with info.context.operation("add site"):
            site = models.${kind}Site.objects.create(customer=info.context.customer, name=input.name)
        return Add${kind}SitePayload(site=site)


@graphql.extend(graphql.Customer)
class ${kind}CustomerFields:
    ${name}_device_count: int = graphql.count(models.${kind}Device)
""",
    "plugin.py": """
from webnet.plugins.base import GraphQLExtension, PluginBase


class Plugin(PluginBase):
    name = "$name"
    verbose_name = "$kind"
    version = "1.0"

    def get_settings_schema(self):
        return {"type": "object", "properties": {"limit": {"type": "integer", "default": 10}}}

    def get_graphql_schema(self):
        from $name import schema
        from webnet.sdk import graphql

        return GraphQLExtension(
            query=schema.${kind}Queries,
            mutation=schema.${kind}Mutations,
            extends=graphql.extends(schema.${kind}CustomerFields),
        )
""",
    "migrations/0001_initial.py": """
import django.db.models.deletion
from django.db import migrations, models

OWNER = {
    "on_delete": django.db.models.deletion.CASCADE,
    "related_name": "%(app_label)s_%(class)s_set",
    "to": "customers.customer",
}


def columns(**others):
    key = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
    owner = models.ForeignKey(**OWNER)
    return [("id", key), ("name", models.CharField(max_length=50)), *others.items(), ("customer", owner)]


def relation(model, name):
    to = f"$name.{model.lower()}"
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name=name, to=to)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("customers", "0001_initial")]
    operations = [
        migrations.CreateModel("${kind}Site", columns(), {"abstract": False}),
        migrations.CreateModel("${kind}Rack", columns(site=relation("${kind}Site", "racks")), {"abstract": False}),
        migrations.CreateModel(
            "${kind}Device",
            columns(height=models.PositiveIntegerField(default=1), rack=relation("${kind}Rack", "devices")),
            {"abstract": False},
        ),
    ]
""",
}


def make_plugins(folder: Path, *, count: int) -> list[str]:
    """Write so many packages into the folder, which has to be on the path; their names, for `WEBNET_PLUGINS`."""
    names = [f"{PREFIX}_{number:03}" for number in range(count)]
    for number, name in enumerate(names):
        for path, template in FILES.items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(Template(template.lstrip()).substitute(name=name, kind=f"Sample{number:03}"))
    return names


def make_environment(folder: str, plugins: Sequence[str], **changes: str) -> dict[str, str]:
    """The variables of a process with these plugins, whose packages and database are in the folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEBNET_")}
    return inherited | {
        "DATABASE_URL": f"sqlite:///{folder}/benchmark.sqlite3",
        "DJANGO_SETTINGS_MODULE": "webnet.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), f"{folder}/packages"]),
        "PYTHONDONTWRITEBYTECODE": "",  # As in an installation; to compile it all takes time and memory.
        "WEBNET_DATA_DIR": folder,
        "WEBNET_DEBUG": "1",
        "WEBNET_PLUGINS": ",".join(plugins),
        "WEBNET_SECRET_KEY": "for-a-benchmark",
        **changes,
    }
